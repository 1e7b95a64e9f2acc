"""Reading the bundled figures in tests, without the warehouse.

Belongs here: the committed files as frames, values as known on a day.
Does not belong here: assertions, fixtures.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from orchestration.base.settings import Settings
from orchestration.intake.figures.make import TRADE_SERIES

FIGURES = Settings.load().figures
GAPS = TRADE_SERIES.with_name("seed_declared_gap.csv")


def read(prefix: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(FIGURES.glob(f"{prefix}*.parquet"))])


def as_of(frame: pl.DataFrame, series_id: str, day: date | None = None) -> dict[date, float]:
    """Values by period as known at the end of `day`; the latest without one."""
    rows = frame.filter((pl.col("series_id") == series_id) & pl.col("value").is_not_null()).sort("known_from")
    if day:
        rows = rows.filter(pl.col("known_from").dt.date() <= day)
    return dict(rows.select("period_start", "value").iter_rows())


def bytes_of(frame: pl.DataFrame, folder: Path) -> bytes:
    frame.write_parquet(folder / "x.parquet")
    return (folder / "x.parquet").read_bytes()
