"""Page Revisions: a series as known on any day, first against latest values, the triangle of versions.

Belongs here: the queries and the layout of that page. Does not belong here: how things are drawn (orchestration/readers/charts).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import polars as pl
import streamlit as st

from orchestration.readers.charts import revisions as charts
from orchestration.readers.charts.columns import extent, median, written
from orchestration.readers.charts.theme import ChartError
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.rows import DimSeries
from orchestration.readers.wording import fixed, number, percentage, period, unit

_DEFAULT = "usa_employment_motor_vehicles_parts"
_SINCE = 2015
#: versions and periods of the triangle: what fits a screen
_VERSIONS, _PERIODS = 24, 48
_BACK = dt.timedelta(days=180)

_SERIES = Query(
    """
    select series_id, title, vintage_count from dim_series where observation_count > 0
    order by vintage_count > 1 desc, title, series_id"""
)
_VERSION_DAYS = """
    select distinct known_from::date as day from fct_observation_vintage
    where series_id = $series order by day"""
_THEN = """
    select period_start, value, status, known_from from as_of($day)
    where series_id = $series and period_start >= $first order by period_start"""
_NOW = """
    select period_start, value, status, known_from from fct_observation
    where series_id = $series and period_start >= $first order by period_start"""
_FIRST_LATEST = """
    select period_start, first_value, first_known_from, latest_value, latest_known_from, n_revisions, revision,
        revision_pct, days_to_latest
    from rpt_revision where series_id = $series and period_start >= $first and n_revisions > 0 order by period_start"""
_TRIANGLE = """
    with days as (
        select distinct known_from::date as day from fct_observation_vintage
        where series_id = $series order by day desc limit $versions
    ),
    periods as (
        select period_start from rpt_revision where series_id = $series and n_revisions > 0
        order by period_start desc limit $periods
    ),
    firsts as (
        select period_start, first_value from rpt_revision where series_id = $series
    )
    select vintage.period_start, days.day as known_on, vintage.value, vintage.status,
        100 * (vintage.value / nullif(firsts.first_value, 0) - 1) as change_pct
    from fct_observation_vintage as vintage
    inner join periods on vintage.period_start = periods.period_start
    inner join firsts on vintage.period_start = firsts.period_start
    inner join days
        on vintage.known_from < days.day + interval 1 day
        and (vintage.known_to is null or vintage.known_to >= days.day + interval 1 day)
    where vintage.series_id = $series and vintage.status <> 'withdrawn' and vintage.value is not null
    order by known_on, vintage.period_start"""


def show(release: Release) -> None:
    """The page: one series, a slider over its versions, and what its revisions amount to."""
    state = State("revisions")
    top = st.container()
    series_id, since = _choices(release, state)
    series = release.series(series_id)
    days = release.ask(Query(_VERSION_DAYS, {"series": series_id}))["day"].to_list()
    first = dt.date(since, 1, 1)
    begins, ends = series["first_period"], series["last_period"]
    if begins and ends and ends < first:
        first = begins
    with st.container(key="slider"):
        if len(days) > 1:
            # the newest two versions differ in a month or two only; one of half a year ago differs visibly
            before = [day for day in days if day <= days[-1] - _BACK] or days
            day = state.slide(
                "As known at the end of", "day", days, before[-1], help="Days with a new version"
            )
        else:
            day = days[0]
    with top:
        st.markdown(
            "Statistics are revised. A comparison made with today's figures may not be the one that could have been made "
            "at the time."
        )
        state.tell()
        if len(days) == 1:
            parts.cautions(
                [
                    f"Only one version of this series is known, of {day}: nothing can be said about its revisions."
                ]
            )
    source = parts.source(release, [series["source_id"]])
    _as_known(release, series, day, first, source)
    _first_latest(release, series, first, source)
    _triangle(release, series, source)


def _choices(release: Release, state: State) -> tuple[str, int]:
    rows = {r["series_id"]: r for r in release.ask(_SERIES).iter_rows(named=True)}
    left, right = st.columns([4, 1])
    series_id = state.select(
        "Series (those with several versions first)",
        "series",
        list(rows),
        _DEFAULT if _DEFAULT in rows else next(iter(rows)),
        where=left,
        format_func=lambda s: f"{rows[s]['title']} ({s}), {rows[s]['vintage_count']} versions",
    )
    since = state.number("From year", "since", _SINCE, 1900, dt.date.today().year, where=right)  # noqa: DTZ011
    return series_id, since


def _as_known(release: Release, series: DimSeries, day: dt.date, first: dt.date, source: str) -> None:
    then = Query(_THEN, {"day": day, "series": series["series_id"], "first": first})
    now = Query(_NOW, {"series": series["series_id"], "first": first})
    past, latest = release.ask(then), release.ask(now)
    both = (
        past.select("period_start", "value", "known_from")
        .join(
            latest.select("period_start", "value", "known_from"),
            on="period_start",
            how="full",
            coalesce=True,
            suffix="_now",
        )
        .sort("period_start")
    )
    try:
        chart = charts.as_known(
            series,
            past.select("period_start", "value"),
            latest.select("period_start", "value"),
            day=day,
            source=source,
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No chart: {error}.")
        return
    known = past.drop_nulls("value")
    last = known.row(-1, named=True)
    with st.container(key="as-known"):
        st.markdown(
            escaped(
                f"On {day} the newest figure was {number(last['value'])} {unit(series)} for "
                f"{period(last['period_start'], series['frequency'])}."
            )
        )
    parts.chart_block(chart, key="as-known-chart", frame=both, queries=[then, now])


def _first_latest(release: Release, series: DimSeries, first: dt.date, source: str) -> None:
    st.header("First held against latest", anchor=False)
    held = series["first_release_count"]
    st.caption(
        f"First held: the oldest figure here. {held:,} of {series['observation_count']:,} periods have their first release, the others "
        "a later copy, which may have been revised before."
    )
    query = Query(_FIRST_LATEST, {"series": series["series_id"], "first": first})
    frame = release.ask(query)
    if frame.is_empty():
        parts.nothing_found("No figure of this span has been revised as far as is known here.")
        return
    relative = frame["revision_pct"].is_not_null().any()
    column = "revision_pct" if relative else "revision"
    sizes = frame[column].drop_nulls()
    # with a sign where the direction of a revision counts, without one where its size does
    signed: Callable[[float], str] = partial(percentage, digits=3) if relative else partial(number, sign=True)
    unsigned: Callable[[float], str] = partial(percentage, digits=3, sign=False) if relative else number
    least, largest = extent(sizes)
    with st.container(key="revision-numbers"):
        parts.facts(
            [
                ("Periods revised", f"{frame.height}"),
                ("Median revision", signed(median(sizes))),
                ("Median size of a revision", unsigned(median(sizes.abs()))),
                ("Largest", signed(largest if largest >= -least else least)),
                ("Median days from first held to latest", fixed(median(frame["days_to_latest"]), 0)),
            ],
            key="revision-facts",
            heads=("What", "Value"),
        )
    chart = charts.first_latest(series, frame, source=source, relative=relative, mode=parts.mode())
    parts.chart_block(chart, key="first-latest", frame=frame, queries=[query])


def _triangle(release: Release, series: DimSeries, source: str) -> None:
    st.header("Versions", anchor=False)
    query = Query(_TRIANGLE, {"series": series["series_id"], "versions": _VERSIONS, "periods": _PERIODS})
    frame = release.ask(query)
    if frame.is_empty() or frame["known_on"].n_unique() < 2:
        parts.nothing_found("There is no triangle: no period has two known versions.")
        return
    marks = frame.select(
        written(frame["period_start"], partial(period, frequency=series["frequency"])).alias("period"),
        pl.col("known_on").cast(pl.String).alias("known"),
        "value",
        "change_pct",
    )
    chart = charts.triangle(series, marks, source=source, mode=parts.mode())
    wide = marks.pivot(on="known", index="period", values="value", sort_columns=True)
    with st.container(key="triangle"):
        parts.chart_block(chart, key="triangle-chart", frame=wide, queries=[query])
