"""The model of drift and calendar months: the one of statsmodels, on real figures and on made-up ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from tests.support.examples import examples
from tests.support.forecast_case import SERIES, real_logarithms
from tests.support.late import Late
from transforms.statistics import drift_month
from transforms.statistics.forecasts import (
    GAP_WINDOWS,
    REASON_CONSTANT,
    REASON_DISTURBED,
    REASON_SHORT,
    STEPS,
    window_weights,
)

ar_model = Late("statsmodels.tsa.ar_model")


def months(count: int, first: str = "1990-01") -> np.ndarray:
    return np.datetime64(first, "M") + np.arange(count)


def row(frame: pl.DataFrame, end: np.datetime64, series_id: str = "s") -> dict:
    day = end.astype("datetime64[D]").item()
    return frame.row(
        by_predicate=(pl.col("series_id") == series_id) & (pl.col("train_end") == day), named=True
    )


def autoreg(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """statsmodels' parameters, and its forecast of the level."""
    fitted = ar_model.AutoReg(np.diff(window), lags=1, trend="c", seasonal=True, period=12).fit()
    return fitted, window[-1] + np.cumsum(fitted.forecast(STEPS))


def alone(window: np.ndarray) -> tuple[drift_month.Fits, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The model on one window and its forecast, as if there were no other."""
    fits = drift_month.fit(window, np.array([len(window) - 1]), np.array([len(window)]))
    return fits, drift_month.paths(window[-1:], window[-1:] - window[-2:-1], fits)


@pytest.mark.parametrize("series_id", SERIES)
@pytest.mark.parametrize("length", [84, 97, 120])
def test_drift_model_is_the_one_of_statsmodels(series_id, length):
    """A month effect given to the wrong month, or a lag off by one, would still give a smooth forecast."""
    for first in range(0, len(real_logarithms()[series_id][1]) - length, 53):
        window = real_logarithms()[series_id][1][first : first + length]
        fitted, expected = autoreg(window)
        mine, (path, half, window_half) = alone(window)
        assert mine.phi[0] == pytest.approx(fitted.params[-1], abs=1e-9)
        assert mine.sigma2[0] == pytest.approx((fitted.resid**2).sum() / (length - 2 - 13), rel=1e-9)
        np.testing.assert_allclose(path[0], expected, atol=1e-9)
        assert (half > 0).all() and (window_half > 0).all()


@examples(40)
@given(st.integers(0, 2**32 - 1), st.integers(84, 120), st.floats(-0.8, 0.9), st.floats(1e-4, 1e3))
def test_drift_model_of_any_series(seed, length, phi, spread):
    """Any scale and any autocorrelation, against statsmodels again."""
    random = np.random.default_rng(seed)
    change = np.zeros(length)
    for step in range(1, length):
        change[step] = phi * change[step - 1] + random.normal(0, spread)
    window = 5 + np.cumsum(change + spread * np.sin(np.arange(length)))
    _, (path, _, _) = alone(window)
    np.testing.assert_allclose(path[0], autoreg(window)[1], rtol=1e-7, atol=1e-7 * np.abs(window).max())


def test_interval_of_the_drift_model_is_that_of_its_own_draws():
    """The analytic width against 20,000 paths: shocks from the residuals (bootstrap), and estimates drawn from their
    normal distribution. With fixed estimates the bootstrap would be narrower; both must agree within 5 %."""
    random = np.random.default_rng(1)
    window = real_logarithms()["usa_imports_goods_mex"][1][100:220]
    estimate, (_, _, half) = alone(window)
    draws, n = 20_000, len(window) - 2
    phi = random.normal(estimate.phi[0], np.sqrt(estimate.sigma2[0] / estimate.sxx[0]), draws)
    mean = (estimate.effect + estimate.phi[:, None] * estimate.mean_lag)[0]
    drawn = mean + random.normal(size=(draws, 12)) * np.sqrt(estimate.sigma2[0] / estimate.count[0])
    effect = drawn - phi[:, None] * estimate.mean_lag[0]
    change = np.diff(window)
    calendar = (np.arange(n) - n) % 12
    residual = change[1:] - estimate.effect[0][calendar] - estimate.phi[0] * change[:-1]
    assert (residual**2).sum() / (n - 13) == pytest.approx(estimate.sigma2[0], rel=1e-9)
    residual *= np.sqrt(n / (n - 13))
    level, change = np.full(draws, window[-1]), np.full(draws, window[-1] - window[-2])
    paths = np.empty((draws, STEPS))
    for step in range(STEPS):
        change = effect[:, step % 12] + phi * change + random.choice(residual, draws)
        level = level + change
        paths[:, step] = level
    means = paths @ window_weights().T
    simulated = (np.quantile(means, 0.975, axis=0) - np.quantile(means, 0.025, axis=0)) / 2
    np.testing.assert_allclose(half[0], simulated, rtol=0.05)


@pytest.mark.slow
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
    # all walks one after the other, each with an origin at its own end: a window holds the months of one walk only
    past = walks[:, :120]
    ends = np.arange(1, count + 1) * 120 - 1
    fits = drift_month.fit(past.ravel(), ends, np.full(count, 120))
    path, _, half = drift_month.paths(past[:, -1], past[:, -1] - past[:, -2], fits)
    np.testing.assert_allclose(path[-1], alone(past[-1])[1][0][0], rtol=1e-9)
    error = np.abs((walks[:, 120:] - path) @ window_weights().T)
    inside = (error <= half).mean(axis=0)
    assert (inside > 0.93).all() and (inside < 0.97).all(), dict(zip(GAP_WINDOWS, inside, strict=True))


@pytest.mark.parametrize("series_id", SERIES)
def test_nothing_after_the_origin_has_a_part_in_the_forecast(series_id):
    """A leak would make every event look expected: changing the later months must not change one bit."""
    dates, values = real_logarithms()[series_id]
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


def test_months_of_an_episode_teach_the_model_nothing():
    """Spring 2020 in the month effects: every later April would be expected to fall, and June to rise."""
    months_of, values = real_logarithms()["usa_employment_motor_vehicles_parts"]
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


@examples(25)
@given(st.integers(0, 2**32 - 1), st.sets(st.integers(0, 199), max_size=3), st.integers(0, 60))
def test_origins_of_a_series_are_what_each_gives_alone(seed, holes, length):
    """Neighbouring origins share their sums. Against least squares with a dummy a month on the window of one origin: a sum that
    reaches a month too far would take the equation of another window, and one that skips a hole those before it."""
    random = np.random.default_rng(seed)
    values = 10 + np.cumsum(random.normal(0, 0.1, 200)) + np.tile(random.normal(0, 1, 12), 17)[:200]
    values[list(holes)] = np.nan
    marked = np.zeros(200, dtype=bool)
    first = int(random.integers(0, 140))
    marked[first : first + length] = True
    found = drift_month.forecast({"s": (months(200), values)}, {"s": marked})
    for end in random.choice(np.arange(83, 200), 6, replace=False):
        got = found.row(int(end), named=True)
        n = got["n_train"]
        window, unusual = values[end + 1 - n : end + 1], marked[end + 1 - n : end + 1]
        if n < 84:
            assert got["reason"] == REASON_SHORT
            continue
        change = np.diff(window)
        clean = ~(unusual[2:] | unusual[1:-1] | unusual[:-2])
        calendar = (np.arange(n - 2) - (n - 2)) % 12
        dummies = (calendar[:, None] == np.arange(12)).astype(float)
        if clean.sum() < 60 or (dummies[clean].sum(axis=0) < 3).any():
            assert got["reason"] == REASON_DISTURBED
            continue
        design = np.column_stack([change[:-1], dummies])[clean]
        beta, *_ = np.linalg.lstsq(design, change[1:][clean], rcond=None)
        covariance = np.linalg.inv(design.T @ design)
        rest = change[1:][clean] - design @ beta
        sigma2 = rest @ rest / (clean.sum() - 13)
        level, step, expected = window[-1], change[-1], []
        # derivatives of each month ahead by the 13 coefficients
        d_step, d_level, gradients = np.zeros(13), np.zeros(13), []
        for ahead in range(STEPS):
            d_step = np.concatenate([[step], np.eye(12)[ahead % 12]]) + beta[0] * d_step
            step = beta[0] * step + beta[1 + ahead % 12]
            level, d_level = level + step, d_level + d_step
            expected.append(level)
            gradients.append(d_level)
        if abs(beta[0]) >= 1:
            continue
        np.testing.assert_allclose(got["expected"], expected, rtol=1e-9)
        response = np.cumsum(beta[0] ** np.arange(STEPS))
        shocks = np.tril(response[np.abs(np.subtract.outer(np.arange(STEPS), np.arange(STEPS)))])
        total = sigma2 * (shocks @ shocks.T + np.array(gradients) @ covariance @ np.array(gradients).T)
        quantile = student.ppf(0.975, clean.sum() - 13)
        np.testing.assert_allclose(got["half_width"], quantile * np.sqrt(np.diag(total)), rtol=1e-7)
        weights = window_weights()
        means = np.einsum("wi,ij,wj->w", weights, total, weights)
        np.testing.assert_allclose(got["window_half_width"], quantile * np.sqrt(means), rtol=1e-7)
