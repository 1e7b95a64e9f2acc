"""How a series changed after it was first published: two vintages, first against latest, the triangle of vintages.

Belongs here: those charts. Does not belong here: what revisions did to a comparison (comparison.py).
"""

from __future__ import annotations

import datetime as dt

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import extent, median
from orchestration.readers.charts.layers import layered, month_axis
from orchestration.readers.charts.theme import (
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
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


def as_known(
    series: DimSeries,
    then: pl.DataFrame,
    now: pl.DataFrame,
    *,
    day: dt.date,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """One series as known on `day` and as known now (both period_start, value). Raises ChartError without a value."""
    if then["value"].drop_nulls().is_empty():
        raise ChartError(f"nothing of {series['series_id']} was known on {day}")
    within_limit(then.height, now.height)
    c = colours(mode)
    past, latest = f"as known on {day}", "as known now"
    scale = alt.Scale(domain=[past, latest], range=[c.after, c.before])
    layers = []
    for frame, name, dash in ((now, latest, [1, 0]), (then, past, [5, 3])):
        layers.append(
            alt.Chart(frame.with_columns(name=pl.lit(name)))
            .mark_line(strokeWidth=1.8, strokeDash=dash)
            .encode(
                x=month_axis("period_start"),
                y=alt.Y(
                    "value:Q",
                    title=None,
                    scale=alt.Scale(zero=False),
                    axis=alt.Axis(tickCount=6, domain=False, ticks=False, format=",~r"),
                ),
                color=alt.Color("name:N", title=None, scale=scale, legend=alt.Legend(symbolType="stroke")),
                tooltip=[
                    alt.Tooltip("period_start:T", title="Period", format="%Y-%m"),
                    alt.Tooltip("name:N", title="Version"),
                    alt.Tooltip("value:Q", title="Value", format=",.6~r"),
                ],
            )
        )
    both = then.join(now, on="period_start", suffix="_now").drop_nulls()
    changed = both.filter(pl.col("value") != pl.col("value_now")).height
    words = Words(
        title=series["title"],
        subtitle=[unit_line(series)],
        source=source,
        notes=[f"{changed} of {both.height} periods known on {day} have another value now."],
        description=f"Two lines of {series['title']}: as known on {day} and as known now; {changed} of {both.height} "
        "periods differ.",
    )
    return dressed(layered(*layers), words, mode=mode, width=width, height=height)


def first_latest(
    series: DimSeries,
    revisions: pl.DataFrame,
    *,
    source: str,
    relative: bool = True,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = 240,
) -> alt.Chart:
    """Latest less first value of each period: period_start, revision, revision_pct. `relative`: in percent."""
    column = "revision_pct" if relative else "revision"
    drawn = revisions.filter(pl.col(column).is_not_null())
    if drawn.is_empty():
        raise ChartError(f"no value of {series['series_id']} was revised")
    within_limit(drawn.height)
    c = colours(mode)
    chart = (
        alt.Chart(drawn)
        .mark_bar(opacity=0.8)
        .encode(
            x=month_axis("period_start"),
            y=alt.Y(
                f"{column}:Q", title=None, axis=alt.Axis(tickCount=5, domain=False, ticks=False, format="~g")
            ),
            color=alt.condition(f"datum.{column} < 0", alt.value(c.after), alt.value(c.before)),
            tooltip=[
                alt.Tooltip("period_start:T", title="Period", format="%Y-%m"),
                alt.Tooltip("first_value:Q", title="First", format=",.6~r"),
                alt.Tooltip("latest_value:Q", title="Latest", format=",.6~r"),
                alt.Tooltip(f"{column}:Q", title="Revision", format="+.3~r"),
                alt.Tooltip("n_revisions:Q", title="Revisions"),
            ],
        )
    )
    (low, high), middle = extent(drawn[column]), median(drawn[column])
    unit = "percent of the first value" if relative else unit_line(series)
    words = Words(
        title="Latest less first value held",
        subtitle=[unit],
        source=source,
        notes=[f"Between {low:+.3g} and {high:+.3g}, the middle one {middle:+.3g}."],
        description=f"Bars of the revision of {drawn.height} periods of {series['title']}, in {unit}, from {low:+.3g} to "
        f"{high:+.3g}, median {middle:+.3g}.",
    )
    return dressed(chart, words, mode=mode, width=width, height=height)


def triangle(
    series: DimSeries,
    vintages: pl.DataFrame,
    *,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
) -> alt.LayerChart:
    """Vintages of each period as a triangle: period, known (both text), change_pct against the first known value.

    A row is a version, a column a period: to read down a column is to follow one figure through its revisions.
    """
    if vintages.is_empty():
        raise ChartError(f"there is one version of {series['series_id']} only")
    within_limit(vintages.height)
    c = colours(mode)
    changes = vintages["change_pct"].abs().drop_nulls()
    reach = max(extent(changes)[1] if changes.len() else 0.0, 1e-9)
    n_rows, n_columns = vintages["known"].n_unique(), vintages["period"].n_unique()
    tooltip = [
        alt.Tooltip("period:N", title="Period"),
        alt.Tooltip("known:N", title="Version of"),
        alt.Tooltip("value:Q", title="Value", format=",.6~r"),
        alt.Tooltip("change_pct:Q", title="Against the first, %", format="+.3~r"),
    ]
    base = alt.Chart(vintages).encode(
        x=alt.X("period:O", axis=alt.Axis(labelAngle=-90, labelOverlap=True, domain=False, ticks=False)),
        y=alt.Y("known:O", title=None, axis=alt.Axis(domain=False, ticks=False)),
    )
    cells = base.mark_rect(stroke=c.background, strokeWidth=1).encode(
        color=alt.Color(
            "change_pct:Q",
            title="Against the first value, %",
            scale=alt.Scale(domain=[-reach, 0, reach], range=[c.after, c.grid, c.before], interpolate="rgb"),
            legend=alt.Legend(orient="top", gradientLength=200, tickCount=5),
        ),
        tooltip=tooltip,
    )
    words = Words(
        title="Triangle of versions",
        subtitle=["each version against the first known value of the period, in percent"],
        source=source,
        notes=["Rows: day from which a version was known. Columns: periods. Empty: not published yet."],
        description=f"{n_rows} versions of {n_columns} periods of {series['title']}; changes against the first value reach "
        f"{reach:.3g} percent.",
    )
    return dressed(layered(cells), words, mode=mode, width=width, height=max(120, 26 * n_rows))
