"""Forecasts of a counterfactual: each model against an independent implementation, on real figures and on made-up ones.

Belongs here: transforms/statistics/{forecasts,drift_month,local_linear_trend}.py.
Does not belong here: calibration and comparison with what came (test_counterfactual.py).
"""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.statespace.structural import UnobservedComponents

from tests.support.bundled import as_of, read
from transforms.statistics import drift_month, local_linear_trend
from transforms.statistics.forecasts import (
    GAP_WINDOWS,
    REASON_CONSTANT,
    REASON_DISTURBED,
    REASON_SHORT,
    STEPS,
    training_lengths,
    window_weights,
)

SERIES = ["usa_imports_goods_mex", "usa_employment_motor_vehicles_parts", "mex_production_vehicles"]


@pytest.fixture(scope="module")
def real() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Logarithms of real monthly figures, by series."""
    frame = read("observation_")
    found = {}
    for series_id in SERIES:
        values = as_of(frame, series_id)
        months = np.array(sorted(values), dtype="datetime64[M]")
        assert (np.diff(months).astype(int) == 1).all()
        found[series_id] = (months, np.log([values[day] for day in sorted(values)]))
    return found


def months(count: int, first: str = "1990-01") -> np.ndarray:
    return np.datetime64(first, "M") + np.arange(count)


def row(frame: pl.DataFrame, end: np.datetime64, series_id: str = "s") -> dict:
    day = end.astype("datetime64[D]").item()
    return frame.row(
        by_predicate=(pl.col("series_id") == series_id) & (pl.col("train_end") == day), named=True
    )


def autoreg(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """statsmodels' parameters, and its forecast of the level."""
    fitted = AutoReg(np.diff(window), lags=1, trend="c", seasonal=True, period=12).fit()
    return fitted, window[-1] + np.cumsum(fitted.forecast(STEPS))


@pytest.mark.parametrize("series_id", SERIES)
@pytest.mark.parametrize("length", [84, 97, 120])
def test_drift_model_is_the_one_of_statsmodels(real, series_id, length):
    """A month effect given to the wrong month, or a lag off by one, would still give a smooth forecast."""
    for first in range(0, len(real[series_id][1]) - length, 53):
        window = real[series_id][1][first : first + length]
        fitted, expected = autoreg(window)
        mine = drift_month.fit(window[None])
        assert mine["phi"][0] == pytest.approx(fitted.params[-1], abs=1e-9)
        assert mine["sigma2"][0] == pytest.approx((fitted.resid**2).sum() / (length - 2 - 13), rel=1e-9)
        path, half, window_half = drift_month.paths(window[None], mine)
        np.testing.assert_allclose(path[0], expected, atol=1e-9)
        assert (half > 0).all() and (window_half > 0).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(84, 120), st.floats(-0.8, 0.9), st.floats(1e-4, 1e3))
def test_drift_model_of_any_series(seed, length, phi, spread):
    """Any scale and any autocorrelation, against statsmodels again."""
    random = np.random.default_rng(seed)
    change = np.zeros(length)
    for step in range(1, length):
        change[step] = phi * change[step - 1] + random.normal(0, spread)
    window = 5 + np.cumsum(change + spread * np.sin(np.arange(length)))
    path, _, _ = drift_month.paths(window[None], drift_month.fit(window[None]))
    np.testing.assert_allclose(path[0], autoreg(window)[1], rtol=1e-7, atol=1e-7 * np.abs(window).max())


def test_interval_of_the_drift_model_is_that_of_its_own_draws(real):
    """The analytic width against 20,000 paths: shocks from the residuals (bootstrap), and estimates drawn from their
    normal distribution. With fixed estimates the bootstrap would be narrower; both must agree within 5 %."""
    random = np.random.default_rng(1)
    window = real["usa_imports_goods_mex"][1][100:220]
    estimate = drift_month.fit(window[None])
    _, _, half = drift_month.paths(window[None], estimate)
    draws, n = 20_000, len(window) - 2
    phi = random.normal(estimate["phi"][0], np.sqrt(estimate["sigma2"][0] / estimate["sxx"][0]), draws)
    mean = (estimate["effect"] + estimate["phi"][:, None] * estimate["mean_lag"])[0]
    drawn = mean + random.normal(size=(draws, 12)) * np.sqrt(estimate["sigma2"][0] / estimate["count"][0])
    effect = drawn - phi[:, None] * estimate["mean_lag"][0]
    residual = estimate["residual"][0] * np.sqrt(n / (n - 13))
    level, change = np.full(draws, window[-1]), np.full(draws, window[-1] - window[-2])
    paths = np.empty((draws, STEPS))
    for step in range(STEPS):
        change = effect[:, step % 12] + phi * change + random.choice(residual, draws)
        level = level + change
        paths[:, step] = level
    means = paths @ window_weights().T
    simulated = (np.quantile(means, 0.975, axis=0) - np.quantile(means, 0.025, axis=0)) / 2
    np.testing.assert_allclose(half[0], simulated, rtol=0.05)


def test_nominal_interval_holds_what_it_claims_where_the_model_is_true():
    """On random walks with drift and month effects, 95 % intervals of the window means hold 93 to 97 % of 2,000 outcomes.

    Tolerance: the standard error of a share of .95 among 2,000 independent ones is 0.5 points.
    """
    random, count = np.random.default_rng(2), 2000
    season = random.normal(0, 0.1, 12)
    change = (
        0.003
        + np.diff(np.append(season, season[0]))[np.arange(150) % 12]
        + random.normal(0, 0.03, (count, 150))
    )
    walks = np.cumsum(change, axis=1)
    path, _, half = drift_month.paths(walks[:, :120], drift_month.fit(walks[:, :120]))
    error = np.abs((walks[:, 120:] - path) @ window_weights().T)
    inside = (error <= half).mean(axis=0)
    assert (inside > 0.93).all() and (inside < 0.97).all(), dict(zip(GAP_WINDOWS, inside, strict=True))


@pytest.mark.parametrize("series_id", SERIES)
def test_nothing_after_the_origin_has_a_part_in_the_forecast(real, series_id):
    """A leak would make every event look expected: changing the later months must not change one bit."""
    dates, values = real[series_id]
    end = len(values) - 60
    changed = values.copy()
    changed[end + 1 :] += np.linspace(1, 9, len(values) - end - 1)
    changed[-1] = np.nan
    before = row(drift_month.forecast({"s": (dates, values)}), dates[end])
    after = row(drift_month.forecast({"s": (dates, changed)}), dates[end])
    assert before == after
    assert before["train_end"] == dates[end].astype("datetime64[D]").item() and before["n_train"] == 120


def test_without_enough_months_there_is_a_reason_and_no_number():
    """83 months, a hole, a constant: each must be withheld by name, and 84 months in a row must do."""
    random = np.random.default_rng(3)
    walk = np.cumsum(random.normal(size=200))
    holed = walk.copy()
    holed[100] = np.nan
    found = drift_month.forecast(
        {
            "s": (months(200), walk),
            "holed": (months(200), holed),
            "flat": (months(200), np.full(200, 7.3)),
            "seasonal": (months(200), np.tile(np.arange(12.0), 17)[:200]),
            "young": (months(30), walk[:30]),
        }
    )
    assert found.height == 4 * 200 + 30
    assert (
        row(found, months(200)[82])["reason"] == REASON_SHORT
        and row(found, months(200)[82])["expected"] is None
    )
    assert row(found, months(200)[83])["reason"] is None and row(found, months(200)[83])["n_train"] == 84
    assert row(found, months(200)[100], "holed")["n_train"] == 0
    assert row(found, months(200)[183], "holed")["reason"] == REASON_SHORT
    assert row(found, months(200)[184], "holed")["n_train"] == 84
    assert set(found.filter(pl.col("series_id") == "young")["reason"]) == {REASON_SHORT}
    for name in ("flat", "seasonal"):
        assert set(found.filter(pl.col("series_id") == name)["reason"].tail(100)) == {REASON_CONSTANT}
    numbers = found.filter(pl.col("reason").is_null())
    for name in ("expected", "half_width", "window_half_width"):
        assert np.isfinite(numbers[name].to_numpy()).all()
    with pytest.raises(ValueError, match="not one after the other"):
        drift_month.forecast({"s": (np.append(months(10), np.datetime64("2030-01")), np.ones(11))})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=260))
def test_training_months_end_at_a_hole(known):
    """Against the plain count backwards."""
    values = np.where(known, 1.0, np.nan)
    for end, length in enumerate(training_lengths(values)):
        plain = 0
        while plain < 120 and end - plain >= 0 and known[end - plain]:
            plain += 1
        assert length == plain


# -- unobserved components ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("series_id", SERIES)
@pytest.mark.parametrize("length", [84, 120])
def test_components_are_those_of_statsmodels(real, series_id, length):
    """Likelihood, forecast and interval of the same variances against the exact diffuse Kalman filter."""
    window = real[series_id][1][-length - 80 : -80]
    model = UnobservedComponents(window, "lltrend", seasonal=12, use_exact_diffuse=True)
    some, other = np.array([1e-3, 2e-4, 1e-6, 1e-5]), np.array([1e-5, 1e-3, 1e-4, 3e-6])
    theirs = model.loglike(some) - model.loglike(other)
    mine = local_linear_trend.log_likelihood(window, some) - local_linear_trend.log_likelihood(window, other)
    assert mine == pytest.approx(theirs, abs=1e-6)
    variances = local_linear_trend.estimate(window)
    found = local_linear_trend.forecast([local_linear_trend.Origin("s", np.datetime64("2020-01"), window)])[
        0
    ].row(0, named=True)
    reference = model.smooth(variances).get_forecast(STEPS)
    np.testing.assert_allclose(found["expected"], reference.predicted_mean, atol=1e-5)
    ratio = np.array(found["half_width"]) / np.sqrt(reference.var_pred_mean)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    assert ratio[0] == pytest.approx(1.985, abs=0.01)  # Student's t, 71 to 107 degrees of freedom


@pytest.mark.parametrize("series_id", SERIES)
def test_components_reach_a_likelihood_no_search_of_statsmodels_beats(real, series_id):
    """The likelihood has several maxima: a search that ends in a poor one gives an interval several times too wide.

    Allowed: 0.05, far below what tells two sets of variances apart (1.9 at the 95 % level of one parameter).
    """
    for first in (0, 100, 180):
        window = real[series_id][1][first : first + 120]
        model = UnobservedComponents(window, "lltrend", seasonal=12, use_exact_diffuse=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            best = max(model.fit(disp=0, method=method, maxiter=500).llf for method in ("lbfgs", "powell"))
        assert model.loglike(local_linear_trend.estimate(window)) > best - 0.05


def test_components_of_several_origins_at_once_are_those_of_one(real):
    """Origins are worked on together; what else is asked for must not move a forecast."""
    values = real["usa_employment_motor_vehicles_parts"][1]
    origins = [
        local_linear_trend.Origin("s", np.datetime64("2000-01", "M") + k, values[k : k + length])
        for k, length in [(0, 120), (30, 119), (60, 120), (10, 84), (20, 83), (0, 12)]
    ]
    flat = local_linear_trend.Origin("flat", np.datetime64("2000-01", "M"), np.tile(np.arange(12.0), 10))
    together = pl.concat(local_linear_trend.forecast([*origins, flat]))
    alone = pl.concat([local_linear_trend.forecast([origin])[0] for origin in [*origins, flat]])
    assert together["reason"].to_list() == [None] * 4 + [REASON_SHORT] * 2 + [REASON_CONSTANT]
    # training months are whole years: four sets of matrices serve all
    assert together["n_train"].to_list() == [120, 108, 120, 84, 83, 12, 120]
    np.testing.assert_allclose(
        together["expected"].head(4).to_numpy(), alone["expected"].head(4).to_numpy(), atol=1e-6
    )


def test_months_of_an_episode_teach_the_model_nothing(real):
    """Spring 2020 in the month effects: every later April would be expected to fall, and June to rise."""
    months_of, values = real["usa_employment_motor_vehicles_parts"]
    covid = (months_of >= np.datetime64("2020-02", "M")) & (months_of <= np.datetime64("2021-06", "M"))
    end = np.datetime64("2025-04", "M")
    place = int(np.flatnonzero(months_of == end)[0])
    window, marked = values[place - 119 : place + 1], covid[place - 119 : place + 1]

    found = row(drift_month.forecast({"s": (months_of, values)}, {"s": covid}), end)

    # least squares with dummies, on the equations that no month of the episode stands in
    change = np.diff(window)
    y, lag = change[1:], change[:-1]
    calendar = months_of[place - 119 : place + 1].astype(int)[2:] % 12
    design = np.column_stack([lag, calendar[:, None] == np.arange(12)])
    clean = ~(marked[2:] | marked[1:-1] | marked[:-2])
    beta, *_ = np.linalg.lstsq(design[clean].astype(float), y[clean], rcond=None)
    level, step, expected = window[-1], change[-1], []
    for ahead in range(1, STEPS + 1):
        step = beta[0] * step + beta[1 + (end.astype(int) + ahead) % 12]
        level += step
        expected.append(level)
    np.testing.assert_allclose(found["expected"], expected, rtol=1e-9)
    # other values in those months change nothing
    shocked = values.copy()
    shocked[covid] += 1.0
    again = row(drift_month.forecast({"s": (months_of, shocked)}, {"s": covid}), end)
    np.testing.assert_allclose(again["expected"], found["expected"], rtol=1e-12)
    np.testing.assert_allclose(again["half_width"], found["half_width"], rtol=1e-9)


def test_a_training_window_full_of_episodes_gives_no_forecast():
    values = np.log(100 + np.random.default_rng(1).normal(0, 1, 130).cumsum())
    marked = np.zeros(130, dtype=bool)
    marked[40:115] = True
    found = drift_month.forecast({"s": (months(130), values)}, {"s": marked})
    assert row(found, months(130)[-1])["reason"] == REASON_DISTURBED
    assert row(found, months(130)[90])["expected"] is None
