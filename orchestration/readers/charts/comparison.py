"""The picture of a comparison: a series before and after a cut.

Belongs here: what is drawn from which column, so that every number in a picture is one of the report's.
Does not belong here: look and sizes (theme.py), files (render.py), any computation of statistics.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from orchestration.readers.charts.layers import (
    above_plot,
    halo_text,
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
    Words,
    colours,
    dressed,
    result_source,
    unit_line,
    within_limit,
    wrapped,
)
from orchestration.readers.wording import day, month, number, percent, verdict

Record = Mapping[str, Any]

#: room that the band of an expectation gets above and below everything else, in parts of its height
BAND_ROOM = 0.6

#: months of the series shown before the first and after the last window, so that a reader sees what is usual
CONTEXT_BEFORE, CONTEXT_AFTER = 12, 6


def shown_months(result: Record) -> tuple[dt.date, dt.date]:
    """First and last month that the comparison chart of `result` shows. Raises ChartError for a result without windows."""
    if result.get("pre_start") is None or result.get("post_end") is None:
        raise ChartError(
            f"there is nothing to draw: {result.get('reason') or 'the comparison has no windows'}"
        )
    return _add(result["pre_start"], -CONTEXT_BEFORE), _add(result["post_end"], CONTEXT_AFTER)


def comparison_chart(
    observations: pl.DataFrame,
    result: Record,
    series: Record,
    *,
    agency: str,
    event: Record | None = None,
    others: Sequence[Record] = (),
    episodes: Sequence[Record] = (),
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
        {(day(o["event_date"]), o["title"]) for o in others if first <= o["event_date"] <= _add(last, 1)}
    )
    within_limit(points.height, expected.height, len(ticks), len(episodes))

    narrow = 400 if width == "container" else width
    means = _means(result, points)
    domain, cut_off = _domain(points, expected, means)
    x, y = month_axis("middle"), value_axis("value", domain)
    bands, band_labels = time_bands(
        [
            (e["title"], max(first, e["starts_on"].replace(day=1)), min(_end(e), _add(last, 1)))
            for e in sorted(episodes, key=lambda e: (e["starts_on"], e["title"]))
            if e["starts_on"] <= _add(last, 1) and _end(e) >= first
        ],
        (first, _add(last, 1)),
        c.episode,
        c.muted,
        narrow,
    )
    layers = bands
    if (left_out := _left_out(result)) is not None:
        layers += time_bands([left_out], (first, _add(last, 1)), c.gap, c.muted, narrow)[0]
    if expected.height:
        layers += _expected_layers(expected, c)
    layers.append(alt.Chart(points).mark_line(color=c.series, strokeWidth=1.6).encode(x=x, y=y))
    layers += _point_layers(points, c)
    layers += _mean_layers(means, points, domain, c)
    layers += tick_band(ticks, height, c.event)
    layers += _cut_layers(result, event, narrow, c)
    layers += band_labels
    words = Words(
        title=_comparison_title(result, series, event),
        subtitle=_comparison_subtitle(result, series),
        notes=_comparison_notes(points, ticks, episodes, expected, cut_off, left_out is not None),
        source=result_source(agency, result),
        description=_comparison_description(result, series, event, ticks, episodes),
    )
    return dressed(alt.layer(*layers), words, mode=mode, width=width, height=height)


def _points(observations: pl.DataFrame, result: Record, first: dt.date, last: dt.date) -> pl.DataFrame:
    """Every month shown, also those without a value (a line must not bridge a hole), with its window."""
    known = observations.select("period_start", "value", "is_preliminary").filter(
        pl.col("period_start").is_between(first, last)
    )
    if known.is_empty():
        raise ChartError(f"there is nothing to draw: no value from {month(first)} to {month(last)}")
    if known["period_start"].is_duplicated().any():
        raise ChartError("a month has two values: give one vintage of the series")
    calendar = pl.date_range(
        known["period_start"].min(), known["period_start"].max(), "1mo", eager=True
    ).alias("period_start")
    period = pl.col("period_start")
    before = period.is_between(result["pre_start"], result["pre_end"])
    after = period.is_between(result["post_start"], result["post_end"])
    return (
        calendar.to_frame()
        .join(known, on="period_start", how="left", maintain_order="left")
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


def _means(result: Record, points: pl.DataFrame) -> list[dict[str, Any]]:
    """One record a window that has a mean: its months with a value, and how it is called."""
    found = []
    known = points.filter(pl.col("value").is_not_null())["period_start"]
    for role, column in (("before", "pre"), ("after", "post")):
        if (mean := result.get(f"{column}_mean")) is None:
            continue
        found.append(
            {
                "window": role,
                "from": max(result[f"{column}_start"], known.min()),
                "to": _add(min(result[f"{column}_end"], known.max()), 1),
                "value": float(mean),
                "label": f"{role} {number(mean)}",
            }
        )
    return found


def _domain(
    points: pl.DataFrame, expected: pl.DataFrame, means: Sequence[dict[str, Any]]
) -> tuple[tuple[float, float], bool]:
    """Range of the y axis, and whether the band goes beyond it: a wide band must not press the series into a line."""
    core = [*points["value"], *expected["expected"], *(m["value"] for m in means)]
    known = [v for v in core if v is not None]
    low, high = min(known), max(known)
    band = [v for v in (*expected["lower"], *expected["upper"]) if v is not None]
    room = BAND_ROOM * (high - low)
    kept = [min(max(v, low - room), high + room) for v in band]
    return value_domain(core, kept), kept != band


def _left_out(result: Record) -> tuple[str, dt.date, dt.date] | None:
    """Months between the windows that a gap leaves out."""
    if not result.get("gap_months"):
        return None
    return "left out", _add(result["cut_month"], -result["gap_months"]), result["cut_month"]


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
        mark = {"fill": c.background, "strokeWidth": 1.8, "size": 46} if preliminary else {"size": 34}
        layers.append(
            alt.Chart(rows)
            .mark_point(opacity=1, filled=not preliminary, **mark)
            .encode(x=alt.X("middle:T"), y=alt.Y("value:Q"), color=hue, tooltip=tooltip)
        )
    return layers


def _mean_layers(
    means: Sequence[dict[str, Any]], points: pl.DataFrame, domain: tuple[float, float], c: Colours
) -> list[alt.Chart]:
    """The means as lines over their windows, and their names where they hide fewest months."""
    layers: list[alt.Chart] = []
    for mean in means:
        colour = c.before if mean["window"] == "before" else c.after
        frame = pl.DataFrame([mean])
        layers.append(
            alt.Chart(frame)
            .mark_rule(color=colour, strokeWidth=3.5)
            .encode(x=alt.X("from:T"), x2=alt.X2("to:T"), y=alt.Y("value:Q"))
        )
    for mean in means:
        left, above = _freest(mean, points, domain)
        layers += halo_text(
            pl.DataFrame([mean | {"at": mean["from"] if left else mean["to"]}]),
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


def _freest(mean: dict[str, Any], points: pl.DataFrame, domain: tuple[float, float]) -> tuple[bool, bool]:
    """At which end of a mean (left) and on which side of it (above) its name hides fewest months."""
    # a name takes about a seventh of the width shown and a twelfth of the height
    months, height = max(3, points.height // 7), (domain[1] - domain[0]) / 12
    before = mean["window"] == "before"
    best: tuple[int, bool, bool] | None = None
    for left in (before, not before):  # of equally free places, the outer one, above
        for above in (True, False):
            low, high = (
                (mean["value"], mean["value"] + height) if above else (mean["value"] - height, mean["value"])
            )
            near = (
                (mean["from"], _add(mean["from"], months - 1))
                if left
                else (_add(mean["to"], -months), mean["to"])
            )
            hidden = points.filter(
                pl.col("period_start").is_between(*near) & pl.col("value").is_between(low, high)
            )
            if best is None or hidden.height < best[0]:
                best = hidden.height, left, above
    assert best
    return best[1], best[2]


def _cut_layers(result: Record, event: Record | None, width: int, c: Colours) -> list[alt.Chart]:
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


def _comparison_title(result: Record, series: Record, event: Record | None) -> str:
    what = event["title"] if event else month(result["cut_month"])
    return f"{series['title']}, {result['window_months']} months before and after: {what}"


def _comparison_subtitle(result: Record, series: Record) -> list[str]:
    lines = [unit_line(series)]
    if result.get("d_log") is not None:
        lines.append(f"After differs from before by {percent(result['d_log'])} (means of logarithms)")
    elif result.get("d_level") is not None:
        lines.append(f"After differs from before by {number(result['d_level'], sign=True)}")
    if result.get("verdict"):
        lines[-1] += f": {verdict(result['verdict'])}" if len(lines) > 1 else ""
    return lines


def _comparison_notes(
    points: pl.DataFrame,
    ticks: Sequence[Any],
    episodes: Sequence[Record],
    expected: pl.DataFrame,
    cut_off: bool,
    left_out: bool,
) -> list[str]:
    notes = ["Horizontal lines: means of the windows."]
    if expected.height:
        band = "" if expected["lower"].is_null().all() else ", with its calibrated 95 % band"
        beyond = " (it goes beyond the picture)" if cut_off else ""
        notes.append(f"Dashed: expected from the months before{band}{beyond}.")
    if left_out:
        notes.append("Grey band: months left out.")
    if episodes:
        notes.append(f"Sand band: {', '.join(sorted(e['title'] for e in episodes))}.")
    if ticks:
        notes.append(f"Ticks: {_counted(len(ticks), 'other event')} in the months shown.")
    if points["is_preliminary"].any():
        notes.append("Hollow dots: preliminary.")
    return [" ".join(notes)]


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _comparison_description(
    result: Record, series: Record, event: Record | None, ticks: Sequence[Any], episodes: Sequence[Record]
) -> str:
    first, last = (month(m) for m in shown_months(result))
    parts = [f"Line chart of {series['title']}, {unit_line(series)}, {first} to {last}."]
    for role, name in (("pre", "before"), ("post", "after")):
        if result.get(f"{role}_mean") is not None:
            span = f"{month(result[f'{role}_start'])} to {month(result[f'{role}_end'])}"
            parts.append(f"Mean {name} the cut ({span}): {number(result[f'{role}_mean'])}.")
    at = f"{event['title']}, {day(event['event_date'])}" if event else month(result["cut_month"])
    parts.append(f"The cut is at {month(result['cut_month'])} ({at}).")
    if result.get("d_log") is not None:
        parts.append(f"The means of the logarithms differ by {percent(result['d_log'])}.")
    if ticks:
        parts.append(f"Also marked: {_counted(len(ticks), 'other event')}.")
    if episodes:
        parts.append("Unusual months: " + "; ".join(sorted(e["title"] for e in episodes)) + ".")
    return " ".join(parts)


def _end(episode: Record) -> dt.date:
    return episode.get("ends_on") or dt.date(9999, 1, 1)


def _add(moment: dt.date, months: int) -> dt.date:
    """The first of the month `months` after that of `moment`."""
    n = moment.year * 12 + moment.month - 1 + months
    return dt.date(n // 12, n % 12 + 1, 1)
