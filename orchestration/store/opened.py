"""Opening the store, and what it says of itself before anything is loaded.

Belongs here: a connection for writing (under the writer lock) or reading, which payloads of figures and of own timelines the store
holds, and whether a load changed it since a moment. `headway build` asks this each time and mostly has nothing else to do, so nothing here imports polars, which takes longer than
all the rest. Does not belong here: the tables (tables.py), loading (loading.py, timelines.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base import duck

if TYPE_CHECKING:
    import duckdb

#: the source under which the archive keeps the bundled figures; the publisher of a row is in the row
FIGURES = "figures"
#: the source of the user's own timelines. A rebuild of the store passes over them: the latest is loaded with the registry of sources
OWN_TIMELINES = "own_timelines"


@contextmanager
def open_store(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the store, closed on leaving; the file and its tables are made when it is opened for writing.

    Raises duckdb.Error where the file cannot be opened: it is damaged, or another process writes it.
    """
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
    with duck.attached(path, read_only=read_only) as con:
        if not read_only:
            from orchestration.store.tables import DDL, RAW_TABLES

            # looking takes 1 ms and the statements 7, which a refresh would pay for each dataset
            there = con.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'raw'"
            ).fetchall()
            if not {name for (name,) in there}.issuperset(RAW_TABLES):
                con.execute(DDL)
        yield con


def loaded_figures(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The sha256 of each bundled file whose rows the store holds."""
    rows = con.execute(
        "SELECT DISTINCT payload.sha256 FROM raw.payload INNER JOIN raw.load USING (payload_id) WHERE payload.source_id = ?",
        [FIGURES],
    ).fetchall()
    return {sha256 for (sha256,) in rows}


def loaded_timelines(con: duckdb.DuckDBPyConnection) -> str | None:
    """The sha256 of the user's files whose rows the store holds; None where it holds none."""
    row = con.execute("SELECT sha256 FROM raw.payload WHERE source_id = ?", [OWN_TIMELINES]).fetchone()
    return None if row is None else str(row[0])


def changed_since(con: duckdb.DuckDBPyConnection, moment: datetime) -> bool:
    """Whether a load later than `moment` (naive UTC) appended, withdrew or reinstated a row; one that only confirmed rows is none."""
    row = con.execute(
        """SELECT count(*) FROM raw.load
           WHERE loaded_at > ? AND rows_appended + rows_withdrawn + rows_reinstated > 0""",
        [moment],
    ).fetchone()
    return row is not None and row[0] > 0
