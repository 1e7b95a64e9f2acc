"""A database file as a test reads it: in no more memory than the test needs.

Belongs here: opening a file for reading. Does not belong here: which file (whole_warehouse.py), tests of how the product opens one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

#: Without a limit DuckDB takes up to 80 % of a machine's memory and keeps what it read of a file: one process of the tests came to 3.2 GB.
#: With 400 MB all rows of the report beside those of the macro were once too many.
MEMORY_LIMIT = "600MB"


@contextmanager
def reading(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to `file` for reading, closed on leaving.

    The limit is set afterwards, because DuckDB refuses to open a file twice with two configurations, and what is tested opens it, too.
    """
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        yield con
