"""The picture of the months around one or several events, as an index.

Belongs here: what is drawn from which column, so that every number in the picture is one of the report's.
Does not belong here: look and sizes (theme.py), files (render.py).
"""

from __future__ import annotations

import datetime as dt

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import extent
from orchestration.readers.charts.layers import layered, value_axis, value_domain
from orchestration.readers.charts.theme import (
    CATEGORIES,
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    ChartError,
    Mode,
    Width,
    Words,
    colours,
    dressed,
    source_line,
    unit_line,
    within_limit,
)
from orchestration.readers.rows import DimSeries
from orchestration.readers.wording import number


def event_window_chart(
    frame: pl.DataFrame,
    series: DimSeries,
    *,
    agency: str,
    as_of: dt.date | str | None = None,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """A series indexed to the months before one or several events (rows of rpt_event_window), like an event study plot.

    frame: event (Utf8, the name shown), month_offset (Int), index_100 (Float64), is_preliminary (Boolean), and
    in_episode (Boolean, months that an episode touches). One line an event, at most as many as there are colours.
    Raises ChartError for no rows or too many events.
    """
    c = colours(mode)
    rows = frame.sort("event", "month_offset").select(
        "event", "month_offset", "index_100", "is_preliminary", "in_episode"
    )
    events = rows["event"].unique(maintain_order=True).to_list()
    if rows["index_100"].is_null().all():
        raise ChartError("there is nothing to draw: no month around the event has a value")
    if len(events) > len(CATEGORIES[mode]):
        raise ChartError(f"{len(events)} events are too many for one chart (at most {len(CATEGORIES[mode])})")
    within_limit(rows.height)
    hue = alt.Color(
        "event:N",
        scale=alt.Scale(domain=events, range=list(CATEGORIES[mode][: len(events)])),
        legend=alt.Legend(title=None, columns=1, labelLimit=(400 if width == "container" else width) - 60)
        if len(events) > 1
        else None,
    )
    x = alt.X(
        "month_offset:Q",
        axis=alt.Axis(
            grid=False, tickMinStep=1, labelExpr="datum.value > 0 ? '+' + datum.value : datum.label"
        ),
    )
    values = rows["index_100"].drop_nulls()
    domain = value_domain(values, [100.0])
    y = value_axis("index_100", domain)
    tooltip = [
        alt.Tooltip("event:N"),
        alt.Tooltip("month_offset:Q", title="months from the cut"),
        alt.Tooltip("index_100:Q", title="index", format=".1f"),
        alt.Tooltip("in_episode:N", title="unusual month"),
    ]
    layers: list[alt.Chart] = [
        alt.Chart(rows).mark_line(strokeWidth=2).encode(x=x, y=y, color=hue),
        alt.Chart(pl.DataFrame({"level": [100.0]})).mark_rule(color=c.axis).encode(y=alt.Y("level:Q")),
        alt.Chart(pl.DataFrame({"cut": [-0.5]}))
        .mark_rule(color=c.event, strokeWidth=2)
        .encode(x=alt.X("cut:Q")),
    ]
    known = rows.filter(pl.col("index_100").is_not_null())
    for preliminary in (False, True):
        part = known.filter(pl.col("is_preliminary") == preliminary)
        if part.height:
            layers.append(
                alt.Chart(part)
                .mark_point(
                    opacity=1,
                    filled=not preliminary,
                    fill=c.background if preliminary else alt.Undefined,
                    size=46 if preliminary else 26,
                )
                .encode(x=alt.X("month_offset:Q"), y=alt.Y("index_100:Q"), color=hue, tooltip=tooltip)
            )
    notes = ["Month 0 is the first whole month from the event on."]
    if known["is_preliminary"].any():
        notes.append("Hollow dots: preliminary.")
    if known["in_episode"].any():
        notes.append(f"{int(known['in_episode'].sum())} of the months are unusual ones (strike, recession).")
    low, high = extent(values)
    first_month, last_month = extent(rows["month_offset"])
    what = events[0] if len(events) == 1 else f"{len(events)} events"
    words = Words(
        title=f"{series['title']} around {what}",
        subtitle=[f"Index, mean of the 12 months before = 100 ({unit_line(series)})"],
        notes=[" ".join(notes)],
        source=source_line(agency, as_of),
        description=f"Line chart of {series['title']} as an index, {first_month:.0f} to "
        f"{last_month:.0f} months from the cut, for {what}; from {number(low)} to {number(high)}.",
    )
    return dressed(
        layered(*layers),
        words,
        mode=mode,
        width=width,
        height=height,
        x_title="Months from the cut",
    )
