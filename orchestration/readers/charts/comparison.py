"""The picture of a comparison: a series before and after a cut.

Belongs here: what is drawn from which column, so that every number in a picture is one of the report's.
Does not belong here: its words (comparison_words.py), look and sizes (theme.py), files (render.py), any computation of statistics.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypedDict

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import days, months
from orchestration.readers.charts.comparison_words import comparison_words
from orchestration.readers.charts.layers import (
    above_plot,
    halo_text,
    layered,
    month_axis,
    tick_band,
    time_bands,
    value_axis,
    value_domain,
)
from orchestration.readers.charts.theme import (
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    ChartError,
    Colours,
    Mode,
    Width,
    colours,
    dressed,
    within_limit,
    wrapped,
)
from orchestration.readers.rows import DimEpisode, DimEvent, DimSeries, RptBeforeAfter
from orchestration.readers.wording import DatedEvent, day, month, number
from transforms.periods import month_after

#: room that the band of an expectation gets above and below everything else, in parts of its height
BAND_ROOM = 0.6

#: months of the series shown before the first and after the last window, so that a reader sees what is usual
CONTEXT_BEFORE, CONTEXT_AFTER = 12, 6


class WindowMean(TypedDict):
    """The mean of one window, before or after the cut: where its line begins and ends, and how it is called."""

    window: str
    begins: dt.date
    ends: dt.date
    value: float
    label: str


def shown_months(result: RptBeforeAfter) -> tuple[dt.date, dt.date]:
    """First and last month that the comparison chart of `result` shows. Raises ChartError for a result without windows."""
    if result.get("pre_start") is None or result.get("post_end") is None:
        raise ChartError(
            f"there is nothing to draw: {result.get('reason') or 'the comparison has no windows'}"
        )
    return month_after(result["pre_start"], -CONTEXT_BEFORE), month_after(result["post_end"], CONTEXT_AFTER)


def comparison_chart(
    observations: pl.DataFrame,
    result: RptBeforeAfter,
    series: DimSeries,
    *,
    agency: str,
    event: DimEvent | None = None,
    others: Sequence[DatedEvent] = (),
    episodes: Sequence[DimEpisode] = (),
    counterfactual: pl.DataFrame | None = None,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """The series around one cut, with the means of both windows.

    observations: period_start (Date, first of the month), value (Float64, null in a hole), is_preliminary (Boolean);
    result: a row with the columns of rpt_before_after; series: the row of dim_series; agency: who published it;
    event: the row of dim_event or None for a bare date; others: rows of dim_event (event_date, title), drawn as ticks;
    episodes: rows of dim_episode; counterfactual: month (Date), expected, lower95_calibrated, upper95_calibrated in the
    unit of the series. Months outside `shown_months` are left out.
    Raises ChartError when there is nothing to draw or too much (theme.MAX_ROWS).
    """
    c = colours(mode)
    first, last = shown_months(result)
    points = _points(observations, result, first, last)
    if points["value"].is_null().all():
        raise ChartError(f"there is nothing to draw: no value from {month(first)} to {month(last)}")
    expected = _expected(counterfactual, first, last)
    ticks = sorted(
        {
            (day(o["event_date"]), o["title"])
            for o in others
            if first <= o["event_date"] <= month_after(last, 1)
        }
    )
    within_limit(points.height, expected.height, len(ticks), len(episodes))

    narrow = 400 if width == "container" else width
    means = _means(result, points)
    domain, cut_off = _domain(points, expected, means)
    x, y = month_axis("middle"), value_axis("value", domain)
    bands, band_labels = time_bands(
        [
            (e["title"], max(first, e["starts_on"].replace(day=1)), min(_end(e), month_after(last, 1)))
            for e in sorted(episodes, key=lambda e: (e["starts_on"], e["title"]))
            if e["starts_on"] <= month_after(last, 1) and _end(e) >= first
        ],
        (first, month_after(last, 1)),
        c.episode,
        c.muted,
        narrow,
    )
    layers = bands
    if (left_out := _left_out(result)) is not None:
        layers += time_bands([left_out], (first, month_after(last, 1)), c.gap, c.muted, narrow)[0]
    if expected.height:
        layers += _expected_layers(expected, c)
    layers.append(alt.Chart(points).mark_line(color=c.series, strokeWidth=1.6).encode(x=x, y=y))
    layers += _point_layers(points, c)
    layers += _mean_layers(means, points, domain, c)
    layers += tick_band(ticks, height, c.event)
    layers += _cut_layers(result, event, narrow, c)
    layers += band_labels
    words = comparison_words(
        result,
        series,
        event,
        agency=agency,
        points=points,
        expected=expected,
        n_ticks=len(ticks),
        episodes=episodes,
        shown=(first, last),
        cut_off=cut_off,
        left_out=left_out is not None,
    )
    return dressed(layered(*layers), words, mode=mode, width=width, height=height)


def _points(
    observations: pl.DataFrame, result: RptBeforeAfter, first: dt.date, last: dt.date
) -> pl.DataFrame:
    """Every month shown, also those without a value (a line must not bridge a hole), with its window."""
    known = observations.select("period_start", "value", "is_preliminary").filter(
        pl.col("period_start").is_between(first, last)
    )
    if known.is_empty():
        raise ChartError(f"there is nothing to draw: no value from {month(first)} to {month(last)}")
    if known["period_start"].is_duplicated().any():
        raise ChartError("a month has two values: give one vintage of the series")
    calendar = months(*days(known["period_start"]), "period_start")
    period = pl.col("period_start")
    # a month without a value, and its counterpart in the other window, are in neither mean
    compared = ~period.dt.strftime("%Y-%m").is_in(result.get("months_left_out") or [])
    before = compared & period.is_between(result["pre_start"], result["pre_end"])
    after = compared & period.is_between(result["post_start"], result["post_end"])
    return (
        calendar.join(known, on="period_start", how="left", maintain_order="left")
        .with_columns(
            pl.col("is_preliminary").fill_null(False),
            middle=period.dt.offset_by("14d"),
            window=pl.when(before)
            .then(pl.lit("before"))
            .when(after)
            .then(pl.lit("after"))
            .otherwise(pl.lit("outside")),
        )
        .sort("period_start")
    )


def _expected(counterfactual: pl.DataFrame | None, first: dt.date, last: dt.date) -> pl.DataFrame:
    schema = {"middle": pl.Date, "expected": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}
    if counterfactual is None:
        return pl.DataFrame(schema=schema)
    return (
        counterfactual.filter(pl.col("month").is_between(first, last))
        .sort("month")
        .select(
            pl.col("month").dt.offset_by("14d").alias("middle"),
            pl.col("expected").cast(pl.Float64),
            pl.col("lower95_calibrated").cast(pl.Float64).alias("lower"),
            pl.col("upper95_calibrated").cast(pl.Float64).alias("upper"),
        )
    )


def _means(result: RptBeforeAfter, points: pl.DataFrame) -> list[WindowMean]:
    """The means of the windows that have one, over those of their months that are shown."""
    first, last = days(points.filter(pl.col("value").is_not_null())["period_start"])
    windows = (
        ("before", result.get("pre_mean"), result["pre_start"], result["pre_end"]),
        ("after", result.get("post_mean"), result["post_start"], result["post_end"]),
    )
    return [
        {
            "window": window,
            "begins": max(start, first),
            "ends": month_after(min(end, last), 1),
            "value": float(mean),
            "label": f"{window} {number(mean)}",
        }
        for window, mean, start, end in windows
        if mean is not None
    ]


def _domain(
    points: pl.DataFrame, expected: pl.DataFrame, means: Sequence[WindowMean]
) -> tuple[tuple[float, float], bool]:
    """Range of the y axis, and whether the band goes beyond it: a wide band must not press the series into a line."""
    core = [*points["value"], *expected["expected"], *(m["value"] for m in means)]
    known = [v for v in core if v is not None]
    low, high = min(known), max(known)
    band = [v for v in (*expected["lower"], *expected["upper"]) if v is not None]
    room = BAND_ROOM * (high - low)
    kept = [min(max(v, low - room), high + room) for v in band]
    return value_domain(core, kept), kept != band


def _left_out(result: RptBeforeAfter) -> tuple[str, dt.date, dt.date] | None:
    """Months between the windows that a gap leaves out."""
    if not result.get("gap_months"):
        return None
    return "left out", month_after(result["cut_month"], -result["gap_months"]), result["cut_month"]


def _expected_layers(expected: pl.DataFrame, c: Colours) -> list[alt.Chart]:
    base = alt.Chart(expected)
    return [
        base.mark_area(color=c.expected, opacity=0.22, clip=True).encode(
            x=alt.X("middle:T"), y=alt.Y("lower:Q"), y2=alt.Y2("upper:Q")
        ),
        base.mark_line(color=c.expected, strokeDash=[6, 4], strokeWidth=2).encode(
            x=alt.X("middle:T"),
            y=alt.Y("expected:Q"),
            tooltip=[
                alt.Tooltip("middle:T", title="month", format="%Y-%m"),
                alt.Tooltip("expected:Q", title="expected", format=",.4~r"),
                alt.Tooltip("lower:Q", title="lower 95 %", format=",.4~r"),
                alt.Tooltip("upper:Q", title="upper 95 %", format=",.4~r"),
            ],
        ),
    ]


def _point_layers(points: pl.DataFrame, c: Colours) -> list[alt.Chart]:
    """A dot a month in the colour of its window; hollow while the figure is preliminary."""
    scale = alt.Scale(domain=["before", "after", "outside"], range=[c.before, c.after, c.muted])
    tooltip = [
        alt.Tooltip("period_start:T", title="month", format="%Y-%m"),
        alt.Tooltip("value:Q", title="value", format=",.5~r"),
        alt.Tooltip("window:N", title="window"),
        alt.Tooltip("is_preliminary:N", title="preliminary"),
    ]
    layers = []
    for preliminary in (False, True):
        rows = points.filter(pl.col("value").is_not_null() & (pl.col("is_preliminary") == preliminary))
        if rows.is_empty():
            continue
        hue = alt.Color("window:N", scale=scale, legend=None)
        layers.append(
            alt.Chart(rows)
            .mark_point(
                opacity=1,
                filled=not preliminary,
                fill=c.background if preliminary else alt.Undefined,
                strokeWidth=1.8 if preliminary else alt.Undefined,
                size=46 if preliminary else 34,
            )
            .encode(x=alt.X("middle:T"), y=alt.Y("value:Q"), color=hue, tooltip=tooltip)
        )
    return layers


def _mean_layers(
    means: Sequence[WindowMean], points: pl.DataFrame, domain: tuple[float, float], c: Colours
) -> list[alt.Chart]:
    """The means as lines over their windows, and their names where they hide fewest months."""
    layers: list[alt.Chart] = []
    for mean in means:
        colour = c.before if mean["window"] == "before" else c.after
        frame = pl.DataFrame([mean])
        layers.append(
            alt.Chart(frame)
            .mark_rule(color=colour, strokeWidth=3.5)
            .encode(x=alt.X("begins:T"), x2=alt.X2("ends:T"), y=alt.Y("value:Q"))
        )
    for mean in means:
        left, above = _freest(mean, points, domain)
        layers += halo_text(
            pl.DataFrame(
                {
                    "at": [mean["begins" if left else "ends"]],
                    "value": [mean["value"]],
                    "label": [mean["label"]],
                }
            ),
            x=alt.X("at:T"),
            y=alt.Y("value:Q"),
            text="label:N",
            colour=c.before if mean["window"] == "before" else c.after,
            background=c.background,
            align="left" if left else "right",
            baseline="bottom" if above else "top",
            dy=-6 if above else 6,
        )
    return layers


def _freest(mean: WindowMean, points: pl.DataFrame, domain: tuple[float, float]) -> tuple[bool, bool]:
    """The place at which the name of a mean hides the fewest months: whether at its left end, and whether above its line."""
    # a name takes about a seventh of the width of the chart and a twelfth of its height
    months, height = max(3, points.height // 7), (domain[1] - domain[0]) / 12
    before = mean["window"] == "before"
    best: tuple[int, bool, bool] | None = None
    for left in (
        before,
        not before,
    ):  # of two places that hide as few, the one at the outer end and above comes first
        for above in (True, False):
            low, high = (
                (mean["value"], mean["value"] + height) if above else (mean["value"] - height, mean["value"])
            )
            near = (
                (mean["begins"], month_after(mean["begins"], months - 1))
                if left
                else (month_after(mean["ends"], -months), mean["ends"])
            )
            hidden = points.filter(
                pl.col("period_start").is_between(*near) & pl.col("value").is_between(low, high)
            )
            if best is None or hidden.height < best[0]:
                best = hidden.height, left, above
    assert best
    return best[1], best[2]


def _cut_layers(result: RptBeforeAfter, event: DimEvent | None, width: int, c: Colours) -> list[alt.Chart]:
    name = event["title"] if event else f"cut at {month(result['cut_month'])}"
    text = f"{name} ({day(event['event_date'])})" if event else name
    lines = wrapped(text, min(360, 0.8 * width), 12)
    frame = pl.DataFrame({"cut": [result["cut_month"]], "label": ["\n".join(lines)]})
    return [
        alt.Chart(frame).mark_rule(color=c.event, strokeWidth=2).encode(x=alt.X("cut:T")),
        alt.Chart(frame)
        .mark_text(color=c.event, align="center", **above_plot(lines))
        .encode(x=alt.X("cut:T"), y=alt.value(0), text="label:N"),
    ]


def _end(episode: DimEpisode) -> dt.date:
    return episode.get("ends_on") or dt.date(9999, 1, 1)
