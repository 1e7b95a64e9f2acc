"""The picture of how usual a difference is: the same comparison at dates without a known event.

Belongs here: what is drawn from which column, so that every number in the picture is one of the report's.
Does not belong here: look and sizes (theme.py), files (render.py), ranks and ranges (the marts compute them).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import extent, median, quantile
from orchestration.readers.charts.layers import above_plot, horizontal_axis, layered
from orchestration.readers.charts.theme import (
    DEFAULT_WIDTH,
    ChartError,
    Mode,
    Width,
    Words,
    adjustment,
    colours,
    dressed,
    result_source,
    within_limit,
    wrapped,
)
from orchestration.readers.rows import DimEvent, DimSeries, RptBeforeAfter
from orchestration.readers.wording import month, number, percent, share, unit, verdict


def placebo_chart(
    placebos: pl.DataFrame,
    result: RptBeforeAfter,
    series: DimSeries,
    *,
    agency: str,
    event: DimEvent | None = None,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = 260,
) -> alt.LayerChart:
    """How often the series differed as much at dates without an event, this event marked.

    placebos: difference or statistic (Float64; log points when result["scale"] is log, else units), one row a cut of the
    very pool that `result` was ranked in, as of the macro `placebo` (its row of the event itself, is_event, is left out);
    result: a row with the columns of rpt_before_after, of which the rank, the number of cuts and mde95 are shown as they
    stand. Raises ChartError for an empty pool or a withheld comparison.
    """
    c = colours(mode)
    log = result.get("scale") == "log"
    statistic = result.get("d_log") if log else result.get("d_level")
    if "is_event" in placebos.columns:
        placebos = placebos.filter(~pl.col("is_event"))
    column = "difference" if "difference" in placebos.columns else "statistic"
    values = placebos[column].drop_nulls().drop_nans()
    if statistic is None or values.is_empty():
        why = result.get("reason") or ("no placebo cut" if values.is_empty() else "no difference")
        raise ChartError(f"there is no placebo distribution to draw: {why}")
    middle = median(values)
    shown = [_percent_of(v) if log else v for v in values]
    this = _percent_of(statistic) if log else float(statistic)
    mde = result.get("mde95")
    usual = None
    if mde is not None:
        usual = [_percent_of(middle + s * mde) if log else middle + s * mde for s in (-1, 1)]
    bins = _bins(shown, [this, *(usual or [])])
    within_limit(bins.height, 3)

    name = "change, %" if log else f"difference, {unit(series)}"
    tooltip = [
        alt.Tooltip("low:Q", title="from", format=",.3~f"),
        alt.Tooltip("high:Q", title="to", format=",.3~f"),
        alt.Tooltip("n:Q", title="dates"),
    ]
    y = alt.Y("n:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=5, domain=False, ticks=False))
    bars = (
        alt.Chart(bins)
        .mark_bar(color=c.before, opacity=0.55, stroke=c.background, strokeWidth=1)
        .encode(x=horizontal_axis("low"), x2=alt.X2("high:Q"), y=y, y2=alt.Y2(datum=0), tooltip=tooltip)
    )
    layers: list[alt.Chart] = [bars]
    if usual:
        frame = pl.DataFrame({"at": usual})
        layers.append(
            alt.Chart(frame)
            .mark_rule(color=c.muted, strokeDash=[5, 4], strokeWidth=1.6)
            .encode(x=alt.X("at:Q"))
        )
    frame = pl.DataFrame({"at": [this]})
    label = f"{event['title'] if event else month(result['cut_month'])}: {_shown(statistic, log)}"
    narrow = 400 if width == "container" else width
    low, high = extent(bins["low"])[0], extent(bins["high"])[1]
    lines = wrapped(label, min(360, 0.7 * narrow), 12)
    along = (this - low) / ((high - low) or 1)
    align: Literal["left", "center", "right"] = (
        "left" if along < 0.25 else "right" if along > 0.75 else "center"
    )
    layers += [
        alt.Chart(frame).mark_rule(color=c.after, strokeWidth=3).encode(x=alt.X("at:Q")),
        alt.Chart(frame.with_columns(label=pl.lit("\n".join(lines))))
        .mark_text(color=c.after, align=align, **above_plot(lines))
        .encode(x=alt.X("at:Q"), y=alt.value(0), text="label:N"),
    ]
    rank = _rank_words(result, len(values))
    words = Words(
        title=f"{series['title']}: how usual is this difference?",
        subtitle=[
            f"{name[0].upper()}{name[1:]}, from {result['window_months']} months before to those after; "
            f"{adjustment(series)}; height: number of other dates",
            rank,
        ],
        notes=[
            "Between the dashed lines lie 95 % of the other dates." if usual else "No usual range is given."
        ],
        source=result_source(agency, result),
        description=f"Histogram of the same comparison of {series['title']} at {len(values)} other dates, from "
        f"{_shown(min(values), log)} to {_shown(max(values), log)}. This one: {_shown(statistic, log)}. {rank}",
    )
    return dressed(
        layered(*layers), words, mode=mode, width=width, height=height, x_title=name[0].upper() + name[1:]
    )


def _rank_words(result: RptBeforeAfter, n: int) -> str:
    rank, reason = result.get("placebo_rank"), result.get("reason")
    if rank is None:
        return f"Not ranked: {reason}" if reason else "Not ranked"
    text = (
        f"{share(rank)} of {result.get('n_placebo') or n} other dates are at least as far from the middle "
        f"(rank {rank:.2g})"
    )
    return f"{text}: {verdict(result['verdict'])}" if result.get("verdict") else text


def _bins(values: Sequence[float], also: Sequence[float]) -> pl.DataFrame:
    """Counts in bins of equal, round width (Freedman and Diaconis 1981, between 7 and 40 bins over the data, after rounding)."""
    data = pl.Series(values, dtype=pl.Float64)
    least, largest = extent(data)
    span, spread = largest - least, quantile(data, 0.75) - quantile(data, 0.25)
    size = max(1e-6, *map(abs, [*values, *also]))
    # values that differ by rounding only have no spread to take a width from: a bin is a tenth of their size then
    step = (
        min(max(2 * spread / len(data) ** (1 / 3), span / 40), span / 14) if span > 1e-9 * size else size / 10
    )
    # a mark may lie far outside the data, and more than 400 bins would be thinner than a line
    step = max(step, (max([*values, *also]) - min([*values, *also])) / 400)
    scale = 10.0 ** math.floor(math.log10(step))
    step = next(m * scale for m in (1, 2, 2.5, 5, 10) if m * scale >= step * 0.999)
    first = math.floor(min([*values, *also]) / step)
    last = max(math.floor(max([*values, *also]) / step), first)
    counts = [0] * (last - first + 1)
    for value in values:
        counts[math.floor(value / step) - first] += 1
    rows = [{"low": (first + i) * step, "high": (first + i + 1) * step, "n": n} for i, n in enumerate(counts)]
    return pl.DataFrame(rows)


def _percent_of(log_points: float) -> float:
    return 100 * math.expm1(log_points)


def _shown(value: float, log: bool) -> str:
    return percent(value) if log else number(value, sign=True)
