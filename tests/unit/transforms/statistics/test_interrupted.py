"""Interrupted time series: every number against statsmodels, known steps, and series that must be withheld.

Prevents: a vectorised estimate that differs from the textbook one, a window or dummy that is off by a month, a wrong
number or a crash for series that cannot be compared.
"""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.interrupted_case import NO_EPISODES, START, design, frame, noise, one, plain
from tests.support.late import Late
from transforms.statistics import interrupted as its
from transforms.statistics import interrupted_design, months
from transforms.statistics.months import day, number

sm = Late("statsmodels.api")


def test_whole_model_equals_statsmodels_on_rows_left_out():
    """Step, slope, episode, joint step, months left out: OLS after removing the months left out gives the same."""
    y = noise(168)
    cut, dropped, joint = number(date(2012, 1, 1)), 3, date(2013, 9, 1)
    covid = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2009, 3, 1)], "last_month": [date(2009, 8, 1)]}
    )
    row = one(np.exp(y), dropped=dropped, joint=[joint], episodes=covid)
    first = number(row["first_month"])
    assert (row["first_month"], row["last_month"]) == (day(cut - dropped - 60), day(cut + 59))
    window = y[first - number(START) : number(row["last_month"]) - number(START) + 1]
    months = (number(date(2009, 3, 1)), number(date(2009, 8, 1)))
    kept, x = plain(window, first, cut, dropped, [months], [number(joint)])
    fit = sm.OLS(kept, x).fit()
    assert row["n_months"] == len(kept) == 120
    assert row["n_regressors"] == x.shape[1]
    assert row["level_change_ols"] == pytest.approx(fit.params[0], rel=1e-8)
    assert row["p_ols"] == pytest.approx(fit.pvalues[0], rel=1e-8)
    assert row["joint_events"] == 1


def test_a_known_step_and_slope_are_found_beside_another_one():
    """A step of .2 with a slope of .003 at the cut, another step of -.3 twenty months later, a strike of a month."""
    t = np.arange(168)
    y = 3 + 0.002 * t + 0.05 * np.sin(2 * np.pi * t / 12) + noise(rho=0.3, scale=0.002)
    y += 0.2 * (t >= 84) + 0.003 * (t - 84) * (t >= 84) - 0.3 * (t >= 104) - 0.5 * (t == 95)
    strike = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2012, 12, 1)], "last_month": [date(2012, 12, 1)]}
    )
    row = one(np.exp(y), joint=[date(2013, 9, 1)], episodes=strike)
    assert row["level_change"] == pytest.approx(0.2, abs=5 * row["se_gls"])
    assert row["se_gls"] < 0.005
    assert row["slope_change"] == pytest.approx(0.003, abs=0.0005)
    assert row["p_gls"] < 1e-6
    assert one(np.exp(y), episodes=strike)["effect_24"] != pytest.approx(row["effect_24"], abs=0.1)


def test_a_month_left_out_may_hold_anything():
    """Month 0 mixes before and after: whatever stands there, or nothing, the result is the same."""
    y = noise(168)
    wild, missing = np.exp(y), np.exp(y)
    wild[83] = 1e6
    missing[83] = np.nan
    expected = one(np.exp(y), dropped=1)
    assert expected["reason"] is None
    for values in (wild, missing):
        found = one(values, dropped=1)
        for column in ("level_change", "se_gls", "se_ewc", "se_nw", "p_gls"):
            assert found[column] == pytest.approx(expected[column], rel=1e-7)


def test_starts_that_nothing_tells_from_the_cut_are_not_in_the_model():
    """A cluster that starts in the month of the cut or a month left out would make the step undefined."""
    y = np.exp(noise(168))
    cut = date(2012, 1, 1)
    alone = one(y, cut=cut, dropped=1)
    beside = one(y, cut=cut, dropped=1, joint=[cut, date(2011, 12, 1), date(2003, 1, 1), date(2030, 1, 1)])
    assert beside["joint_events"] == 0
    assert beside["level_change"] == pytest.approx(alone["level_change"], rel=1e-9)
    assert one(y, cut=cut, joint=[date(2012, 2, 1)])["joint_events"] == 1


@pytest.mark.parametrize("what", ["episode", "start"])
def test_what_only_the_first_months_show_begins_the_window_after_it(what):
    """Errors of order p cost the first p months: an episode or step within them had no month left, and the estimate hung on
    rounding (11 of 18,210 clean windows changed their verdict when figures were divided by a constant)."""
    values = np.exp(noise(168, 0.9))
    ends = date(2007, 3, 1)
    episode = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2006, 1, 1)], "last_month": [date(2007, 2, 1)]}
    )
    row = one(values, episodes=episode) if what == "episode" else one(values, joint=[ends])
    later = one(values[number(ends) - number(START) :], start=ends)
    assert row["first_month"] == later["first_month"] == ends
    for column in ("level_change", "se_gls", "p_gls", "p_nw", "n_months"):
        assert row[column] == pytest.approx(later[column], rel=1e-9)


@given(st.floats(1e-6, 1e6), st.integers(0, 2**32 - 1), st.integers(-62, -40), st.integers(0, 20))
@examples(30)
def test_the_unit_changes_nothing_but_the_unit(factor, seed, begins, lasts):
    """The same p in millions and in cents, wherever an episode touches the window."""
    values = noise(168, 0.8, seed=seed) + 3
    cut = number(date(2012, 1, 1))
    episode = pl.DataFrame(
        {"series_id": ["s"], "first_month": [day(cut + begins)], "last_month": [day(cut + begins + lasts)]}
    )
    a = one(values, scale="level", episodes=episode, dropped=1)
    b = one(values * factor, scale="level", episodes=episode, dropped=1)
    assert a["ar_order"] == b["ar_order"]
    assert b["level_change"] == pytest.approx(a["level_change"] * factor, rel=1e-6)
    assert b["p_gls"] == pytest.approx(a["p_gls"], rel=1e-6, abs=1e-12)


GOOD = np.exp(noise(168) + 3)


@pytest.mark.parametrize(
    ("values", "kwargs", "reason"),
    [
        (GOOD[:90], {}, interrupted_design.REASON_AFTER),
        (GOOD[:40], {}, interrupted_design.REASON_AFTER),
        (GOOD, {"cut": date(2005, 11, 1)}, interrupted_design.REASON_BEFORE),
        (GOOD, {"cut": date(2030, 1, 1)}, interrupted_design.REASON_AFTER),
        (GOOD[:100], {"cut": date(2012, 1, 1), "start": date(2009, 1, 1)}, None),
        (GOOD[:55], {"cut": date(2012, 1, 1), "start": date(2010, 1, 1)}, interrupted_design.REASON_SHORT),
        (np.where(np.arange(168) == 60, np.nan, GOOD), {}, months.REASON_MISSING),
        (np.where(np.arange(168) == 3, np.nan, GOOD), {}, None),
        (np.where(np.arange(168) == 60, 0.0, GOOD), {}, months.REASON_NOT_POSITIVE),
        (np.where(np.arange(168) == 60, -5.0, GOOD), {}, months.REASON_NOT_POSITIVE),
        (np.where(np.arange(168) == 60, -5.0, GOOD), {"scale": "level"}, None),
        (np.full(168, 7.0), {}, months.REASON_CONSTANT),
        (np.zeros(168), {"scale": "level"}, months.REASON_CONSTANT),
        (np.exp(0.01 * np.arange(168)), {}, months.REASON_CONSTANT),
        (np.full(168, np.nan), {}, interrupted_design.REASON_SERIES),
        (np.where(np.arange(168) == 60, np.inf, GOOD), {}, months.REASON_MISSING),
    ],
)
def test_what_cannot_be_compared_is_withheld_with_its_reason(values, kwargs, reason):
    row = one(values, **kwargs)
    assert row["reason"] == reason
    assert (row["level_change"] is None) == (row["p_gls"] is None) == (reason is not None)


def test_an_episode_that_begins_with_the_cut_and_fills_the_rest_withholds_it():
    forever = pl.DataFrame(
        {"series_id": ["s"], "first_month": [date(2012, 1, 1)], "last_month": [date(9999, 12, 1)]}
    )
    assert one(GOOD, episodes=forever)["reason"] == interrupted_design.REASON_SAME


def test_more_regressors_than_the_months_carry_are_refused():
    joint = [date(2008 + i // 12, i % 12 + 1, 1) for i in range(0, 72, 2)]
    assert one(GOOD, joint=joint)["reason"] == interrupted_design.REASON_CROWDED


def test_quarterly_figures_as_months_are_missing_months():
    values = np.where(np.arange(168) % 3 == 0, GOOD, np.nan)
    assert one(values)["reason"] == months.REASON_MISSING


def test_a_month_twice_is_an_error_that_names_the_series():
    twice = pl.concat([frame(GOOD), frame(GOOD)])
    with pytest.raises(ValueError, match="s: a month has more than one value"):
        its.interrupted_time_series(twice, NO_EPISODES, design(date(2012, 1, 1)))


@pytest.mark.slow
@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=True, allow_infinity=True, width=64),
            st.sampled_from([0.0, 1.0, 1.0, 2.0, -3.0, 1e-300, 1e300]),
        ),
        min_size=0,
        max_size=40,
    ),
    st.integers(1, 168),
    st.sampled_from(["log", "level"]),
    st.integers(0, 4),
    st.lists(st.integers(-5, 175), max_size=4),
    st.lists(st.tuples(st.integers(-5, 175), st.integers(0, 30)), max_size=3),
)
@examples(60)
def test_no_series_crashes_it_or_gives_a_number_that_is_none(values, length, scale, dropped, joint, spans):
    """Patterns repeated, ties, zeros, infinities, tiny and huge values: a finite result or a reason."""
    series = np.resize(np.array(values or [np.nan]), length)
    episodes = pl.DataFrame(
        [("s", day(number(START) + a), day(number(START) + a + n)) for a, n in spans],
        schema=NO_EPISODES.schema,
        orient="row",
    )
    row = one(
        series,
        scale=scale,
        dropped=dropped,
        joint=[day(number(START) + j) for j in joint],
        episodes=episodes,
    )
    numbers = [
        row[c] for c in ("level_change", "slope_change", "se_gls", "p_gls", "se_ewc", "p_ewc", "se_nw")
    ]
    if row["reason"] is None:
        assert all(math.isfinite(n) for n in numbers)
        assert row["se_gls"] > 0
        assert 0 <= row["p_gls"] <= 1
    else:
        assert numbers == [None] * len(numbers)


def test_series_fitted_together_give_what_each_gives_alone():
    """Blocks share regressors: a series must not depend on its neighbours, nor on their order."""
    many = pl.concat([frame(np.exp(noise(168, seed=i)), f"s{i}") for i in range(5)])
    together = its.interrupted_time_series(many, NO_EPISODES, design(date(2012, 1, 1)))
    for i in range(5):
        alone = its.interrupted_time_series(
            many.filter(series_id=f"s{i}"), NO_EPISODES, design(date(2012, 1, 1))
        )
        for column in ("level_change", "se_gls", "p_ewc", "p_nw"):
            assert together.filter(series_id=f"s{i}")[column][0] == pytest.approx(alone[column][0], rel=1e-9)


@pytest.mark.slow
def test_a_change_of_the_stated_size_is_found_more_often_than_none():
    """Power and size on simulated AR(1) errors: at no change the primary errs at most at about the rate on real series,
    least squares far more often; a change of four standard deviations of the errors is nearly always found."""
    many = pl.concat([frame(np.exp(noise(168, 0.8, 0.02, seed=i)), f"n{i:03}") for i in range(200)])
    step = pl.when(pl.col("period_start") >= date(2012, 1, 1)).then(math.exp(0.13)).otherwise(1.0)
    none = its.interrupted_time_series(many, NO_EPISODES, design(date(2012, 1, 1)))
    some = its.interrupted_time_series(
        many.with_columns(pl.col("value") * step), NO_EPISODES, design(date(2012, 1, 1))
    )
    size, power = (none["p_gls"] < 0.05).mean(), (some["p_gls"] < 0.05).mean()
    assert size < 0.2
    assert (none["p_ols"] < 0.05).mean() > 2 * size
    assert power > 0.9
    np.testing.assert_allclose(some["level_change"] - none["level_change"], 0.13, atol=1e-9)
