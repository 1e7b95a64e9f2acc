"""Pictures of a panel: the path of exposed goods around a cut, and the change of each cell over its exposure.

Belongs here: what is drawn from which column, so that every number in a picture is one of the report's.
Does not belong here: look and sizes (theme.py), states (states.py), slopes and gates (the marts have them).
"""

from __future__ import annotations

import math

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import extent, quantile
from orchestration.readers.charts.layers import horizontal_axis, layered, value_axis, value_domain
from orchestration.readers.charts.theme import (
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    ChartError,
    Mode,
    Width,
    Words,
    colours,
    dressed,
    within_limit,
)
from orchestration.readers.rows import DimPanelFamily, RptPanelExposure
from orchestration.readers.wording import month, number, panel_verdict, percentage

#: fewer months before the window before say nothing of what is usual
_MIN_LEADS = 12
#: points of a picture that a browser draws at once; of more the farthest in exposure are kept
_MAX_POINTS = 2_500
#: part of the cells whose changes the picture has room for: a few small cells change by a factor of a hundred
_SHOWN = 0.98


def lead_lag_chart(
    path: pl.DataFrame,
    result: RptPanelExposure,
    family: DimPanelFamily,
    *,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """How far trade of a typical exposure stood from other trade, month by month, with the range of the months before.

    path: the rows of rpt_panel_lead_lag of one family and panel; result: its primary row of rpt_panel_exposure, whose
    exposure_typical turns slopes into percent. The shaded range holds 95 % of the months before the window before, by
    distance from zero. Raises ChartError for no rows, or a row without a typical exposure.
    """
    typical = result.get("exposure_typical")
    if path.is_empty() or typical is None:
        raise ChartError(f"there is no path to draw: {result.get('reason') or 'no month could be estimated'}")
    within_limit(path.height)
    c = colours(mode)
    steps = path.sort("month_offset").select(
        "month_offset",
        "is_reference",
        "n_cells",
        pct=_percent(pl.col("estimate"), typical),
        low=_percent(pl.col("estimate") - 1.96 * pl.col("se"), typical),
        high=_percent(pl.col("estimate") + 1.96 * pl.col("se"), typical),
    )
    first, last = extent(path.filter("is_reference")["month_offset"])
    before = path.filter(pl.col("month_offset") < first)["estimate"].abs()
    usual = quantile(before, 0.95) if len(before) >= _MIN_LEADS else None
    ends = sorted(_as_percent(side * usual, typical) for side in (-1, 1)) if usual is not None else []
    y = value_axis("pct", value_domain(steps["pct"], steps["low"], steps["high"], ends))
    x = horizontal_axis("month_offset")
    layers: list[alt.Chart] = []
    if ends:
        span = extent(path["month_offset"])
        band = pl.DataFrame({"from": [span[0]], "to": [span[1]], "low": [ends[0]], "high": [ends[1]]})
        layers.append(
            alt.Chart(band)
            .mark_rect(color=c.gap, opacity=0.6)
            .encode(x=alt.X("from:Q"), x2=alt.X2("to:Q"), y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
        )
    zero = pl.DataFrame({"at": [0.0]})
    marks = steps.with_columns(
        part=pl.when("is_reference")
        .then(pl.lit("compared with"))
        .when(pl.col("month_offset") >= 0)
        .then(pl.lit("after"))
        .otherwise(pl.lit("other"))
    )
    colour = alt.Color(
        "part:N",
        scale=alt.Scale(domain=["compared with", "after", "other"], range=[c.before, c.after, c.muted]),
        legend=None,
    )
    tooltip = [
        alt.Tooltip("month_offset:Q", title="months from the cut"),
        alt.Tooltip("pct:Q", title="difference, %", format="+.1f"),
        alt.Tooltip("low:Q", title="95 % from", format="+.1f"),
        alt.Tooltip("high:Q", title="to", format="+.1f"),
        alt.Tooltip("n_cells:Q", title="cells"),
    ]
    layers += [
        alt.Chart(zero).mark_rule(color=c.axis).encode(y=alt.Y("at:Q")),
        alt.Chart(zero).mark_rule(color=c.event, strokeWidth=2).encode(x=alt.X("at:Q")),
        alt.Chart(marks)
        .mark_rule(opacity=0.55)
        .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=colour),
        alt.Chart(marks)
        .mark_point(filled=True, size=42, opacity=1)
        .encode(x=x, y=y, color=colour, tooltip=tooltip),
    ]
    notes = [
        f"Blue: the months compared with (their mean is zero). Orange: from {month(result['cut_month'])} on. "
        "Lines: 95 % by the month's own error.",
    ]
    if ends:
        notes.append("Shaded: the usual range, which holds 95 % of the months before.")
    words = Words(
        title=f"{family['title']}: exposed goods against others",
        subtitle=[
            f"difference in percent for an exposure of {percentage(100 * math.expm1(typical), 1, sign=False)}, "
            "not seasonally adjusted",
            _said(result),
        ],
        notes=notes,
        source=source,
        description=f"Path of trade in exposed goods relative to other trade from {int(extent(path['month_offset'])[0])} to "
        f"{int(extent(path['month_offset'])[1])} months around {month(result['cut_month'])}, zero on the mean of months "
        f"{int(first)} to {int(last)}. Last month: {percentage(steps['pct'][-1], 1)}. {_said(result)}",
    )
    return dressed(
        layered(*layers), words, mode=mode, width=width, height=height, x_title="Months from the cut"
    )


def exposure_scatter(
    cells: pl.DataFrame,
    result: RptPanelExposure,
    family: DimPanelFamily,
    *,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """The change of each cell over its exposure, both beside products, partners and other measures, and the slope.

    cells: the rows of rpt_panel_cell of one family and panel. Left out are the changes that are largest, 2 % of the cells, and of
    more cells than can be drawn those with the least exposure left, of either sign; the picture says how many. Raises ChartError
    for no cells or a row without a slope.
    """
    beta = result.get("beta")
    if cells.is_empty() or beta is None:
        raise ChartError(f"there are no cells to draw: {result.get('reason') or 'none could be compared'}")
    c = colours(mode)
    limit = quantile(cells["change_left"].abs(), _SHOWN)
    inside = cells.filter(pl.col("change_left").abs() <= limit)
    shown = inside.sort(pl.col("exposure_left").abs(), descending=True).head(_MAX_POINTS)
    within_limit(shown.height)
    points = shown.select(
        exposure=100 * pl.col("exposure_left"),
        change=100 * pl.col("change_left"),
        cell=pl.concat_str("product_code", pl.lit(" from "), "partner_iso3"),
    )
    low, high = extent(points["exposure"])
    line = pl.DataFrame({"exposure": [low, high], "change": [beta * low, beta * high]})
    y = value_axis("change", value_domain(points["change"]))
    tooltip = [
        alt.Tooltip("cell:N", title="goods and partner"),
        alt.Tooltip("exposure:Q", title="exposure, log points x 100", format="+.1f"),
        alt.Tooltip("change:Q", title="change, log points x 100", format="+.1f"),
    ]
    layers = [
        alt.Chart(points)
        .mark_point(filled=True, size=22, opacity=0.35, color=c.before)
        .encode(x=horizontal_axis("exposure"), y=y, tooltip=tooltip),
        alt.Chart(line)
        .mark_line(color=c.after, strokeWidth=2.5)
        .encode(x=alt.X("exposure:Q"), y=alt.Y("change:Q")),
    ]
    beyond, left_out = cells.height - inside.height, inside.height - shown.height
    notes = ["Both axes beside the means of products and partners and the exposure to other measures."]
    if beyond:
        notes.append(f"{number(beyond)} cells that changed most lie beyond the edges; the slope holds them.")
    if left_out:
        notes.append(f"{number(left_out)} cells with the least exposure are not drawn.")
    slope = f"slope {number(beta)} (standard error {number(result['se_product'])}, {number(result['n_cells'])} cells)"
    words = Words(
        title=f"{family['title']}: change of trade over exposure",
        subtitle=[f"log points x 100, not seasonally adjusted; {slope}", _said(result)],
        notes=notes,
        source=source,
        description=f"Scatter of {number(cells.height)} cells of product and partner, change of trade over change of exposure, "
        f"{slope}, exposures from {low:.1f} to {high:.1f}. {_said(result)}",
    )
    return dressed(
        layered(*layers),
        words,
        mode=mode,
        width=width,
        height=height,
        x_title="Exposure, log points x 100",
    )


def _said(result: RptPanelExposure) -> str:
    """What the row says, as a sentence: the verdict, and why where there is a reason."""
    text = panel_verdict(result["verdict"])
    reason = result.get("reason")
    return f"{text[0].upper()}{text[1:]}{f' ({reason})' if reason else ''}."


def _as_percent(slope: float, exposure: float) -> float:
    return 100 * math.expm1(slope * exposure)


def _percent(slope: pl.Expr, exposure: float) -> pl.Expr:
    return 100 * ((slope * exposure).exp() - 1)
