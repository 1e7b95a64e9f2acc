"""Forecasts from an unobserved-components model in which level, slope and seasonal pattern drift.

Belongs here: the model `uc_local_linear_trend`, its likelihood, estimates and forecasts.
Does not belong here: which series and origins (counterfactual.py), the algebra of the likelihood (moving_average.py), the search
for its maximum (scoring.py), other models.

    y_t = level_t + seasonal_t + e_t
    level_t = level_{t-1} + slope_{t-1} + n_t,   slope_t = slope_{t-1} + z_t,   seasonal_t = -sum of the last 11 + w_t

The model is that of Harvey (1989) and of statsmodels' UnobservedComponents(y, "lltrend", seasonal=12). Its 13 starting values
are unknown. The change of the yearly change, x_t = (y_t - y_{t-12}) - (y_{t-1} - y_{t-13}), is free of them and holds all that
the months tell about the variances, so that its likelihood is the exact diffuse one (Harvey 1989, section 4.3). x is a moving
average of order 13, whose autocovariances are a sum of four known ones times four variances. A forecast adds the expected x to
the last 13 months, which is the best linear unbiased one (Bell 1984).

All origins are worked on together: two searches of an origin take about 1.5 ms of processor time, and with dense matrices and
one origin after the other they took 19. The search goes on until the next step promises less than 1e-10 of the log-likelihood,
which fixes an expected month to a millionth of its interval. The tests compare with statsmodels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

import numpy as np
import polars as pl
from scipy import linalg, special

from transforms.statistics.forecasts import (
    MIN_TRAIN_MONTHS,
    NOMINAL,
    REASON_CONSTANT,
    REASON_SHORT,
    SCHEMA,
    STEPS,
    Floats,
    frame,
    window_weights,
)
from transforms.statistics.moving_average import errors_ahead, innovations, profile_likelihood
from transforms.statistics.scoring import minimise

MODEL = "uc_local_linear_trend"
PERIOD = 12
#: starting values about which nothing is known: level, slope and eleven months
DIFFUSE = PERIOD + 1
#: bounds of the logarithms of relative variances: e^-16 is a standard deviation of 1/3000, which is practically none
_BOUNDS = (-16.0, 6.0)
#: with a smaller logarithm of its relative variance than this the level practically does not move
_STILL = -4.0
#: searches that are worked on together, which bounds the memory at about 60 MB; the last few steps of a block are of a few
#: searches only, so that small blocks take longer
_BLOCK = 2048


@dataclass(frozen=True)
class Origin:
    """One forecast to make: `values` are the training months on the model's scale, of which the last is `train_end`."""

    series_id: str
    train_end: np.datetime64
    values: Floats


def usable_length(values: Floats) -> int:
    """The number of months at the end of `values` to which the model is fitted: whole years, so that origins of four lengths
    are worked on together."""
    return len(values) // PERIOD * PERIOD


def forecast(origins: Sequence[Origin]) -> pl.DataFrame:
    """A row of forecasts.SCHEMA for each origin, in their order.

    The values must be finite: the caller leaves out what lies before the last hole.
    """
    groups: dict[tuple[int, str | None], list[int]] = {}
    for index, origin in enumerate(origins):
        length = usable_length(origin.values)
        last = origin.values[len(origin.values) - length :]
        if length < MIN_TRAIN_MONTHS:
            groups.setdefault((len(origin.values), REASON_SHORT), []).append(index)
        elif np.ptp(last - last[np.arange(length) % PERIOD]) <= 1e-9 * max(1.0, np.abs(last).max()):
            groups.setdefault((length, REASON_CONSTANT), []).append(index)
        else:
            groups.setdefault((length, None), []).append(index)
    frames = [pl.DataFrame(schema=SCHEMA)]
    for (length, reason), indices in groups.items():
        arrays = None
        if reason is None:
            values = np.stack([origins[index].values[-length:] for index in indices])
            arrays = _ahead(values, _estimates(values))
        ends = np.array([origins[index].train_end for index in indices], dtype="datetime64[M]")
        frames.append(frame([origins[index].series_id for index in indices], ends, length, arrays, reason))
    order = np.argsort(np.concatenate([*groups.values(), []]), kind="stable")
    return pl.concat(frames)[order]


def forecast_each(groups: Sequence[Sequence[Origin]]) -> list[pl.DataFrame]:
    """What `forecast` gives for each group of origins, with all of them worked on together."""
    rows = forecast([origin for group in groups for origin in group])
    lengths = [len(group) for group in groups]
    return [rows.slice(sum(lengths[:place]), length) for place, length in enumerate(lengths)]


def log_likelihood(values: Floats, variances: Floats) -> float:
    """Diffuse log-likelihood of `values` at the variances (irregular, level, slope, seasonal), without a constant that
    depends only on the number of values. Raises LinAlgError for variances that are all zero."""
    if not (variances > 0).any():
        raise np.linalg.LinAlgError("the variances are all zero")
    found = innovations((variances @ _parts())[:, None], _stationary(values[None]))
    return float(-(np.log(found.variance) + found.error**2 / found.variance).sum() / 2)


def estimate(values: Floats) -> Floats:
    """Maximum likelihood variances (irregular, level, slope, seasonal) of months without a hole, in the square of their unit.

    A variance at the lower bound of the search is practically 0.
    """
    return _estimates(values[None])[:, 0]


def _stationary(values: Floats) -> Floats:
    """The change of the yearly change (months - DIFFUSE, origins) of `values` (origins, months)."""
    return np.ascontiguousarray(np.diff(values[:, PERIOD:] - values[:, :-PERIOD], axis=1).T)


@cache
def _parts() -> Floats:
    """For each component (irregular, level, slope, seasonal), the autocovariances (4, lags 0 to DIFFUSE) that a variance of
    one gives the change of the yearly change."""
    month, year, total = np.array([1, -1]), np.r_[1, np.zeros(PERIOD - 1), -1], np.ones(PERIOD)
    found = np.zeros((4, DIFFUSE + 1))
    # what a shock does to that month's change of the yearly change and to the following ones
    for row, response in zip(
        found, (np.convolve(month, year), year, total, np.convolve(month, month)), strict=True
    ):
        both_sides = np.correlate(response, response, mode="full")
        row[: len(response)] = both_sides[len(response) - 1 :]
    return found


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


@cache
def _information() -> Floats:
    """The information about the logarithms at each point of the grid, for one month (points, 4, 4): the expected second
    derivatives of `profile_likelihood`, by which the search measures its first step."""
    months = MIN_TRAIN_MONTHS - DIFFUSE
    parts = [linalg.toeplitz(np.r_[row, np.zeros(months - len(row))]) for row in _parts()]
    found = np.empty((len(_grid()), 4, 4))
    for matrix, logs in zip(found, _grid(), strict=True):
        factor = _factor(logs, months)
        scaled = []
        for variance, part in zip(np.exp(logs), parts, strict=True):
            half = linalg.solve_triangular(factor, variance * part, lower=True, check_finite=False)
            scaled.append(linalg.solve_triangular(factor, half.T, lower=True, check_finite=False).ravel())
        traces = np.array([part[:: months + 1].sum() for part in scaled])
        matrix[:] = np.array(scaled) @ np.array(scaled).T / 2 - np.outer(traces, traces) / (2 * months)
    return found / months


def _factor(logs: Floats, months: int) -> Floats:
    """The Cholesky factor of the covariances of that many months at the relative variances exp(logs)."""
    covariance = np.exp(logs) @ _parts()
    matrix = linalg.toeplitz(np.r_[covariance, np.zeros(months - len(covariance))])
    factor: Floats = linalg.cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
    return factor


def _starts(changes: Floats) -> np.ndarray:
    """Where to start the search for each column of `changes` (months, origins): (2, origins) numbers of grid points, which are
    the best among those where the level moves by itself and among those where it practically does not.

    The likelihood has several maxima. A search from one fixed start ended in a worse one for 32 of 37 windows of real
    series. With the two starts it is within 0.02 of the better of statsmodels' two searches for 87 of 90 windows, and at
    worst 0.55 below it.
    """
    months, origins = changes.shape
    best, chosen = np.full((2, origins), np.inf), np.zeros((2, origins), dtype=int)
    for point, logs in enumerate(_grid()):
        factor = _factor(logs, months)
        scaled = linalg.solve_triangular(factor, changes, lower=True, check_finite=False)
        square = np.maximum(np.einsum("ij,ij->j", scaled, scaled), np.finfo(float).tiny)
        value = months / 2 * np.log(square / months) + np.log(np.diag(factor)).sum()
        kind = int(logs[1] < _STILL)
        better = value < best[kind]
        best[kind] = np.where(better, value, best[kind])
        chosen[kind, better] = point
    return chosen


def _estimates(values: Floats) -> Floats:
    """Maximum likelihood variances (4, origins) of each row of `values` (origins, months): the better of two searches."""
    changes = _stationary(values)
    months, origins = changes.shape
    starts = _starts(changes).ravel()
    logs, value = np.empty((4, len(starts))), np.empty(len(starts))
    for first in range(0, len(starts), _BLOCK):
        block = slice(first, first + _BLOCK)
        own = changes[:, np.arange(len(starts))[block] % origins]
        logs[:, block], value[block] = minimise(
            partial(_likelihood_of, own),
            np.array(_grid())[starts[block]].T,
            months * _information()[starts[block]].transpose(1, 2, 0),
            _BOUNDS,
        )
    better = (value[origins:] < value[:origins]).astype(int)
    relative = np.exp(logs.reshape(4, 2, origins)[:, better, np.arange(origins)])
    found = innovations(_parts().T @ relative, changes)
    # months on a perfect line leave no error at all, and variances that are all 0 are no covariance
    return relative * np.maximum((found.error**2 / found.variance).mean(axis=0), 1e-200)


def _likelihood_of(changes: Floats, logs: Floats, running: np.ndarray) -> tuple[Floats, Floats]:
    """Minus the log-likelihood and its derivatives for the columns `running` of `changes`."""
    return profile_likelihood(_parts(), logs, changes[:, running])


def _ahead(values: Floats, variances: Floats) -> tuple[Floats, Floats, Floats]:
    """Expected months ahead (origins, STEPS), and half of the nominal interval of each (origins, STEPS) and of the mean over
    each window (origins, GAP_WINDOWS), from `values` (origins, months) and `variances` (4, origins)."""
    origins, length = values.shape
    covariance, changes = _parts().T @ variances, _stationary(values)
    coming = innovations(covariance, changes).ahead
    path = np.concatenate([values.T[-DIFFUSE:], np.zeros((STEPS, origins))])
    for month in range(DIFFUSE, DIFFUSE + STEPS):
        path[month] = path[month - 1] + path[month - PERIOD] - path[month - DIFFUSE]
        if month < DIFFUSE + len(coming):
            path[month] += coming[month - DIFFUSE]
    # by how much a change of the yearly change moves the months after it: once more with every year
    moves = linalg.toeplitz(1.0 + np.arange(STEPS) // PERIOD, np.zeros(STEPS))
    errors, variance = errors_ahead(covariance, len(changes), STEPS)
    quantile = special.stdtrit(length - DIFFUSE, (1 + NOMINAL) / 2)

    def half_width(weights: Floats) -> Floats:
        """Half of the nominal interval of each weighted mean of months ahead; weights: means x STEPS."""
        by_error = np.tensordot(weights @ moves, errors, 1)
        return quantile * np.sqrt(np.einsum("weo,weo,eo->ow", by_error, by_error, variance))

    return path[DIFFUSE:].T, half_width(np.eye(STEPS)), half_width(window_weights())
