"""What tests of the provider modules share: a refresh of some datasets against the replay server, and what it left.

Belongs here: standing in for the agencies, running, reading back, keys that can be searched for. Does not belong here: assertions, agencies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from orchestration.intake.agency.plan import plan_refresh
from orchestration.operations.refresh import run_refresh
from orchestration.sources.datasets import APIS
from orchestration.sources.spec import Dataset, PlanContext, Request, Response
from tests.replay.server import ReplayServer

RETRIEVED = datetime(2026, 11, 20, 15)


def settings_at(home: Path) -> Settings:
    return Settings(project=PROJECT, home=home)


def stand_in_for_all(server: ReplayServer, environment: pytest.MonkeyPatch) -> None:
    """Ask the server in place of every agency, without any key: a test that serves only some of them must not reach the others."""
    for variable in [name for name in os.environ if name.startswith("HEADWAY_") and name.endswith("_KEY")]:
        environment.delenv(variable)
    environment.setenv("NO_PROXY", "127.0.0.1")
    for api in APIS:
        environment.setenv(f"HEADWAY_BASE_URL_{api}", server.url(api))


def unpaced(datasets: Iterable[Dataset]) -> list[Dataset]:
    """The datasets without the pause between two requests that the agencies are given."""
    return [replace(d, api=replace(d.api, seconds_between_requests=0.001)) for d in datasets]


def refresh(settings: Settings, datasets: Iterable[Dataset], *, today: date, **more: Any) -> RefreshOutcome:
    plan = plan_refresh(settings, datasets=unpaced(datasets), today=today, **more)
    return run_refresh(settings, plan, build=False, sleep=lambda _: None)


def one(outcome: RefreshOutcome) -> DatasetOutcome:
    (found,) = outcome.datasets
    return found


def context(today: date, **more: Any) -> PlanContext:
    return PlanContext(**{"today": today, "since": None, "full": False, "has_key": True, **more})


def answer(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response as a parser gets it, without HTTP."""
    return Response(
        content=content,
        status=status,
        media_type="application/json",
        headers=CaseInsensitiveDict(headers or {}),
        retrieved_at=RETRIEVED,
        url="https://agency.example/",
    )


def question(context: Mapping[str, Any], dataset: str = "test") -> Request:
    return Request(dataset, "/", context=context)


def holds(folder: Path, text: str) -> list[Path]:
    """Files below `folder` that hold `text`."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
