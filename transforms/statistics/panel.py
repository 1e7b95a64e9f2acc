"""A measure's panel from its cells to the row of the report: exposed goods against less exposed ones, before and after.

Belongs here: one design worked out, what makes it not computable, its row, its path and its calibration.
Does not belong here: cells and windows (panel_cells.py), the regression (panel_regression.py), dates and permutations
(panel_inference.py), the gates of the verdict (panel_verdict.py), which designs there are (seeds of dbt_project).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from transforms.statistics import (
    panel_calibration,
    panel_cells,
    panel_inference,
    panel_lead_lag,
    panel_regression,
)
from transforms.statistics.months import day
from transforms.statistics.panel_calibration import CALIBRATION_SCHEMA, STANDING_SCHEMA
from transforms.statistics.panel_cells import Changes, Cube, Windows
from transforms.statistics.panel_inference import (
    LEVEL,
    MIN_DATES,
    PERMUTATIONS,
    PERMUTATIONS_ELSEWHERE,
    Dates,
    Fit,
)
from transforms.statistics.panel_verdict import NOT_COMPUTABLE, Gates, verdict

REASON_DATA = "the panel's figures do not hold both windows"
REASON_CODES = "the codes of the goods were redefined between the windows"
REASON_BREAK = "declared break in a window"
REASON_DUTY = "no duty is published for the panel"
REASON_RATES = "no list of the goods and rates of the measure is held"
REASON_FEW = "fewer than 3 products or 2 partners can be compared"
REASON_CONSTANT = "the exposure does not differ between goods and partners"
REASON_TREATED = "one product alone is exposed"
REASON_DATES = f"fewer than {MIN_DATES} earlier dates without the event"

EXPOSURE_SCHEMA: dict[str, pl.DataType] = {
    "family_id": pl.String(),
    "panel_id": pl.String(),
    "product_level": pl.Int32(),
    "cut_month": pl.Date(),
    "window_months": pl.Int32(),
    "gap_months": pl.Int32(),
    "weighting": pl.String(),
    "is_primary": pl.Boolean(),
    "n_cells": pl.Int32(),
    "n_products": pl.Int32(),
    "n_partners": pl.Int32(),
    "value_covered_share": pl.Float64(),
    "exposure_kind": pl.String(),
    "exposure_typical": pl.Float64(),
    "beta": pl.Float64(),
    "se_product": pl.Float64(),
    "effect_typical": pl.Float64(),
    "pct_typical": pl.Float64(),
    "effective_products": pl.Float64(),
    "exposure_r2": pl.Float64(),
    **STANDING_SCHEMA,
    "zero_exit_share": pl.Float64(),
    "verdict": pl.String(),
    "reason": pl.String(),
}
CELL_SCHEMA: dict[str, pl.DataType] = {
    "product_code": pl.String(),
    "partner_iso3": pl.String(),
    "exposure": pl.Float64(),
    "change_log": pl.Float64(),
    "exposure_left": pl.Float64(),
    "change_left": pl.Float64(),
}


@dataclass(frozen=True)
class Design:
    """What is compared. cut, quiet_until: months' numbers, the latter the last month that an earlier date may reach into.

    exposure_kind: statutory or realised; weighting: none or sqrt_value; episodes: (first month, last month, title) of what confounds
    all goods; breaks: (month from which another concept holds, why); cannot: why no exposure is held, else None.
    """

    family_id: str
    panel_id: str
    product_level: int
    cut: int
    window: int
    gap: int
    exposure_kind: str
    weighting: str
    quiet_until: int
    is_primary: bool = True
    episodes: tuple[tuple[int, int, str], ...] = ()
    breaks: tuple[tuple[int, str], ...] = ()
    cannot: str | None = None


@dataclass(frozen=True)
class Rates:
    """Rates by law: product_code, partner_iso3, period_start, rate (a fraction); own of the family, others of other measures."""

    own: pl.DataFrame
    others: pl.DataFrame


@dataclass(frozen=True)
class Worked:
    """What a design gives: a row of EXPOSURE_SCHEMA, rows of LEAD_LAG_SCHEMA, CELL_SCHEMA and CALIBRATION_SCHEMA."""

    row: pl.DataFrame
    path: pl.DataFrame
    cells: pl.DataFrame
    calibration: pl.DataFrame


def work_out(design: Design, table: Cube | None, rates: Rates, *, outcome: str = "sum") -> Worked:
    """The design on the panel's cube (None where the panel has no cells), with its dates, permutations and path."""
    spans = panel_cells.windows(design.cut, design.window, design.gap)
    if (reason := _before_estimating(design, table, spans)) is not None or table is None:
        return _nothing(design, reason or REASON_DATA)
    change = panel_cells.changes(table, spans, outcome=outcome)
    own, others = exposures(design, table, rates, spans, outcome=outcome)
    weighted = design.weighting == "sqrt_value"
    one = panel_inference.fit(change, own, others, weighted=weighted)
    if one is None:
        products, partners = np.nonzero(panel_regression.without_single_cells(change.kept))
        few = len(np.unique(products)) < 3 or len(np.unique(partners)) < 2
        return _nothing(design, REASON_FEW if few else REASON_CONSTANT)
    exposed_rows = (np.abs(np.nan_to_num(own)) >= panel_cells.EXPOSED_FROM) & one.kept
    if design.exposure_kind == "statutory" and exposed_rows.any(axis=1).sum() < 2:
        return _nothing(design, REASON_TREATED)
    dates, fits = earlier(design, table, own, others, outcome=outcome)
    if len(dates.cuts) < MIN_DATES:
        return _nothing(design, REASON_DATES)
    path = panel_lead_lag.lead_lag(table, design.cut, spans, own, others, weighted=weighted)
    row = _row(design, change, own, others, one, dates, path, spans)
    # only a family's primary run is calibrated: it takes as long as all the rest
    calibration = (
        _calibration(own, dates, fits) if design.is_primary else pl.DataFrame(schema=CALIBRATION_SCHEMA)
    )
    return Worked(row, path.drop("fired"), _cells(table, change, own, one), calibration)


def exposures(
    design: Design, table: Cube, rates: Rates, spans: Windows, *, outcome: str = "sum"
) -> tuple[np.ndarray, np.ndarray | None]:
    """The exposure of each cell to the family, and to other measures by law (None where there are none)."""
    if design.exposure_kind == "realised":
        return panel_cells.realised(table, spans, outcome=outcome), None
    others = panel_cells.statutory(table, rates.others, spans)
    return panel_cells.statutory(table, rates.own, spans), others if others.any() else None


def earlier(
    design: Design, table: Cube, own: np.ndarray, others: np.ndarray | None, *, outcome: str = "sum"
) -> tuple[Dates, list[Fit]]:
    """The exposure at all earlier cuts whose windows the cube holds, that end by quiet_until and touch no episode."""
    cuts, spans = [], []
    for cut in range(table.first, design.quiet_until - design.window + 2):
        span = panel_cells.windows(cut, design.window, design.gap)
        clear = not _touched(design, span) and not panel_cells.codes_revised(table, span)
        if panel_cells.within(table, span) and clear:
            cuts.append(cut)
            spans.append(span)
    return panel_inference.earlier_dates(
        table, cuts, spans, own, others, outcome=outcome, weighted=design.weighting == "sqrt_value"
    )


def _before_estimating(design: Design, table: Cube | None, spans: Windows) -> str | None:
    """Why there can be no estimate, as far as that is known without one."""
    if design.cannot is not None:
        return design.cannot
    for month, why in design.breaks:
        if spans.first < month <= spans.last:
            return f"{REASON_BREAK}: {why}"
    if table is None or not panel_cells.within(table, spans):
        return REASON_DATA
    if panel_cells.codes_revised(table, spans):
        return REASON_CODES
    if design.exposure_kind == "realised" and table.duty is None:
        return REASON_DUTY
    return None


def _touched(design: Design, spans: Windows) -> tuple[str, ...]:
    """Titles of the episodes that a month of the windows lies in."""
    months = {*spans.before, *spans.after}
    return tuple(title for first, last, title in design.episodes if months & set(range(first, last + 1)))


def _row(
    design: Design,
    change: Changes,
    own: np.ndarray,
    others: np.ndarray | None,
    one: Fit,
    dates: Dates,
    path: pl.DataFrame,
    spans: Windows,
) -> pl.DataFrame:
    """The row of the report: EXPOSURE_SCHEMA."""
    dealt = panel_inference.permuted(one, own, PERMUTATIONS)
    kept = one.kept
    product, partner = np.nonzero(kept)
    typical = panel_cells.typical(own[kept])
    left_out = panel_regression.leave_one_out(
        change.y[kept], own[kept], product, partner, None if others is None else others[kept]
    )
    leads = panel_lead_lag.leads(path)
    effect = one.beta * typical
    mde_dates = dates.distance() * abs(typical)
    mde_perm = float(np.nanquantile(np.abs(dealt.beta), 1 - LEVEL)) * abs(typical)
    r2 = exposure_r2(change, own, others, one)
    gates = Gates(
        episodes=_touched(design, spans),
        exposure_r2=r2,
        effective=panel_regression.effective_products(one.effects, one.x),
        lead_share=_share(leads["fired"].to_numpy()),
        permutation_alarm=_share(dealt.fired(LEVEL)),
        permutation_rank=panel_inference.permutation_rank(one.beta, dealt),
        beta=one.beta,
        median=dates.median,
        distance=dates.distance(),
        mde_pct=100 * float(np.expm1(max(mde_dates, mde_perm))),
    )
    said, reason = verdict(gates)
    values = _named(design) | {
        "n_cells": int(kept.sum()),
        "n_products": one.effects.n_products,
        "n_partners": len(np.unique(partner)),
        "value_covered_share": float(np.nansum(change.base_usd[kept]) / np.nansum(change.base_usd)),
        "exposure_typical": typical,
        "beta": one.beta,
        "se_product": float(one.slope.se[0]),
        "effect_typical": effect,
        "pct_typical": 100 * float(np.expm1(effect)),
        "effective_products": gates.effective,
        "exposure_r2": r2,
        "lead_mean": leads["estimate"].mean(),
        "lead_share_sig": gates.lead_share,
        "n_placebo": len(dates.cuts),
        "n_blocks": dates.n_blocks,
        "placebo_median": dates.median,
        "placebo_rank": dates.rank(one.beta),
        "placebo_false_alarm": _share(dates.fired),
        "perm_p": gates.permutation_rank,
        "perm_false_alarm": gates.permutation_alarm,
        "mde_dates": mde_dates,
        "mde_perm": mde_perm,
        "loo_min": float(np.nanmin(left_out)),
        "loo_max": float(np.nanmax(left_out)),
        "zero_exit_share": float(change.exited.sum() / change.eligible.sum()),
        "verdict": said,
        "reason": reason,
    }
    return _framed(values)


def exposure_r2(change: Changes, own: np.ndarray, others: np.ndarray | None, one: Fit) -> float:
    """How much of the exposure, beside the effects, that to other measures explains; 0 without other measures."""
    if others is None:
        return 0.0
    alone = panel_inference.fit(
        replace(change, kept=one.kept), own, None, weighted=bool(np.ptp(one.effects.root))
    )
    if alone is None:
        return 1.0
    return float(1 - (one.x**2).sum() / (alone.x**2).sum())


def _share(flags: np.ndarray) -> float:
    """The share of flags that are set; 0 without any, as nothing fired."""
    return float(np.mean(flags)) if len(flags) else 0.0


def _cells(table: Cube, change: Changes, own: np.ndarray, one: Fit) -> pl.DataFrame:
    """What each cell of the regression holds: CELL_SCHEMA; left: beside products, partners and other measures."""
    product, partner = np.nonzero(one.kept)
    root = one.effects.root
    return pl.DataFrame(
        {
            "product_code": [table.products[place] for place in product],
            "partner_iso3": [table.partners[place] for place in partner],
            "exposure": own[one.kept],
            "change_log": change.y[one.kept],
            "exposure_left": one.x / root,
            "change_left": one.y / root,
        },
        schema=CELL_SCHEMA,
    )


def _calibration(own: np.ndarray, dates: Dates, fits: list[Fit]) -> pl.DataFrame:
    """How often each rule fires at the earlier dates: CALIBRATION_SCHEMA.

    panel_t: Student's t at 5 %. panel_permutation: rank among permutations at that date. panel_verdict: both rules of the verdict,
    the distance taken from the other half of the dates, so that it is tried on windows it was not chosen on.
    """
    ranks = np.array(
        [
            panel_inference.permutation_rank(
                one.beta, panel_inference.permuted(one, own, PERMUTATIONS_ELSEWHERE, errors=False)
            )
            for one in fits
        ]
    )
    unusual = ranks <= LEVEL
    rules = {
        "panel_t": dates.fired,
        "panel_permutation": unusual,
        "panel_verdict": unusual & panel_inference.beyond_other_half(dates),
    }
    return panel_calibration.at_dates(rules, dates, panel_cells.typical(own))


def _named(design: Design) -> dict[str, Any]:
    """The columns that say which design it is."""
    return {
        "family_id": design.family_id,
        "panel_id": design.panel_id,
        "product_level": design.product_level,
        "cut_month": day(design.cut),
        "window_months": design.window,
        "gap_months": design.gap,
        "weighting": design.weighting,
        "is_primary": design.is_primary,
        "exposure_kind": design.exposure_kind,
    }


def _framed(values: dict[str, Any]) -> pl.DataFrame:
    row = {
        name: None if isinstance(value := values.get(name), float) and not np.isfinite(value) else value
        for name in EXPOSURE_SCHEMA
    }
    return pl.DataFrame([row], schema=EXPOSURE_SCHEMA)


def _nothing(design: Design, reason: str) -> Worked:
    """A reason and no number."""
    row = _framed(_named(design) | {"verdict": NOT_COMPUTABLE, "reason": reason})
    path = {name: kind for name, kind in panel_lead_lag.LEAD_LAG_SCHEMA.items() if name != "fired"}
    return Worked(
        row,
        pl.DataFrame(schema=path),
        pl.DataFrame(schema=CELL_SCHEMA),
        pl.DataFrame(schema=CALIBRATION_SCHEMA),
    )
