"""The bundled figures: Parquet files at the grain of the raw tables.

Belongs here: bytes of one bundled file to a checked frame.
Does not belong here: making the files (orchestration/intake/figures/make.py), the manifest that lists them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO

import polars as pl

from transforms.checks import check_columns, check_frame
from transforms.schema import OBSERVATION, TABLES, FrameError, Parsed


def parse(
    content: bytes,
    *,
    table: str,
    series: pl.DataFrame | None = None,
    complete: bool = False,
    today: date | None = None,
) -> Parsed:
    """One bundled Parquet file as rows of `table` ('observation', 'trade_flow' or 'freight_flow').

    series:   the catalogue (SERIES_SCHEMA), needed for observations; the result has its rows for the series in the file
    complete: as in Parsed. A bundled vintage may hold only the months that were copied again, so an absent value counts
              as withdrawn only if the manifest says that the file is complete.
    today:    no period or known_from may be later (default: the UTC day)

    Rows that repeat, are not finite or lie in the future are rejected with a reason. Raises FrameError for bytes that
    are not Parquet, other columns or types, an empty file and series that are not in the catalogue, and ConflictError
    for contradicting rows.
    """
    if table not in TABLES:
        raise FrameError(f"no such table: {table!r} (one of {', '.join(TABLES)})")
    target = TABLES[table]
    if not content:
        raise FrameError(f"{table}: the file is empty (0 bytes)")
    try:
        frame = pl.read_parquet(BytesIO(content))
    except Exception as error:  # polars raises a PanicException for some damage, which is no PolarsError
        raise FrameError(f"{table}: not a readable Parquet file ({len(content):,} bytes): {error}") from error
    check_columns(target, frame)
    good, rejected = check_frame(target, frame, today=today or datetime.now(UTC).date())
    return Parsed(
        table=target,
        frame=good,
        series=_declared(good, series) if target is OBSERVATION else None,
        complete=complete,
        rejected=rejected,
    )


def _declared(frame: pl.DataFrame, series: pl.DataFrame | None) -> pl.DataFrame:
    """The catalogue's rows for the series in the frame. Raises FrameError for a series that it does not have."""
    if series is None:
        raise FrameError("observation: the catalogue of series is needed to read observations")
    present = frame["series_id"].unique()
    unknown = sorted(set(present) - set(series["series_id"]))
    if unknown:
        raise FrameError(f"observation: series that are not in the catalogue: {unknown[:10]}")
    return series.filter(pl.col("series_id").is_in(present.implode()))
