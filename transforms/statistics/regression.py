"""Regressions of many series with autocorrelated errors at once, with four kinds of standard errors for one coefficient.

Belongs here: least squares, the choice of an order of AR(p) GLS, Newey-West and equal-weighted cosine (EWC) standard errors, in numpy
over many series. Does not belong here: the fits of one order (autoregression.py), which regressors and which months (interrupted.py),
frames, tables.

statsmodels takes about 3 ms for one AR fit of one series; 57,000 windows with four orders each would take ten minutes. Here
series with the same regressors form a group, of which the products of lagged regressors are computed once. All else is done for many groups at once: shorter groups are filled with months
of zeros, and groups with fewer regressors with columns of zeros, which change no sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import stdtr

from transforms.statistics.autoregression import MAX_ORDER, Lagged, is_stationary


@dataclass(frozen=True)
class Estimate:
    """The estimates for m series: all coefficients (m, k), and for the coefficient of interest standard error, degrees of
    freedom and two-sided p, each (m,). In the unit of y. A series with fewer regressors than k has zeros before its own."""

    params: np.ndarray
    se: np.ndarray
    df: np.ndarray
    p: np.ndarray


@dataclass(frozen=True)
class AutoregressiveFit:
    """AR(p) GLS with p chosen by BIC. `order` (m,) is p, or -1 where no order gives stationary errors; the numbers of such a
    series are NaN."""

    estimate: Estimate
    order: np.ndarray


class Blocks:
    """Groups of series: each has its series `y` (T, m) on its regressors `x` (T, k), of full column rank; T, m and k differ
    between groups. The coefficient of interest is column `target` of x, counted from the last one (-1).

    Results have a place a series, one group after the other.
    """

    def __init__(self, groups: Sequence[tuple[np.ndarray, np.ndarray]], target: int) -> None:
        self.target = target
        sizes = [y.shape[1] for y, _ in groups]
        stops = np.cumsum(sizes)
        #: the places of the series of each group
        self.own = [slice(int(stop) - size, int(stop)) for size, stop in zip(sizes, stops, strict=True)]
        self.months = [len(x) for _, x in groups]
        longest, widest = max(self.months), max(x.shape[1] for _, x in groups)
        #: months, group and regressors of each series
        self.n = np.repeat(self.months, sizes)
        self.group = np.repeat(np.arange(len(groups)), sizes)
        self.k = np.repeat([x.shape[1] for _, x in groups], sizes)
        self.y = np.zeros((longest, len(self.n)))
        # With orthonormal columns the products of lagged columns are well conditioned, also where there is a trend. Of all such
        # columns these are the ones whose products with the month before are a diagonal matrix, `self.neighbour` twice.
        self.q, self.neighbour = np.zeros((len(groups), longest, widest)), np.zeros((len(groups), widest))
        self.from_q = np.zeros((len(groups), widest, widest))
        self.gamma = np.zeros((len(self.n), widest))
        for place, ((y, x), own) in enumerate(zip(groups, self.own, strict=True)):
            n, k = x.shape
            self.y[:n, own] = y
            q, r = np.linalg.qr(x)
            product = q[1:].T @ q[:-1]
            self.neighbour[place, widest - k :], turn = np.linalg.eigh(product + product.T)
            self.q[place, :n, widest - k :] = q @ turn
            self.from_q[place, widest - k :, widest - k :] = np.linalg.solve(r, turn)
            self.gamma[own] = y.T @ self.q[place, :n]
        self.params = self._plain(self.gamma)
        self.residuals = self._less(self.y, self.gamma)
        #: what one unit of each month's error adds to the coefficient of interest: its row of (X'X)^-1 X' (T, series)
        self.influence = np.repeat(np.einsum("gtk,gk->tg", self.q, self.from_q[:, target]), sizes, axis=1)

    def ols(self) -> Estimate:
        """The textbook standard error, for independent errors of one variance; t with T - k degrees of freedom."""
        df = self.n - self.k
        variance = (self.residuals**2).sum(axis=0) / df
        return self._estimate(self.params, np.sqrt(variance * (self.influence**2).sum(axis=0)), df)

    def newey_west(self, lags: np.ndarray | int) -> Estimate:
        """Newey and West (1987) with Bartlett weights 1 - j/(lags + 1), times T/(T - k); t with T - k degrees of freedom.

        lags: one for all series or one each. The result is the same as statsmodels' cov_type="HAC" with use_correction=True
        and use_t=True.
        """
        z = self.influence * self.residuals
        variance = (z**2).sum(axis=0)
        lags = np.broadcast_to(np.asarray(lags), self.n.shape)
        for j in range(1, min(int(lags.max()), len(z) - 1) + 1):
            weight = np.maximum(1 - j / (lags + 1), 0.0)
            variance += 2 * weight * np.einsum("tm,tm->m", z[j:], z[:-j])
        df = self.n - self.k
        return self._estimate(self.params, np.sqrt(np.maximum(variance, 0) * self.n / df), df)

    def ewc(self, terms: Sequence[int]) -> Estimate:
        """The equal-weighted cosine standard error (Lazarus, Lewis, Stock and Watson 2018): the variance is the mean of as many
        squared type II cosine transforms as `terms` says for a group, of what each month's error adds to the coefficient; t
        with `terms` degrees of freedom."""
        z = self.influence * self.residuals
        variance, df = np.empty(len(self.n)), np.empty(len(self.n))
        for own, n, count in zip(self.own, self.months, terms, strict=True):
            transform = _cosines(n, count) @ z[:n, own]
            variance[own], df[own] = 2 / count * np.einsum("jm,jm->m", transform, transform), count
        return self._estimate(self.params, np.sqrt(variance), df)

    def autoregressive(self) -> AutoregressiveFit:
        """AR(p) GLS (iterated Cochrane-Orcutt, which loses the first p months) with the p of 0..MAX_ORDER that BIC prefers,
        compared on the same months.

        Each order equals statsmodels' GLSAR(y, x, p).iterative_fit(maxiter=FITS, rtol=0), with T - p - k degrees of
        freedom. An order whose errors are not stationary is not chosen. Where order 1 is not stationary none is chosen:
        independent errors (order 0) would describe such a long memory worst of all.
        """
        m = len(self.n)
        best, order = np.full(m, np.inf), np.full(m, -1)
        chosen, se, df = np.full(self.gamma.shape, np.nan), np.full(m, np.nan), np.full(m, np.nan)
        lagged = Lagged(self.q, self.neighbour, self.residuals, self.own, self.months)
        target = self.from_q[:, self.target][self.group]
        count = self.n - MAX_ORDER
        for p in range(MAX_ORDER + 1):
            rho, gamma, variance_of_target = np.zeros((m, 0)), self.gamma, (target**2).sum(axis=1)
            errors = self.residuals
            if p > 0:
                fitted = lagged.fit(p, target)
                rho, gamma = fitted.rho, self.gamma + fitted.added
                variance_of_target = fitted.variance_of_target
                errors = self._whitened(fitted.added, rho)
            squares = errors**2
            with np.errstate(divide="ignore"):
                bic = count * np.log(squares[MAX_ORDER - p :].sum(axis=0) / count) + p * np.log(count)
            stationary = is_stationary(rho)
            better = stationary & (bic < best)
            best, order = np.where(better, bic, best), np.where(better, p, order)
            chosen = np.where(better[:, None], gamma, chosen)
            freedom = self.n - p - self.k
            with np.errstate(invalid="ignore"):
                error = np.sqrt(squares.sum(axis=0) / freedom * variance_of_target)
            se, df = np.where(better, error, se), np.where(better, freedom, df)
            if p == 1:
                has_unit_root = ~stationary
        order = np.where(has_unit_root, -1, order)
        chosen, se = np.where(has_unit_root[:, None], np.nan, chosen), np.where(has_unit_root, np.nan, se)
        return AutoregressiveFit(self._estimate(self._plain(chosen), se, df), order)

    def _plain(self, gamma: np.ndarray) -> np.ndarray:
        """Coefficients of the regressors from those of the orthonormal columns, both (m, k)."""
        found = np.empty_like(gamma)
        for g, own in enumerate(self.own):
            found[own] = gamma[own] @ self.from_q[g].T
        return found

    def _less(self, series: np.ndarray, gamma: np.ndarray) -> np.ndarray:
        """What coefficients of the orthonormal columns leave of `series` (T, m)."""
        found = series.copy()
        for g, own in enumerate(self.own):
            found[:, own] -= self.q[g] @ gamma[own].T
        return found

    def _whitened(self, added: np.ndarray, rho: np.ndarray) -> np.ndarray:
        """The errors (T - p, m) of the months from p on at rho (m, p), with coefficients that are by `added` other than those of
        least squares."""
        p = rho.shape[1]
        rest = self._less(self.residuals, added)
        errors = rest[p:].copy()
        for lag in range(p):
            errors -= rho[:, lag] * rest[p - lag - 1 : len(rest) - lag - 1]
        errors[np.arange(p, len(rest))[:, None] >= self.n] = 0.0
        return errors

    def _estimate(self, params: np.ndarray, se: np.ndarray, df: np.ndarray) -> Estimate:
        """The estimate with p of the coefficient of interest from its standard error and degrees of freedom."""
        df = df.astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = 2 * stdtr(df, -np.abs(params[:, self.target] / se))
        return Estimate(params, se, df, p)


@cache
def _cosines(months: int, terms: int) -> np.ndarray:
    """The first type II cosines over that many months (terms, months)."""
    return np.cos(np.pi * np.outer(np.arange(1, terms + 1), (np.arange(months) + 0.5) / months))
