"""Reading the bundled figures in tests, without the warehouse.

Belongs here: the committed files as frames, values as known on a day.
Does not belong here: assertions, fixtures.
"""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from orchestration.base.settings import Settings
from orchestration.intake.figures.make import TRADE_SERIES
from orchestration.sources.registry import FIRST_RELEASES
from tests.oracles.plain_rounding import Vintage, without_rounding

FIGURES = Settings.load().figures
GAPS = TRADE_SERIES.with_name("seed_declared_gap.csv")


def read(prefix: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(FIGURES.glob(f"{prefix}*.parquet"))])


def vintages(frame: pl.DataFrame, series_id: str) -> list[Vintage]:
    """What the copies in `frame` say of a series, oldest first within each period, without copies that only round."""
    rows = frame.filter((pl.col("series_id") == series_id) & pl.col("value").is_not_null()).sort("known_from")
    # of two files with one day, the later one counts
    stated = {
        (period, known.date()): Vintage(period, known.date(), value, status)
        for period, known, value, status in rows.select(
            "period_start", "known_from", "value", "status"
        ).iter_rows()
    }
    return without_rounding(stated.values())


def as_of(frame: pl.DataFrame, series_id: str, day: date | None = None) -> dict[date, float]:
    """Values by period as known at the end of `day`; the latest without one."""
    known = (v for v in vintages(frame, series_id) if day is None or v.known_from <= day)
    return {v.period: v.value for v in known if v.value is not None}


def first_releases(frame: pl.DataFrame, series_id: str, source_id: str) -> dict[date, float]:
    """Values by month as the agency released them first, of the months whose first release is held."""
    fitting = [r for r in FIRST_RELEASES if r.source_id == source_id and fnmatchcase(series_id, r.series)]
    first: dict[date, Vintage] = {}
    for vintage in vintages(frame, series_id):
        first.setdefault(vintage.period, vintage)
    released = {}
    for period, vintage in first.items():
        of_period = [r for r in fitting if r.period == period] or [r for r in fitting if r.period is None]
        limit = max(of_period, key=lambda r: len(r.series)).within_days
        end = period.replace(year=period.year + period.month // 12, month=period.month % 12 + 1)
        if (vintage.known_from - end).days + 1 <= limit and vintage.value is not None:
            released[period] = vintage.value
    return released


def bytes_of(frame: pl.DataFrame, folder: Path) -> bytes:
    frame.write_parquet(folder / "x.parquet")
    return (folder / "x.parquet").read_bytes()
