"""Regressions of many blocks at once: each estimate and error equals that of statsmodels or of its matrix form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from tests.support.examples import examples
from tests.support.interrupted_case import noise, plain
from transforms.statistics.autoregression import FITS
from transforms.statistics.regression import Blocks


def case(seed: int, rho: float, before: int, after: int, series: int = 3, joint: tuple[int, ...] = ()):
    """Series with a cut, and the regressors with the step last."""
    y = np.column_stack([noise(before + after, rho, 1.0, seed + j) for j in range(series)])
    x = plain(y, 24000, 24000 + before, 0, (), joint)[1]
    return y, x[:, ::-1]


@given(
    st.integers(0, 2**32 - 1),
    st.floats(-0.9, 0.95),
    st.integers(30, 60),
    st.integers(30, 60),
)
@examples(20)
def test_each_series_of_many_groups_equals_statsmodels(seed, rho, before, after):
    """All four kinds of standard error, each order of the errors. Groups differ in months and regressors, so that a shorter one
    is filled up: a month or column of the filling that counts would change its numbers."""
    groups = [
        case(seed, rho, before, after),
        case(seed + 50, rho, 60, 60, 1, (24070, 24085)),
        case(seed + 70, rho, 32, 40, 2),
    ]
    blocks = Blocks(groups, -1)
    gls, ols = blocks.autoregressive(), blocks.ols()
    lags = [math.ceil(1.3 * math.sqrt(len(y))) for y, _ in groups]
    newey_west = blocks.newey_west(np.repeat(lags, [y.shape[1] for y, _ in groups]))
    for (y, x), own, lag in zip(groups, blocks.own, lags, strict=True):
        k = x.shape[1]
        for j in range(y.shape[1]):
            at = own.start + j
            plain_fit = sm.OLS(y[:, j], x).fit()
            hac = sm.OLS(y[:, j], x).fit(
                cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": True}, use_t=True
            )
            np.testing.assert_allclose(ols.params[at, -k:], plain_fit.params, rtol=1e-8, atol=1e-9)
            assert ols.p[at] == pytest.approx(plain_fit.pvalues[-1], rel=1e-8)
            assert newey_west.se[at] == pytest.approx(hac.bse[-1], rel=1e-8)
            assert newey_west.p[at] == pytest.approx(hac.pvalues[-1], rel=1e-8, abs=1e-12)
            p = int(gls.order[at])
            assert p >= 0
            fit = (
                sm.GLSAR(y[:, j], x, rho=p).iterative_fit(maxiter=FITS, rtol=0)
                if p
                else sm.GLS(y[:, j], x).fit()
            )
            np.testing.assert_allclose(gls.estimate.params[at, -k:], fit.params, rtol=1e-7, atol=1e-8)
            assert gls.estimate.se[at] == pytest.approx(fit.bse[-1], rel=1e-8)
            assert gls.estimate.p[at] == pytest.approx(fit.pvalues[-1], rel=1e-7, abs=1e-12)
            assert gls.estimate.df[at] == fit.df_resid == len(y) - k - p


@given(st.integers(0, 2**32 - 1), st.floats(-0.9, 0.99))
@examples(15)
def test_many_groups_give_what_each_gives_alone(seed, rho):
    """What a series gets must not depend on which others are asked for."""
    groups = [case(seed + 9 * j, rho, 30 + 3 * j, 36 + j, 1 + j, (24050,) * (j % 2)) for j in range(4)]
    together = Blocks(groups, -1)
    for group, own in zip(groups, together.own, strict=True):
        alone = Blocks([group], -1)
        for many, one in (
            (together.autoregressive().estimate, alone.autoregressive().estimate),
            (together.ewc([7] * 4), alone.ewc([7])),
        ):
            np.testing.assert_allclose(many.se[own], one.se, rtol=1e-9)
            np.testing.assert_allclose(many.p[own], one.p, rtol=1e-7, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(3, 12))
@examples(20)
def test_ewc_equals_its_matrix_form(seed, terms):
    """Sandwich of the whole score with the averaged cosine transforms, written out."""
    y, x = case(seed, 0.5, 48, 48, 1)
    blocks = Blocks([(y, x)], -1)
    n = len(y)
    residuals = y[:, 0] - x @ np.linalg.lstsq(x, y[:, 0], rcond=None)[0]
    score = x * residuals[:, None]
    omega = np.zeros((x.shape[1], x.shape[1]))
    for j in range(1, terms + 1):
        weights = [math.sqrt(2 / n) * math.cos(math.pi * j * (t + 0.5) / n) for t in range(n)]
        transform = score.T @ np.array(weights)
        omega += np.outer(transform, transform) / terms
    bread = np.linalg.inv(x.T @ x)
    se = math.sqrt(n * (bread @ omega @ bread)[-1, -1])
    found = blocks.ewc([terms])
    assert found.se[0] == pytest.approx(se, rel=1e-6)
    assert found.p[0] == pytest.approx(2 * student.sf(abs(found.params[0, -1]) / se, terms), rel=1e-5)
