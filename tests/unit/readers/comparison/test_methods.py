"""The table of methods: it names what the released reports have, and a row is read as what it says."""

from __future__ import annotations

import datetime as dt

import pytest

from orchestration.readers.comparison.answers import MIN_DATES
from orchestration.readers.comparison.method_result import MethodResult, Rates
from orchestration.readers.comparison.methods import METHODS, NOMINAL_RATE, SEARCHED_MONTHS
from transforms.statistics import changepoint, forecasts


def unknown(name: str) -> dict:
    """A row of the report of a method without any value."""
    return dict.fromkeys(METHODS[name].row.__annotations__)


@pytest.mark.parametrize("name", METHODS)
def test_every_column_that_a_method_names_is_in_its_report(name: str):
    """A renamed column would vanish from pages in silence: a page leaves out columns without a value."""
    method = METHODS[name]
    known = set(method.row.__annotations__)
    assert {method.estimate, method.series_column, "event_id"} <= known
    assert {column.name for column in method.columns} <= known
    assert method.variant is None or method.variant in known
    assert method.windowed == ({"window_months", "gap_months"} <= known)


def test_numbers_that_texts_repeat_are_those_of_the_statistics():
    """The texts do not import the statistics, whose numpy and polars every comparison would wait for."""
    assert SEARCHED_MONTHS == changepoint.SEARCH
    assert pytest.approx(1 - forecasts.NOMINAL) == NOMINAL_RATE
    assert MIN_DATES == changepoint.MIN_PLACEBO


@pytest.mark.parametrize("name", [name for name in METHODS if name != "before_after"])
def test_a_row_that_was_refused_says_why_and_has_no_number(name: str):
    result = METHODS[name].result_of(unknown(name) | {"reason": "a month of a window has no value"})
    assert result.method == name
    assert result.note == "a month of a window has no value"
    assert (result.difference, result.rank, result.lower, result.range_text) == (None, None, None, "")


def test_a_synthetic_control_that_does_not_follow_the_months_before_has_no_rank():
    row = unknown("synthetic_control") | {
        "donors": ["can", "deu", "jpn", "kor"],
        "weights": [0.5, 0.3, 0.1, 0.1],
        "mean_gap": 0.1,
        "rank": 0.05,
        "rank_floor": 0.05,
        "n_donors": 19,
    }
    follows = METHODS["synthetic_control"].result_of(row | {"gate_passed": True})
    assert follows.rank == 0.05
    assert "can 0.50, deu 0.30, jpn 0.10 ...;" in follows.note
    assert METHODS["synthetic_control"].result_of(row | {"gate_passed": False}).rank is None


def test_a_forecast_carries_its_calibrated_range_and_how_often_it_missed():
    row = unknown("counterfactual") | {
        "model": "arima_110_drift_month",
        "scale": "log",
        "effect": 0.05,
        "lower95": -0.001,
        "lower95_calibrated": -0.02,
        "upper95_calibrated": 0.12,
        "coverage_measured": 0.75,
        "n_origins": 60,
        "outside_calibrated": False,
    }
    result = METHODS["counterfactual"].result_of(row)
    assert result.difference_text == "+5.13 %"
    assert result.range_text == "-1.98 % to +12.75 %"
    assert result.false_alarm_text == "25 % of 60 dates"
    assert result.nominal_rate == NOMINAL_RATE
    assert result.note.startswith("inside the range")


@pytest.mark.parametrize(
    ("away", "where"), [(0, "at the cut"), (-3, "3 months before"), (5, "5 months after")]
)
def test_a_break_is_placed_beside_the_cut(away: int, where: str):
    row = unknown("change_point") | {"best_break_month": dt.date(2020, 3, 1), "months_from_cut": away}
    assert f"is 2020-03, {where}" in METHODS["change_point"].result_of(row).note


def test_rates_that_a_row_states_are_not_replaced_by_those_of_the_calibration():
    measured = Rates(0.2, 0.05, 118)
    assert MethodResult("x").with_rates(measured).false_alarm_text == "20 % of 118 dates"
    own = MethodResult("x", false_alarm_rate=0.3, nominal_rate=0.1).with_rates(measured)
    assert (own.false_alarm_rate, own.nominal_rate, own.n_pseudo_events) == (0.3, 0.1, 118)
