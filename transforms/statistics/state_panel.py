"""US states that live from automotive trade with Canada and Mexico against those that do not: jobs before and after.

Belongs here: the design of one event, its exposure, dates, row and calibration.
Does not belong here: the regression over states (state_regression.py), goods and partners (panel.py), the gates (panel_verdict.py),
which events and series (seeds of dbt_project).

y = change of the mean of ln(manufacturing jobs) from one window to the other, x = automotive freight with Canada and Mexico a month
per manufacturing job, in thousand US dollars, from up to 12 months that end before the windows: y_s = a + beta x_s + e_s, with errors
that may differ by state (White's, times n / (n - 2)). One regression of 51 states, and per job Michigan has four times the freight of
the next: by dollars it is the panel. The second exposure is the logarithm, which tells more from less among all states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from transforms.statistics import panel_calibration, panel_cells, panel_inference, panel_regression
from transforms.statistics.months import day
from transforms.statistics.panel_calibration import CALIBRATION_SCHEMA, STANDING_SCHEMA
from transforms.statistics.panel_cells import Windows
from transforms.statistics.panel_inference import (
    LEVEL,
    MIN_DATES,
    PERMUTATIONS,
    PERMUTATIONS_ELSEWHERE,
    Dates,
)
from transforms.statistics.panel_lead_lag import LEADS
from transforms.statistics.panel_regression import Slopes
from transforms.statistics.panel_verdict import MOVED, NOT_COMPUTABLE, TOO_FEW_PRODUCTS, Gates, verdict
from transforms.statistics.state_regression import MIN_STATES, Fit, dealt_out, fit, permutations

#: the freight of at most this many months makes the exposure
FREIGHT_MONTHS = 12

REASON_DATA = "the states' figures do not hold both windows"
REASON_FREIGHT = "no freight by state is held from before the windows"
REASON_FEW = f"fewer than {MIN_STATES} states have jobs in each month of both windows"
REASON_CONSTANT = "the exposure does not differ between states"
REASON_TREATED = "one state alone has such freight"
REASON_DATES = f"fewer than {MIN_DATES} earlier dates without the event"

#: the verdicts of panels under the names that states have
VERDICTS = {MOVED: "exposed_states_moved", TOO_FEW_PRODUCTS: "too_few_states"}

EXPOSURE_SCHEMA: dict[str, pl.DataType] = {
    "family_id": pl.String(),
    "panel_id": pl.String(),
    "cut_month": pl.Date(),
    "window_months": pl.Int32(),
    "gap_months": pl.Int32(),
    "exposure_kind": pl.String(),
    "is_primary": pl.Boolean(),
    "as_of_basis": pl.String(),
    "n_states": pl.Int32(),
    "jobs_covered_share": pl.Float64(),
    "exposure_first": pl.Date(),
    "exposure_last": pl.Date(),
    "n_exposure_months": pl.Int32(),
    "exposure_typical": pl.Float64(),
    "beta": pl.Float64(),
    "se_state": pl.Float64(),
    "effect_typical": pl.Float64(),
    "pct_typical": pl.Float64(),
    "effective_states": pl.Float64(),
    **STANDING_SCHEMA,
    "verdict": pl.String(),
    "reason": pl.String(),
}
STATE_SCHEMA: dict[str, pl.DataType] = {
    "us_state_code": pl.String(),
    "jobs_before": pl.Float64(),
    "freight_usd": pl.Float64(),
    "exposure": pl.Float64(),
    "change_log": pl.Float64(),
}


@dataclass(frozen=True)
class StateDesign:
    """What is compared. cut, quiet_until: months' numbers, the latter the last month that an earlier date may reach into.

    exposure_kind: dollars (thousand US dollars a job) or log (its logarithm); is_primary: whether the family's states are told by it.
    """

    family_id: str
    panel_id: str
    cut: int
    window: int
    gap: int
    exposure_kind: str
    as_of_basis: str
    quiet_until: int
    is_primary: bool = True
    episodes: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class States:
    """jobs: (states, months) of persons, NaN where none is known; freight: (states, months) of US dollars, NaN where no month is held.

    first: number of the first month of both.
    """

    codes: tuple[str, ...]
    first: int
    jobs: np.ndarray
    freight: np.ndarray

    @property
    def last(self) -> int:
        """Number of the last month."""
        return self.first + self.jobs.shape[1] - 1

    def logs(self, months: list[int]) -> np.ndarray:
        """ln(jobs) of these months (numbers): (states, months)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs: np.ndarray = np.log(self.jobs[:, np.array(months) - self.first])
        return logs


class StateRun(NamedTuple):
    """What a run gives: the row of the report (EXPOSURE_SCHEMA), what each state is in it (STATE_SCHEMA) and how often its rules fire
    where nothing happened (CALIBRATION_SCHEMA); no row of the latter two where nothing can be told."""

    row: pl.DataFrame
    states: pl.DataFrame
    calibration: pl.DataFrame


def work_out(design: StateDesign, states: States) -> StateRun:
    """The run, with its dates and permutations."""
    spans = panel_cells.windows(design.cut, design.window, design.gap)
    if spans.first < states.first or spans.last > states.last:
        return _nothing(design, REASON_DATA)
    per_job, months, freight = _exposure(states, spans)
    if not months:
        return _nothing(design, REASON_FREIGHT)
    exposure = _logarithm(per_job) if design.exposure_kind == "log" else per_job
    change = _change(states, spans.before, spans.after)
    jobs = states.jobs[:, np.array(spans.before) - states.first].mean(axis=1)
    if (np.isfinite(change) & np.isfinite(exposure)).sum() < MIN_STATES:
        return _nothing(design, REASON_FEW)
    one = fit(change, exposure)
    if one is None:
        return _nothing(design, REASON_CONSTANT)
    if (per_job[one.kept] > 0).sum() < 2:
        return _nothing(design, REASON_TREATED)
    dates, fits = _earlier(design, states, exposure)
    if len(dates.cuts) < MIN_DATES:
        return _nothing(design, REASON_DATES)
    typical = _typical(exposure[one.kept])
    dealt = dealt_out(one, exposure, PERMUTATIONS)
    row = _row(design, states, spans, one, exposure, dates, dealt) | {
        "exposure_first": day(months[0]),
        "exposure_last": day(months[-1]),
        "n_exposure_months": len(months),
        "jobs_covered_share": float(jobs[one.kept].sum() / np.nansum(jobs)),
    }
    table = pl.DataFrame(
        {
            "us_state_code": states.codes,
            "jobs_before": jobs,
            "freight_usd": freight,
            "exposure": per_job,
            "change_log": change,
        },
        schema=STATE_SCHEMA,
    )
    # first releases are the same panel once more, on fewer months
    calibration = (
        _calibration(design, exposure, typical, dates, fits, dealt)
        if design.as_of_basis == "latest"
        else pl.DataFrame(schema=CALIBRATION_SCHEMA)
    )
    return StateRun(_framed(row), table.filter(pl.Series(one.kept)), calibration)


def _typical(exposure: np.ndarray) -> float:
    """The distance between the ninth and the first decile of the states."""
    low, high = np.quantile(exposure, [0.1, 0.9])
    return float(high - low)


def _calibration(
    design: StateDesign,
    exposure: np.ndarray,
    typical: float,
    dates: Dates,
    fits: list[Fit],
    dealt: Slopes,
) -> pl.DataFrame:
    """How often each rule fires where nothing happened: CALIBRATION_SCHEMA.

    state_t: Student's t at 5 %. state_permutation: rank among permutations at that date. state_verdict: both rules of the verdict, the
    distance taken from the other half of the dates. state_shuffled: the verdict's rules at the event with exposures dealt out anew.
    """
    # most dates have the same states, whose exposures are dealt out once
    deals: dict[bytes, np.ndarray] = {}
    ranks = []
    for one in fits:
        states = one.kept.tobytes()
        if states not in deals:
            deals[states] = one.effects.left_of(permutations(exposure[one.kept], PERMUTATIONS_ELSEWHERE))
        ranks.append(panel_inference.permutation_rank(one.beta, one.slopes_on(deals[states])))
    unusual = np.array(ranks) <= LEVEL
    rules = {
        "state_t": dates.fired,
        "state_permutation": unusual,
        "state_verdict": unusual & panel_inference.beyond_other_half(dates),
    }
    return pl.concat(
        [
            panel_calibration.at_dates(rules, dates, typical),
            panel_calibration.among_shuffled("state_shuffled", design.cut, dealt, dates, typical),
        ]
    )


def _exposure(states: States, spans: Windows) -> tuple[np.ndarray, list[int], np.ndarray]:
    """Freight a month per job in thousand US dollars, the months of freight behind it, and the freight a month."""
    held = [
        month
        for month in range(states.first, min(spans.first, states.last + 1))
        if np.isfinite(states.freight[:, month - states.first]).any()
    ][-FREIGHT_MONTHS:]
    if not held:
        nothing = np.full(len(states.codes), np.nan)
        return nothing, held, nothing
    # a state without a row in a month that is held had no such freight
    freight = np.nan_to_num(states.freight[:, np.array(held) - states.first]).mean(axis=1)
    jobs = states.jobs[:, np.array(spans.before) - states.first].mean(axis=1)
    return freight / jobs / 1000, held, freight


def _logarithm(per_job: np.ndarray) -> np.ndarray:
    """Its natural logarithm, NaN for a state without freight."""
    return np.log(np.where(per_job > 0, per_job, np.nan))


def _change(states: States, before: list[int], after: list[int]) -> np.ndarray:
    """The change of the mean of ln(jobs), NaN for a state that lacks a month: (states,)."""
    change: np.ndarray = states.logs(after).mean(axis=1) - states.logs(before).mean(axis=1)
    return np.where(np.isfinite(change), change, np.nan)


def _touched(design: StateDesign, spans: Windows) -> tuple[str, ...]:
    months = {*spans.before, *spans.after}
    return tuple(title for first, last, title in design.episodes if months & set(range(first, last + 1)))


def _earlier(design: StateDesign, states: States, exposure: np.ndarray) -> tuple[Dates, list[Fit]]:
    """The same exposure at earlier cuts without an episode in their windows."""
    cuts, fits = [], []
    for cut in range(states.first, design.quiet_until - design.window + 2):
        spans = panel_cells.windows(cut, design.window, design.gap)
        if spans.first < states.first or _touched(design, spans):
            continue
        one = fit(_change(states, spans.before, spans.after), exposure)
        if one is not None:
            cuts.append(cut)
            fits.append(one)
    betas = np.array([one.beta for one in fits])
    fired = np.array([bool(one.slope.fired(LEVEL)[0]) for one in fits], dtype=bool)
    return Dates(np.array(cuts, dtype=int), betas, fired), fits


def _leads(states: States, spans: Windows, exposure: np.ndarray) -> tuple[float, float]:
    """Mean slope of the LEADS months before the window before, against its mean, and the share that Student's t calls unusual."""
    betas, fired = [], []
    for month in range(max(states.first, spans.first - LEADS), spans.first):
        one = fit(_change(states, spans.before, [month]), exposure)
        if one is not None:
            betas.append(one.beta)
            fired.append(bool(one.slope.fired(LEVEL)[0]))
    return (float(np.mean(betas)), float(np.mean(fired))) if betas else (float("nan"), 0.0)


def _row(
    design: StateDesign,
    states: States,
    spans: Windows,
    one: Fit,
    exposure: np.ndarray,
    dates: Dates,
    slopes: Slopes,
) -> dict[str, Any]:
    beta = one.beta
    typical = _typical(exposure[one.kept])
    left_out = []
    for place in np.flatnonzero(one.kept):
        change = _change(states, spans.before, spans.after)
        change[place] = np.nan
        rest = fit(change, exposure)
        left_out.append(float("nan") if rest is None else float(rest.slope.beta[0]))
    lead_mean, lead_share = _leads(states, spans, exposure)
    mde_dates = dates.distance() * typical
    mde_perm = float(np.nanquantile(np.abs(slopes.beta), 1 - LEVEL)) * typical
    gates = Gates(
        episodes=_touched(design, spans),
        exposure_r2=0.0,
        effective=panel_regression.effective_products(one.effects, one.x),
        lead_share=lead_share,
        permutation_alarm=float(slopes.fired(LEVEL).mean()),
        permutation_rank=panel_inference.permutation_rank(beta, slopes),
        beta=beta,
        median=dates.median,
        distance=dates.distance(),
        mde_pct=100 * float(np.expm1(max(mde_dates, mde_perm))),
        units="states",
    )
    said, reason = verdict(gates)
    return _named(design) | {
        "n_states": int(one.kept.sum()),
        "exposure_typical": typical,
        "beta": beta,
        "se_state": float(one.slope.se[0]),
        "effect_typical": beta * typical,
        "pct_typical": 100 * float(np.expm1(beta * typical)),
        "effective_states": gates.effective,
        "lead_mean": lead_mean,
        "lead_share_sig": lead_share,
        "n_placebo": len(dates.cuts),
        "n_blocks": dates.n_blocks,
        "placebo_median": dates.median,
        "placebo_rank": dates.rank(beta),
        "placebo_false_alarm": float(dates.fired.mean()),
        "perm_p": gates.permutation_rank,
        "perm_false_alarm": gates.permutation_alarm,
        "mde_dates": mde_dates,
        "mde_perm": mde_perm,
        "loo_min": float(np.nanmin(left_out)),
        "loo_max": float(np.nanmax(left_out)),
        "verdict": VERDICTS.get(said, said),
        "reason": reason,
    }


def _named(design: StateDesign) -> dict[str, Any]:
    return {
        "family_id": design.family_id,
        "panel_id": design.panel_id,
        "cut_month": day(design.cut),
        "window_months": design.window,
        "gap_months": design.gap,
        "exposure_kind": design.exposure_kind,
        "is_primary": design.is_primary,
        "as_of_basis": design.as_of_basis,
    }


def _framed(values: dict[str, Any]) -> pl.DataFrame:
    row = {
        name: None if isinstance(value := values.get(name), float) and not np.isfinite(value) else value
        for name in EXPOSURE_SCHEMA
    }
    return pl.DataFrame([row], schema=EXPOSURE_SCHEMA)


def _nothing(design: StateDesign, reason: str) -> StateRun:
    """A reason and no number."""
    row = _framed(_named(design) | {"verdict": NOT_COMPUTABLE, "reason": reason})
    return StateRun(row, pl.DataFrame(schema=STATE_SCHEMA), pl.DataFrame(schema=CALIBRATION_SCHEMA))
