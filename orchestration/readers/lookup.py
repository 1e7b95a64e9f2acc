"""Questions to the current release: what it holds, which series and events there are, where a number comes from.

Belongs here: lookups by a person's words, `status` and `trace`.
Does not belong here: opening a release (release_file.py), a person's own SQL (own_sql.py), comparing (comparison/), writing
files (export.py), rendering (cli/).
DuckDB is imported inside the functions: the command line imports this module for its help too.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers.release_file import (
    columns_of,
    current_file,
    open_release,
    read,
    read_as,
    release_record,
)
from orchestration.readers.rows import DimSeries, RptFreshness
from transforms.periods import parse_period

if TYPE_CHECKING:
    import duckdb


#: origin of a row of the user's own timelines
OWN = "user"


@dataclass(frozen=True)
class Status:
    """The current release.

    database: its file, of `bytes` bytes; release: its release.json; counts: rows of the main tables; freshness: of each
    dataset of each source, the one with the newest figure first.
    """

    database: Path
    bytes: int
    release: Mapping[str, object]
    counts: Mapping[str, int]
    freshness: Sequence[RptFreshness]


class SeriesLine(TypedDict):
    """A series in a list: columns of dim_series."""

    series_id: str
    title: str
    unit: str
    unit_multiplier: int
    frequency: str
    seasonal_adjustment: str
    source_id: str
    source_code: str | None
    first_period: dt.date | None
    last_period: dt.date | None
    observation_count: int
    vintage_count: int
    grade: str


class EventLine(TypedDict):
    """An event in a list: columns of dim_event."""

    event_id: str
    event_date: dt.date
    date_precision: str
    timeline: str
    event_type: str
    title: str
    confidence: str
    in_force: bool
    cluster_id: str | None
    origin: str


class TracedVintage(TypedDict):
    """A vintage of one number and the bytes it came from: the columns of the macro `trace`.

    Of a bundled figure, sha256 is that of the bundled file, agency_* say where the agency published it, copy_* which public copy it
    was read from and copied_on by which day that copy showed it.
    """

    series_id: str
    period_start: dt.date
    frequency: str
    value: float | None
    status: str
    revision_number: int
    known_from: dt.datetime
    known_to: dt.datetime | None
    known_from_basis: str
    grade: str
    is_latest: bool
    source_id: str
    request_url: str
    retrieved_at: dt.datetime
    http_status: int | None
    media_type: str | None
    sha256: str
    bytes: int
    archive_path: str
    payload_id: str
    adds_digits: bool
    agency_page: str | None
    agency_table: str | None
    copy_repository: str | None
    copy_path: str | None
    copy_commit: str | None
    copied_on: dt.date | None
    copy_note: str | None


# -- what there is ---------------------------------------------------------------------------------------------------

#: what `status` counts, and the table that it is counted in
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
        query = "select " + ", ".join(f"(select count(*) from {table})" for table in _COUNTED.values())
        counts = dict(zip(_COUNTED, con.execute(query).fetchall()[0], strict=True))
        freshness = read(
            con, RptFreshness, "order by latest_period desc nulls last, source_id, dataset, frequency"
        )
    return Status(path, path.stat().st_size, release_record(path), counts, freshness)


def list_series(con: duckdb.DuckDBPyConnection, text: str | None = None) -> list[SeriesLine]:
    """Series whose id, title, measure, frequency, source, agency code or FRED code hold every word of `text`.

    Those with the words in their id come first, then those with them in their title; among them the one with the
    newest figure, and the plain series before its variants, whose ids are longer.
    """
    searched = "concat_ws(' ', series_id, title, measure, frequency, source_id, source_code, fred_alias)"
    return read_as(
        con,
        SeriesLine,
        f"""select {columns_of(SeriesLine)} from dim_series where {_every_word(searched)}
            order by {_every_word("series_id")} desc, {_every_word("title")} desc, last_period desc nulls last,
                length(series_id), series_id""",
        {"words": _words(text)},
    )


def list_events(con: duckdb.DuckDBPyConnection, text: str | None = None) -> list[EventLine]:
    """Events whose id, date, title, timeline, type, parties or topics hold every word of `text`.

    Those with the words in their id or title come first; among them the newest.
    """
    searched = """concat_ws(' ', event_id, event_date::varchar, title, timeline, event_type,
        array_to_string(parties, ' '), array_to_string(topics, ' '))"""
    return read_as(
        con,
        EventLine,
        f"""select {columns_of(EventLine)} from dim_event where {_every_word(searched)}
            order by {_every_word("concat_ws(' ', event_id, title)")} desc, event_date desc, event_id""",
        {"words": _words(text)},
    )


def _every_word(searched: str) -> str:
    """The condition that the SQL expression `searched` holds every one of $words; true without words."""
    return f"list_bool_and(list_transform($words::varchar[], lambda w: contains(lower({searched}), w))) is not false"


def _words(text: str | None) -> list[str]:
    return (text or "").lower().split()


# -- from a person's words to an id ----------------------------------------------------------------------------------


def resolve_series(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """The series_id meant by `text`: an id (case and - for _ forgiven) or an agency (or FRED) code that only one has.

    Raises UsageError with the nearest ids. Nothing is guessed: a wrong series would give a wrong answer quietly.
    """
    name = text.strip()
    slug = name.lower().replace("-", "_")
    ids = [row[0] for row in con.execute("select series_id from dim_series order by series_id").fetchall()]
    if slug in ids:
        return slug
    coded = con.execute(
        "select series_id from dim_series where lower(?) in (lower(source_code), lower(fred_alias)) order by 1",
        [name],
    ).fetchall()
    if len(coded) == 1:
        series_id: str = coded[0][0]
        return series_id
    if coded:
        names = ", ".join(row[0] for row in coded)
        raise UsageError(f"'{name}' is the agency code of several series; say which: {names}")
    worded = [row["series_id"] for row in list_series(con, name.replace("_", " "))]
    raise UsageError(_unknown("series", name, _nearest(slug, ids, worded), "headway series WORD"))


def resolve_event(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """The event meant by `text`, as the macros take it: an event_id, or an ISO date (2018-01-29; 2018-02 is its first day).

    Raises UsageError with the nearest ids, or if the date does not exist.
    """
    name = text.strip()
    slug = name.lower().replace("_", "-")
    ids = {
        row[0].lower().replace("_", "-"): row[0]
        for row in con.execute("select event_id from dim_event").fetchall()
    }
    if slug in ids:
        return ids[slug]
    if re.fullmatch(r"\d{4}-\d{1,2}(-\d{1,2})?", name):
        return parse_date(name if name.count("-") == 2 else f"{name}-01", "event").isoformat()
    worded = [row["event_id"] for row in list_events(con, slug.replace("-", " "))]
    near = [ids.get(slug, slug) for slug in _nearest(slug, ids, worded)]
    raise UsageError(_unknown("event", name, near, "headway events WORD") + "; an ISO date works too")


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
    near = sorted({*worded, *alike})
    return sorted(near, key=lambda id_: -difflib.SequenceMatcher(None, text, id_).ratio())[:6]


def _unknown(what: str, text: str, near: Sequence[str], command: str) -> str:
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"there is no {what} '{text}'{hint} (`{command}` lists them)"


# -- where a number comes from ---------------------------------------------------------------------------------------


def trace(con: duckdb.DuckDBPyConnection, series: str, period: str) -> list[TracedVintage]:
    """Every vintage of one number with the request, retrieval time and sha256 of the bytes it came from.

    `period`: 2018, 2018Q1, 2018-01 or 2018-01-01. Raises UsageError if the series has no such period.
    """
    series_id = resolve_series(con, series)
    series_row = read(con, DimSeries, "where series_id = ?", [series_id])[0]
    if re.fullmatch(r"\d{4}", period.strip()) and series_row["frequency"] != "annual":
        raise UsageError(_which_period(series_row, period.strip()))
    start = period_start(period)
    rows = read_as(
        con,
        TracedVintage,
        f"select {columns_of(TracedVintage)} from trace($series, $period)",
        {"series": series_id, "period": start.isoformat()},
    )
    if not rows:
        raise UsageError(
            f"{series_id} has no value for {start} ({series_row['frequency']}, {series_row['first_period']} to "
            f"{series_row['last_period']})"
        )
    return rows


def _which_period(series: DimSeries, year: str) -> str:
    """A year was named of a series whose periods are shorter: what to ask instead. Its January would be an answer to another
    question."""
    length = {"monthly": "month", "quarterly": "quarter"}.get(series["frequency"], "day")
    example = {"monthly": f"{year}-01", "quarterly": f"{year}Q1"}.get(series["frequency"], f"{year}-01-02")
    return (
        f"{series['series_id']} is {series['frequency']}: name a {length} of {year}, as in `headway trace "
        f"{series['series_id']} {example}` (`headway sql \"from trace('{series['series_id']}', '{year}')\"` shows the whole year)"
    )


def period_start(text: str) -> dt.date:
    """First day of a period written as 2018, 2018Q1, 2018-01 or 2018-01-01."""
    try:
        return parse_period(re.sub(r"^(\d{4})Q", r"\1-Q", text.strip().upper()))
    except ValueError as error:
        raise UsageError(f"'{text}' is not a period: write 2018, 2018Q1, 2018-01 or 2018-01-01") from error
