"""Read-only access of the dashboard to the current release: which one, what it holds, answers to queries of our own.

Belongs here: following the symlink `current`, keeping a release open, limits, the cache, words for a release that fails.
Does not belong here: SQL of a page (its module), rendering, lookups by a person's words (orchestration/readers/lookup.py).

A page asks with a `Query`: fixed SQL of ours with parameters. Nothing from the browser becomes SQL.
"""

from __future__ import annotations

import atexit
import datetime as dt
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import streamlit as st

from orchestration.base import duck
from orchestration.base.errors import HeadwayError, ReleaseError
from orchestration.base.settings import Settings
from orchestration.readers.release_file import Query, Row, open_release, release_record
from orchestration.readers.rows import DimSeries

if TYPE_CHECKING:
    import duckdb

_LOG = logging.getLogger(__name__)

#: seconds a statement of a page may run; the slowest of the pages takes 0.3 s on 0.5 M rows
QUERY_TIMEOUT = 20.0
#: answers kept: a page asks some ten queries, so this is a few dozen views
_ANSWERS = 400
_ANSWER_BYTES = "256mb"
#: releases held open at once: the current one and the one before it, for sessions in the middle of a run
_HELD = 2
#: without these there is nothing to show
_NEEDED = ("dim_source", "dim_series", "dim_event", "fct_observation", "rpt_freshness")


class NoReleaseError(HeadwayError):
    """There is nothing to show. `kind`: missing, unreadable or empty. The message names no path."""

    def __init__(self, kind: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.advice = advice


@dataclass(frozen=True)
class _Pinned(Settings):
    """Settings whose current release is one particular release, so that a page never mixes two."""

    database: Path = Path()

    @property
    def current_database(self) -> Path:
        return self.database


@dataclass(frozen=True)
class Release:
    """One release on disk. `run_id` is its folder's name and the key of every cached answer."""

    settings: _Pinned

    @property
    def run_id(self) -> str:
        return self.settings.database.parent.name

    def ask(self, query: Query) -> pl.DataFrame:
        """The rows of a query of ours. Cached by release; raises NoReleaseError if the file cannot be read."""
        parameters = tuple(sorted((name, _fixed(value)) for name, value in query.parameters.items()))
        return _answer(self.run_id, str(self.settings.database), query.sql, parameters, self)

    def rows(self, row: type[Row], query: Query) -> list[Row]:
        """The rows of a query that gives the columns of the TypedDict `row`.

        Pages also show releases of earlier versions, which may lack columns that were added since: a page asks `has`
        before it uses such a column.
        """
        return [cast("Row", record) for record in self.ask(query).iter_rows(named=True)]

    def one(self, row: type[Row], query: Query) -> Row:
        """The first row of such a query. Raises LookupError if it has none, which a page that offers only what the
        release holds never meets."""
        rows = self.rows(row, query)
        if not rows:
            raise LookupError(f"no {row.__name__} for {dict(query.parameters)}")
        return rows[0]

    def series(self, series_id: str) -> DimSeries:
        """The row of dim_series. Raises LookupError for an unknown id."""
        return self.one(
            DimSeries, Query("select * from dim_series where series_id = $series", {"series": series_id})
        )

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one request, locked down and limited (orchestration/readers/lookup.py)."""
        import duckdb

        try:
            _hold(self)
            with open_release(self.settings, timeout=QUERY_TIMEOUT) as con:
                yield con
        except (ReleaseError, duckdb.Error) as error:
            _LOG.error("release %s: %s", self.run_id, error)
            raise unreadable() from error

    def columns(self, table: str) -> frozenset[str]:
        """Columns of a public table; empty if this release has no such table."""
        return self._shape().get(table, frozenset())

    def has(self, table: str, *columns: str) -> bool:
        """Whether the release has this table (or macro) with these columns."""
        shape = self._shape()
        return table in shape and frozenset(columns) <= shape[table]

    def _shape(self) -> dict[str, frozenset[str]]:
        frame = self.ask(
            Query(
                """
                select table_name as name, column_name as part from information_schema.columns
                where table_schema = 'main'
                union all
                select function_name, unnest(parameters) from duckdb_functions()
                where function_type = 'table_macro' and not internal"""
            )
        )
        shape: dict[str, set[str]] = {}
        for name, part in frame.iter_rows():
            shape.setdefault(name, set()).add(part)
        return {name: frozenset(parts) for name, parts in shape.items()}

    def manifest(self) -> dict[str, Any]:
        """release.json: when it was made, by which version, which checks passed. Empty if it cannot be read."""
        try:
            return release_record(self.settings.database)
        except ReleaseError as error:
            _LOG.error("release.json of %s: %s", self.run_id, error)
            return {}

    def made_on(self) -> str | None:
        """The day this release was made, from its name (20261122T014654Z-5deb94)."""
        day = self.run_id[:8]
        return f"{day[:4]}-{day[4:6]}-{day[6:]}" if day.isdigit() and len(day) == 8 else None

    def parquet(self, table: str) -> Path | None:
        """The released Parquet file of a public table, if there is one."""
        if not self.has(table):
            return None
        file = self.settings.database.parent / "parquet" / f"{table}.parquet"
        return file if file.is_file() else None


def current_release(settings: Settings | None = None) -> Release:
    """The release that `current` points to now. Raises NoReleaseError if there is none to show."""
    settings = settings or Settings.load()
    path = settings.current_database.resolve()
    if not path.is_file():
        raise NoReleaseError(
            "missing",
            "There is no release yet.",
            "Run `headway build` (about a minute, no network needed). This page shows it as soon as it is there.",
        )
    release = Release(_Pinned(settings.project, settings.home, path))
    _check(release)
    return release


def unreadable() -> NoReleaseError:
    return NoReleaseError(
        "unreadable",
        "The current release cannot be read: its file is damaged, was made by another version, or the disk is slow.",
        "`headway rollback` makes the release before it current; `headway build --force` makes a new one. "
        "What exactly failed is in the log of the dashboard.",
    )


_CHECKED: set[Path] = set()


def _check(release: Release) -> None:
    """Once a release: it opens, and holds the tables that every page needs."""
    if release.settings.database in _CHECKED:
        return
    missing = [table for table in _NEEDED if not release.has(table)]
    if missing or not release.ask(Query("select 1 from dim_series limit 1")).height:
        _LOG.error("release %s is empty or lacks %s", release.run_id, missing)
        raise NoReleaseError(
            "empty",
            "The current release holds no series.",
            "`headway build --force` makes a new one from the bundled figures; `headway doctor` looks for the cause.",
        )
    _CHECKED.add(release.settings.database)


# -- connections and answers -----------------------------------------------------------------------------------------

_held: OrderedDict[Path, ExitStack] = OrderedDict()
_held_lock = threading.Lock()


def _hold(release: Release) -> None:
    """Keep one connection to the release, so that the others share its instance and its blocks in memory.

    Opening a 75 MB release took 25 ms, a second connection to an open one 1 ms. A release left behind is closed when
    its last request ends: DuckDB keeps the file as long as a connection to it lives.
    """
    path = release.settings.database
    with _held_lock:
        if path in _held:
            _held.move_to_end(path)
            return
        stack = ExitStack()
        stack.enter_context(open_release(release.settings, timeout=QUERY_TIMEOUT))
        _held[path] = stack
        while len(_held) > _HELD:
            _held.popitem(last=False)[1].close()


@atexit.register
def close_releases() -> None:
    """Close every release that is held open. At the end of the process nothing else is done: the cache of answers goes
    with the process, and asking Streamlit for it then writes to streams that are closed already."""
    with _held_lock:
        while _held:
            _held.popitem()[1].close()


def forget() -> None:
    """Close every release and drop every answer, so that tests can open the same file with other limits."""
    close_releases()
    _answer.clear()


@st.cache_data(max_entries=_ANSWERS, max_size=_ANSWER_BYTES, show_spinner=False)
def _answer(
    run_id: str, database: str, sql: str, parameters: tuple[tuple[str, object], ...], _release: Release
) -> pl.DataFrame:
    """Rows of one query, cached by release, statement and parameters (`_release` is not part of the key)."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters}
    with _release.connection() as con:
        return duck.frame_of(con, sql, values)


def _fixed(value: object) -> object:
    """A parameter as something that a cache can hash."""
    return tuple(value) if isinstance(value, list | set | frozenset) else value


def literal(value: object) -> str:
    """A parameter as SQL text, for the statement shown under a chart (never for one that runs)."""
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return str(value).lower()
        case dt.date():
            return f"date '{value}'"
        case list() | tuple() | set() | frozenset():
            return "[" + ", ".join(literal(item) for item in value) + "]"
        case _:
            return duck.literal(str(value))
