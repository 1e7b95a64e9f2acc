"""Many series regressed on one set of regressors at once, with four kinds of standard errors for one coefficient.

Belongs here: least squares, AR(p) GLS, Newey-West and equal-weighted cosine (EWC) standard errors, in numpy over all series of
a block. Does not belong here: which regressors and which months (interrupted.py), frames, tables.

A series at a time statsmodels takes about 3 ms for one AR fit; 40,000 windows with four orders each would take eight
minutes. Here the products of the regressors are made once a block and only systems of k equations are solved a series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

#: orders of the autoregressive errors that BIC chooses among
MAX_ORDER = 3
#: fits of one order, the first with no autocorrelation. On 1,913 windows of 45 real series the estimate is then within
#: 0.0005 of its standard error of that after 20 fits for half of them and within 0.17 for 95 %, and p crosses .05 for 0.4 %;
#: those that move are near ties of two orders. More fits double the time for little.
FITS = 6


@dataclass(frozen=True)
class Estimate:
    """Of each series of a block: shape (m, k) for params, (m,) for what concerns the coefficient of interest."""

    params: np.ndarray
    se: np.ndarray
    df: np.ndarray
    p: np.ndarray


@dataclass(frozen=True)
class AutoregressiveFit:
    """AR(p) GLS with p by BIC; `order` is -1 where no order gives stationary errors, and its numbers are NaN."""

    estimate: Estimate
    order: np.ndarray


class Block:
    """m series `y` (T, m) on the regressors `x` (T, k) of full column rank; statistics of the coefficient `target`."""

    def __init__(self, y: np.ndarray, x: np.ndarray, target: int) -> None:
        self.y, self.x, self.target = y, x, target
        self.n, self.k = x.shape
        # orthonormal columns: cross products of lagged columns then stay well conditioned, trend or not
        self.q, self.r = np.linalg.qr(x)
        self.from_q = np.linalg.inv(self.r)
        self.gamma = self.q.T @ y
        self.params = (self.from_q @ self.gamma).T
        self.residuals = y - self.q @ self.gamma
        #: what a month's error adds to the coefficient: (X'X)^-1 X' of the row of interest
        self.influence = self.q @ self.from_q[target]

    def ols(self) -> Estimate:
        """Textbook standard error: independent errors of one variance; t with T - k degrees of freedom."""
        df = self.n - self.k
        variance = (self.residuals**2).sum(axis=0) / df
        return self._estimate(self.params, np.sqrt(variance * (self.influence @ self.influence)), df)

    def newey_west(self, lags: int) -> Estimate:
        """Newey and West (1987): Bartlett weights 1 - j/(lags + 1), times T/(T - k); t with T - k degrees of freedom.

        The same as statsmodels' cov_type="HAC" with use_correction=True and use_t=True.
        """
        z = self.influence[:, None] * self.residuals
        variance = (z**2).sum(axis=0)
        for j in range(1, min(lags, self.n - 1) + 1):
            variance += 2 * (1 - j / (lags + 1)) * (z[j:] * z[:-j]).sum(axis=0)
        df = self.n - self.k
        return self._estimate(self.params, np.sqrt(np.maximum(variance, 0) * self.n / df), df)

    def ewc(self, terms: int) -> Estimate:
        """Equal-weighted cosine (Lazarus, Lewis, Stock and Watson 2018): mean of `terms` squared type II cosine
        transforms of what each month adds to the coefficient; t with `terms` degrees of freedom."""
        z = self.influence[:, None] * self.residuals
        months = (np.arange(self.n) + 0.5) / self.n
        cosines = np.cos(np.pi * np.outer(np.arange(1, terms + 1), months))
        variance = 2 / terms * ((cosines @ z) ** 2).sum(axis=0)
        return self._estimate(self.params, np.sqrt(variance), terms)

    def autoregressive(self) -> AutoregressiveFit:
        """AR(p) GLS (iterated Cochrane-Orcutt, the first p months lost), p of 0..MAX_ORDER by BIC on the same months.

        Each order equals statsmodels' GLSAR(y, x, p).iterative_fit(maxiter=FITS, rtol=0), with T - p - k degrees of
        freedom. An order whose errors are not stationary does not take part; where that is order 1 none does, since
        independent errors would be the worst description of a memory that long.
        """
        m = self.y.shape[1]
        best = np.full(m, np.inf)
        order = np.full(m, -1)
        params, se = np.full((m, self.k), np.nan), np.full(m, np.nan)
        df = np.full(m, np.nan)
        for p in range(MAX_ORDER + 1):
            rho, gamma, variance_of_target, sse = self._iterated(p)
            residuals = self.y - self.q @ gamma.T
            errors = _whitened(residuals, rho)[MAX_ORDER - p :]
            count = self.n - MAX_ORDER
            with np.errstate(divide="ignore"):
                bic = count * np.log((errors**2).sum(axis=0) / count) + p * np.log(count)
            stationary = _is_stationary(rho)
            better = stationary & (bic < best)
            best = np.where(better, bic, best)
            order = np.where(better, p, order)
            params[better] = (gamma @ self.from_q.T)[better]
            left = self.n - p - self.k
            se[better] = np.sqrt(sse / left * variance_of_target)[better]
            df[better] = left
            if p == 1:
                lost = ~stationary
        order = np.where(lost, -1, order)
        se, params = np.where(lost, np.nan, se), np.where(lost[:, None], np.nan, params)
        return AutoregressiveFit(self._estimate(params, se, df), order)

    def _iterated(self, p: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """rho (m, p), coefficients of the orthonormal columns (m, k), (X'X)^-1 of the target after whitening, and SSE."""
        m, n = self.y.shape[1], self.n
        row = self.from_q[self.target]
        if p == 0:
            sse = (self.residuals**2).sum(axis=0)
            return np.zeros((m, 0)), self.gamma.T, np.full(m, row @ row), sse
        lagged_q = [self.q[p - i : n - i] for i in range(p + 1)]
        lagged_y = [self.y[p - i : n - i] for i in range(p + 1)]
        pairs = (p + 1) ** 2
        qq = np.array([a.T @ b for a in lagged_q for b in lagged_q]).reshape(pairs, -1)
        qy = np.array([a.T @ b for a in lagged_q for b in lagged_y]).transpose(2, 0, 1)
        rho = np.zeros((m, p))
        for fit in range(FITS):
            weights = np.concatenate([np.ones((m, 1)), -rho], axis=1)
            both = (weights[:, :, None] * weights[:, None, :]).reshape(m, pairs)
            a = (both @ qq).reshape(m, self.k, self.k)
            b = (both[:, None, :] @ qy)[:, 0]
            gamma = _solve(a, b)
            residuals = self.y - self.q @ gamma.T
            if fit < FITS - 1:
                rho = yule_walker(residuals, p)
        sse = (_whitened(residuals, rho) ** 2).sum(axis=0)
        target = _solve(a, np.broadcast_to(row, (m, self.k)))
        return rho, gamma, target @ row, sse

    def _estimate(self, params: np.ndarray, se: np.ndarray, df: float | np.ndarray) -> Estimate:
        df = np.broadcast_to(np.asarray(df, dtype=float), se.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = 2 * stdtr(df, -np.abs(params[:, self.target] / se))
        return Estimate(params, se, df, p)


def yule_walker(residuals: np.ndarray, order: int) -> np.ndarray:
    """AR coefficients (m, order) of the columns of `residuals` (T, m): autocovariances with divisor T - lag, as
    statsmodels' yule_walker(method="adjusted")."""
    u = residuals - residuals.mean(axis=0)
    n = len(u)
    r = np.array([(u[: n - j] * u[j:]).sum(axis=0) / (n - j) for j in range(order + 1)]).T
    lags = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    return _solve(r[:, lags], r[:, 1:])


def _solve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x of a x = b for each of m systems, (m, k, k) and (m, k). One that is singular (errors that repeat exactly) gets the
    shortest x and must not stop the others."""
    try:
        return np.linalg.solve(a, b[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        return np.array([np.linalg.lstsq(one, other, rcond=None)[0] for one, other in zip(a, b, strict=True)])


def _whitened(series: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """u(t) - sum of rho(i) u(t - i), without the first p months."""
    p, n = rho.shape[1], len(series)
    return series[p:] - sum((rho[:, i] * series[p - i - 1 : n - i - 1] for i in range(p)), 0.0)


def _is_stationary(rho: np.ndarray) -> np.ndarray:
    """Whether every root of the companion matrix lies inside the unit circle."""
    m, p = rho.shape
    if p == 0:
        return np.ones(m, dtype=bool)
    companion = np.zeros((m, p, p))
    companion[:, 0, :] = rho
    companion[:, np.arange(1, p), np.arange(p - 1)] = 1
    finite = np.isfinite(rho).all(axis=1)
    companion[~finite] = 0
    return finite & (np.abs(np.linalg.eigvals(companion)).max(axis=1) < 1)
