"""States against states: the regression against statsmodels, exposure from before the windows only, reasons, planted effects.

Prevents: freight of after the event in its exposure, a state without jobs in a month compared, one state taken for a panel.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.support.late import Late
from transforms.statistics import state_panel as sp
from transforms.statistics.months import day, number

sm = Late("statsmodels.api")

FIRST = number(date(2008, 1, 1))
CUT = number(date(2016, 1, 1))
MONTHS = 120
#: without calibration, which takes most of the time of a run
BRIEF = sp.StateDesign("f", "us_state_manufacturing", CUT, 12, 0, "dollars", "first_release", CUT - 1)
DESIGN = sp.StateDesign("f", "us_state_manufacturing", CUT, 12, 0, "dollars", "latest", CUT - 1)


def made_up(seed: int, *, n: int = 48, effect: float = 0.0, heavy: float = 1.0) -> sp.States:
    """Jobs that wander, freight in each month from 2014 on, an effect on exposed states from CUT on. heavy: the first state's freight."""
    rng = np.random.default_rng(seed)
    per_job = rng.uniform(0.2, 3, n)
    per_job[0] *= heavy
    wandering = rng.normal(0, 0.002, (n, MONTHS)).cumsum(axis=1) + rng.normal(0, 0.001, (n, MONTHS))
    logs = np.log(rng.uniform(5e4, 8e5, (n, 1))) + wandering
    logs[:, CUT - FIRST :] += effect * per_job[:, None]
    jobs = np.exp(logs)
    freight = per_job[:, None] * 1000 * jobs
    freight[:, : number(date(2014, 1, 1)) - FIRST] = np.nan
    return sp.States(tuple(f"S{place:02d}" for place in range(n)), FIRST, jobs, freight)


def row(design: sp.StateDesign, states: sp.States) -> dict:
    return sp.work_out(design, states).row.row(0, named=True)


def reason(design: sp.StateDesign, states: sp.States) -> str:
    """The reason of a run that has no number."""
    found, table, _ = sp.work_out(design, states)
    values = found.row(0, named=True)
    assert values["verdict"] == "not_computable"
    assert table.is_empty()
    named = {"family_id", "panel_id", "cut_month", "window_months", "gap_months", "exposure_kind"}
    named |= {"is_primary", "as_of_basis", "verdict", "reason"}
    assert {name for name, value in values.items() if value is not None} == named
    return values["reason"]


@pytest.mark.parametrize("kind", ["dollars", "log"])
@pytest.mark.parametrize("seed", range(4))
def test_slope_and_error_are_those_of_statsmodels(kind, seed):
    states = made_up(seed, effect=-0.004)
    found, table, _ = sp.work_out(replace(BRIEF, exposure_kind=kind), states)
    values = found.row(0, named=True)
    x = table["exposure"].to_numpy()
    x = np.log(x) if kind == "log" else x
    fitted = sm.OLS(table["change_log"].to_numpy(), sm.add_constant(x)).fit(cov_type="HC1")
    assert values["beta"] == pytest.approx(fitted.params[1], abs=1e-8)
    assert values["se_state"] == pytest.approx(fitted.bse[1], abs=1e-8)
    assert values["loo_min"] <= values["beta"] <= values["loo_max"]


def test_the_exposure_is_of_the_last_twelve_months_held_before_the_windows():
    states = made_up(1)
    found = row(BRIEF, states)
    assert (found["exposure_first"], found["exposure_last"]) == (date(2014, 1, 1), date(2014, 12, 1))
    assert found["n_exposure_months"] == 12
    later = made_up(1)
    later.freight[:, CUT - 12 - FIRST :] *= 100
    assert row(BRIEF, later) == found
    few = made_up(1)
    few.freight[:, : CUT - 12 - FIRST - 3] = np.nan
    assert row(BRIEF, few)["n_exposure_months"] == 3


def test_a_planted_effect_is_found_and_its_absence_is_not():
    moved = row(BRIEF, made_up(2, effect=-0.01))
    assert moved["verdict"] == "exposed_states_moved"
    assert moved["beta"] == pytest.approx(-0.01, abs=0.003)
    assert row(BRIEF, made_up(2))["verdict"] == "no_difference_seen"


def test_one_state_with_most_of_the_freight_is_too_few():
    found = row(BRIEF, made_up(3, heavy=40))
    assert found["verdict"] == "too_few_states"
    assert found["effective_states"] < 2
    assert "states in effect" in found["reason"]


def test_an_episode_in_a_window_confounds_and_keeps_dates_away():
    states = made_up(4)
    inside = replace(DESIGN, episodes=((CUT + 2, CUT + 3, "a strike"),))
    assert row(inside, states)["verdict"] == "confounded"
    before = replace(DESIGN, episodes=((FIRST + 30, FIRST + 31, "a strike"),))
    assert row(before, states)["n_placebo"] < row(DESIGN, states)["n_placebo"]


def test_what_cannot_be_told_has_a_reason():
    states = made_up(5)
    assert reason(replace(DESIGN, cut=states.last - 5), states) == sp.REASON_DATA
    assert reason(replace(DESIGN, cut=FIRST + 5), states) == sp.REASON_DATA
    assert reason(replace(DESIGN, quiet_until=FIRST + 30), states) == sp.REASON_DATES
    assert reason(replace(DESIGN, cut=number(date(2014, 6, 1))), states) == sp.REASON_FREIGHT
    few = sp.States(states.codes[:19], FIRST, states.jobs[:19], states.freight[:19])
    assert reason(DESIGN, few) == sp.REASON_FEW
    alike = made_up(5)
    alike.freight[:] = np.where(np.isnan(alike.freight), np.nan, 1000 * alike.jobs)
    jobs = np.repeat(alike.jobs[:, :1], MONTHS, axis=1)
    flat = sp.States(alike.codes, FIRST, jobs, np.where(np.isnan(alike.freight), np.nan, 1000 * jobs))
    assert reason(DESIGN, flat) == sp.REASON_CONSTANT
    lone = made_up(5)
    lone.freight[1:] = np.where(np.isnan(lone.freight[1:]), np.nan, 0.0)
    assert reason(DESIGN, lone) == sp.REASON_TREATED
    assert reason(replace(DESIGN, exposure_kind="log"), lone) == sp.REASON_FEW
    empty = made_up(5)
    empty.jobs[:, CUT + 3 - FIRST] = 0.0
    assert reason(DESIGN, empty) == sp.REASON_FEW


def test_a_state_that_lacks_a_month_of_a_window_is_left_out_and_one_without_freight_has_none():
    states = made_up(6)
    states.jobs[3, CUT + 4 - FIRST] = np.nan
    states.freight[5] = np.nan
    found, table, _ = sp.work_out(DESIGN, states)
    assert found["n_states"][0] == 47
    assert "S03" not in table["us_state_code"].to_list()
    assert table.filter(table["us_state_code"] == "S05")["exposure"][0] == 0
    # its logarithm is not known, so that it is not in that run
    assert row(replace(DESIGN, exposure_kind="log"), states)["n_states"] == 46
    assert day(CUT) == found["cut_month"][0]


@pytest.mark.slow
def test_an_effect_of_the_detectable_size_is_found_half_the_time_and_of_twice_that_nearly_always():
    """mde_dates and mde_perm are said to be what would show: were they too small, a reader would take silence for no effect."""
    found: dict[int, list[bool]] = {1: [], 2: []}
    for seed in range(100, 112):
        quiet = row(BRIEF, made_up(seed, n=24))
        # the larger of the two must be passed; they are told for the typical exposure
        size = max(quiet["mde_dates"], quiet["mde_perm"]) / quiet["exposure_typical"]
        for times, verdicts in found.items():
            moved = row(BRIEF, made_up(seed, n=24, effect=-times * size))
            verdicts.append(moved["verdict"] == "exposed_states_moved")
    # of 12 draws a share of a half has a standard error of .14, and one of nine tenths .09
    assert np.mean(found[1]) == pytest.approx(0.5, abs=0.3)
    assert np.mean(found[2]) >= 0.75


def test_rules_are_tried_at_dates_before_the_event_and_on_shuffled_exposures():
    states = made_up(7, effect=-0.01)
    run = sp.work_out(replace(DESIGN, exposure_kind="log"), states)
    rates = {each["method"]: each for each in run.calibration.iter_rows(named=True)}
    assert list(rates) == ["state_t", "state_permutation", "state_verdict", "state_shuffled"]
    row_of_run = run.row.row(0, named=True)
    for name in ("state_t", "state_permutation", "state_verdict"):
        assert rates[name]["n_pseudo_events"] == row_of_run["n_placebo"]
        assert rates[name]["n_blocks"] == row_of_run["n_blocks"]
        assert rates[name]["last_cut"] < day(DESIGN.quiet_until)
        assert rates[name]["false_alarm_high"] > rates[name]["fired"] / rates[name]["n_pseudo_events"]
    assert rates["state_t"]["fired"] == round(row_of_run["placebo_false_alarm"] * row_of_run["n_placebo"])
    # the event is there, and among exposures that lost their tie to it the verdict is silent
    assert row_of_run["verdict"] == "exposed_states_moved"
    assert rates["state_shuffled"]["fired"] <= 0.05 * rates["state_shuffled"]["n_pseudo_events"]
    assert rates["state_shuffled"]["first_cut"] == day(CUT)
    again = sp.work_out(replace(DESIGN, as_of_basis="first_release"), states)
    assert again.calibration.is_empty()
