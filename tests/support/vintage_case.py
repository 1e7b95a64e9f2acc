"""The bundled BLS figures as the payloads they were: one Parquet file a vintage, oldest first.

Belongs here: what the fault tests of loading and the process they kill share.
Does not belong here: assertions.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache, partial
from io import BytesIO

import duckdb
import polars as pl

from orchestration.base.settings import PROJECT, Settings
from orchestration.sources.registry import load_series_catalogue
from orchestration.store.archive import Archive
from orchestration.store.ingest import Quarantined, ingest
from orchestration.store.loading import LoadAccount
from transforms.parse import figures
from transforms.schema import Parsed

SERIES = "usa_employment_manufacturing"
#: what a store says, but for the times of loading
_CONTENTS = (
    "FROM raw.observation",
    "FROM raw.observation_current",
    "FROM raw.coverage",
    "FROM raw.payload",
    "FROM raw.series",
    "FROM raw.rejected_row",
    "SELECT * EXCLUDE (loaded_at) FROM raw.load",
)


@cache
def figures_of_bls() -> pl.DataFrame:
    return pl.read_parquet(PROJECT / "warehouse" / "figures" / "observation_bls.parquet")


@cache
def vintages() -> list[tuple[datetime, pl.DataFrame]]:
    """(known_from, all rows of that day) where SERIES has a vintage, oldest first: 13 from 2020-11 to 2026-08."""
    figures = figures_of_bls()
    days = figures.filter(pl.col("series_id") == SERIES)["known_from"].unique()
    parts = figures.filter(pl.col("known_from").is_in(days.implode())).partition_by(
        "known_from", as_dict=True
    )
    return [(known_from, part) for (known_from,), part in sorted(parts.items())]


def content_of(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def parse(content: bytes, *, complete: bool = False) -> Parsed:
    return figures.parse(
        content,
        table="observation",
        series=load_series_catalogue(),
        complete=complete,
        today=datetime(2026, 11, 21).date(),
    )


def take_in(
    home: Settings,
    con: duckdb.DuckDBPyConnection,
    content: bytes | pl.DataFrame,
    retrieved_at: datetime,
    *,
    complete: bool = False,
) -> LoadAccount | Quarantined:
    """Ingest one payload as dataset `ces` of source `bls`."""
    return ingest(
        con,
        Archive(home),
        content=content if isinstance(content, bytes) else content_of(content),
        parse=partial(parse, complete=complete),
        source_id="bls",
        dataset="ces",
        request_url="https://example.org/ces",
        retrieved_at=retrieved_at,
        media_type="application/vnd.apache.parquet",
        extra={"complete": complete},
    )


def fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """A digest of every row of the store, but for the times of loading."""
    rows = [con.execute(f"SELECT * FROM ({query}) ORDER BY ALL").fetchall() for query in _CONTENTS]
    return hashlib.sha256(repr(rows).encode()).hexdigest()
