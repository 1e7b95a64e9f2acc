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
from transforms.statistics.regression import FITS, Block


@given(
    st.integers(0, 2**32 - 1),
    st.floats(-0.9, 0.95),
    st.integers(30, 60),
    st.integers(30, 60),
)
@examples(25)
def test_block_equals_statsmodels(seed, rho, before, after):
    """All four kinds of standard error, each order of the errors."""
    y = np.column_stack([noise(before + after, rho, 1.0, seed + j) for j in range(3)])
    x = plain(y, 24000, 24000 + before, 0)[1]
    block = Block(y, x, 0)
    gls = block.autoregressive()
    lags = math.ceil(1.3 * math.sqrt(len(y)))
    newey_west, ols = block.newey_west(lags), block.ols()
    for j in range(3):
        plain_fit = sm.OLS(y[:, j], x).fit()
        hac = sm.OLS(y[:, j], x).fit(
            cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
        )
        np.testing.assert_allclose(ols.params[j], plain_fit.params, rtol=1e-8, atol=1e-9)
        assert ols.p[j] == pytest.approx(plain_fit.pvalues[0], rel=1e-8)
        assert newey_west.se[j] == pytest.approx(hac.bse[0], rel=1e-8)
        assert newey_west.p[j] == pytest.approx(hac.pvalues[0], rel=1e-8, abs=1e-12)
        p = int(gls.order[j])
        assert p >= 0
        fit = (
            sm.GLSAR(y[:, j], x, rho=p).iterative_fit(maxiter=FITS, rtol=0) if p else sm.GLS(y[:, j], x).fit()
        )
        np.testing.assert_allclose(gls.estimate.params[j], fit.params, rtol=1e-7, atol=1e-8)
        assert gls.estimate.se[j] == pytest.approx(fit.bse[0], rel=1e-8)
        assert gls.estimate.p[j] == pytest.approx(fit.pvalues[0], rel=1e-7, abs=1e-12)
        assert gls.estimate.df[j] == fit.df_resid == len(y) - x.shape[1] - p


@given(st.integers(0, 2**32 - 1), st.integers(3, 12))
@examples(20)
def test_ewc_equals_its_matrix_form(seed, terms):
    """Sandwich of the whole score with the averaged cosine transforms, written out."""
    y = noise(96, 0.5, 1.0, seed)[:, None]
    x = plain(y, 24000, 24048, 0)[1]
    block = Block(y, x, 0)
    n = len(y)
    residuals = y[:, 0] - x @ np.linalg.lstsq(x, y[:, 0], rcond=None)[0]
    score = x * residuals[:, None]
    omega = np.zeros((x.shape[1], x.shape[1]))
    for j in range(1, terms + 1):
        weights = [math.sqrt(2 / n) * math.cos(math.pi * j * (t + 0.5) / n) for t in range(n)]
        transform = score.T @ np.array(weights)
        omega += np.outer(transform, transform) / terms
    bread = np.linalg.inv(x.T @ x)
    se = math.sqrt(n * (bread @ omega @ bread)[0, 0])
    found = block.ewc(terms)
    assert found.se[0] == pytest.approx(se, rel=1e-6)
    assert found.p[0] == pytest.approx(2 * student.sf(abs(found.params[0, 0]) / se, terms), rel=1e-5)
