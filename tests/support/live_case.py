"""A home with bundled figures in it, and what the store holds after the real datasets of an agency were refreshed.

Belongs here: preparing a home, one dataset's refresh, reading back series and vintages.
Does not belong here: what an agency answers (tests/replay), assertions; see also source_case.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.agency.account import DatasetOutcome
from orchestration.intake.agency.plan import plan_refresh
from orchestration.intake.figures.load import ingest_figures
from orchestration.operations.refresh import run_refresh
from orchestration.sources.spec import Dataset
from orchestration.store.archive import Archive
from tests.support.stored import rows

TODAY = date(2026, 11, 21)


def home(folder: Path, *figures: str) -> Settings:
    """A home, with these files of the bundled figures loaded ('observation_fed')."""
    settings = Settings(project=PROJECT, home=folder / "home")
    list(ingest_figures(settings, figures))
    return settings


def prepared(folder: Path, name: str, fill: Callable[[Settings], object]) -> Settings:
    """A home of its own with a copy of what `fill` made once for all tests that name it: for tests of what comes after
    a first refresh."""
    made = folder.parent / f"prepared-{name}"
    if not made.exists():
        fill(Settings(project=PROJECT, home=made))
    shutil.copytree(made, folder / "home")
    return Settings(project=PROJECT, home=folder / "home")


def refreshed(settings: Settings, dataset: Dataset, *, today: date = TODAY, **more: object) -> DatasetOutcome:
    """The outcome of refreshing one dataset."""
    plan = plan_refresh(settings, datasets=[dataset], today=today, **more)
    (outcome,) = run_refresh(settings, plan, build=False, sleep=lambda _: None).datasets
    return outcome


def everything(settings: Settings) -> list[tuple]:
    """All observations, for "as it was"."""
    return rows(settings, "SELECT * FROM raw.observation ORDER BY ALL")


def values(settings: Settings, series_id: str) -> dict[str, float | None]:
    """Month -> the value known now."""
    found = rows(
        settings,
        """SELECT strftime(period_start, '%Y-%m'), value FROM raw.observation_current
           WHERE series_id = ? AND status <> 'withdrawn' ORDER BY 1""",
        series_id,
    )
    return dict(found)


def vintages(settings: Settings, series_id: str, month: str) -> list[tuple]:
    """(value, status, known_from, basis) of every vintage of a month that a live answer brought, oldest first."""
    return rows(
        settings,
        """SELECT value, status, known_from, known_from_basis FROM raw.observation
           WHERE series_id = ? AND strftime(period_start, '%Y-%m') = ? AND known_from_basis <> 'observed_by'
           ORDER BY known_from, load_id""",
        series_id,
        month,
    )


def quarantined(settings: Settings) -> list[str]:
    """The reasons in quarantine."""
    return [q.reason for q in Archive(settings).quarantined()]
