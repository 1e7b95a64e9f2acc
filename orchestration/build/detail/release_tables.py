"""What a release takes of the detail: the tables that the models mark as released, put beside the marts of a build.

Belongs here: copying them into the build, their comments and keys. Does not belong here: making them (derive.py), publishing
(release/folders.py). The rows of the lake itself never come in; detail.duckdb shows them (attach.py).

A home without detail builds what it built before: nothing here is reached.
"""

from __future__ import annotations

from orchestration.base.duck import BUILD_MEMORY_LIMIT, literal, opened, quoted
from orchestration.base.errors import ReleaseError
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.build.detail.derived import Derived, DerivedTable, current, derived_of, missing_files


def released_tables(settings: Settings) -> list[DerivedTable]:
    """The tables that the next release takes of the detail; none where no detail has been worked out."""
    built = current(derived_of(settings))
    return [table for table in built.tables if table.released] if built else []


def add_to_build(settings: Settings) -> list[str]:
    """Put these tables into schema main of the build, with their comments, unless it has them; their names.

    A build that has them was made with the same detail: a new one is a whole build, which begins with an empty file (fingerprint.py).
    Raises ReleaseError where a file of them is missing or was cut.
    """
    built = current(derived_of(settings))
    if built is None:
        return []
    names = [table.name for table in released_tables(settings)]
    if missing := missing_files(built, names):
        raise ReleaseError(
            f"of the detail {missing[0]} is not what was written; `headway detail build` makes it again"
        )
    with opened(settings.build_database, read_only=False) as con:
        con.execute(f"SET memory_limit = {literal(BUILD_MEMORY_LIMIT)}")
        there = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for table in (built.table(name) for name in names if name not in there):
            report("transform", table.name)
            for statement in _statements(built, table):
                con.execute(statement)
    return names


def _statements(built: Derived, table: DerivedTable) -> list[str]:
    """SQL that makes a table and its comments."""
    files = ", ".join(literal(path) for path in built.files(table.name))
    columns = ", ".join(map(quoted, table.columns))
    name = f"main.{quoted(table.name)}"
    known = f" As known on {built.as_of}." if built.as_of else ""
    return [
        f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM read_parquet([{files}])",
        f"COMMENT ON TABLE {name} IS {literal(table.description + known)}",
        *(
            f"COMMENT ON COLUMN {name}.{quoted(column)} IS {literal(text)}"
            for column, text in table.columns.items()
        ),
    ]


def detail_keys(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Table -> its key, which no constraint declares."""
    return {table.name: table.key for table in released_tables(settings)}


def detail_state(settings: Settings) -> str | None:
    """What of the detail a release is made from: changes with each `headway detail build`; None without any."""
    built = current(derived_of(settings))
    return built.build_id if built else None
