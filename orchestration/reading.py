"""Questions to the current release: what it holds, which series and events there are, where a number comes from.

Belongs here: opening a release read-only with limits, lookups by a person's words, `trace`, and a person's own SQL.
Does not belong here: comparing (comparison.py), writing files (exporting.py), rendering (printing.py), building.
DuckDB is imported inside the functions: the command line imports this module for its help too.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import ReleaseError, UsageError
from orchestration.settings import Settings
from transforms.periods import parse_period

if TYPE_CHECKING:
    import duckdb

#: seconds a lookup of this module may take; on a release of 0.5 M rows the slowest took 0.2 s
LOOKUP_TIMEOUT = 30.0
#: seconds past its limit after which a query that does not react to being stopped is left behind
STOP_GRACE = 2.0

#: `temp_directory` is empty: a query that needs more memory fails, rather than spilling beside the release.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "threads": 2,
    "temp_directory": "",
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
}
#: Locked for the whole database instance, so that no SQL of a user can read a file, load an extension or lift a limit.
#: Not in _CONFIG because DuckDB 2.0 sets external access first and then refuses temp_directory. The time limit and the
#: time zone stay open, because they are set for each connection.
_LOCK = """
    SET enable_external_access = false;
    SET allowed_configs = ['max_execution_time', 'TimeZone'];
    SET lock_configuration = true"""

Record = dict[str, Any]


@dataclass(frozen=True)
class Status:
    """The current release. `counts`: rows of the main tables; `freshness`: one record a source (rpt_freshness)."""

    database: Path
    bytes: int
    release: Mapping[str, Any]
    counts: Mapping[str, int]
    freshness: Sequence[Record]


@dataclass(frozen=True)
class QueryResult:
    """What a query answered. Column names may repeat, so rows are tuples; `truncated`: there were more rows."""

    columns: Sequence[str]
    types: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    truncated: bool


def current_file(settings: Settings) -> Path:
    """The database file of the current release, with the symlink resolved once: later switches do not move it."""
    path = settings.current_database.resolve()
    if not path.is_file():
        raise ReleaseError(f"there is no release in {settings.home}; run `headway build` first")
    return path


@contextmanager
def open_release(
    settings: Settings, *, timeout: float = LOOKUP_TIMEOUT, path: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only, locked-down connection to the current release (or to the released file `path`), closed on leaving.

    `timeout`: seconds a single statement may run. Raises ReleaseError if there is no release or it cannot be read,
    also for a query inside the block that misses a table or column (a release made by another version).
    """
    import duckdb

    path = path or current_file(settings)
    try:
        con = duckdb.connect(str(path), read_only=True, config=_CONFIG)
    except duckdb.Error as error:
        raise ReleaseError(
            f"the release {path} cannot be read ({one_line(error)}); "
            "`headway rollback` makes the one before current, `headway build --force` makes a new one"
        ) from error
    try:
        # connections of one process to one file share an instance, which may be locked already
        if not con.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
            con.execute(_LOCK)
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
    text = (
        str(error).split("\n\n", 1)[0]
        if "\n\nLINE " not in str(error)
        else str(error).split("\n\nLINE ", 1)[0]
    )
    return " ".join(text.split())


def records(con: duckdb.DuckDBPyConnection, query: str, parameters: Any = None) -> list[Record]:
    """The rows of a query as dictionaries."""
    cursor = con.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# -- what there is ---------------------------------------------------------------------------------------------------

_COUNTED = {
    "series": "dim_series",
    "observations": "fct_observation",
    "vintages": "fct_observation_vintage",
    "trade_flows": "fct_trade_flow",
    "freight_flows": "fct_freight_flow",
    "events": "dim_event",
    "positions": "fct_position",
    "sources": "dim_source",
    "payloads": "dim_payload",
}


def status(settings: Settings) -> Status:
    """What the current release holds and how fresh each source is."""
    with open_release(settings) as con:
        path = current_file(settings)
        query = "select " + ", ".join(f"(select count(*) from {t}) as {n}" for n, t in _COUNTED.items())
        counts = records(con, query)[0]
        freshness = records(con, "select * from rpt_freshness order by all")
    manifest = path.with_name("release.json")
    try:
        release = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{manifest} cannot be read ({error}); run `headway build --force`") from error
    return Status(path, path.stat().st_size, release, counts, freshness)


def list_series(con: duckdb.DuckDBPyConnection, text: str | None = None) -> list[Record]:
    """Series whose id, title, measure, source, agency code or FRED code hold every word of `text`, in order of id."""
    found = f"concat_ws(' ', {', '.join(('series_id', 'title', 'measure', 'source_id', 'source_code', 'fred_alias'))})"
    return records(
        con,
        f"""
        select series_id, title, unit, unit_multiplier, frequency, seasonal_adjustment, source_id, source_code,
            first_period, last_period, observation_count, vintage_count
        from dim_series where {_every_word(found)} order by series_id""",
        {"words": _words(text)},
    )


def list_events(con: duckdb.DuckDBPyConnection, text: str | None = None) -> list[Record]:
    """Events whose id, date, title, timeline, type, parties or topics hold every word of `text`, oldest first."""
    found = """concat_ws(' ', event_id, event_date::varchar, title, timeline, event_type,
        array_to_string(parties, ' '), array_to_string(topics, ' '))"""
    return records(
        con,
        f"""
        select event_id, event_date, date_precision, timeline, event_type, title, confidence, in_force, cluster_id
        from dim_event where {_every_word(found)} order by event_date, event_id""",
        {"words": _words(text)},
    )


def _every_word(text: str) -> str:
    return (
        f"list_bool_and(list_transform($words::varchar[], lambda w: contains(lower({text}), w))) is not false"
    )


def _words(text: str | None) -> list[str]:
    return (text or "").lower().split()


# -- from a person's words to an id ----------------------------------------------------------------------------------


def resolve_series(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """The series_id meant by `text`: an id (case and - for _ forgiven) or an agency (or FRED) code that only one has.

    Raises UsageError with the nearest ids. Nothing is guessed: a wrong series would give a wrong answer quietly.
    """
    wanted = text.strip()
    slug = wanted.lower().replace("-", "_")
    ids = [row[0] for row in con.execute("select series_id from dim_series order by series_id").fetchall()]
    if slug in ids:
        return slug
    coded = con.execute(
        "select series_id from dim_series where lower(?) in (lower(source_code), lower(fred_alias)) order by 1",
        [wanted],
    ).fetchall()
    if len(coded) == 1:
        return coded[0][0]
    if coded:
        names = ", ".join(row[0] for row in coded)
        raise UsageError(f"'{wanted}' is the agency code of several series; say which: {names}")
    worded = [row["series_id"] for row in list_series(con, wanted.replace("_", " "))]
    raise UsageError(_unknown("series", wanted, _nearest(slug, ids, worded), "headway series WORD"))


def resolve_event(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """The event meant by `text`, as the macros take it: an event_id, or an ISO date (2018-01-29; 2018-02 is its first day).

    Raises UsageError with the nearest ids, or if the date does not exist.
    """
    wanted = text.strip()
    slug = wanted.lower().replace("_", "-")
    ids = {
        row[0].lower().replace("_", "-"): row[0]
        for row in con.execute("select event_id from dim_event").fetchall()
    }
    if slug in ids:
        return ids[slug]
    if re.fullmatch(r"\d{4}-\d{1,2}(-\d{1,2})?", wanted):
        return parse_date(wanted if wanted.count("-") == 2 else f"{wanted}-01", "event").isoformat()
    worded = [row["event_id"] for row in list_events(con, slug.replace("-", " "))]
    near = [ids.get(slug, slug) for slug in _nearest(slug, ids, worded)]
    raise UsageError(_unknown("event", wanted, near, "headway events WORD") + "; an ISO date works too")


def parse_date(text: str, what: str) -> dt.date:
    """An ISO date given by a person; UsageError names `what` it was meant for."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"{what} '{text}' is not a day of the calendar (write it like 2018-01-29)"
        ) from error


def _nearest(text: str, ids: Iterable[str], worded: Sequence[str]) -> list[str]:
    """At most six ids that hold all the words or are spelled alike, the most alike first."""
    alike = difflib.get_close_matches(text, ids, n=6, cutoff=0.6)
    found = sorted({*worded, *alike})
    return sorted(found, key=lambda i: -difflib.SequenceMatcher(None, text, i).ratio())[:6]


def _unknown(what: str, text: str, near: Sequence[str], command: str) -> str:
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"there is no {what} '{text}'{hint} (`{command}` lists them)"


# -- where a number comes from ---------------------------------------------------------------------------------------


def trace(con: duckdb.DuckDBPyConnection, series: str, period: str) -> list[Record]:
    """Every vintage of one number with the request, retrieval time and sha256 of the bytes it came from.

    `period`: 2018, 2018Q1, 2018-01 or 2018-01-01. Raises UsageError if the series has no such period.
    """
    series_id = resolve_series(con, series)
    start = period_start(period)
    rows = records(con, "from trace($series, $period)", {"series": series_id, "period": start.isoformat()})
    if not rows:
        info = records(
            con,
            "select first_period, last_period, frequency from dim_series where series_id = ?",
            [series_id],
        )
        first, last, frequency = info[0].values()
        raise UsageError(f"{series_id} has no value for {start} ({frequency}, {first} to {last})")
    return rows


def period_start(text: str) -> dt.date:
    """First day of a period written as 2018, 2018Q1, 2018-01 or 2018-01-01."""
    try:
        return parse_period(re.sub(r"^(\d{4})Q", r"\1-Q", text.strip().upper()))
    except ValueError as error:
        raise UsageError(f"'{text}' is not a period: write 2018, 2018Q1, 2018-01 or 2018-01-01") from error


# -- a person's own SQL ----------------------------------------------------------------------------------------------


def run_sql(settings: Settings, query: str, *, timeout: float = 30.0, max_rows: int = 1000) -> QueryResult:
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
    import duckdb

    text = one_line(error)
    if isinstance(error, duckdb.PermissionException):
        return f"a query may read only the tables of the release, no files and no network ({text})"
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"the query needs more memory than its limit of {_CONFIG['memory_limit']}; narrow it down"
    return f"the query failed: {text}"
