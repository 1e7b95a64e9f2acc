"""The US states as tiles: how much each lives from automotive trade with its neighbours, and how its jobs changed.

Belongs here: where each tile stands, what is drawn from which column. Does not belong here: look and sizes (theme.py), the comparison
over states (the marts have it).
"""

from __future__ import annotations

import math

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import extent, quantile, written
from orchestration.readers.charts.layers import layered
from orchestration.readers.charts.theme import (
    DEFAULT_WIDTH,
    ChartError,
    Mode,
    Width,
    Words,
    colours,
    dressed,
    within_limit,
)
from orchestration.readers.rows import DimPanelFamily, RptStateExposure
from orchestration.readers.wording import month, number, panel_verdict, percentage

#: a state is a square, all of one size, about where it lies: rows from the north, a dot is no state
_ROWS = (
    ". . . . . . . . . . ME",
    ". . . . . . . . . VT NH",
    "AK WA ID MT ND MN IL WI MI NY MA",
    ". OR NV WY SD IA IN OH PA NJ RI",
    ". CA UT CO NE MO KY WV VA MD CT",
    ". . AZ NM KS AR TN NC SC DC DE",
    ". . . . OK LA MS AL GA . .",
    "HI . . . TX . . . . FL .",
)
#: postal code of each state -> column and row of its tile
TILES = {
    code: (column, row)
    for row, line in enumerate(_ROWS)
    for column, code in enumerate(line.split())
    if code != "."
}
#: classes of exposure, and how much colour each has: text over the darkest still has a contrast of 4.5 to 1
_CLASSES = (0.06, 0.16, 0.27, 0.38, 0.5)


def state_tiles(
    states: pl.DataFrame,
    result: RptStateExposure,
    family: DimPanelFamily,
    *,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = 400,
) -> alt.LayerChart:
    """A tile for each state: the more colour, the more freight per job before; its number is how its jobs changed, in percent.

    states: the rows of rpt_state_change of one event. The classes are fifths of the states. A state without a row is an empty tile.
    Raises ChartError for no rows, and for a code that is no state.
    """
    if states.is_empty():
        raise ChartError(f"there are no states to draw: {result.get('reason') or 'none could be compared'}")
    within_limit(states.height)
    unknown = sorted(set(states["us_state_code"]) - set(TILES))
    if unknown:
        raise ChartError(f"no US state: {', '.join(unknown)}")
    c = colours(mode)
    tiles = pl.DataFrame(
        [(code, *place) for code, place in TILES.items()],
        schema={"us_state_code": pl.String, "column": pl.Int32, "row": pl.Int32},
        orient="row",
    ).join(states, on="us_state_code", how="left")
    limits = [quantile(states["exposure"], share) for share in (0.2, 0.4, 0.6, 0.8)]
    group = sum(((pl.col("exposure") > limit).cast(pl.Int32) for limit in limits), pl.lit(0, dtype=pl.Int32))
    change = 100 * (pl.col("change_log").exp() - 1)
    tiles = tiles.with_columns(
        shade=pl.when(pl.col("exposure").is_not_null()).then(
            group.replace_strict(list(range(len(_CLASSES))), list(_CLASSES), return_dtype=pl.Float64)
        ),
        change_pct=change,
        # the sides of a tile, with a little room to the next
        left=pl.col("column") - 0.47,
        right=pl.col("column") + 0.47,
        top=pl.col("row") - 0.47,
        bottom=pl.col("row") + 0.47,
    )
    # an empty tile has no number: Vega would write null
    tiles = tiles.with_columns(said=written(tiles["change_pct"], _signed).fill_null(""))
    nothing = alt.Axis(labels=False, ticks=False, domain=False, grid=False)
    rows = alt.Scale(domain=[len(_ROWS) - 0.4, -0.6], nice=False)
    y = alt.Y("top:Q", title=None, axis=nothing, scale=rows)
    x = alt.X("left:Q", axis=nothing, scale=alt.Scale(domain=[-0.6, 10.6], nice=False))
    tooltip = [
        alt.Tooltip("us_state_code:N", title="state"),
        alt.Tooltip("change_pct:Q", title="jobs, change in %", format="+.2f"),
        alt.Tooltip("exposure:Q", title="freight a month per job, USD 1,000", format=".2f"),
        alt.Tooltip("jobs_before:Q", title="jobs before", format=",.0f"),
    ]
    squares = alt.Chart(tiles).encode(x=x, x2=alt.X2("right:Q"), y=y, y2=alt.Y2("bottom:Q"), tooltip=tooltip)
    middle = alt.Chart(tiles).encode(x=alt.X("column:Q"), y=alt.Y("row:Q"))
    small = width != "container" and width < 560
    layers = [
        squares.mark_rect(color=c.background, stroke=c.grid),
        squares.transform_filter("isValid(datum.shade)")
        .mark_rect(color=c.before)
        .encode(opacity=alt.Opacity("shade:Q", scale=None)),
        middle.mark_text(color=c.ink, dy=-6, fontSize=12, fontWeight="bold").encode(text="us_state_code:N"),
        middle.mark_text(color=c.ink, dy=8, fontSize=10 if small else 12).encode(text="said:N"),
    ]
    low, high = extent(states["exposure"])
    least, most = extent(states["change_log"])
    text = panel_verdict(result["verdict"])
    reason = result.get("reason")
    verdict = f"{text[0].upper()}{text[1:]}{f' ({reason})' if reason else ''}."
    top = states.sort("exposure", descending=True)["us_state_code"].head(3).to_list()
    words = Words(
        title=f"{family['title']}: factory jobs and automotive trade by state",
        subtitle=[
            f"change of manufacturing jobs in percent, {result['window_months']} months from {month(result['cut_month'])} on "
            "against those before, seasonally adjusted",
            verdict,
        ],
        notes=[
            "Colour: automotive freight with Canada and Mexico per manufacturing job before, in fifths of the states.",
        ],
        source=source,
        description=f"Tile map of {number(states.height)} US states. Manufacturing jobs changed by "
        f"{percentage(100 * math.expm1(least), 1)} to {percentage(100 * math.expm1(most), 1)}; freight per job is from "
        f"{low:.2f} to {high:.2f} thousand US dollars a month, most in {', '.join(top)}. {verdict}",
    )
    return dressed(layered(*layers), words, mode=mode, width=width, height=height)


def _signed(value: float) -> str:
    return f"{value:+.1f}"
