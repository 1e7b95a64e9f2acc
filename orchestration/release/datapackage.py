"""Parquet files of a release and their description as a Frictionless Data Package.

Belongs here: one Parquet file for each public table, datapackage.json (https://specs.frictionlessdata.io/data-package/, v1).
Does not belong here: the DuckDB file (public_file.py), release.json and folders (release/folders.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import duckdb

from orchestration.base.duck import PARQUET, literal, quoted, scalar, two_at_a_time
from orchestration.base.errors import ReleaseError
from orchestration.base.public_table import PublicTable, series_column
from orchestration.release import row_groups
from orchestration.release.row_groups import Part

#: DuckDB types without their parameters, as types of Table Schema v1. A type that Parquet would change silently
#: (HUGEINT becomes DOUBLE) is not here, and a release with it is refused.
_FIELD_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "UBIGINT": "integer",
    "FLOAT": "number",
    "DOUBLE": "number",
    "DECIMAL": "number",
    "VARCHAR": "string",
    "ENUM": "string",
    "UUID": "string",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "STRUCT": "object",
    "MAP": "object",
}


#: rows of a part of a large view: some row groups of 122,880
_PART_ROWS = 400_000


class FileFacts(TypedDict):
    """What is recorded of a file: its size in bytes and its sha256."""

    bytes: int
    sha256: str


#: a JSON object whose keys are those of the specification, hence Any
Json = dict[str, Any]


def field_type(table: str, column: str, duckdb_type: str) -> str:
    """The Table Schema type of a column. Raises ReleaseError naming the column if there is none."""
    if duckdb_type.endswith("]"):
        return "array"
    try:
        return _FIELD_TYPES[re.sub(r"\(.*", "", duckdb_type, flags=re.S)]
    except KeyError:
        raise ReleaseError(
            f"{table}.{column} has type {duckdb_type}, which Parquet cannot keep as it is: cast it in the model"
        ) from None


def write_parquet(con: duckdb.DuckDBPyConnection, tables: Sequence[PublicTable], folder: Path) -> None:
    """Write `folder`/<table>.parquet for each of `tables` of the current database; `folder` is made
    where it is not there.

    Raises ReleaseError for a column whose type Parquet would change, or where a file read back lacks rows.
    """
    folder.mkdir(exist_ok=True)
    for table in tables:
        for column in table.columns:
            field_type(table.name, column.name, column.type)

    in_parts = {table.name: _parts(con, table) for table in tables}
    pieces = [
        (table, number, condition)
        for table in tables
        for number, condition in enumerate(in_parts[table.name] or [""])
    ]

    def write(own: duckdb.DuckDBPyConnection, piece: tuple[PublicTable, int, str]) -> None:
        table, number, condition = piece
        name = f".{table.name}.{number}" if condition else f"{table.name}.parquet"
        own.execute(
            f"COPY (FROM main.{quoted(table.name)}{condition}) TO {literal(folder / name)} ({PARQUET})"
        )

    # the largest first: the last one to end has no other beside it
    two_at_a_time(con, write, sorted(pieces, key=lambda piece: -piece[0].rows * len(piece[0].columns)))
    for table in tables:
        parts = [folder / f".{table.name}.{number}" for number in range(len(in_parts[table.name]))]
        if parts:
            row_groups.join([Part(part) for part in parts], folder / f"{table.name}.parquet")
        for part in parts:
            part.unlink()
        file = literal(folder / f"{table.name}.parquet")
        written = scalar(con, f"SELECT count(*) FROM read_parquet({file})")
        if written != table.rows:
            raise ReleaseError(
                f"{table.name} has {table.rows} rows, its Parquet file {written}: not published"
            )


def _parts(con: duckdb.DuckDBPyConnection, table: PublicTable) -> list[str]:
    """Conditions (WHERE) that part the rows of a large view by series, in their order; empty for a table that is written in one piece.

    A view of four million rows comes in the order of a join, in which each series is in half of the row groups: sorting it would take more
    memory than a build has. Written in parts, two of which are written at a time, a series is in the row groups of one."""
    is_view = scalar(
        con,
        "SELECT count(*) FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'main' AND view_name = ?",
        [table.name],
    )
    column = series_column([column.name for column in table.columns])
    if not is_view or column is None or table.rows < 2 * _PART_ROWS:
        return []
    number = table.rows // _PART_ROWS
    # a sample of the view's series would do as well: where the bounds are changes the size of parts alone
    bounds = [
        literal(series)
        for (series,) in con.execute(
            f"""SELECT max(series_id) FROM (SELECT series_id, ntile({number}) OVER (ORDER BY series_id) AS part FROM main.dim_series)
                GROUP BY part ORDER BY part LIMIT {number - 1}"""
        ).fetchall()
    ]
    if not bounds:
        return []
    return [
        f" WHERE {column} <= {bounds[0]}",
        *(f" WHERE {column} > {low} AND {column} <= {high}" for low, high in pairwise(bounds)),
        f" WHERE {column} > {bounds[-1]} OR {column} IS NULL",
    ]


def origins(con: duckdb.DuckDBPyConnection, tables: Sequence[PublicTable]) -> dict[str, list[dict[str, str]]]:
    """`sources` and `licenses` of the package, from dim_source; empty where that table does not exist."""
    if not any(t.name == "dim_source" for t in tables):
        return {"sources": [], "licenses": []}
    rows = con.execute(
        "SELECT title, agency, homepage_url, licence FROM main.dim_source ORDER BY source_id"
    ).fetchall()
    sources = [
        {"title": f"{agency}: {title}", **({"path": url} if url else {})} for title, agency, url, _ in rows
    ]
    # the specification wants an Open Definition id or a path; agencies state terms in words on their own pages
    licences = {licence: url for _, _, url, licence in reversed(rows) if url}
    return {
        "sources": sources,
        "licenses": [{"title": licence, "path": url} for licence, url in sorted(licences.items())],
    }


def descriptor(
    tables: Sequence[PublicTable],
    origin: Mapping[str, list[dict[str, str]]],
    files: Mapping[str, FileFacts],
    *,
    run_id: str,
    created: datetime,
    version: str,
) -> Json:
    """datapackage.json as a dictionary. `files`: `parquet/<table>.parquet` -> its size and digest."""
    return {
        "profile": "data-package",
        "name": "headway",
        "id": run_id,
        "title": "Headway: trade and auto-production statistics joined with the timelines of trade negotiations",
        "version": version,
        "created": created.isoformat(timespec="seconds").replace("+00:00", "Z"),
        **{key: entries for key, entries in origin.items() if entries},
        "resources": [_resource(table, files[f"parquet/{table.name}.parquet"]) for table in tables],
    }


def _resource(table: PublicTable, file: FileFacts) -> Json:
    """The entry of one table: its file, its columns and its key."""
    schema: Json = {
        "fields": [
            {
                "name": column.name,
                "type": field_type(table.name, column.name, column.type),
                "description": column.comment or "",
                **({} if column.nullable else {"constraints": {"required": True}}),
            }
            for column in table.columns
        ],
        "missingValues": [],  # Parquet has a real null: no text stands for it
    }
    if table.key:
        schema["primaryKey"] = list(table.key)
    return {
        "name": table.name,
        "path": f"parquet/{table.name}.parquet",
        "profile": "data-resource",
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "description": table.comment or "",
        "bytes": file["bytes"],
        "hash": f"sha256:{file['sha256']}",
        "schema": schema,
    }
