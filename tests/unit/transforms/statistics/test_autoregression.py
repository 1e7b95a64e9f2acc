"""Autoregressive errors from inner products: equations against their written-out form, also where a series hardly determines them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.interrupted_case import plain
from tests.support.late import Late
from transforms.statistics.autoregression import FITS, Lagged, is_stationary, solve, yule_walker

sm = Late("statsmodels.api")


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(30, 60))
@examples(20)
def test_yule_walker_and_what_is_stationary(seed, order, months):
    """Against the equations themselves and the roots of the companion matrix; one series repeats exactly, so that its equations
    are singular, and must not stop the others."""
    u = np.random.default_rng(seed).normal(size=(months, 4)).cumsum(axis=0)
    u[:, 3] = 0.0
    centred = u - u.mean(axis=0)
    found = yule_walker(
        np.array(
            [
                (centred[: months - lag] * centred[lag:]).sum(axis=0) / (months - lag)
                for lag in range(order + 1)
            ]
        )
    )
    for j in range(3):
        expected, _ = sm.regression.yule_walker(u[:, j], order=order, method="adjusted", result_object=False)
        np.testing.assert_allclose(found[j], expected, rtol=1e-8, atol=1e-9)
    assert np.isfinite(found).all()
    rho = np.random.default_rng(seed).normal(size=(50, order))
    companion = np.zeros((50, order, order))
    companion[:, 0], companion[:, np.arange(1, order), np.arange(order - 1)] = rho, 1
    inside = np.abs(np.linalg.eigvals(companion)).max(axis=1) < 1
    np.testing.assert_array_equal(is_stationary(rho), inside)


def written_out(y: np.ndarray, x: np.ndarray, p: int) -> tuple[np.ndarray, np.ndarray]:
    """The fits of Cochrane and Orcutt month by month with twice the digits: rho and coefficients."""
    y, x = y.astype(np.longdouble), x.astype(np.longdouble)
    n, found = len(y), least_squares(x[p:], y[p:])
    for _ in range(1, FITS):
        u = y - x @ found
        u = u - u.mean()
        rho = yule_walker(np.array([[(u[: n - lag] @ u[lag:]) / (n - lag)] for lag in range(p + 1)]))[0]
        white = [
            values[p:] - sum(rho[lag] * values[p - lag - 1 : n - lag - 1] for lag in range(p))
            for values in (x, y)
        ]
        found = least_squares(*white)
    return rho, found


def least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """By Gram and Schmidt, twice, in the digits of x."""
    q, k = x.copy(), x.shape[1]
    r, found = np.zeros((k, k), x.dtype), np.zeros(k, x.dtype)
    for j in range(k):
        for _ in range(2):
            inner = q[:, :j].T @ q[:, j]
            r[:j, j] += inner
            q[:, j] -= q[:, :j] @ inner
        r[j, j] = np.sqrt(q[:, j] @ q[:, j])
        q[:, j] /= r[j, j]
    for j in range(k - 1, -1, -1):
        found[j] = (q[:, j] @ y - r[j, j + 1 :] @ found[j + 1 :]) / r[j, j]
    return found


@pytest.mark.parametrize("p", [2, 3])
@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.sampled_from([0.01, 0.001]))
@examples(8)
def test_errors_with_a_memory_of_years(p, seed, power, noise):
    """A curve and sums of sums of noise: next to nothing of a constant is left once such errors are whitened. Differences of inner
    products alone lose two digits more here, and on a consumer price index all but two."""
    generator = np.random.default_rng(seed)
    y = (np.arange(113) / 12) ** power + noise * generator.normal(size=113).cumsum().cumsum()
    x = plain(y[:, None], 24000, 24052, 0, (), ())[1]
    q, _ = np.linalg.qr(x)
    product = q[1:].T @ q[:-1]
    neighbour, turn = np.linalg.eigh(product + product.T)
    q = q @ turn
    rest = y - q @ (q.T @ y)
    lagged = Lagged(q[None], neighbour[None], rest[:, None], [slice(0, 1)], [len(y)])
    found = lagged.fit(p, q[-1:])
    rho, coefficients = written_out(y, x, p)
    np.testing.assert_allclose(found.rho[0], rho.astype(float), atol=1e-11)
    # all coefficients but the constant, which a series without a level hardly has
    slopes = np.linalg.lstsq(x, y - rest + q @ found.added[0], rcond=None)[0][1:]
    size = float(np.abs(coefficients[1:]).max())
    np.testing.assert_allclose(slopes, coefficients[1:].astype(float), atol=5e-12 * size, rtol=0)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(1, 2))
@examples(20)
def test_one_singular_system_stops_no_other(seed, k, sides):
    """The singular one gets some solution of its own; the others get theirs, with and without it."""
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(5, k + 3, k))
    a, b = rows.transpose(0, 2, 1) @ rows, generator.normal(size=(5, sides, k))
    expected = np.linalg.solve(a, b.transpose(0, 2, 1)).transpose(0, 2, 1)
    np.testing.assert_allclose(solve(a, b)[0], expected, rtol=1e-6, atol=1e-8)
    a[2], b[2] = 0.0, 0.0
    found, smallest = solve(a, b)
    others = [0, 1, 3, 4]
    np.testing.assert_allclose(found[others], expected[others], rtol=1e-6, atol=1e-8)
    assert np.isfinite(found[2]).all() and smallest[2] == 0
