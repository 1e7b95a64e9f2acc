"""A store in memory, and what it says was known.

Belongs here: what the tests of loading and of vintages share. Does not belong here: assertions, real figures.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from tests.support.parsed import month, observations
from transforms.schema import Parsed, Table

JAN, FEB, MAR, APR = (datetime(2026, m, 5) for m in (1, 2, 3, 4))
WITHDRAWN = "withdrawn"


def current(con: duckdb.DuckDBPyConnection, table: Table) -> dict[tuple, tuple | str]:
    key, values = ", ".join(table.key), ", ".join(table.values)
    found = con.execute(f"SELECT {key}, {values}, status FROM raw.{table.name}_current").fetchall()
    n = len(table.key)
    assert len({r[:n] for r in found}) == len(found), "a key twice in _current"
    return {r[:n]: (WITHDRAWN if r[-1] == WITHDRAWN else r[n:]) for r in found}


def values(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    """(month number, value or 'withdrawn', known_from) of every stored row of an observation store."""
    found = con.execute(
        "SELECT period_start, value, status, known_from FROM raw.observation ORDER BY period_start, known_from, load_id"
    ).fetchall()
    return [(p.month - 1, WITHDRAWN if s == WITHDRAWN else v, k) for p, v, s, k in found]


def series(numbers: list[tuple[int, float]], known_from: datetime, **options) -> Parsed:
    return observations([("a", month(n), v, known_from) for n, v in numbers], **options)
