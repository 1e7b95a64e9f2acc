"""A series over its whole life, with the events of the timelines beneath it and unusual episodes shaded; a small line of its last months.

Belongs here: these two charts. Does not belong here: comparing before and after (comparison.py), lanes of events (timeline.py).
"""

from __future__ import annotations

import datetime as dt

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import days, extent
from orchestration.readers.charts.layers import layered
from orchestration.readers.charts.theme import (
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    SPARK_HEIGHT,
    ChartError,
    Mode,
    Width,
    Words,
    colours,
    dressed,
    unit_line,
    within_limit,
)
from orchestration.readers.rows import DimSeries
from orchestration.readers.wording import number

#: pixels kept free under the line for the marks of the events
_LANE = 30


def headline(
    series: DimSeries,
    values: pl.DataFrame,
    events: pl.DataFrame,
    episodes: pl.DataFrame,
    *,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """Values of one series (period_start, value, status) over events (event_date, title, timeline, event_type).

    `series` is a row of dim_series; `episodes` has starts_on, ends_on, title and is cut to the values. A month without a
    value interrupts the line. Raises ChartError if there is nothing to draw.
    """
    drawn = values.filter(pl.col("value").is_not_null())
    if drawn.is_empty():
        raise ChartError(f"{series['series_id']} has no value in this span")
    within_limit(values.height, events.height, episodes.height)
    c = colours(mode)
    first, last = days(values["period_start"])
    x_scale = alt.Scale(domain=[_moment(first), _moment(last)])
    layers, shaded = [], []
    if not episodes.is_empty():
        cut = episodes.with_columns(
            pl.max_horizontal("starts_on", pl.lit(first)).alias("from"),
            pl.min_horizontal(pl.col("ends_on").fill_null(last), pl.lit(last)).alias("to"),
        ).filter(pl.col("from") <= pl.col("to"))
        shaded = cut["title"].to_list()
        layers.append(
            alt.Chart(cut)
            .mark_rect(color=c.episode, opacity=0.55, clip=True)
            .encode(
                x=alt.X("from:T"),
                x2="to:T",
                tooltip=[alt.Tooltip("title:N", title="Unusual months"), "starts_on:T", "ends_on:T"],
            )
        )
    layers.append(
        alt.Chart(values)
        .mark_line(color=c.series, strokeWidth=1.6, clip=True)
        .encode(
            x=alt.X(
                "period_start:T",
                scale=x_scale,
                axis=alt.Axis(format="%Y", tickCount=8, grid=False, labelFlush=True),
            ),
            y=alt.Y(
                "value:Q",
                title=None,
                scale=alt.Scale(zero=False, range=[height - _LANE, 0]),
                axis=alt.Axis(tickCount=6, domain=False, ticks=False, format=",~r"),
            ),
            tooltip=[
                alt.Tooltip("period_start:T", title="Period", format="%Y-%m"),
                alt.Tooltip("value:Q", title="Value", format=",.6~r"),
                alt.Tooltip("status:N", title="Status"),
            ],
        )
    )
    if not events.is_empty():
        layers.append(
            alt.Chart(events)
            .mark_tick(color=c.event, thickness=1.5, size=_LANE - 12, orient="vertical", clip=True)
            .encode(
                x=alt.X("event_date:T"),
                y=alt.value(height - _LANE / 2 + 3),
                tooltip=[
                    alt.Tooltip("event_date:T", title="Day", format="%Y-%m-%d"),
                    alt.Tooltip("title:N", title="Event"),
                    alt.Tooltip("lane:N", title="Timeline"),
                ],
            )
        )
    latest = drawn.row(-1, named=True)
    low, high = extent(drawn["value"])
    words = Words(
        title=series["title"],
        subtitle=[unit_line(series)],
        source=source,
        notes=[
            note
            for note, needed in (
                (f"Ticks under the line: {events.height} events.", not events.is_empty()),
                (f"Shaded, unusual months: {', '.join(shaded)}.", bool(shaded)),
            )
            if needed
        ],
        description=(
            f"Line of {series['title']} from {first:%Y-%m} to {last:%Y-%m}, last value {number(latest['value'])} in "
            f"{latest['period_start']:%Y-%m}, between {number(low)} and {number(high)}; "
            f"{events.height} events are marked beneath it."
        ),
    )
    return dressed(layered(*layers), words, mode=mode, width=width, height=height)


def spark(
    series: DimSeries,
    values: pl.DataFrame,
    *,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
) -> alt.LayerChart:
    """Values of one series (period_start, value) as a bare line, to stand under a figure: its shape, without axes.

    Raises ChartError if there is nothing to draw.
    """
    drawn = values.filter(pl.col("value").is_not_null())
    if drawn.is_empty():
        raise ChartError(f"{series['series_id']} has no value in this span")
    within_limit(values.height)
    first, last = days(drawn["period_start"])
    low, high = extent(drawn["value"])
    line = (
        alt.Chart(drawn)
        # a single value would be a line of no length
        .mark_line(color=colours(mode).series, strokeWidth=1.8, point=drawn.height == 1)
        .encode(
            x=alt.X("period_start:T", axis=alt.Axis(domain=False, ticks=False, labels=False, grid=False)),
            y=alt.Y("value:Q", axis=None, scale=alt.Scale(zero=False, nice=False)),
            tooltip=[
                alt.Tooltip("period_start:T", title="Period", format="%Y-%m"),
                alt.Tooltip("value:Q", title="Value", format=",.6~r"),
            ],
        )
    )
    words = Words(
        title=series["title"],
        subtitle=[unit_line(series)],
        source=source,
        description=(
            f"Small line of {series['title']} from {first:%Y-%m} to {last:%Y-%m}, between {number(low)} and {number(high)}."
        ),
    )
    return dressed(layered(line), words, mode=mode, width=width, height=SPARK_HEIGHT)


def _moment(day: dt.date) -> alt.DateTime:
    """A date for a scale, in the reader's own calendar and not in UTC."""
    return alt.DateTime(year=day.year, month=day.month, date=day.day)
