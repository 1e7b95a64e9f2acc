"""Everything a report says about one event, as plain records from a release.

Belongs here: the queries of a page and its dataclasses. Numbers are the rows of the marts; where a mart has no row
because a window is not whole yet, the row of the macro `before_after`, which says so. Both come by `compare`, so that
page and command line cannot differ.
Does not belong here: choosing series (choice.py), wording and layout (words.py, render.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.answers import method_records
from orchestration.readers.comparison.compare import Comparison, compare
from orchestration.readers.comparison.methods import FURTHER
from orchestration.readers.lookup import list_events, resolve_event, resolve_series
from orchestration.readers.release_file import Record, records
from orchestration.readers.reports.choice import MOST_PARTIAL, chosen
from orchestration.readers.reports.positions import Topic, topics_of

if TYPE_CHECKING:
    import duckdb

#: the comparison a page opens with: what `headway compare` asks when nothing else is said
WINDOW, GAP = 12, 0

#: why the marts have no row for an event, in the order in which it is asked
_COARSE = ("quarter", "year")


@dataclass(frozen=True)
class Edition:
    """The release a page is made from. `made`: when; `sha256`: of its headway.duckdb, as release.json states it."""

    run_id: str
    made: dt.datetime
    sha256: str
    version: str


@dataclass(frozen=True)
class SeriesPart:
    """One series around the event.

    found: what `headway compare` answers, 12 months and no gap, latest values (`partial`: from the macro, because a window
    is not whole); first: the same of each month as first released; variants: rows of every width and gap, latest, and
    first_variants, as first released; source: row of dim_source; payloads: the files the values came from; methods: rows
    of the further methods by name; cluster: the row of rpt_cluster_before_after for the event's cluster.
    """

    found: Comparison
    partial: bool
    first: Record | None
    variants: Sequence[Record]
    first_variants: Mapping[tuple[int, int], Record]
    source: Record
    payloads: Sequence[Record]
    methods: Mapping[str, Sequence[Record]]
    cluster: Record | None

    @property
    def series(self) -> Record:
        return self.found.series

    @property
    def headline(self) -> Record:
        return self.found.result

    @property
    def others(self) -> Sequence[Record]:
        return self.found.other_events

    @property
    def episodes(self) -> Sequence[Record]:
        return self.found.episodes


@dataclass(frozen=True)
class EventPage:
    """Everything on one page. `refused`: why nothing is compared, when nothing is; `left_out`: declared series (rows of
    dim_series) without whole windows; `n_compared`: series the marts compare around the event."""

    edition: Edition
    event: Record
    topics: Sequence[Topic]
    cluster: Record | None
    cluster_events: Sequence[Record]
    measures: Sequence[Record]
    parts: Sequence[SeriesPart]
    left_out: Sequence[Record]
    asked: bool
    n_compared: int
    refused: str | None
    episode_titles: Mapping[str, str]


CLUSTERS = "rpt_cluster_before_after"


def tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the public tables and views of the release."""
    query = "select table_name from information_schema.tables where table_schema = 'main'"
    return {name for (name,) in con.execute(query).fetchall()}


def event_of(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """The event_id meant by `text`. Raises UsageError with the nearest ids; a bare date is none."""
    found = resolve_event(con, text)
    if con.execute("select 1 from dim_event where event_id = ?", [found]).fetchall():
        return found
    near = con.execute(
        "select event_id from dim_event order by abs(date_diff('day', event_date, ?::date)), event_id limit 4",
        [found],
    ).fetchall()
    raise UsageError(
        f"'{text}' is a date, and a report is about an event; the nearest are "
        f"{', '.join(row[0] for row in near)} (`headway compare {found} SERIES` takes dates)"
    )


def all_events(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every event_id, oldest first."""
    return [row["event_id"] for row in list_events(con)]


def gather(
    con: duckdb.DuckDBPyConnection, edition: Edition, event_id: str, series: Sequence[str] = ()
) -> EventPage:
    """Everything for the page of `event_id` (an id of dim_event). `series`: ids or agency codes asked for, in this order.

    Raises UsageError for an unknown series, or one that is not monthly.
    """
    event = records(con, "from dim_event where event_id = ?", [event_id])[0]
    present = tables(con)
    names = [resolve_series(con, name) for name in series]
    comparable = dict(
        con.execute(
            """
            select s.series_id, coalesce(r.pre_mean is not null and r.post_mean is not null, false)
            from dim_series s left join rpt_before_after r on r.series_id = s.series_id and r.event_id = ?
                and r.window_months = ? and r.gap_months = ? and r.as_of_basis = 'latest'
            where s.frequency = 'monthly'""",
            [event_id, WINDOW, GAP],
        ).fetchall()
    )
    for name in names:
        if name not in comparable:
            raise UsageError(f"{name} is not monthly; only monthly series are compared around an event")
    refused = _refused(event)
    usual, missing = chosen(event, comparable)
    if not usual and not refused:
        # too recent for a whole window after: those that have at least a month after it, said as such
        usual = chosen(event, _begun(con, event, missing))[0][:MOST_PARTIAL]
        missing = [name for name in missing if name not in usual]
    shown = [] if refused else list(dict.fromkeys(names or usual))
    cluster = records(con, "from dim_event_cluster where cluster_id = ?", [event["cluster_id"]])
    parts = [_part(con, event, name, present) for name in shown]
    if not shown and not refused:
        refused = "no series of the release has a month after it yet"
    return EventPage(
        edition=edition,
        event=event,
        topics=topics_of(con, event),
        cluster=cluster[0] if cluster else None,
        cluster_events=_cluster_events(con, event),
        measures=_measures(con, event),
        parts=parts,
        left_out=[] if names or refused else _described(con, missing),
        asked=bool(names),
        n_compared=sum(comparable.values()),
        refused=refused,
        episode_titles=dict(con.execute("select episode_id, title from dim_episode").fetchall()),
    )


def _refused(event: Mapping[str, Any]) -> str | None:
    """Why the marts compare nothing around `event`, or None (the rules are those of rpt_before_after)."""
    if not event["in_force"]:
        return "it was announced or scheduled and never took effect"
    if event["confidence"] == "low":
        return "no source verifies it (confidence low)"
    if event["date_precision"] in _COARSE:
        return f"its date is known only to the {event['date_precision']}"
    return None


def _begun(con: duckdb.DuckDBPyConnection, event: Mapping[str, Any], names: Sequence[str]) -> dict[str, bool]:
    """Which of the series have a value in a month that begins after the event."""
    day = max(d for d in (event["event_date"], event["effective_on"]) if d)
    rows = con.execute(
        "select series_id, last_period > ? from dim_series where list_contains(?::varchar[], series_id)",
        [day, list(names)],
    ).fetchall()
    return dict(rows)


def _described(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[Record]:
    query = "from dim_series where list_contains(?::varchar[], series_id) order by series_id"
    return records(con, query, [list(names)])


def _part(
    con: duckdb.DuckDBPyConnection, event: Mapping[str, Any], series_id: str, present: set[str]
) -> SeriesPart:
    event_id = event["event_id"]
    rows = records(
        con,
        "from rpt_before_after where event_id = ? and series_id = ? order by window_months, gap_months",
        [event_id, series_id],
    )
    latest = _once([row for row in rows if row["as_of_basis"] == "latest"])
    first = {(r["window_months"], r["gap_months"]): r for r in rows if r["as_of_basis"] == "first_release"}
    whole = any((r["window_months"], r["gap_months"]) == (WINDOW, GAP) for r in latest)
    found = compare(con, event_id, series_id, months=WINDOW, gap=GAP)
    return SeriesPart(
        found=found,
        partial=not whole,
        first=first.get((WINDOW, GAP)),
        variants=latest,
        first_variants=first,
        source=records(con, "from dim_source where source_id = ?", [found.series["source_id"]])[0],
        payloads=_payloads(con, series_id, found.result),
        methods=_methods(con, event_id, series_id, present),
        cluster=_cluster(con, event, series_id) if CLUSTERS in present else None,
    )


def _once(rows: Sequence[Record]) -> list[Record]:
    """Rows without those that compare the same months again: windows of 6 months are compared with the same season a
    year before, whatever the gap."""
    found: dict[tuple[Any, ...], Record] = {}
    for row in rows:
        months = (row["pre_start"], row["pre_end"], row["post_start"], row["post_end"])
        found.setdefault(months, row)
    return list(found.values())


def _payloads(con: duckdb.DuckDBPyConnection, series_id: str, row: Mapping[str, Any]) -> list[Record]:
    """The files that the months of both windows came from."""
    return records(
        con,
        """
        select p.request_url, p.retrieved_at, p.sha256, count(*) as n_months
        from fct_observation o join dim_payload p using (payload_id)
        where o.series_id = ? and o.period_start between ? and ?
        group by all order by p.retrieved_at, p.sha256""",
        [series_id, row["pre_start"], row["post_end"]],
    )


def _methods(
    con: duckdb.DuckDBPyConnection, event_id: str, series_id: str, present: set[str]
) -> dict[str, list[Record]]:
    """The rows of every further method that the release has a table and rows of, by the name of the method."""
    rows = {
        name: method_records(con, method, event_id, series_id, (WINDOW, GAP))
        for name, method in FURTHER.items()
        if method.table in present
    }
    return {name: of_method for name, of_method in rows.items() if of_method}


def _cluster_events(con: duckdb.DuckDBPyConnection, event: Mapping[str, Any]) -> list[Record]:
    return records(
        con,
        """select event_id, event_date, end_date, date_precision, title from dim_event
        where cluster_id = ? and event_id <> ? order by event_date, event_id""",
        [event["cluster_id"], event["event_id"]],
    )


def _cluster(con: duckdb.DuckDBPyConnection, event: Mapping[str, Any], series_id: str) -> Record | None:
    found = records(
        con,
        f"""from {CLUSTERS} where cluster_id = ? and series_id = ? and window_months = ? and gap_months = ?
            and as_of_basis = 'latest'""",
        [event["cluster_id"], series_id, WINDOW, GAP],
    )
    return found[0] if found else None


def _measures(con: duckdb.DuckDBPyConnection, event: Mapping[str, Any]) -> list[Record]:
    """Tariff measures announced, effective or ended on the day of the event, on one of its topics."""
    return records(
        con,
        """
        from dim_tariff_measure
        where list_contains($topics::varchar[], topic)
            and list_contains([announced_on, effective_on, ended_on], $day::date)
        order by effective_on, measure_id""",
        {"topics": event["topics"] or [], "day": event["effective_on"] or event["event_date"]},
    )
