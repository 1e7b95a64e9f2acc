"""How often the rules of panels fire where nothing happened, and how high their rate could be all the same.

Belongs here: rates at dates before the event and among exposures that were dealt out anew, the upper bound of a rate, their table.
Does not belong here: dates and permutations themselves (panel_inference.py), the gates of the verdict (panel_verdict.py), families of
single series (the dbt models of calibration).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from scipy.special import betaincinv

from transforms.statistics.months import day
from transforms.statistics.panel_inference import LEVEL, Dates
from transforms.statistics.panel_regression import Slopes

#: how a run stands beside earlier dates, permutations and what is left out: the same of goods and of states
STANDING_SCHEMA: dict[str, pl.DataType] = {
    "lead_mean": pl.Float64(),
    "lead_share_sig": pl.Float64(),
    "n_placebo": pl.Int32(),
    "n_blocks": pl.Int32(),
    "placebo_median": pl.Float64(),
    "placebo_rank": pl.Float64(),
    "placebo_false_alarm": pl.Float64(),
    "perm_p": pl.Float64(),
    "perm_false_alarm": pl.Float64(),
    "mde_dates": pl.Float64(),
    "mde_perm": pl.Float64(),
    "loo_min": pl.Float64(),
    "loo_max": pl.Float64(),
}
CALIBRATION_SCHEMA: dict[str, pl.DataType] = {
    "method": pl.String(),
    "n_pseudo_events": pl.Int32(),
    "n_blocks": pl.Int32(),
    "fired": pl.Int32(),
    "first_cut": pl.Date(),
    "last_cut": pl.Date(),
    "mde95": pl.Float64(),
    "false_alarm_high": pl.Float64(),
}
#: the bound of a rate holds with this probability, on one side
CONFIDENCE = 0.95


def upper_rate(rate: float, stretches: int) -> float:
    """The highest rate of false alarms that goes with the `rate` measured on so many separate stretches, with CONFIDENCE.

    The upper bound of Clopper and Pearson (Biometrika 26, 1934) as if each stretch were one date, because dates of one stretch share
    most of their months: the quantile CONFIDENCE of Beta(1 + k, stretches - k) with k = rate * stretches, which need be no whole number.
    Without an alarm that is 1 - 0.05 ** (1 / stretches), about 3 / stretches where there are many. 1 without a whole stretch.
    """
    if stretches < 1:
        return 1.0
    alarms = rate * stretches
    return 1.0 if alarms >= stretches else float(betaincinv(1 + alarms, stretches - alarms, CONFIDENCE))


def at_dates(rules: Mapping[str, np.ndarray], dates: Dates, typical: float) -> pl.DataFrame:
    """CALIBRATION_SCHEMA: a row a rule, with which of the `dates` it fires at. typical: the exposure that a slope is told for."""
    return pl.DataFrame(
        [
            (
                method,
                len(dates.cuts),
                dates.n_blocks,
                int(fired.sum()),
                day(int(dates.cuts.min())),
                day(int(dates.cuts.max())),
                dates.distance() * abs(typical),
                upper_rate(float(fired.mean()), dates.n_blocks),
            )
            for method, fired in rules.items()
        ],
        schema=CALIBRATION_SCHEMA,
        orient="row",
    )


def among_shuffled(method: str, cut: int, dealt: Slopes, dates: Dates, typical: float) -> pl.DataFrame:
    """CALIBRATION_SCHEMA: how often the rule of the verdict fires at the event's own cut with the exposure `dealt` out anew.

    The exposures keep their distribution and lose their tie to the event. All of them meet the same two windows, which are one stretch;
    but they are drawn, so that their number and not that of stretches bounds the rate.
    """
    betas = dealt.beta[np.isfinite(dealt.beta)]
    size = np.abs(betas)
    # rank of each among all: those at least as far from zero, itself among them
    ranks = (len(size) - np.searchsorted(np.sort(size), size, side="left")) / max(len(size), 1)
    fired = (ranks <= LEVEL) & (np.abs(betas - dates.median) > dates.distance())
    rate = float(fired.mean()) if len(fired) else 0.0
    return pl.DataFrame(
        [
            (
                method,
                len(betas),
                1,
                int(fired.sum()),
                day(cut),
                day(cut),
                float(np.quantile(size, 1 - LEVEL)) * abs(typical) if len(size) else None,
                upper_rate(rate, len(betas)),
            )
        ],
        schema=CALIBRATION_SCHEMA,
        orient="row",
    )
