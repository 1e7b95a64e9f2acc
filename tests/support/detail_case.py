"""A home with a detail lake, and what a reader finds in it.

Belongs here: preparing a home, reading through the catalogue as a reader does. Does not belong here: zips (bulk_case.py),
assertions.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.detail.add import Added, add_file

FIRST_DAY = date(2026, 3, 6)


def home(folder: Path) -> Settings:
    return Settings(project=PROJECT, home=folder / "home")


def add(settings: Settings, path: Path, known_on: date = FIRST_DAY) -> list[Added]:
    return add_file(settings, path, known_on=known_on)


def rows(settings: Settings, flow: str, as_of: date | None = None, *, compacted: bool = True) -> pl.DataFrame:
    """The rows a reader sees, in a fixed order; no columns where there are none."""
    files = Catalogue.load(settings.detail).files(flow, as_of, compacted=compacted)
    return (
        pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in files])
        if files
        else pl.DataFrame()
    )


def value(settings: Settings, flow: str = "imports", as_of: date | None = None) -> int:
    """Dollars of all rows a reader sees."""
    column = {"imports": "consumption_value", "exports": "export_value"}.get(flow, "value")
    found = rows(settings, flow, as_of)
    return int(found[column].sum()) if found.height else 0


def visible(settings: Settings) -> dict[str, int]:
    """Every file below the lake's folder of months that is there, named by the catalogue or not, and its size."""
    lake = settings.detail / "lake"
    return {str(p.relative_to(lake)): p.stat().st_size for p in sorted(lake.rglob("*")) if p.is_file()}
