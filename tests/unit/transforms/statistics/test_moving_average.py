"""Innovations of moving averages: each column of the batch against dense matrices of that column alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

from tests.support.examples import examples
from transforms.statistics.moving_average import errors_ahead, innovations, profile_likelihood


def covariances(random: np.random.Generator, lags: int, series: int) -> np.ndarray:
    """Autocovariances of moving averages with random weights and a little white noise (lags 0 to `lags`, series)."""
    weights = random.normal(size=(series, lags + 1))
    found = np.array([[w[: lags + 1 - k] @ w[k:] for k in range(lags + 1)] for w in weights]).T
    found[0] += 0.1
    return found


def dense(covariance: np.ndarray, months: int) -> np.ndarray:
    padded = np.zeros(months)
    padded[: min(months, len(covariance))] = covariance[:months]
    return linalg.toeplitz(padded)


@examples(25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 13), st.integers(20, 60), st.integers(1, 5))
def test_innovations_are_those_of_the_dense_factor(seed, lags, months, series):
    """A row of the factor in the wrong place would still give plausible errors."""
    random = np.random.default_rng(seed)
    covariance, values = covariances(random, lags, series), random.normal(size=(months, series))
    found = innovations(covariance, values)
    for j in range(series):
        matrix = dense(covariance[:, j], months + lags)
        factor = np.linalg.cholesky(matrix[:months, :months])
        np.testing.assert_allclose(found.variance[:, j], np.diag(factor) ** 2, rtol=1e-9)
        scaled = np.linalg.solve(factor, values[:, j])
        np.testing.assert_allclose(found.error[:, j], scaled * np.diag(factor), rtol=1e-7, atol=1e-8)
        ahead = matrix[months:, :months] @ np.linalg.solve(matrix[:months, :months], values[:, j])
        np.testing.assert_allclose(found.ahead[:, j], ahead, rtol=1e-7, atol=1e-8)


@examples(15)
@given(st.integers(0, 2**32 - 1), st.integers(15, 40))
def test_likelihood_and_its_derivatives(seed, months):
    """The likelihood against dense matrices, and derivatives against differences of it."""
    random = np.random.default_rng(seed)
    parts = np.concatenate([covariances(random, 5, 2).T, [[1.0, 0, 0, 0, 0, 0]]])
    logs, values = random.uniform(-3, 1, (3, 4)), random.normal(size=(months, 4))
    value, slope = profile_likelihood(parts, logs, values)
    for j in range(4):
        matrix = dense(np.exp(logs[:, j]) @ parts, months)
        square = values[:, j] @ np.linalg.solve(matrix, values[:, j])
        plain = months / 2 * np.log(square / months) + np.linalg.slogdet(matrix)[1] / 2
        assert value[j] == pytest.approx(plain, rel=1e-9, abs=1e-9)
    for row in range(3):
        step = np.zeros((3, 1))
        step[row] = 1e-5
        around = [profile_likelihood(parts, logs + sign * step, values)[0] for sign in (1, -1)]
        np.testing.assert_allclose(slope[row], (around[0] - around[1]) / 2e-5, rtol=1e-5, atol=1e-6)


@examples(15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 13), st.integers(3, 30))
def test_errors_ahead_have_the_conditional_covariance(seed, lags, steps):
    """Too narrow an interval is one that left out an error on the way."""
    covariance = covariances(np.random.default_rng(seed), lags, 2)
    moves, variance = errors_ahead(covariance, 40, steps)
    for j in range(2):
        matrix = dense(covariance[:, j], 40 + steps)
        past, across = matrix[:40, :40], matrix[40:, :40]
        conditional = matrix[40:, 40:] - across @ np.linalg.solve(past, across.T)
        np.testing.assert_allclose(
            moves[:, :, j] * variance[:, j] @ moves[:, :, j].T, conditional, rtol=1e-7, atol=1e-8
        )
