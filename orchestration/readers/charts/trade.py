"""Trade in goods: lines over months, the largest partners, and the states of the US as tiles.

Belongs here: those charts. Does not belong here: series around an event (comparison.py), queries.
"""

from __future__ import annotations

import datetime as dt

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import days, extent, months, written
from orchestration.readers.charts.layers import layered, month_axis
from orchestration.readers.charts.theme import (
    CATEGORIES,
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    FONT_SIZE,
    ChartError,
    Mode,
    Width,
    Words,
    colours,
    dressed,
    within_limit,
)
from orchestration.readers.wording import number

#: lines that can be told apart; more are refused
MAX_LINES = 7

#: column and row of each state on a grid of equal tiles, about where it lies: no map and no border files are needed
TILES: dict[str, tuple[int, int]] = {
    "AK": (0, 0), "ME": (10, 0),
    "VT": (9, 1), "NH": (10, 1),
    "WA": (0, 2), "ID": (1, 2), "MT": (2, 2), "ND": (3, 2), "MN": (4, 2), "IL": (5, 2), "WI": (6, 2), "MI": (7, 2),
    "NY": (8, 2), "RI": (9, 2), "MA": (10, 2),
    "OR": (0, 3), "NV": (1, 3), "WY": (2, 3), "SD": (3, 3), "IA": (4, 3), "IN": (5, 3), "OH": (6, 3), "PA": (7, 3),
    "NJ": (8, 3), "CT": (9, 3),
    "CA": (0, 4), "UT": (1, 4), "CO": (2, 4), "NE": (3, 4), "MO": (4, 4), "KY": (5, 4), "WV": (6, 4), "VA": (7, 4),
    "MD": (8, 4), "DE": (9, 4),
    "AZ": (1, 5), "NM": (2, 5), "KS": (3, 5), "AR": (4, 5), "TN": (5, 5), "NC": (6, 5), "SC": (7, 5), "DC": (8, 5),
    "OK": (3, 6), "LA": (4, 6), "MS": (5, 6), "AL": (6, 6), "GA": (7, 6),
    "HI": (0, 7), "TX": (3, 7), "FL": (8, 7),
}  # fmt: skip


def lines(
    frame: pl.DataFrame,
    *,
    title: str,
    unit: str,
    by: str,
    source: str,
    notes: tuple[str, ...] = (),
    steps: frozenset[str] = frozenset(),
    zero: bool = True,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """Lines over months: month, name, value (in `unit`); `by` says what a line is. Lines in `steps` change in steps.

    A month without a value interrupts its line. Raises ChartError for no value, or more lines than can be told apart.
    """
    drawn = frame.filter(pl.col("value").is_not_null())
    if drawn.is_empty():
        raise ChartError("there is no value to draw")
    names = drawn["name"].unique(maintain_order=True).to_list()
    if len(names) > MAX_LINES:
        raise ChartError(f"{len(names)} lines cannot be told apart; choose at most {MAX_LINES}")
    frame = _with_holes(frame)
    within_limit(frame.height)
    hues = dict(zip(names, CATEGORIES[mode], strict=False))
    layers = []
    for step in (False, True):
        part = frame.filter(pl.col("name").is_in([n for n in names if (n in steps) == step]))
        if part.is_empty():
            continue
        layers.append(
            alt.Chart(part)
            .mark_line(
                strokeWidth=1.8,
                interpolate="step-after" if step else "linear",
                strokeDash=[6, 3] if step else [1, 0],
            )
            .encode(
                x=month_axis("month"),
                y=alt.Y(
                    "value:Q",
                    title=None,
                    scale=alt.Scale(zero=zero),
                    axis=alt.Axis(tickCount=6, domain=False, ticks=False, format=",~r"),
                ),
                color=alt.Color(
                    "name:N",
                    title=None,
                    scale=alt.Scale(domain=names, range=[hues[n] for n in names]),
                    legend=alt.Legend(symbolType="stroke", columns=0) if len(names) > 1 else None,
                ),
                tooltip=[
                    alt.Tooltip("month:T", title="Month", format="%Y-%m"),
                    alt.Tooltip("name:N", title=by),
                    alt.Tooltip("value:Q", title=unit, format=",.5~r"),
                ],
            )
        )
    alone = frame.filter(
        pl.col("value").is_not_null()
        & pl.col("value").shift(1).over("name").is_null()
        & pl.col("value").shift(-1).over("name").is_null()
    )
    if not alone.is_empty():  # a month between two holes has no neighbour to draw a line to
        layers.append(
            alt.Chart(alone)
            .mark_point(filled=True, size=30, opacity=1)
            .encode(x="month:T", y="value:Q", color=alt.Color("name:N", title=None))
        )
    last_values = []
    for name in names:
        row = drawn.filter(pl.col("name") == name).sort("month").row(-1, named=True)
        last_values.append(f"{name} {number(row['value'])} in {row['month']:%Y-%m}")
    first, last = days(drawn["month"])
    words = Words(
        title=title,
        subtitle=[unit],
        source=source,
        notes=list(notes),
        description=f"Lines of {title}, {unit}, {first:%Y-%m} to {last:%Y-%m}. Last values: {'; '.join(last_values)}.",
    )
    return dressed(layered(*layers), words, mode=mode, width=width, height=height)


def partners(
    frame: pl.DataFrame,
    *,
    title: str,
    unit: str,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
) -> alt.LayerChart:
    """The largest partners as bars: name, value, share_pct. Raises ChartError if there is none."""
    if frame.is_empty():
        raise ChartError("there is no partner to draw")
    c = colours(mode)
    order = frame.sort("value", descending=True)["name"].to_list()
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=order, title=None, axis=None))
    bars = base.mark_bar(color=c.before, opacity=0.55).encode(
        x=alt.X("value:Q", axis=alt.Axis(tickCount=5, format=",~r", grid=True), scale=alt.Scale(zero=True)),
        tooltip=[
            alt.Tooltip("name:N", title="Partner"),
            alt.Tooltip("value:Q", title=unit, format=",.5~r"),
            alt.Tooltip("share_pct:Q", title="Share, %", format=".1f"),
        ],
    )
    # names inside the plot: beside it they would take half of a telephone's width
    shown = frame.with_columns(
        label=pl.format("{}  {} %", "name", pl.col("share_pct").round(1).cast(pl.String))
    )
    names = (
        alt.Chart(shown)
        .mark_text(align="left", dx=4, fontSize=FONT_SIZE, color=c.ink)
        .encode(y=alt.Y("name:N", sort=order, title=None, axis=None), x=alt.value(0), text="label:N")
    )
    words = Words(
        title=title,
        subtitle=[unit],
        source=source,
        description=f"Bars of {title}, {unit}: "
        + "; ".join(f"{row['name']} {number(row['value'])}" for row in frame.head(10).iter_rows(named=True))
        + ".",
    )
    return dressed(layered(bars, names), words, mode=mode, width=width, height=24 * frame.height)


def state_tiles(
    frame: pl.DataFrame,
    *,
    title: str,
    unit: str,
    source: str,
    elsewhere: float = 0.0,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = 420,
) -> alt.LayerChart:
    """States of the US as tiles, darker for more: state (two letters), name, value. States without a value are empty.

    `elsewhere`: value of rows that name no state, named in a note. Raises ChartError if no state has a value.
    """
    grid = pl.DataFrame(
        [{"state": state, "column": column, "row": row} for state, (column, row) in TILES.items()]
    )
    joined = grid.join(frame, on="state", how="left")
    shown = joined.with_columns(
        name=pl.coalesce("name", "state"), label=written(joined["value"], _short).fill_null("")
    )
    if shown["value"].drop_nulls().is_empty():
        raise ChartError("no state has a value")
    c = colours(mode)
    x = alt.X(
        "column:O", axis=alt.Axis(labels=False, ticks=False, domain=False), scale=alt.Scale(padding=0.06)
    )
    y = alt.Y("row:O", axis=None, scale=alt.Scale(padding=0.06))
    _, top = extent(shown["value"])
    tooltip = [alt.Tooltip("name:N", title="State"), alt.Tooltip("value:Q", title=unit, format=",.4~r")]
    tiles = (
        alt.Chart(shown)
        .mark_rect(cornerRadius=3, stroke=c.axis, strokeWidth=0.5)
        .encode(
            x=x,
            y=y,
            # by square root: in most months Michigan and Texas hold half of everything
            color=alt.Color(
                "value:Q",
                title=None,
                scale=alt.Scale(type="sqrt", range=[c.grid, c.before], domain=[0, top]),
                legend=alt.Legend(orient="top", gradientLength=180, tickCount=3, format=",~s"),
            ),
            tooltip=tooltip,
        )
    )
    # the ink of the paper on the strong end of the scale, the ink of text on the pale end
    ink = alt.condition(f"datum.value > {0.3 * top}", alt.value(c.background), alt.value(c.ink))
    codes = (
        alt.Chart(shown)
        .mark_text(fontSize=FONT_SIZE, fontWeight="bold", dy=-5)
        .encode(x=alt.X("column:O"), y=y, text="state:N", color=ink, tooltip=tooltip)
    )
    values = (
        alt.Chart(shown)
        .mark_text(fontSize=10, dy=9)
        .encode(x=alt.X("column:O"), y=y, text="label:N", color=ink, tooltip=tooltip)
    )
    largest = shown.drop_nulls("value").sort("value", descending=True).head(5)
    words = Words(
        title=title,
        subtitle=[unit],
        source=source,
        notes=[
            "Every state has a tile of the same size, about where it lies. Shades by square root.",
            *([f"{number(elsewhere)} more without a state."] if elsewhere else []),
        ],
        description=f"Tiles of the US states for {title}, {unit}. Largest: "
        + "; ".join(f"{row['name']} {number(row['value'])}" for row in largest.iter_rows(named=True))
        + ".",
    )
    return dressed(layered(tiles, codes, values), words, mode=mode, width=width, height=height)


def measures(
    frame: pl.DataFrame,
    *,
    day: dt.date,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
) -> alt.LayerChart:
    """Tariff measures as bars from their first to their last day: name, effective_on, ends_on (Dates), rate_pct, imposing.

    `day` is marked. Raises ChartError if there is none.
    """
    if frame.is_empty():
        raise ChartError("there is no measure to draw")
    within_limit(frame.height)
    c = colours(mode)
    order = frame.sort("effective_on", "name")["name"].to_list()
    who = sorted(set(frame["imposing"]))
    y = alt.Y("name:N", sort=order, title=None, axis=None)
    bars = (
        alt.Chart(frame)
        .mark_bar(height=7, yOffset=8, opacity=0.75)
        .encode(
            x=month_axis("effective_on"),
            x2="ends_on:T",
            y=y,
            color=alt.Color(
                "imposing:N", title="Imposed by", scale=alt.Scale(domain=who, range=list(CATEGORIES[mode]))
            ),
            tooltip=[
                alt.Tooltip("name:N", title="Measure"),
                alt.Tooltip("rate_pct:Q", title="Rate, %"),
                alt.Tooltip("effective_on:T", title="From", format="%Y-%m-%d"),
                alt.Tooltip("until:N", title="Until"),
            ],
        )
    )
    names = (
        alt.Chart(frame)
        .mark_text(align="left", dy=-4, fontSize=FONT_SIZE, color=c.ink, limit=640)
        .encode(x=alt.value(0), y=y, text="name:N")
    )
    rule = (
        alt.Chart(pl.DataFrame({"day": [day]}))
        .mark_rule(color=c.event, strokeWidth=1.5)
        .encode(x=alt.X("day:T"))
    )
    words = Words(
        title="Measures over time",
        subtitle=["from the first to the last day in force; ad valorem rates in percent"],
        source=source,
        notes=[f"Vertical line: {day}. A bar that reaches the right edge has no end."],
        description=f"{frame.height} tariff measures as bars over time: "
        + "; ".join(
            f"{r['name']} from {r['effective_on']} until {r['until']}"
            for r in frame.head(15).iter_rows(named=True)
        )
        + ".",
    )
    return dressed(layered(bars, names, rule), words, mode=mode, width=width, height=32 * frame.height)


def _with_holes(frame: pl.DataFrame) -> pl.DataFrame:
    """Every month of every line, null where nothing is published: a line must not bridge a hole."""
    grid = months(*days(frame["month"]), "month").join(
        frame.select("name").unique(maintain_order=True), how="cross"
    )
    return grid.join(frame, on=["month", "name"], how="left").sort("name", "month")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:,.1f}" if abs(value) >= 0.05 else "<0.1"
