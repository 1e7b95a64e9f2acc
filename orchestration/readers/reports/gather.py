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
from typing import TYPE_CHECKING, TypedDict

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.answer import AnswerLine, answers_about, untold_about
from orchestration.readers.comparison.answer_words import (
    DesignRow,
    ListRow,
    design_rows,
    in_the_way,
    list_rows,
    untold_text,
)
from orchestration.readers.comparison.compare import Comparison, compare
from orchestration.readers.comparison.methods import FURTHER
from orchestration.readers.comparison.sentences import OtherEvent
from orchestration.readers.comparison.windows import WINDOW
from orchestration.readers.lookup import list_events, resolve_event, resolve_series
from orchestration.readers.release_file import columns_of, has_table, read, read_as
from orchestration.readers.reports.choice import MOST_PARTIAL, chosen
from orchestration.readers.reports.positions import Topic, topics_of
from orchestration.readers.rows import (
    DimEpisode,
    DimEvent,
    DimEventCluster,
    DimSeries,
    DimSource,
    DimTariffMeasure,
    RptBeforeAfter,
    RptClusterBeforeAfter,
    RptEventExposure,
)

if TYPE_CHECKING:
    import duckdb

#: answers that a page opens with; the rest are with their series, or in `headway compare EVENT`
MOST_ANSWERS = 8


class PayloadOfSeries(TypedDict):
    """A file that months of a series came from (columns of dim_payload), and how many."""

    request_url: str
    retrieved_at: dt.datetime
    sha256: str
    n_months: int


class ClusterEvent(TypedDict):
    """Another event of the cluster (columns of dim_event)."""

    event_id: str
    event_date: dt.date
    end_date: dt.date | None
    date_precision: str
    title: str


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

    comparison: what `headway compare` answers for WINDOW months, latest values (`partial`: from the macro, because
    a window is not whole); first: the same of each month as first released; variants: rows of every width and gap,
    latest, and first_variants, as first released, by width and gap; source: its agency; payloads: the files that the
    months of both windows came from; methods: rows of the further methods by name, of those that have some; cluster: the
    comparison around the whole cluster of the event.
    """

    comparison: Comparison
    partial: bool
    first: RptBeforeAfter | None
    variants: Sequence[RptBeforeAfter]
    first_variants: Mapping[tuple[int, int], RptBeforeAfter]
    source: DimSource
    payloads: Sequence[PayloadOfSeries]
    methods: Mapping[str, Sequence[Mapping[str, object]]]
    cluster: RptClusterBeforeAfter | None

    @property
    def series(self) -> DimSeries:
        """The series itself."""
        return self.comparison.series

    @property
    def headline(self) -> RptBeforeAfter:
        """The row that the page opens with."""
        return self.comparison.result

    @property
    def designs(self) -> list[DesignRow]:
        """The table of designs; empty where no answer is held."""
        return design_rows(self.comparison.answer) if self.comparison.answer else []

    @property
    def in_the_way(self) -> list[str]:
        """What stands in the way of the answer, or beside it."""
        return in_the_way(self.comparison.answer) if self.comparison.answer else []

    @property
    def others(self) -> Sequence[OtherEvent]:
        """Other events whose cut lies in the windows."""
        return self.comparison.other_events

    @property
    def episodes(self) -> Sequence[DimEpisode]:
        """Episodes that touch the windows."""
        return self.comparison.episodes


@dataclass(frozen=True)
class EventPage:
    """Everything on one page.

    topics: the positions taken; cluster, cluster_events: the cluster of the event and its other events; measures: the
    tariff measures of the day; parts: the series shown; left_out: declared series without whole windows; chosen_by_name:
    whether a person named the series; n_compared: series that the marts compare around the event; refused: why nothing is
    compared, when nothing is; episode_titles: by episode_id; answers: the best answers about the event, as lines and as
    rows of a table; untold: what cannot be told, in words.
    """

    edition: Edition
    event: DimEvent
    topics: Sequence[Topic]
    cluster: DimEventCluster | None
    cluster_events: Sequence[ClusterEvent]
    measures: Sequence[DimTariffMeasure]
    parts: Sequence[SeriesPart]
    left_out: Sequence[DimSeries]
    chosen_by_name: bool
    n_compared: int
    refused: str | None
    episode_titles: Mapping[str, str]
    answers: Sequence[tuple[AnswerLine, ListRow]] = ()
    untold: str = ""


def event_of(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """The event_id meant by `text`. Raises UsageError with the nearest ids; a bare date is none."""
    event_id = resolve_event(con, text)
    if con.execute("select 1 from dim_event where event_id = ?", [event_id]).fetchall():
        return event_id
    near = con.execute(
        "select event_id from dim_event order by abs(date_diff('day', event_date, ?::date)), event_id limit 4",
        [event_id],
    ).fetchall()
    raise UsageError(
        f"'{text}' is a date, and a report is about an event; the nearest are "
        f"{', '.join(row[0] for row in near)} (`headway compare {event_id} SERIES` takes dates)"
    )


def all_events(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every event_id, oldest first."""
    return [
        row["event_id"] for row in sorted(list_events(con), key=lambda e: (e["event_date"], e["event_id"]))
    ]


def gather(
    con: duckdb.DuckDBPyConnection, edition: Edition, event_id: str, series: Sequence[str] = ()
) -> EventPage:
    """Everything for the page of `event_id` (an id of dim_event). `series`: ids or agency codes asked for, in this order.

    Raises UsageError for an unknown series, or one that is not monthly.
    """
    event = read(con, DimEvent, "where event_id = ?", [event_id])[0]
    names = [resolve_series(con, name) for name in series]
    comparable = _comparable(con, event_id)
    for name in names:
        if name not in comparable:
            raise UsageError(f"{name} is not monthly; only monthly series are compared around an event")
    refused = event["left_out_because"]
    exposure = read(con, RptEventExposure, "where event_id = ? order by all", [event_id])
    usual, missing = chosen(event, exposure, comparable)
    if not usual and not refused:
        # too recent for a whole window after: those that have at least a month after it, said as such
        usual = chosen(event, exposure, _begun(con, event, missing))[0][:MOST_PARTIAL]
        missing = [name for name in missing if name not in usual]
    shown = [] if refused else list(dict.fromkeys(names or usual))
    cluster = read(con, DimEventCluster, "where cluster_id = ?", [event["cluster_id"]])
    parts = [_part(con, event, name) for name in shown]
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
        left_out=[] if names or refused else _series_rows(con, missing),
        chosen_by_name=bool(names),
        n_compared=sum(comparable.values()),
        refused=refused,
        episode_titles=dict(con.execute("select episode_id, title from dim_episode").fetchall()),
        answers=_answers(con, event_id),
        untold=untold_text(*untold_about(con, event_id)) if has_table(con, "rpt_answer") else "",
    )


def _answers(con: duckdb.DuckDBPyConnection, event_id: str) -> list[tuple[AnswerLine, ListRow]]:
    """The best answers about the event; none from a release that was made before there were answers."""
    if not has_table(con, "rpt_answer"):
        return []
    lines = answers_about(con, event_id)[:MOST_ANSWERS]
    return list(zip(lines, list_rows(lines), strict=True))


def _comparable(con: duckdb.DuckDBPyConnection, event_id: str) -> dict[str, bool]:
    """The monthly series of the release, and whether both windows around the event are whole."""
    rows = con.execute(
        """
        select s.series_id, coalesce(r.pre_mean is not null and r.post_mean is not null, false)
        from dim_series s left join rpt_before_after r on r.series_id = s.series_id and r.event_id = ?
            and r.window_months = ? and r.is_default_gap and r.as_of_basis = 'latest'
        where s.frequency = 'monthly'""",
        [event_id, WINDOW],
    ).fetchall()
    return dict(rows)


def _begun(con: duckdb.DuckDBPyConnection, event: DimEvent, names: Sequence[str]) -> dict[str, bool]:
    """Which of the series have a value in the month of the cut or later."""
    rows = con.execute(
        "select series_id, last_period >= ? from dim_series where list_contains(?::varchar[], series_id)",
        [event["cut_month"], list(names)],
    ).fetchall()
    return dict(rows)


def _series_rows(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[DimSeries]:
    return read(
        con, DimSeries, "where list_contains(?::varchar[], series_id) order by series_id", [list(names)]
    )


def _part(con: duckdb.DuckDBPyConnection, event: DimEvent, series_id: str) -> SeriesPart:
    event_id = event["event_id"]
    rows = read(
        con,
        RptBeforeAfter,
        "where event_id = ? and series_id = ? order by window_months, gap_months",
        [event_id, series_id],
    )
    latest = _without_repeated_months([row for row in rows if row["as_of_basis"] == "latest"])
    first = {
        (row["window_months"], row["gap_months"]): row
        for row in rows
        if row["as_of_basis"] == "first_release"
    }
    comparison = compare(con, event_id, series_id, months=WINDOW)
    window = (WINDOW, comparison.result["gap_months"])
    return SeriesPart(
        comparison=comparison,
        partial=not any((row["window_months"], row["gap_months"]) == window for row in latest),
        first=first.get(window),
        variants=latest,
        first_variants=first,
        source=read(con, DimSource, "where source_id = ?", [comparison.series["source_id"]])[0],
        payloads=_payloads(con, series_id, comparison.result),
        methods=_methods(con, event_id, series_id, window),
        cluster=_cluster_comparison(con, event, series_id),
    )


def _without_repeated_months(rows: Sequence[RptBeforeAfter]) -> list[RptBeforeAfter]:
    """Rows without those that compare the same months again: windows of 6 months are compared with the same season a
    year before, whatever the gap."""
    by_months: dict[tuple[dt.date, ...], RptBeforeAfter] = {}
    for row in rows:
        months = (row["pre_start"], row["pre_end"], row["post_start"], row["post_end"])
        by_months.setdefault(months, row)
    return list(by_months.values())


def _payloads(
    con: duckdb.DuckDBPyConnection, series_id: str, result: RptBeforeAfter
) -> list[PayloadOfSeries]:
    """The files that the months of both windows came from."""
    return read_as(
        con,
        PayloadOfSeries,
        """
        select p.request_url, p.retrieved_at, p.sha256, count(*) as n_months
        from fct_observation o join dim_payload p using (payload_id)
        where o.series_id = ? and o.period_start between ? and ?
        group by all order by p.retrieved_at, p.sha256""",
        [series_id, result["pre_start"], result["post_end"]],
    )


def _methods(
    con: duckdb.DuckDBPyConnection, event_id: str, series_id: str, window: tuple[int, int]
) -> dict[str, Sequence[Mapping[str, object]]]:
    """The rows of the further methods by name; window: months and gap. A release of another version may lack one: then the page does, too."""
    rows: dict[str, Sequence[Mapping[str, object]]] = {
        name: method.rows(con, event_id, series_id, window)
        for name, method in FURTHER.items()
        if has_table(con, method.table)
    }
    return {name: of_method for name, of_method in rows.items() if of_method}


def _cluster_events(con: duckdb.DuckDBPyConnection, event: DimEvent) -> list[ClusterEvent]:
    return read_as(
        con,
        ClusterEvent,
        f"""select {columns_of(ClusterEvent)} from dim_event
        where cluster_id = ? and event_id <> ? order by event_date, event_id""",
        [event["cluster_id"], event["event_id"]],
    )


def _cluster_comparison(
    con: duckdb.DuckDBPyConnection, event: DimEvent, series_id: str
) -> RptClusterBeforeAfter | None:
    if not has_table(con, "rpt_cluster_before_after"):
        return None
    rows = read(
        con,
        RptClusterBeforeAfter,
        """where cluster_id = ? and series_id = ? and window_months = ? and is_default_gap
           and as_of_basis = 'latest'""",
        [event["cluster_id"], series_id, WINDOW],
    )
    return rows[0] if rows else None


def _measures(con: duckdb.DuckDBPyConnection, event: DimEvent) -> list[DimTariffMeasure]:
    """Tariff measures announced, effective or ended on the day of the event, on one of its topics.

    An announcement is compared from its own day on (anchor_on), but its measures are those of the day they take effect.
    """
    return read(
        con,
        DimTariffMeasure,
        """
        where list_contains($topics::varchar[], topic)
            and list_contains([announced_on, effective_on, ended_on], $day::date)
        order by effective_on, measure_id""",
        {"topics": event["topics"], "day": event["effective_on"] or event["event_date"]},
    )
