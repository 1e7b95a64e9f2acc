"""A person's own SQL on the current release: one reading statement, with limits of time and rows.

Belongs here: what is allowed, rows for a table or a program, a stream of bytes in a file format, stopping a query, refusals
in words. Does not belong here: our own queries (lookup.py), whole tables as files (export.py).
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, BinaryIO

from orchestration.base.duck import literal, quoted
from orchestration.base.errors import HeadwayError, UsageError
from orchestration.base.files import replacing
from orchestration.base.settings import Settings
from orchestration.readers.release_file import (
    CONFIG,
    LOOKUP_TIMEOUT,
    one_line,
    open_release,
    refuse_inside_releases,
)

if TYPE_CHECKING:
    import duckdb


#: seconds past its limit after which a query that does not react to being stopped is left behind
STOP_GRACE = 2.0
#: name of the thread that a query runs in: the command line looks for one that was left behind
QUERY_THREAD = "own-query"

#: format -> how DuckDB's COPY writes it. With use_tmp_file it would write beside the pipe and rename.
_COPY = {
    "csv": "FORMAT csv, HEADER true, USE_TMP_FILE false",
    "json": "FORMAT json, ARRAY true, USE_TMP_FILE false",
    "parquet": "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false",
}
STREAM_FORMATS = tuple(_COPY)
#: bytes taken from the pipe at a time; a pipe of Linux holds 64 KiB
_PIECE = 1 << 16
#: seconds between two looks at the clock while the query writes nothing
_GLANCE = 0.1


@dataclass(frozen=True)
class QueryResult:
    """What a query answered. Column names may repeat, so rows are tuples; `truncated`: there were more rows.

    An INTERVAL is its text ('3 months'), because Python's timedelta knows no months and would say 90 days.
    """

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
    _check_limits(timeout, max_rows)
    answer: list[QueryResult] = []
    with open_release(settings, timeout=timeout) as con:
        statement = _reading_statement(con, query)

        def work() -> None:
            cursor = con.execute(statement)
            columns = [(str(column[0]), str(column[1])) for column in cursor.description]
            if any("INTERVAL" in kind for _, kind in columns):
                cursor = con.execute(f"SELECT {_select_list(columns, 'table')} FROM (\n{statement}\n)")
            rows = cursor.fetchmany(max_rows + 1)
            names, types = zip(*columns, strict=True)
            answer.append(QueryResult(names, types, rows[:max_rows], len(rows) > max_rows))

        with _running(con, work, timeout) as query_thread:
            query_thread.join(timeout + STOP_GRACE)
    return answer[0]


def stream_sql(
    settings: Settings,
    query: str,
    fmt: str,
    target: Path | BinaryIO,
    *,
    timeout: float = math.inf,
    max_rows: int | None = None,
) -> None:
    """Write what a reading statement answers as csv, json (a list of records) or parquet, while it is being computed.

    target: a file, which appears whole or not at all, or a stream, which gets the bytes as they come.
    timeout: seconds; max_rows: rows at most, all where it is None. What a query can reach is as for run_sql.
    In csv and json a time is ISO 8601, in json a number that is not finite is null; a name that repeats gets a number.
    Raises UsageError as run_sql does, BrokenPipeError when nobody reads the stream any more, HeadwayError where the file
    cannot be written.
    """
    _check_limits(timeout, max_rows or 0)
    if not isinstance(target, Path):
        _stream(settings, query, fmt, target, timeout, max_rows)
        return
    refuse_inside_releases(settings, target)
    try:
        with replacing(target) as temporary, temporary.open("wb") as file:
            _stream(settings, query, fmt, file, timeout, max_rows)
    except OSError as error:
        raise HeadwayError(f"cannot write to {target}: {error.strerror}; nothing was written") from error


def _stream(
    settings: Settings, query: str, fmt: str, target: BinaryIO, timeout: float, max_rows: int | None
) -> None:
    """DuckDB writes to one end of a pipe, this thread takes it from the other.

    COPY to /dev/stdout would do without, but it opens what stands behind that name anew: with `>> file` the shell's file
    lost what it held. The pipe is also the only path that the connection of a person's query may write to.
    """
    reading_end, writing_end = os.pipe()
    with FileIO(reading_end, "r") as source, FileIO(writing_end, "w") as sink:
        pipe = f"/dev/fd/{writing_end}"
        with open_release(settings, timeout=timeout, writes=pipe) as con:
            statement = _reading_statement(con, query, explain=False)

            def work() -> None:
                with sink:  # closed at the end, so that the reader comes to an end too
                    answered = con.execute(f"FROM (\n{statement}\n) LIMIT 0").description
                    columns = _select_list([(str(c[0]), str(c[1])) for c in answered], fmt)
                    limit = "" if max_rows is None else f"LIMIT {max_rows}"
                    con.execute(
                        f"COPY (SELECT {columns} FROM (\n{statement}\n) {limit}) TO {literal(pipe)} ({_COPY[fmt]})"
                    )

            # the reading end is closed first: a query that still writes then fails at once
            with _running(con, work, timeout), source:
                _pump(source, target, timeout)


def _pump(source: FileIO, target: BinaryIO, timeout: float) -> None:
    """Everything from `source` to `target`, or what comes until the time is up."""
    end = time.monotonic() + timeout + STOP_GRACE
    while time.monotonic() < end:
        if select([source], [], [], _GLANCE)[0]:
            piece = source.read(_PIECE)
            if not piece:
                break
            target.write(piece)
    target.flush()


@contextmanager
def _running(
    con: duckdb.DuckDBPyConnection, work: Callable[[], None], timeout: float
) -> Iterator[threading.Thread]:
    """`work` runs a query in a thread of its own; the body waits for it, and where it did not end then, it is stopped.

    The engine stops a query between two chunks of rows; one function on one huge value (repeat('x', 1e9)) runs on for
    minutes, and would not notice Ctrl-C either. So a query that does not stop is left behind.
    Raises UsageError for what the query fails with, and for one that takes longer than `timeout` seconds.
    """
    import duckdb

    failure: list[Exception] = []

    def guarded() -> None:
        try:
            work()
        except Exception as error:  # handed to the thread that waits
            failure.append(error)

    thread = threading.Thread(target=guarded, name=QUERY_THREAD, daemon=True)
    thread.start()
    try:
        yield thread
    except BaseException:  # Ctrl-C, or nobody reads any more
        con.interrupt()
        thread.join(STOP_GRACE)
        raise
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


def _check_limits(timeout: float, max_rows: int) -> None:
    if timeout <= 0 or max_rows < 0:
        raise UsageError("the time limit must be above zero and the number of rows not below it")


def _reading_statement(con: duckdb.DuckDBPyConnection, query: str, *, explain: bool = True) -> str:
    """The statement in `query`, without the semicolon at its end.

    Raises UsageError for anything but one statement that reads; `explain`: whether it may be an EXPLAIN, which has no
    columns to put into a file.
    """
    import duckdb

    try:
        statements = con.extract_statements(query)
    except duckdb.Error as error:
        raise UsageError(_refusal(error)) from error
    if not statements:
        raise UsageError("there is no statement in this query")
    if len(statements) > 1:
        raise UsageError(f"one statement at a time, please: this holds {len(statements)}")
    kind = statements[0].type
    # MULTI is a PIVOT whose columns come from the data
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI):
        name = str(kind).rsplit(".", 1)[-1]
        raise UsageError(
            f"{name} is not allowed: a release is read-only, ask with SELECT (or `headway export` files)"
        )
    if kind == duckdb.StatementType.EXPLAIN and not explain:
        raise UsageError("what EXPLAIN answers is shown as a table only")
    # offsets of DuckDB's tokens count bytes; a semicolon inside a text or a comment is no token of its own
    text = statements[0].query.encode()
    ends = [start for start, _ in duckdb.tokenize(statements[0].query) if text[start : start + 1] == b";"]
    return text[: ends[0]].decode() if ends else statements[0].query


def _select_list(columns: Sequence[tuple[str, str]], fmt: str) -> str:
    """The select list that makes columns (name, type) fit for `fmt`; '*' where all of them are as they stand.

    By number, because names may repeat.
    """
    fitted = [_fitted(f"#{place}", kind, fmt) for place, (_, kind) in enumerate(columns, 1)]
    if all(expression == f"#{place}" for place, expression in enumerate(fitted, 1)):
        return "*"
    return ", ".join(
        f"{expression} AS {quoted(name)}" for expression, (name, _) in zip(fitted, columns, strict=True)
    )


def _fitted(column: str, kind: str, fmt: str) -> str:
    """A column of type `kind` as an expression that `fmt` keeps the meaning of."""
    if fmt == "table" and "INTERVAL" in kind:
        return f"{column}::VARCHAR"
    if fmt in ("csv", "json") and kind == "TIMESTAMP WITH TIME ZONE":
        return f"replace({column}::VARCHAR, ' ', 'T') || ':00'"  # the session is in UTC: ...+00
    if fmt in ("csv", "json") and kind.startswith("TIMESTAMP"):
        return f"replace({column}::VARCHAR, ' ', 'T')"
    if fmt == "json" and kind in ("DOUBLE", "FLOAT"):  # DuckDB writes NaN, which no reader of JSON accepts
        return f"CASE WHEN isfinite({column}) THEN {column} END"
    if fmt == "json" and kind in ("DOUBLE[]", "FLOAT[]"):
        return f"list_transform({column}, lambda n: CASE WHEN isfinite(n) THEN n END)"
    return column


def _refusal(error: Exception) -> str:
    """DuckDB's error in the words of this command."""
    import duckdb

    text = one_line(error)
    if isinstance(error, duckdb.PermissionException):
        return f"a query may read only the tables of the release, no files and no network ({text})"
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"the query needs more memory than its limit of {CONFIG['memory_limit']}; narrow it down"
    return f"the query failed: {text}"
