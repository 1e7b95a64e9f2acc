"""The shape of a finished DuckDB file: its public tables with columns, comments, keys and numbers of rows.

Belongs here: what both the release and its readers need to know of a table. Does not belong here: what a release must
hold (release/contract.py), making the file (release/public_file.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # readers import this module for a command's help too, where loading DuckDB would be felt
    import duckdb

from orchestration.base.duck import quoted, scalar

#: the columns that name the series of a row, the first of them that a table has: a comparison with controls is one of its treated series
_SERIES_COLUMNS = ("series_id", "treated_series_id")


def series_column(columns: Collection[str]) -> str | None:
    """The column that says of which series a row is; None for a table of no series."""
    return next((name for name in _SERIES_COLUMNS if name in columns), None)


@dataclass(frozen=True)
class Column:
    """A column; `type` is DuckDB's name of its type (BIGINT, DATE[], ...)."""

    name: str
    type: str
    nullable: bool
    comment: str | None


@dataclass(frozen=True)
class PublicTable:
    """A table or view of schema main. `key` is empty where no key is declared."""

    name: str
    comment: str | None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: int


def constraint_keys(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, tuple[str, ...]]:
    """Keys that the database itself enforces in schema main of an attached database, by table."""
    constraints = con.execute(
        "SELECT table_name, constraint_column_names FROM duckdb_constraints() "
        "WHERE database_name = ? AND schema_name = 'main' AND constraint_type IN ('PRIMARY KEY', 'UNIQUE') "
        "ORDER BY constraint_type DESC",
        [catalog],
    ).fetchall()
    return {table: tuple(columns) for table, columns in constraints}


def describe(con: duckdb.DuckDBPyConnection, keys: Mapping[str, Sequence[str]]) -> list[PublicTable]:
    """Every table and view of schema main of the current database, by name. `keys` wins over constraints."""
    catalog = scalar(con, "SELECT current_database()")
    known = {**constraint_keys(con, catalog), **{t: tuple(k) for t, k in keys.items()}}
    columns: dict[str, list[Column]] = {}
    for table, *column in con.execute(
        "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = 'main' AND NOT internal ORDER BY table_name, column_index",
        [catalog],
    ).fetchall():
        columns.setdefault(table, []).append(Column(*column))
    comments = con.execute(
        "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'main' "
        "UNION ALL SELECT view_name, comment FROM duckdb_views() "
        "WHERE database_name = ? AND schema_name = 'main' AND NOT internal ORDER BY 1",
        [catalog, catalog],
    ).fetchall()
    return [
        PublicTable(
            name=name,
            comment=comment,
            columns=tuple(columns[name]),
            key=known.get(name, ()),
            rows=scalar(con, f"SELECT count(*) FROM main.{quoted(name)}"),
        )
        for name, comment in comments
    ]
