"""`headway detail build`: one run of the detail models, on this machine or on a cluster; and the views of the lake renewed.

Belongs here: the run as commands and schedules start it. Does not belong here: the run itself (build/detail/derive.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import cast

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.settings import Settings
from orchestration.build.detail.attach import write_attached
from orchestration.build.detail.derive import DetailBuilt, Engine, build_detail
from orchestration.build.detail.derived import current, derived_of


def run_detail_build(
    settings: Settings,
    engine: str = "duckdb",
    *,
    master: str | None = None,
    as_of: date | None = None,
    configuration: Mapping[str, str] | None = None,
    wait: float = 0.0,
) -> DetailBuilt:
    """Work the detail out and make it current; arguments and errors as build_detail."""
    return build_detail(
        settings, cast(Engine, engine), master=master, as_of=as_of, configuration=configuration, wait=wait
    )


def attach(settings: Settings) -> None:
    """Write detail.duckdb anew, so that its views show the months that were just added or compacted."""
    write_attached(settings.detail, Catalogue.load(settings.detail), current(derived_of(settings)))
