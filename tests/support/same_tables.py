"""Whether two tables hold the same rows, whatever their order and the noise in the last digits of floating-point sums.

Belongs here: the comparison of released tables that tests of updates and own timelines share. Does not belong here: which tables and
which of their rows a test compares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import duckdb

#: DuckDB adds up floating-point numbers in the order in which its threads deliver them, so that a sum may end differently from build
#: to build: a relative 1e-16 of its parts, which where parts cancel out shows as 0 in one build and -1.4e-14 in the next.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
SHOWN = 5  # rows that are named in a failure


def rows_apart(
    con: duckdb.DuckDBPyConnection, before: str, after: str, where: str = "true", *, but: Sequence[str] = ()
) -> list[tuple[object, ...]]:
    """Rows of one of two tables that have no equal in the other, at most SHOWN of them; none where the tables hold the same.

    `before` and `after` are qualified names (database.schema.table) of tables with the columns of `before`. but: columns that may differ.
    """
    described = con.execute(f"select column_name, column_type from (describe {before})").fetchall()
    columns = [(name, dtype) for name, dtype in described if name not in but]
    rounded = ", ".join(
        f'cast("{name}" as float) as "{name}"' if dtype == "DOUBLE" else f'"{name}"'
        for name, dtype in columns
    )
    # The sum of the hashes of all rows is the cheap question, answered for most tables; the rows are asked for only where it differs.
    hashed = ", ".join(
        f'cast("{name}" as float)' if dtype == "DOUBLE" else f'"{name}"' for name, dtype in columns
    )
    counted = f"select count(*), sum(cast(hash({hashed}) as hugeint) & {2**30 - 1}) from {{}} where {where}"
    if con.execute(counted.format(before)).fetchone() == con.execute(counted.format(after)).fetchone():
        return []

    def only_in(one: str, other: str) -> list[tuple[object, ...]]:
        rows = con.execute(
            f"select {rounded} from {one} where {where} except all select {rounded} from {other} where {where}"
        ).fetchall()
        exact = [at for at, (_, dtype) in enumerate(columns) if dtype != "DOUBLE"]
        return sorted(rows, key=lambda row: [repr(row[at]) for at in exact])

    left, right = only_in(before, after), only_in(after, before)
    if len(left) != len(right):
        return [*left[:SHOWN], *right[:SHOWN]]
    return [row for pair in zip(left, right, strict=True) if not _same(*pair) for row in pair][: 2 * SHOWN]


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return all(
        math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in zip(one, other, strict=True)
    )
