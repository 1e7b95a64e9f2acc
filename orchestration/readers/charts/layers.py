"""Parts that several charts are layered from: axes, bands, ticks, text that stays readable over lines.

Belongs here: small mark builders without words of their own. Does not belong here: whole charts, colours, statistics.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Literal, TypedDict

import altair as alt
import polars as pl

#: px of a letter at 11 px, for judging whether a name fits its band
_LETTER = 5.8


def layered(*layers: alt.Chart) -> alt.LayerChart:
    """Marks over each other, the first at the back. (`alt.layer` may make a facet, for charts that are split into rows or
    columns; none of ours is.)"""
    return alt.LayerChart(layer=list(layers))


def month_axis(field: str) -> alt.X:
    """Time, with few enough labels for a telephone."""
    return alt.X(f"{field}:T", axis=alt.Axis(format="%Y-%m", tickCount=6, grid=False, labelFlush=True))


def horizontal_axis(field: str) -> alt.X:
    """Quantities along x, with few enough labels for a telephone."""
    return alt.X(
        f"{field}:Q", axis=alt.Axis(tickCount=7, grid=False), scale=alt.Scale(nice=False, zero=False)
    )


def value_axis(field: str, domain: tuple[float, float]) -> alt.Y:
    """Quantities along y, within `domain`; the unit is in the subtitle, which also fits a narrow screen."""
    return alt.Y(
        f"{field}:Q",
        title=None,
        scale=alt.Scale(domain=list(domain), nice=False, zero=False),
        axis=alt.Axis(
            tickCount=6, domain=False, ticks=False, format=",~r" if max(map(abs, domain)) >= 10 else "~g"
        ),
    )


def value_domain(*columns: pl.Series | Sequence[float | None]) -> tuple[float, float]:
    """Room for all values, above for the mean's name, below for the ticks of other events."""
    values = [v for column in columns for v in column if v is not None and math.isfinite(v)]
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    floor = low - 0.16 * span
    return (max(floor, 0.0) if low >= 0 else floor), high + 0.10 * span


def time_bands(
    bands: Sequence[tuple[str, dt.date, dt.date]],
    span: tuple[dt.date, dt.date],
    colour: str,
    ink: str,
    width: int,
) -> tuple[list[alt.Chart], list[alt.Chart]]:
    """Bands of time over the whole height, and their names where they fit (name, from, up to). `span`: time shown."""
    if not bands:
        return [], []
    frame = pl.DataFrame(
        [{"name": n, "from": f, "to": t} for n, f, t in bands],
        schema={"name": pl.Utf8, "from": pl.Date, "to": pl.Date},
    )
    tooltip = [
        alt.Tooltip("name:N", title="unusual months"),
        alt.Tooltip("from:T", format="%Y-%m-%d"),
        alt.Tooltip("to:T", title="to", format="%Y-%m-%d"),
    ]
    areas = (
        alt.Chart(frame)
        .mark_rect(color=colour, opacity=0.55)
        .encode(x=alt.X("from:T"), x2=alt.X2("to:T"), tooltip=tooltip)
    )
    days = (span[1] - span[0]).days or 1
    fitting = [b for b in bands if len(b[0]) * _LETTER < 0.85 * width * (b[2] - b[1]).days / days]
    if not fitting:
        return [areas], []
    names = (
        alt.Chart(frame.filter(pl.col("name").is_in([b[0] for b in fitting])))
        .mark_text(align="left", baseline="top", dx=4, dy=3, fontSize=11, color=ink)
        .encode(x=alt.X("from:T"), y=alt.value(0), text="name:N")
    )
    return [areas], [names]


def tick_band(ticks: Sequence[tuple[str, str]], height: int, colour: str) -> list[alt.Chart]:
    """Events as ticks along the lower edge (ISO date, title); a tick says on hovering what it is."""
    if not ticks:
        return []
    frame = pl.DataFrame(
        {"date": [dt.date.fromisoformat(d) for d, _ in ticks], "title": [t for _, t in ticks]}
    )
    return [
        alt.Chart(frame)
        .mark_rule(color=colour, opacity=0.75, strokeWidth=1.5)
        .encode(
            x=alt.X("date:T"),
            y=alt.value(height - 11),
            y2=alt.value(height),
            tooltip=[
                alt.Tooltip("title:N", title="event"),
                alt.Tooltip("date:T", title="date", format="%Y-%m-%d"),
            ],
        )
    ]


def halo_text(
    frame: pl.DataFrame,
    *,
    x: alt.X,
    y: alt.Y,
    text: str,
    colour: str,
    background: str,
    align: Literal["left", "center", "right"],
    baseline: Literal["top", "bottom"],
    dy: float,
) -> list[alt.Chart]:
    """Text with an edge in the colour of the background, so that lines behind it do not cut it."""
    base = alt.Chart(frame).encode(x=x, y=y, text=text)
    edge = base.mark_text(
        align=align,
        baseline=baseline,
        dy=dy,
        fontSize=12,
        fontWeight="bold",
        color=background,
        stroke=background,
        strokeWidth=4,
        opacity=0.85,
    )
    letters = base.mark_text(
        align=align, baseline=baseline, dy=dy, fontSize=12, fontWeight="bold", color=colour
    )
    return [edge, letters]


class AbovePlot(TypedDict):
    """Mark properties of a text that stands above the plot."""

    baseline: Literal["bottom"]
    dy: int
    lineHeight: int
    fontSize: int
    lineBreak: str


def above_plot(lines: Sequence[str]) -> AbovePlot:
    """Mark properties of a text of several lines that ends just above y = 0: Vega sets the first line there."""
    return {
        "baseline": "bottom",
        "dy": -5 - 14 * (len(lines) - 1),
        "lineHeight": 14,
        "fontSize": 12,
        "lineBreak": "\n",
    }
