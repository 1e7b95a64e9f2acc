"""The current release, opened read-only and locked down, and rows out of it.

Belongs here: finding and opening the file, what release.json says of it, limits of a reading connection, rows of its tables,
whether a table is there.
Does not belong here: lookups by a person's words (lookup.py), a person's own SQL (own_sql.py).
DuckDB is imported inside the functions: the command line imports this module for its help too.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from orchestration.base.duck import literal
from orchestration.base.errors import ReleaseError, UsageError
from orchestration.base.public_table import quoted
from orchestration.base.settings import Settings
from orchestration.readers.rows import TABLE_OF

if TYPE_CHECKING:
    import duckdb


#: seconds a statement may take if nobody says otherwise; on a release of 0.5 M rows the slowest took 0.2 s
LOOKUP_TIMEOUT = 30.0


#: the configuration of every reading connection. `temp_directory` is empty: a query that needs more memory fails, rather than spilling beside the release.
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "threads": 2,
    "temp_directory": "",
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
}


#: Locked for the whole database instance, so that no SQL of a user can read a file, load an extension or lift a limit.
#: Not in CONFIG because DuckDB 2.0 sets external access first and then refuses temp_directory. The time limit and the
#: time zone stay open, because they are set for each connection.
_LOCK = """
    SET enable_external_access = false;
    SET allowed_configs = ['max_execution_time', 'TimeZone'];
    SET lock_configuration = true"""
_LOCKING = threading.Lock()


#: a row of a query that no contract describes: values are whatever the query selects
Record = dict[str, object]

#: a TypedDict, of rows.py or of a module for a query of its own
Row = TypeVar("Row", bound=Mapping[str, object])


@dataclass(frozen=True)
class Query:
    """A statement of ours with its parameters ($name): what is run, and what a page shows as its SQL."""

    sql: str
    parameters: Mapping[str, object] = field(default_factory=dict)


def current_file(settings: Settings) -> Path:
    """The database file of the current release, with the symlink resolved once: later switches do not move it."""
    path = settings.current_database.resolve()
    if not path.is_file():
        raise ReleaseError(f"there is no release in {settings.home}; run `headway build` first")
    return path


def release_record(database: Path) -> dict[str, Any]:
    """What release.json says about the released file `database`: run_id, created_at, versions, files, checks, rows.

    Any, because it is JSON from a disk that other versions may have written. Raises ReleaseError if it cannot be read.
    """
    file = database.with_name("release.json")
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{file} cannot be read ({error}); run `headway build --force`") from error
    if not isinstance(record, dict):
        raise ReleaseError(f"{file} holds no record of a release; run `headway build --force`")
    return record


def refuse_inside_releases(settings: Settings, path: Path) -> None:
    """Raises UsageError for a path to write to that lies inside a release."""
    if path.resolve().is_relative_to(settings.releases.resolve()):
        raise UsageError(f"{path} is inside a release, which is never changed; name another place")


@contextmanager
def open_release(
    settings: Settings,
    *,
    timeout: float = LOOKUP_TIMEOUT,
    path: Path | None = None,
    writes: str | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only, locked-down connection to the current release (or to the released file `path`), closed on leaving.

    `timeout`: seconds a single statement may run, math.inf for any time. `writes`: the one path that COPY may write to,
    for a process that has no other connection to the release. Raises ReleaseError if there is no release or it cannot be
    read, also for a query inside the block that misses a table or column (a release made by another version).
    """
    import duckdb

    path = path or current_file(settings)
    # DuckDB's own writing threads hold back what they write, and can wait for ever on a full disk (base/duck.py)
    config = CONFIG | ({"async_threads": 0} if writes else {})
    try:
        con = duckdb.connect(str(path), read_only=True, config=config)
    except duckdb.Error as error:
        raise ReleaseError(
            f"the release {path} cannot be read ({one_line(error)}); "
            "`headway rollback` makes the one before current, `headway build --force` makes a new one"
        ) from error
    try:
        # connections of one process to one file share an instance, which may be locked already; of two threads that open it at
        # the same time the second would find it locked between its question and its SET
        with _LOCKING:
            if not con.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
                if writes:
                    con.execute(f"SET allowed_paths = [{literal(writes)}]")
                con.execute(_LOCK)
        if math.isfinite(timeout):
            con.execute(f"SET SESSION max_execution_time = {max(1, round(timeout * 1000))}")
        con.execute("SET SESSION TimeZone = 'UTC'")
        yield con
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise ReleaseError(
            f"the release {path} does not have what this version asks for ({one_line(error)}); "
            "run `headway build --force`"
        ) from error
    except duckdb.InterruptException as error:
        raise ReleaseError(
            f"the release {path} took over {timeout:g} s to answer; is the disk slow or full?"
        ) from error
    finally:
        # a query that run_sql left behind still has the connection; it goes when the query ends
        with suppress(duckdb.ResourceInUseException):
            con.close()


def one_line(error: Exception) -> str:
    """DuckDB's message without the picture of the query and the general advice under it."""
    message = str(error)
    end = "\n\nLINE " if "\n\nLINE " in message else "\n\n"
    return " ".join(message.split(end, 1)[0].split())


def read(
    con: duckdb.DuckDBPyConnection, row: type[Row], clauses: str = "", parameters: object = None
) -> list[Row]:
    """The rows of a public table, of the type that rows.py has for it.

    `row`: a class of rows.py; `clauses`: what follows the name of the table (where, order by, limit).
    A release may have columns that this version does not know; they are left out.
    """
    query = f"select {columns_of(row)} from {TABLE_OF[row]} {clauses}"
    return cast("list[Row]", records(con, query, parameters))


def read_as(
    con: duckdb.DuckDBPyConnection, row: type[Row], query: str, parameters: object = None
) -> list[Row]:
    """The rows of a query that gives just the columns of the TypedDict `row`, in any order.

    Raises TypeError where the query gives other columns, so that the type cannot promise what is not there.
    """
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description or ()]
    if set(names) != set(row.__annotations__):
        raise TypeError(f"the query gives {names}, and {row.__name__} has {list(row.__annotations__)}")
    return cast("list[Row]", [dict(zip(names, values, strict=True)) for values in cursor.fetchall()])


def columns_of(row: type[Mapping[str, object]], table: str | None = None) -> str:
    """The columns of a TypedDict as a select list; `table`: name or alias that they belong to."""
    prefix = f"{table}." if table else ""
    return ", ".join(f"{prefix}{quoted(name)}" for name in row.__annotations__)


def records(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> list[Record]:
    """The rows of a query as dictionaries."""
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the release has this table or view; one made by an earlier version may not. Asking for its name takes 0.3 ms, where a list of
    all tables takes 1.6: a page of a report asks some forty times."""
    import duckdb

    try:
        con.execute(f"from main.{quoted(name)} limit 0")
    except duckdb.CatalogException:
        return False
    return True


def has_macro(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the release has this macro; one made by an earlier version may not."""
    count: int = con.execute(
        "select count(*) from duckdb_functions() where not internal and function_name = ?", [name]
    ).fetchall()[0][0]
    return count > 0
