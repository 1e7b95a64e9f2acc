"""Page Overview: what is in the warehouse, how fresh it is, the last release, headline series over the timelines.

Belongs here: the queries and the layout of that page. Does not belong here: how things are drawn (orchestration/readers/charts).
"""

from __future__ import annotations

import datetime as dt
from typing import TypedDict, cast

import altair as alt
import polars as pl
import streamlit as st

from orchestration.readers.charts.overview import headline, spark
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.freshness_words import Loaded, freshness_text
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.rows import DimSeries
from orchestration.readers.wording import (
    ABSENT,
    TIMELINES,
    label,
    moment,
    number,
    percentage,
    period,
    spelled,
    unit,
)

#: series on the front page; those that a release lacks are left out
HEADLINES = (
    "usa_imports_goods_mex",
    "usa_imports_goods_can",
    "usa_imports_goods_chn",
    "usa_employment_motor_vehicles_parts",
    "usa_sales_light_vehicles",
    "usa_customs_duties_net",
)
#: years shown at first: from the year before the NAFTA renegotiation on
_SINCE = 2016
_SPARK_MONTHS = 60

_COUNTS = Query(
    """
    select
        (select count(*) from dim_series) as series,
        (select count(*) from fct_observation) as observations,
        (select count(*) from fct_observation_vintage) as vintages,
        (select count(*) from fct_trade_flow) as trade_flows,
        (select count(*) from fct_freight_flow) as freight_flows,
        (select count(*) from dim_event) as events,
        (select count(*) from fct_position) as positions,
        (select count(*) from dim_payload) as payloads"""
)
_FRESHNESS = Query(
    """
    select source.agency, fresh.dataset, fresh.frequency, fresh.state, fresh.latest_period, fresh.expected_period,
        fresh.days_behind, fresh.n_slices, fresh.n_slices_late, fresh.last_known_from, fresh.last_retrieved_at,
        fresh.last_payload_id, source.cadence
    from rpt_freshness as fresh
    left join dim_source as source on fresh.source_id = source.source_id
    order by source.agency, fresh.dataset, fresh.frequency"""
)
_STATES = {
    "fresh": "up to date",
    "late": "behind",
    "never_loaded": "not loaded",
}


class Card(TypedDict):
    """The latest figure of a headline series, and against a year before."""

    series_id: str
    title: str
    unit: str
    unit_multiplier: int
    frequency: str
    seasonal_adjustment: str | None
    source_id: str
    period_start: dt.date
    value: float | None
    yoy_pct: float | None


def show(release: Release) -> None:
    """The page: headline figures, a series over the timelines, freshness, contents and the last release."""
    state = State("overview")
    st.markdown(
        "Trade and auto-production statistics with every known vintage, joined with the timelines of trade negotiations: "
        "what was different before and after an event, and how sure one can be of it."
    )
    cards = st.container()
    st.header("Headline series over the timelines", anchor=False)
    _headline(release, state)
    with cards:
        state.tell()
        _cards(release)
    _freshness(release)
    left, right = st.columns(2, gap="large")
    with left:
        _contents(release)
    with right:
        _release(release)


def _cards(release: Release) -> None:
    frame = release.ask(
        Query(
            """
            select series.series_id, series.title, series.unit, series.unit_multiplier, series.frequency,
                series.seasonal_adjustment, series.source_id, now.period_start, now.value, 100 * (now.value / nullif(before.value, 0) - 1) as yoy_pct
            from dim_series as series
            inner join fct_observation as now
                on series.series_id = now.series_id and series.last_period = now.period_start
            left join fct_observation as before
                on series.series_id = before.series_id
                and now.period_start = before.period_start + interval 1 year
            where list_contains($ids::varchar[], series.series_id)""",
            {"ids": HEADLINES},
        )
    )
    sparks = release.ask(
        Query(
            """
            select series_id, period_start, value from fct_observation
            where list_contains($ids::varchar[], series_id) and value is not null
            qualify row_number() over (partition by series_id order by period_start desc) <= $months
            order by series_id, period_start""",
            {"ids": HEADLINES, "months": _SPARK_MONTHS},
        )
    )
    rows = {card["series_id"]: cast("Card", card) for card in frame.iter_rows(named=True)}
    with st.container(key="headlines"):
        # two rows: on a narrow screen the cards then stand below each other in this order
        columns = [*st.columns(3, gap="small"), *st.columns(3, gap="small")]
        for column, series_id in zip(columns, (s for s in HEADLINES if s in rows), strict=False):
            row = rows[series_id]
            card = column.container(border=True, height="stretch")
            # the label of a metric is one line and would be cut; a paragraph breaks where it must
            card.markdown(
                escaped(row["title"]), help=f"The line shows the last {_SPARK_MONTHS} months with a value"
            )
            card.metric(
                escaped(row["title"]),
                # the card is as wide as a third of the page: a unit beside the figure would be cut off
                number(row["value"]),
                f"{percentage(row['yoy_pct'], 1)} on the year" if row["yoy_pct"] is not None else None,
                delta_color="off",
                label_visibility="collapsed",
                delta_description=f"{unit(row)}, {period(row['period_start'], row['frequency'])}",
            )
            # a line of our own: that of a metric holds a layer without any mark until one points at it, of which Vega
            # complains in the console, twice a card
            history = sparks.filter(pl.col("series_id") == series_id)
            line = spark(
                cast("DimSeries", row),
                history,
                source=parts.source(release, [row["source_id"]]),
                mode=parts.mode(),
            )
            parts.bare_chart(line, where=card)


def _headline(release: Release, state: State) -> None:
    titles = dict(
        release.ask(
            Query(
                "select series_id, title from dim_series where observation_count > 1 order by title, series_id"
            )
        ).iter_rows()
    )
    options = [s for s in HEADLINES if s in titles] + [s for s in titles if s not in HEADLINES]
    lanes = release.ask(Query("select timeline from dim_event group by timeline order by min(event_date)"))[
        "timeline"
    ].to_list()
    left, middle, right = st.columns([3, 3, 1.4])
    series_id = state.select(
        "Series", "series", options, options[0], where=left, format_func=lambda s: f"{titles[s]} ({s})"
    )
    timelines = state.several(
        "Timelines (none: all)",
        "timeline",
        lanes,
        where=middle,
        format_func=lambda t: label(t, TIMELINES),
    )
    since = state.number("From year", "since", _SINCE, 1900, dt.date.today().year, where=right)  # noqa: DTZ011
    series = release.series(series_id)
    first = dt.date(since, 1, 1)
    begins, ends = series["first_period"], series["last_period"]
    if begins and ends and ends < first:
        first = begins
        parts.cautions([f"This series ends in {period(ends, series['frequency'])}, so all of it is shown."])
    _draw(release, series, first, timelines)


def _draw(release: Release, series: DimSeries, first: dt.date, timelines: list[str]) -> None:
    values = Query(
        """
        select period_start, value, status, known_from from fct_observation
        where series_id = $series and period_start >= $first order by period_start""",
        {"series": series["series_id"], "first": first},
    )
    events = Query(
        """
        select event_id, event_date, title, timeline, event_type from dim_event
        where event_date between $first and $last and in_force
            and (len($timelines::varchar[]) = 0 or list_contains($timelines::varchar[], timeline))
        order by event_date, event_id""",
        {"first": first, "last": series["last_period"], "timelines": timelines},
    )
    episodes = Query(
        """
        select title, starts_on, ends_on from dim_episode
        where applies_to = 'all' or episode_id in (
            select unnest(episodes_in_window) from rpt_before_after where series_id = $series)
        order by starts_on""",
        {"series": series["series_id"]},
    )
    frame, marks = release.ask(values), release.ask(events)
    chart = headline(
        series,
        frame,
        marks.with_columns(pl.col("timeline").replace(TIMELINES).alias("lane")),
        release.ask(episodes),
        source=parts.source(release, [series["source_id"]]),
        mode=parts.mode(),
    )
    parts.chart_block(
        chart, key=f"headline-{series['series_id']}", frame=frame, queries=[values, events, episodes]
    )


def _contents(release: Release) -> None:
    st.header("In the warehouse", anchor=False)
    counts = release.ask(_COUNTS).row(0, named=True)
    parts.facts(
        [(spelled(name), f"{count:,}") for name, count in counts.items()],
        key="contents",
        heads=("What", "Rows"),
    )


def warm_chart() -> alt.LayerChart:
    """A chart of one made-up month, so that the first reader does not wait for Altair's schema (0.3 s)."""
    month = [dt.date(2020, 1, 1)]
    series = cast("DimSeries", {"series_id": "none", "title": "none", "unit": "none"})
    values = pl.DataFrame({"period_start": month, "value": [1.0], "status": ["normal"]})
    events = pl.DataFrame({"event_date": month, "title": ["none"], "lane": ["none"]})
    episodes = pl.DataFrame({"title": ["none"], "starts_on": month, "ends_on": month})
    return headline(series, values, events, episodes, source="none")


def _freshness(release: Release) -> None:
    st.header("How fresh each source is", anchor=False)
    frame = release.ask(_FRESHNESS)
    st.markdown(freshness_text(cast("list[Loaded]", frame.to_dicts())))
    shown = frame.drop("last_payload_id").with_columns(pl.col("state").replace(_STATES))
    labels = {
        "agency": "Agency",
        "dataset": "Dataset",
        "frequency": "Frequency",
        "state": "State",
        "latest_period": "Latest period",
        "expected_period": "Expected period",
        "days_behind": "Days behind",
        "n_slices": "Series or slices",
        "n_slices_late": "of these behind",
        "last_known_from": "Newest figure known since",
        "last_retrieved_at": "Last retrieved",
        "cadence": "Published",
    }
    with st.container(key="freshness"):
        parts.data_table(shown, labels=labels, alt_text="Freshness of each source", height="content")
    parts.behind(key="freshness", frame=frame, queries=[_FRESHNESS], table=False)


def _release(release: Release) -> None:
    st.header("Last release", anchor=False)
    manifest = release.manifest()
    checks = manifest.get("checks", [])
    failed = [check for check in checks if check.get("outcome") != "pass"]
    made = manifest.get("created_at")
    rows = [
        ("Release", release.run_id),
        ("Made", moment(dt.datetime.fromisoformat(made)) if made else ABSENT),
        ("Version", str(manifest.get("versions", {}).get("headway", ABSENT))),
        ("Checks", f"{len(checks) - len(failed)} of {len(checks)} passed"),
        ("Rows", f"{sum(manifest.get('rows', {}).values()):,}"),
    ]
    rows += [(f"Warning: {check.get('name')}", str(check.get("detail"))) for check in failed]
    parts.facts(rows, key="last-release", heads=("Release", "Value"))
