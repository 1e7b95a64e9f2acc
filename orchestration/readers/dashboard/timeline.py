"""Page Timeline: events on lanes, filters, one event opened with its sources, positions and what became of them.

Belongs here: the queries and the layout of that page. Does not belong here: how things are drawn (orchestration/readers/charts).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import polars as pl
import streamlit as st

from orchestration.readers.charts import timeline as charts
from orchestration.readers.charts.columns import written
from orchestration.readers.comparison.windows import WINDOW
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.lookup import OWN
from orchestration.readers.rows import DimEvent
from orchestration.readers.wording import (
    ABSENT,
    PARTIES,
    TIMELINES,
    TOPICS,
    amount,
    event_day,
    label,
    spelled,
    verdict,
)

_OPTIONS = Query(
    """
    select 'timeline' as kind, timeline as value, min(event_date)::varchar as rank from dim_event group by timeline
    union all select 'type', event_type, event_type from dim_event group by event_type
    union all select 'confidence', confidence, confidence from dim_event group by confidence
    union all select 'party', party, party from (select distinct unnest(parties) as party from dim_event)
    union all select 'topic', topic, topic from (select distinct unnest(topics) as topic from dim_event)
    order by kind, rank"""
)
_FILTERED = """
    select event_id, event_date, end_date, title, timeline, event_type, confidence, in_force, parties, topics, origin
    from dim_event
    where (len($timelines::varchar[]) = 0 or list_contains($timelines::varchar[], timeline))
        and (len($types::varchar[]) = 0 or list_contains($types::varchar[], event_type))
        and (len($levels::varchar[]) = 0 or list_contains($levels::varchar[], confidence))
        and (len($parties::varchar[]) = 0 or list_has_any(parties, $parties::varchar[]))
        and (len($topics::varchar[]) = 0 or list_has_any(topics, $topics::varchar[]))
        and list_bool_and(list_transform($words::varchar[],
            lambda w: contains(lower(concat_ws(' ', event_id, title, description)), w))) is not false
    order by event_date, event_id"""
_POSITIONS = """
    select party, topic, position, value, unit, status, source_key, source_reference
    from fct_position where event_id = $event order by topic, party, value desc, position"""
#: positions with a figure on the same topic and measured in the same thing: 'percent of vehicle value, net cost' and
#: 'percent of vehicle value, US content' belong together
_PATH = """
    with same as (
        select topic, split_part(unit, ',', 1) as measured from fct_position
        where event_id = $event and value is not null and topic = $topic
        group by all
    )
    select event.event_id, event.event_date, event.title, position.value,
        split_part(position.unit, ',', 1) as unit,
        coalesce(nullif(trim(split_part(position.unit, ',', 2)), ''), 'not said') as what,
        position.status, array_to_string(list_sort(list(distinct position.party)), ', ') as who,
        array_to_string(list(distinct position.position order by position.position), ' / ') as position
    from fct_position as position
    inner join same on position.topic = same.topic and split_part(position.unit, ',', 1) = same.measured
    inner join dim_event as event on position.event_id = event.event_id
    where position.value is not null and split_part(position.unit, ',', 1) = $unit
    group by event.event_id, event.event_date, event.title, position.value, position.unit, position.status
    order by event.event_date, position.value desc, position.unit, position.status"""

_EXPOSED = """
    with exposed as (
        select series_id, string_agg(distinct why, '; ' order by why) as why, min(match_basis) as match_basis
        from rpt_event_exposure where event_id = $event group by series_id
    )
    select series.title, compared.pct_change, compared.d_level, compared.verdict, compared.reason, exposed.series_id,
        exposed.match_basis, exposed.why
    from exposed
    inner join dim_series as series on exposed.series_id = series.series_id
    left join rpt_before_after as compared
        on compared.event_id = $event and compared.series_id = exposed.series_id and compared.window_months = $window
        and compared.is_default_gap and compared.as_of_basis = 'latest'
    order by compared.pre_mean is null, exposed.match_basis = 'measure' desc, exposed.series_id"""
_EXPOSED_LABELS = {
    "title": "Series",
    "series_id": "Id",
    "match_basis": "They meet by",
    "why": "Why",
    "pct_change": "Change, %",
    "d_level": "Difference, units",
    "verdict": "Verdict",
    "reason": "Reason",
}


class OpenedEvent(DimEvent):
    """An event with the title of the cluster that it belongs to."""

    cluster: str | None


class Figure(TypedDict):
    """The figure of a position, and what it counts."""

    value: float | None
    unit: str | None


def show(release: Release) -> None:
    """The page: filters, the events on their lanes, and the event that is opened."""
    state = State("timeline")
    top = st.container()
    offered: dict[str, list[str]] = {}
    for kind, value, _ in release.ask(_OPTIONS).iter_rows():
        offered.setdefault(kind, []).append(value)
    query = _filters(state, offered)
    events = release.ask(query)
    every = release.ask(
        Query("select event_id, title, event_date from dim_event order by event_date, event_id")
    )
    titles = {row["event_id"]: f"{row['event_date']} {row['title']}" for row in every.iter_rows(named=True)}
    shown = events["event_id"].to_list()
    with top:
        st.markdown(
            "What happened in the negotiations and with the tariffs, who wanted what, and what became of it."
        )
    options = ["", *(shown or titles)]
    linked = st.query_params.get("event")
    if linked in titles and linked not in options:  # opened by a link, though a filter hides it on the lanes
        options.append(linked)
    if events.is_empty():
        parts.nothing_found("No event has all of that. Take a filter away.")
    else:
        _lanes(release, query, events, linked, state)
    with st.container(key="open"):
        event_id = state.select(
            "Open an event (or click a mark)",
            "event",
            options,
            "",
            format_func=lambda e: titles.get(e, "none"),
        )
    with top:
        state.tell()
    if event_id:
        _event(release, event_id)


def _filters(state: State, offered: dict[str, list[str]]) -> Query:
    with st.container(key="filters"):
        first, second, third = st.columns(3), st.columns(3), st.container()
        timelines = state.several(
            "Timelines", "timeline", offered["timeline"], where=first[0], placeholder="all", format_func=_lane
        )
        parties = state.several(
            "Parties",
            "party",
            offered["party"],
            where=first[1],
            placeholder="all",
            format_func=lambda p: PARTIES.get(p, p),
        )
        topics = state.several(
            "Topics", "topic", offered["topic"], where=first[2], placeholder="all", format_func=_topic
        )
        types = state.several(
            "Types", "type", offered["type"], where=second[0], placeholder="all", format_func=spelled
        )
        levels = state.several(
            "Confidence", "confidence", offered["confidence"], where=second[1], placeholder="all"
        )
        words = state.text("Words in title or description", "words", where=second[2])
        del third
    return Query(
        _FILTERED,
        {
            "timelines": timelines,
            "types": types,
            "levels": levels,
            "parties": parties,
            "topics": topics,
            "words": words.lower().split(),
        },
    )


def _lane(timeline: str) -> str:
    return label(timeline, TIMELINES)


def _topic(topic: str) -> str:
    return label(topic, TOPICS)


def _lanes(release: Release, query: Query, events: pl.DataFrame, picked: str | None, state: State) -> None:
    own = " and your own" if (events["origin"] == OWN).any() else ""
    marks = events.select(
        "event_id",
        "event_date",
        "title",
        written(events["timeline"], _lane).alias("lane"),
        written(events["event_type"], charts.kind_of).alias("kind"),
        written(events["event_type"], spelled).alias("type"),
        "confidence",
        pl.col("parties").list.join(", "),
    )
    chart = charts.lanes(
        marks,
        picked=picked,
        source=f"Source: timelines of Headway{own}, release {release.run_id}",
        mode=parts.mode(),
    )

    def open_picked() -> None:
        selection = st.session_state.get("plot-events", {}).get("selection", {}).get(charts.PICKED) or []
        if selection and (event_id := selection[0].get("event_id")):
            state.put(event=event_id)

    parts.chart_block(chart, key="events", frame=events, queries=[query], on_select=open_picked)


# -- one event -------------------------------------------------------------------------------------------------------


def _event(release: Release, event_id: str) -> None:
    query = Query(
        "select e.*, c.title as cluster from dim_event as e left join dim_event_cluster as c using (cluster_id) "
        "where event_id = $event",
        {"event": event_id},
    )
    event = release.one(OpenedEvent, query)
    with st.container(border=True, key="event"):
        st.header(escaped(event["title"]), anchor=False)
        if not event["in_force"]:
            st.warning(
                "Announced, planned or overtaken: this did not take effect.", icon=":material/warning:"
            )
        if event["confidence"] == "low":
            st.warning(
                "Low confidence: the day or the event itself is not certain.", icon=":material/warning:"
            )
        st.markdown(escaped(event["description"] or ""))
        parts.facts(_particulars(event), key="event-facts")
        _links(event)
        parts.behind(key=f"event-{event_id}", frame=release.ask(query), queries=[query], table=False)
    _positions(release, event)
    _exposed(release, event["event_id"])


def _particulars(event: OpenedEvent) -> list[tuple[str, str]]:
    precision = "" if event["date_precision"] == "day" else f" (known to the {event['date_precision']})"
    rows = [
        ("Date", f"{event_day(event)}{precision}"),
        ("Timeline", _lane(event["timeline"])),
        ("Type", spelled(event["event_type"])),
        ("Parties", ", ".join(PARTIES.get(p, p) for p in event["parties"] or [])),
        ("Topics", ", ".join(map(_topic, event["topics"] or []))),
        ("Place", event["location"] or ""),
        ("Announced on", str(event["announced_on"] or "")),
        ("Effective on", str(event["effective_on"] or "")),
        ("Notice published on", str(event["published_on"] or "")),
        ("Ended on", str(event["ended_on"] or "")),
        ("Confidence", event["confidence"]),
        ("Origin", "your own timelines" if event["origin"] == OWN else ""),
        ("Group of events", event["cluster"] or ""),
        ("Source", f"{event['source_reference'] or 'none given'} (key {event['source_key'] or 'none'})"),
        ("Id", event["event_id"]),
    ]
    return [row for row in rows if row[1]]


def _links(event: OpenedEvent) -> None:
    pages = st.session_state.get("headway.pages", {})
    with st.container(horizontal=True):
        reference = event["source_reference"] or ""
        if reference.startswith("https://") and " " not in reference:
            st.link_button("Read the source", reference, icon=":material/open_in_new:")
        if "compare" in pages:
            st.page_link(
                pages["compare"],
                label="Compare a series before and after",
                icon=":material/compare_arrows:",
                query_params={"event": event["event_id"]},
            )


def _positions(release: Release, event: OpenedEvent) -> None:
    query = Query(_POSITIONS, {"event": event["event_id"]})
    frame = release.ask(query)
    st.header("Positions", anchor=False)
    if frame.is_empty():
        parts.nothing_found("No position of a party is recorded with this event.")
        return
    st.markdown(
        "Proposed, maintained, softened, rejected, dropped or agreed: what each party said at this event, with a figure "
        "where there is one."
    )
    shown = frame.select(
        pl.col("party").replace(PARTIES),
        written(frame["topic"], _topic),
        "position",
        written(frame.select("value", "unit").to_struct("figure"), _figure),
        "status",
        "source_reference",
    )
    labels = {
        "party": "Party",
        "topic": "Topic",
        "position": "Position",
        "figure": "Figure",
        "status": "Became",
        "source_reference": "Source",
    }
    with st.container(key="positions"):
        parts.data_table(shown, labels=labels, alt_text="Positions of each party at this event")
    parts.behind(key=f"positions-{event['event_id']}", frame=frame, queries=[query], table=False)
    _became(release, event["event_id"], frame)


def _figure(figure: Figure) -> str:
    return ABSENT if figure["value"] is None else f"{amount(figure['value'])} {figure['unit'] or ''}"


def _became(release: Release, event_id: str, positions: pl.DataFrame) -> None:
    """For each topic and unit of this event's figures: every figure on it, earlier and later."""
    topics: Sequence[tuple[str, str]] = (
        positions.filter(pl.col("value").is_not_null() & pl.col("unit").is_not_null())
        .select("topic", pl.col("unit").str.split(",").list.first())
        .unique(maintain_order=True)
        .rows()
    )
    drawn = 0
    for topic, unit in topics:
        query = Query(_PATH, {"event": event_id, "topic": topic, "unit": unit})
        frame = release.ask(query)
        if frame["event_id"].n_unique() < 2:
            continue
        if not drawn:
            st.header("What became of it", anchor=False)
        drawn += 1
        chart = charts.position_path(
            frame,
            topic=_topic(topic),
            unit=unit,
            picked=event_id,
            source=f"Source: timelines of Headway, release {release.run_id}",
            mode=parts.mode(),
        )
        parts.chart_block(chart, key=f"path-{topic}-{drawn}", frame=frame, queries=[query])


def _exposed(release: Release, event_id: str) -> None:
    """The series this event could show in, each with its verdict where it was compared."""
    if not release.has("rpt_event_exposure", "why", "match_basis") or not release.has(
        "rpt_before_after", "verdict"
    ):
        return
    query = Query(_EXPOSED, {"event": event_id, "window": WINDOW})
    frame = release.ask(query)
    if frame.is_empty():
        return
    st.header("Series it could show in", anchor=False)
    st.markdown(
        "By the goods, measures and topics they share with the event, chosen without looking at the figures. Twelve months "
        "before and after, as known now; the page Compare has the cautions."
    )
    with st.container(key="exposed"):
        shown = frame.with_columns(
            written(frame["verdict"], verdict),
            written(frame["match_basis"], spelled),
        )
        parts.data_table(shown, labels=_EXPOSED_LABELS, alt_text="Series in which the event could show")
    parts.behind(key=f"exposed-{event_id}", frame=frame, queries=[query], table=False)
