"""A person's own SQL on the current release: one reading statement, with limits of time and rows.

Belongs here: what is allowed, stopping a query, refusals in words. Does not belong here: our own queries (lookup.py).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers.release_file import CONFIG, LOOKUP_TIMEOUT, one_line, open_release

if TYPE_CHECKING:
    import duckdb


#: seconds past its limit after which a query that does not react to being stopped is left behind
STOP_GRACE = 2.0


@dataclass(frozen=True)
class QueryResult:
    """What a query answered. Column names may repeat, so rows are tuples; `truncated`: there were more rows."""

    columns: Sequence[str]
    types: Sequence[str]
    rows: Sequence[tuple[object, ...]]
    truncated: bool


def run_sql(
    settings: Settings, query: str, *, timeout: float = LOOKUP_TIMEOUT, max_rows: int = 1000
) -> QueryResult:
    """Run one reading statement (SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, SHOW, PIVOT, EXPLAIN) on the current release.

    Files, other databases and settings are out of reach. `timeout` in seconds; at most `max_rows` rows are fetched.
    Raises UsageError for anything else, a mistake in the query, or a query that takes too long.
    """
    if timeout <= 0 or max_rows < 0:
        raise UsageError("the time limit must be above zero and the number of rows not below it")
    import duckdb

    answer: list[QueryResult] = []
    failure: list[Exception] = []

    with open_release(settings, timeout=timeout) as con:
        _only_reading(con, query)

        def work() -> None:
            try:
                cursor = con.execute(query)
                columns = [(column[0], str(column[1])) for column in cursor.description]
                rows = cursor.fetchmany(max_rows + 1)
                names, types = zip(*columns, strict=True)
                answer.append(QueryResult(names, types, rows[:max_rows], len(rows) > max_rows))
            except Exception as error:  # handed to the thread that waits
                failure.append(error)

        # The engine stops a query between two chunks of rows; one function on one huge value (repeat('x', 1e9)) runs
        # on for minutes. So the query has a thread of its own, and is left behind when it does not stop.
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(timeout + STOP_GRACE)
        if thread.is_alive():
            con.interrupt()
            thread.join(STOP_GRACE)
        if thread.is_alive() or (failure and isinstance(failure[0], duckdb.InterruptException)):
            raise UsageError(
                f"the query was stopped after {timeout:g} s; narrow it down or give it more --timeout"
            )
        if failure:
            if isinstance(failure[0], duckdb.Error):
                raise UsageError(_refusal(failure[0])) from failure[0]
            raise failure[0]
    return answer[0]


def _only_reading(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """Raises UsageError for anything but one statement that reads."""
    import duckdb

    try:
        statements = con.extract_statements(query)
    except duckdb.Error as error:
        raise UsageError(_refusal(error)) from error
    if len(statements) != 1:
        raise UsageError(f"one statement at a time, please: this holds {len(statements)}")
    kind = statements[0].type
    # MULTI is a PIVOT whose columns come from the data
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI):
        name = str(kind).rsplit(".", 1)[-1]
        raise UsageError(
            f"{name} is not allowed: a release is read-only, ask with SELECT (or `headway export` files)"
        )


def _refusal(error: Exception) -> str:
    """DuckDB's error in the words of this command."""
    import duckdb

    text = one_line(error)
    if isinstance(error, duckdb.PermissionException):
        return f"a query may read only the tables of the release, no files and no network ({text})"
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"the query needs more memory than its limit of {CONFIG['memory_limit']}; narrow it down"
    return f"the query failed: {text}"
