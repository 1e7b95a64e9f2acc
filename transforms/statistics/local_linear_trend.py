"""Forecasts from an unobserved-components model in which level, slope and seasonal pattern drift.

Belongs here: the model `uc_local_linear_trend`, its likelihood, estimates and forecasts.
Does not belong here: which series and origins (counterfactual.py), other models.

    y_t = level_t + seasonal_t + e_t
    level_t = level_{t-1} + slope_{t-1} + n_t,   slope_t = slope_{t-1} + z_t,   seasonal_t = -sum of the last 11 + w_t

The model is that of Harvey (1989) and of statsmodels' UnobservedComponents(y, "lltrend", seasonal=12). With 13 unknown
starting values it is a linear regression on these values, with errors whose covariance is a sum of four known matrices
times four variances. The exact diffuse likelihood is then that of the residual contrasts (Patterson and Thompson 1971,
Harville 1977), and the forecast is the best linear unbiased one. This is algebra on 120 x 120 matrices that all origins
share, with exact derivatives. It takes about 15 ms an origin; the state-space filter with numerical derivatives takes
100 ms. The tests compare both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import polars as pl
from scipy import linalg, optimize, stats

from transforms.statistics.forecasts import (
    MIN_TRAIN_MONTHS,
    NOMINAL,
    REASON_CONSTANT,
    REASON_SHORT,
    STEPS,
    Floats,
    frame,
    window_weights,
)

MODEL = "uc_local_linear_trend"
PERIOD = 12
#: starting values about which nothing is known: level, slope and eleven months
DIFFUSE = PERIOD + 1
#: bounds of the logarithms of relative variances: e^-16 is a standard deviation of 1/3000, which is practically none
_LOWEST, _HIGHEST = -16.0, 6.0
#: with a smaller logarithm of its relative variance than this the level practically does not move
_STILL = -4.0


@dataclass(frozen=True)
class Origin:
    """One forecast to make: `values` are the training months on the model's scale, of which the last is `train_end`."""

    series_id: str
    train_end: np.datetime64
    values: Floats


@dataclass(frozen=True)
class _Design:
    """The matrices for n = `length` training months, followed by STEPS months ahead.

    start:     loadings of the starting values (n + STEPS, DIFFUSE)
    parts:     for each component (irregular, level, slope, seasonal) the covariance of the errors that a variance of one
               would cause (4, n + STEPS, n + STEPS)
    contrasts: an orthonormal basis of what the starting values cannot explain in the training months (n, n - DIFFUSE)
    inside:    the parts of the training months, seen through the contrasts (4, n - DIFFUSE, n - DIFFUSE)
    folded:    `inside` with each matrix as one row and its upper half added to the lower, so that its product with the
               lower half of a symmetric matrix is the trace of the product of both
    """

    length: int
    start: Floats
    parts: Floats
    contrasts: Floats
    inside: Floats
    folded: Floats


def usable_length(values: Floats) -> int:
    """The number of months at the end of `values` to which the model is fitted: whole years, so that four sets of matrices
    are enough for all origins."""
    return len(values) // PERIOD * PERIOD


def forecast(origins: Sequence[Origin]) -> list[pl.DataFrame]:
    """A frame with one row of forecasts.SCHEMA for each origin, in their order.

    The values must be finite: the caller leaves out what lies before the last hole.
    """
    result: list[pl.DataFrame | None] = [None] * len(origins)
    by_length: dict[int, list[int]] = {}
    for index, origin in enumerate(origins):
        length = usable_length(origin.values)
        last = origin.values[len(origin.values) - length :]
        if length < MIN_TRAIN_MONTHS:
            result[index] = _row(origin, len(origin.values), None, REASON_SHORT)
        elif np.ptp(last - last[np.arange(length) % PERIOD]) <= 1e-9 * max(1.0, np.abs(last).max()):
            result[index] = _row(origin, length, None, REASON_CONSTANT)
        else:
            by_length.setdefault(length, []).append(index)
    for length, indices in by_length.items():
        values = np.stack([origins[index].values[-length:] for index in indices])
        for index, starts in zip(indices, _start_values(values), strict=True):
            expected, half, by_window = _forecast_one(origins[index].values[-length:], starts)
            arrays = expected[None], half[None], by_window[None]
            result[index] = _row(origins[index], length, arrays)
    return [row for row in result if row is not None]


def log_likelihood(values: Floats, variances: Floats) -> float:
    """Diffuse log-likelihood of `values` at the variances (irregular, level, slope, seasonal), without a constant that
    depends only on the number of values. Raises LinAlgError for variances that are all zero."""
    design = _design(len(values))
    factor = linalg.cholesky(np.tensordot(variances, design.inside, 1), lower=True)
    scaled = linalg.solve_triangular(factor, design.contrasts.T @ values, lower=True)
    return float(-np.log(np.diag(factor)).sum() - scaled @ scaled / 2)


def estimate(values: Floats) -> Floats:
    """Maximum likelihood variances (irregular, level, slope, seasonal) of months without a hole, in the square of their unit.

    A variance at the lower bound of the search is practically 0.
    """
    return _estimate(values, _start_values(values[None])[0])


@cache
def _design(length: int) -> _Design:
    """The matrices for `length` training months."""
    months = length + STEPS
    ahead = np.arange(months)
    # the effect of a shock on its own month and the months after it; the first month has starting values and no shock
    seasonal = np.select([ahead % PERIOD == 0, ahead % PERIOD == 1], [1.0, -1.0])
    parts = [np.eye(months)]
    for response in (np.ones(months), ahead.astype(float), seasonal):
        shocks = np.tril(linalg.toeplitz(response))[:, 1:]
        parts.append(shocks @ shocks.T)
    # each of eleven months is set against the twelfth, so that a seasonal pattern sums to 0 over a year
    patterns = (ahead[:, None] % PERIOD == np.arange(PERIOD - 1)) * 1.0 - (
        ahead[:, None] % PERIOD == PERIOD - 1
    )
    start = np.column_stack([np.ones(months), ahead, patterns])
    contrasts = linalg.null_space(start[:length].T)
    inside = np.stack([contrasts.T @ part[:length, :length] @ contrasts for part in parts])
    folded = np.stack([np.tril(part) + np.tril(part, -1) for part in inside]).reshape(len(parts), -1)
    return _Design(length, start, np.stack(parts), contrasts, inside, folded)


def _profile(logs: Floats, contrast: Floats, design: _Design) -> tuple[float, Floats]:
    """Minus the log-likelihood at the relative variances exp(logs) with the best common scale, and its derivatives by logs.

    contrast: the residual contrasts of the values.
    """
    variances = np.exp(logs)
    factor = linalg.cholesky(np.tensordot(variances, design.inside, 1), lower=True, check_finite=False)
    weighted = linalg.cho_solve((factor, True), contrast, check_finite=False)
    square, count = float(contrast @ weighted), len(contrast)
    value = count / 2 * np.log(square / count) + np.log(np.diag(factor)).sum()
    # dpotri computes only the lower half of the inverse, which is why design.folded has the upper half folded down
    traces = design.folded @ linalg.lapack.dpotri(factor, lower=1)[0].ravel()
    squares = (design.inside @ weighted) @ weighted
    return value, variances * (traces - count * squares / square) / 2


def _start_values(values: Floats) -> Floats:
    """Where to start the search for each row of `values`: (rows, 2, 4) logarithms of relative variances, which are the best
    of a coarse grid among those where the level moves by itself and among those where it practically does not.

    The likelihood has several maxima. A search from one fixed start ended in a worse one for 32 of 37 windows of real
    series. With the two starts it is within 0.02 of the better of statsmodels' two searches for 87 of 90 windows, and at
    worst 0.55 below it.
    """
    design = _design(values.shape[1])
    contrast = design.contrasts.T @ values.T
    best, chosen = np.full((2, len(values)), np.inf), np.zeros((len(values), 2, 4))
    for logs in _grid():
        factor = linalg.cholesky(np.tensordot(np.exp(logs), design.inside, 1), lower=True)
        scaled = linalg.solve_triangular(factor, contrast, lower=True, check_finite=False)
        square = np.maximum(np.einsum("ij,ij->j", scaled, scaled), 1e-300)
        value = len(contrast) / 2 * np.log(square / len(contrast)) + np.log(np.diag(factor)).sum()
        kind = int(logs[1] < _STILL)
        better = value < best[kind]
        best[kind] = np.where(better, value, best[kind])
        chosen[better, kind] = logs
    return chosen


@cache
def _grid() -> tuple[Floats, ...]:
    """Logarithms of relative variances (irregular, level, slope, seasonal): the larger of irregular and level is 0; slope and
    seasonal change in steps of a factor of about 16."""
    pairs = [(0.0, other) for other in (0.0, -2.8, -5.5, -11.0)] + [
        (other, 0.0) for other in (-2.8, -5.5, -11.0)
    ]
    return tuple(
        np.array([irregular, level, slope, seasonal])
        for (irregular, level), slope, seasonal in product(
            pairs, (-14.0, -8.3, -5.5, -2.8, 0.0, 2.8), (-14.0, -8.3, -5.5, -2.8, 0.0)
        )
    )


def _estimate(values: Floats, starts: Floats) -> Floats:
    """Maximum likelihood variances, the better of the searches from the rows of `starts`."""
    design = _design(len(values))
    contrast = design.contrasts.T @ values
    searches = [
        optimize.minimize(
            _profile,
            logs,
            args=(contrast, design),
            jac=True,
            method="L-BFGS-B",
            bounds=[(_LOWEST, _HIGHEST)] * 4,
            options={"maxiter": 100, "ftol": 1e-9, "gtol": 1e-5},
        )
        for logs in starts
    ]
    relative = np.exp(min(searches, key=lambda search: search.fun).x)
    factor = linalg.cholesky(np.tensordot(relative, design.inside, 1), lower=True)
    scaled = linalg.solve_triangular(factor, contrast, lower=True)
    return relative * (scaled @ scaled) / len(contrast)


def _forecast_one(values: Floats, starts: Floats) -> tuple[Floats, Floats, Floats]:
    """Expected months ahead (STEPS,), and half of the nominal interval of each (STEPS,) and of the mean over each window
    (GAP_WINDOWS,)."""
    length, design = len(values), _design(len(values))
    covariance = np.tensordot(_estimate(values, starts), design.parts, 1)
    factor = linalg.cho_factor(covariance[:length, :length])
    now, later = design.start[:length], design.start[length:]
    across = covariance[length:, :length]
    solved_start = linalg.cho_solve(factor, now)
    precision = linalg.cho_factor(now.T @ solved_start)
    # generalised least squares for the starting values, then the conditional mean of the months ahead
    start = linalg.cho_solve(precision, solved_start.T @ values)
    expected = later @ start + across @ linalg.cho_solve(factor, values - now @ start)
    unexplained = later - across @ solved_start
    error = (
        covariance[length:, length:]
        - across @ linalg.cho_solve(factor, across.T)
        + unexplained @ linalg.cho_solve(precision, unexplained.T)
    )
    quantile = stats.t.ppf((1 + NOMINAL) / 2, length - DIFFUSE)
    weights = window_weights()
    by_window = np.einsum("wi,ij,wj->w", weights, error, weights, optimize=True)
    return expected, quantile * np.sqrt(np.diag(error)), quantile * np.sqrt(by_window)


def _row(
    origin: Origin, length: int, arrays: tuple[Floats, Floats, Floats] | None, reason: str | None = None
) -> pl.DataFrame:
    """The row of one origin; arguments as in forecasts.frame."""
    ends = np.array([origin.train_end], dtype="datetime64[M]")
    return frame([origin.series_id], ends, length, arrays, reason)
