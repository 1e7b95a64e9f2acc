"""Rates of false alarms of panels and how high they could be: bounds by hand, and by the binomial distribution they come from.

Prevents: no alarm in one stretch of two years told as a rate of zero, an exposure that was dealt out anew counted as its own neighbour.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from transforms.statistics import panel_calibration as pc
from transforms.statistics.months import number
from transforms.statistics.panel_inference import Dates
from transforms.statistics.panel_regression import Slopes

FIRST = number(date(2014, 4, 1))


def dates(*betas: float) -> Dates:
    return Dates(np.arange(FIRST, FIRST + len(betas)), np.array(betas), np.zeros(len(betas), dtype=bool))


def slopes(*betas: float) -> Slopes:
    beta = np.array(betas)
    return Slopes(beta, np.ones_like(beta), beta, 10)


def test_without_an_alarm_the_bound_is_the_rule_of_three():
    assert pc.upper_rate(0.0, 1) == pytest.approx(0.95)
    assert pc.upper_rate(0.0, 6) == pytest.approx(1 - 0.05 ** (1 / 6))
    assert pc.upper_rate(0.0, 100) == pytest.approx(3 / 100, abs=0.001)


@given(st.integers(1, 60), st.data())
def test_at_the_bound_so_few_alarms_have_the_chance_that_was_left(stretches, data):
    """Clopper and Pearson's bound is the rate at which k alarms or fewer come 5 % of the time."""
    alarms = data.draw(st.integers(0, stretches))
    high = pc.upper_rate(alarms / stretches, stretches)
    if alarms == stretches:
        assert high == 1
    else:
        assert binom.cdf(alarms, stretches, high) == pytest.approx(0.05, abs=1e-9)


@given(st.floats(0, 1), st.integers(0, 60))
def test_a_bound_is_above_the_rate_and_falls_with_more_stretches(rate, stretches):
    assert rate <= pc.upper_rate(rate, stretches + 1) <= pc.upper_rate(rate, stretches) <= 1


def test_a_rate_without_a_whole_stretch_could_be_anything():
    assert pc.upper_rate(0.0, 0) == 1


def test_rules_are_counted_with_their_stretches():
    tried = dates(*np.linspace(-1, 1, 35))
    fired = np.zeros(35, dtype=bool)
    fired[3] = True
    found = pc.at_dates({"a": fired, "b": ~fired}, tried, -0.5)
    assert found["method"].to_list() == ["a", "b"]
    assert found["fired"].to_list() == [1, 34]
    assert found["n_blocks"].to_list() == [1, 1]
    assert found["mde95"][0] == pytest.approx(0.5 * tried.distance())
    assert found["first_cut"][0] == date(2014, 4, 1)
    assert found["false_alarm_high"][0] == pytest.approx(pc.upper_rate(1 / 35, 1))


def test_shuffled_exposures_fire_where_both_rulers_are_passed():
    near = dates(*([0.0] * 30))
    # 40 of them: the two largest have ranks 1/40 and 2/40
    dealt = slopes(*np.linspace(0.1, 4.0, 40))
    assert pc.among_shuffled("m", FIRST, dealt, near, 1.0)["fired"][0] == 2
    # the other ruler holds both of them
    wide = dates(*np.linspace(-9, 9, 30))
    assert pc.among_shuffled("m", FIRST, dealt, wide, 1.0)["fired"][0] == 0


def test_shuffled_exposures_of_one_size_are_not_unusual_among_themselves():
    found = pc.among_shuffled("m", FIRST, slopes(*([1.0, -1.0] * 20)), dates(*([0.0] * 30)), 1.0)
    assert found["fired"][0] == 0
