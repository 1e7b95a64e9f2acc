"""What a store holds, asked in one DuckDB session for all tests of a process.

Belongs here: rows of a query on a store that nothing has open. Does not belong here: what is expected of them, stores in memory
(store_case.py).

A DuckDB session takes 17 ms of a processor to begin and end, and a file is attached to one in 0.4 ms; the tests of agencies ask
some 300 times.
"""

from __future__ import annotations

import functools

import duckdb

from orchestration.base.duck import literal
from orchestration.base.settings import Settings


@functools.cache
def _session() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def rows(settings: Settings, query: str, *parameters: object) -> list[tuple]:
    """The rows of `query` on the store of this home."""
    con = _session()
    con.execute(f"ATTACH {literal(settings.store)} AS store (READ_ONLY)")
    try:
        con.execute("USE store")
        return con.execute(query, list(parameters)).fetchall()
    finally:
        con.execute("USE memory")
        con.execute("DETACH store")
