"""Forecasts from ARIMA(1,1,0) with drift and month effects, for many series and origins at once.

Belongs here: the model `arima_110_drift_month`, its estimates, forecasts and their variance.
Does not belong here: which origins are of interest, calibration (counterfactual.py), other models.

    y_t - y_{t-1} = a_{month(t)} + phi (y_{t-1} - y_{t-2}) + e_t,    e_t white noise

Months of a confounding episode are no evidence of what is usual, so an equation in which one of y_t, y_{t-1} and y_{t-2}
is of such a month is left out. With these equations, spring 2020 became part of every April to June: jobs in motor
vehicles were expected to rise by 5 % after April 2025 and to fall back a year later.

Twelve month effects are the drift plus eleven dummies. Estimated by conditional least squares, as statsmodels'
AutoReg(diff(y), lags=1, trend="c", seasonal=True, period=12), which the tests compare with. That regression has closed
forms (Frisch and Waugh 1933: take the means of each calendar month out of both sides, then one slope is left), so
50,000 origins are a few array operations and take about 4 s of processor time; a statsmodels fit each takes minutes.

Intervals are analytic and not simulated. With independent e_t the forecast error of any weighted mean of months ahead is a
weighted sum of the future e, so its variance is exact. It is deterministic, smooth in the data (a refreshed figure moves an
interval a little, and not by the luck of draws) and a hundred times faster than 1,000 simulated paths. A residual bootstrap
differs only by the shape of the residuals; for means of 6 and more months its 95 % interval agrees within 5 % (tested). The
uncertainty of a and phi is added by the delta method; a bootstrap from fixed estimates leaves it out, which is 5 % of the
width at 12 months and 8 % at 24. The quantile is Student's t with the degrees of freedom of the regression. How far the
interval is still wrong, because series break and errors change over time, is measured in counterfactual.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl
from scipy import stats

from transforms.statistics.forecasts import (
    MIN_TRAIN_MONTHS,
    NOMINAL,
    REASON_CONSTANT,
    REASON_DISTURBED,
    REASON_SHORT,
    REASON_UNSTABLE,
    SCHEMA,
    STEPS,
    Flags,
    Floats,
    frame,
    training_lengths,
    window_weights,
)

MODEL = "arima_110_drift_month"
PERIOD = 12
#: the least number of equations when those of episodes are left out: in all, and of each calendar month
MIN_EQUATIONS, MIN_OF_A_MONTH = 60, 3
#: origins that are computed together, which bounds the memory at about 100 MB
_BATCH = 4096


def forecast(
    series: Mapping[str, tuple[np.ndarray, Floats]], unusual: Mapping[str, Flags] | None = None
) -> pl.DataFrame:
    """Forecasts at every month of every series, each from the months up to it: SCHEMA of forecasts.py.

    series:  id -> (months as datetime64[M], one after the other without a hole in time; values on the model's scale, NaN
             where there is none)
    unusual: id -> True for each month that an episode touches; for a series that is not in it no episode is known

    Origins without a forecast have a reason and null arrays. Raises ValueError for months that are not one after the
    other or are not as many as the values.
    """
    unusual = unusual or {}
    by_length: dict[int, list[tuple[str, int]]] = {}
    for series_id, (months, values) in series.items():
        _check(series_id, months, values)
        for end, length in enumerate(training_lengths(values)):
            by_length.setdefault(int(length), []).append((series_id, end))
    frames: list[pl.DataFrame] = []
    for length, origins in by_length.items():
        for first in range(0, len(origins), _BATCH):
            frames.extend(_of_length(series, unusual, origins[first : first + _BATCH], length))
    if not frames:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(frames).sort("series_id", "train_end")


def fit(windows: Floats, unusual: Flags | None = None) -> dict[str, Floats]:
    """Conditional least squares on each row of `windows` (origins x months, levels on the model's scale).

    unusual: True for months whose equations are left out, in the shape of `windows`.

    Returns, for each origin: phi, sigma2 (residual sum of squares over degrees of freedom), freedom and sxx (sum of squares
    of the lagged difference within calendar months); residual (origins x equations); and by calendar month, in the order of
    the months ahead (origins x 12): effect (a), mean_lag (mean of the lagged difference) and count of equations.
    phi is NaN where the lagged difference does not vary within calendar months; effect is NaN for a calendar month
    without an equation.
    """
    change = np.diff(windows, axis=1)
    y, x = change[:, 1:], change[:, :-1]
    used = np.ones(y.shape)
    if unusual is not None:
        used -= unusual[:, 2:] | unusual[:, 1:-1] | unusual[:, :-2]
    n = y.shape[1]
    # column k of y lies n - k months before the first month ahead; months that are 12 apart form one group
    group = (np.arange(n) - n) % PERIOD
    member = (group[:, None] == np.arange(PERIOD)[None, :]).astype(float)
    count = used @ member
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_y, mean_x = (used * y) @ member / count, (used * x) @ member / count
        rest_y, rest_x = (np.where(used > 0, v - m[:, group], 0.0) for v, m in ((y, mean_y), (x, mean_x)))
        sxx = np.einsum("ij,ij->i", rest_x, rest_x)
        # what remains of a constant after rounding does not count as variation
        varies = sxx > n * (1e-12 * np.maximum(1, np.abs(windows).max(axis=1))) ** 2
        phi = np.where(varies, np.einsum("ij,ij->i", rest_x, rest_y) / sxx, np.nan)
    residual = rest_y - phi[:, None] * rest_x
    freedom = used.sum(axis=1) - PERIOD - 1
    return {
        "phi": phi,
        "sigma2": np.einsum("ij,ij->i", residual, residual) / np.maximum(freedom, 1),
        "freedom": freedom,
        "sxx": sxx,
        "effect": mean_y - phi[:, None] * mean_x,
        "mean_lag": mean_x,
        "count": count,
        "residual": residual,
    }


def paths(windows: Floats, estimate: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """Expected months ahead (origins x STEPS), and half of the nominal interval of each month ahead (origins x STEPS) and of
    the mean over each window (origins x GAP_WINDOWS), all on the model's scale.

    windows: as in `fit`; estimate: what `fit` returns for them.
    """
    origins = len(windows)
    phi, effect, mean_lag = estimate["phi"], estimate["effect"], estimate["mean_lag"]
    level, change = windows[:, -1].copy(), windows[:, -1] - windows[:, -2]
    expected = np.empty((origins, STEPS))
    # derivatives of the path with respect to the means of the twelve months and to phi, whose estimates by least squares are
    # uncorrelated, with the variances sigma2 / count and sigma2 / sxx
    by_mean, by_phi = np.zeros((origins, STEPS, PERIOD)), np.zeros((origins, STEPS))
    d_mean, d_phi = np.zeros((origins, PERIOD)), np.zeros(origins)
    total_mean, total_phi = np.zeros((origins, PERIOD)), np.zeros(origins)
    for step in range(STEPS):
        month = step % PERIOD
        d_phi = change - mean_lag[:, month] + phi * d_phi
        d_mean = phi[:, None] * d_mean
        d_mean[:, month] += 1
        change = effect[:, month] + phi * change
        level = level + change
        total_mean, total_phi = total_mean + d_mean, total_phi + d_phi
        expected[:, step], by_mean[:, step], by_phi[:, step] = level, total_mean, total_phi
    # a shock j months ahead moves the level k months later by 1 + phi + ... + phi^k
    response = np.cumsum(phi[:, None] ** np.arange(STEPS)[None, :], axis=1)
    spread = np.zeros((origins, STEPS, STEPS))
    for shock in range(STEPS):
        spread[:, shock:, shock] = response[:, : STEPS - shock]
    quantile = np.asarray(stats.t.ppf((1 + NOMINAL) / 2, estimate["freedom"]))[:, None]

    def half_width(weights: Floats) -> Floats:
        """Half of the nominal interval of each weighted mean of months ahead; weights: means x STEPS."""
        shocks = np.einsum("wh,ohs->ows", weights, spread, optimize=True)
        means = np.einsum("wh,ohm->owm", weights, by_mean, optimize=True)
        slope = by_phi @ weights.T
        variance = (
            (shocks**2).sum(axis=2)
            + (means**2 / estimate["count"][:, None, :]).sum(axis=2)
            + slope**2 / estimate["sxx"][:, None]
        )
        return quantile * np.sqrt(estimate["sigma2"][:, None] * variance)

    return expected, half_width(np.eye(STEPS)), half_width(window_weights())


def _of_length(
    series: Mapping[str, tuple[np.ndarray, Floats]],
    unusual: Mapping[str, Flags],
    origins: list[tuple[str, int]],
    length: int,
) -> Iterator[pl.DataFrame]:
    """Forecasts of origins that all have `length` months to train on."""
    names = np.array([name for name, _ in origins], dtype=object)
    ends = np.array([series[name][0][end] for name, end in origins], dtype="datetime64[M]")
    if length < MIN_TRAIN_MONTHS:
        yield frame(names.tolist(), ends, length, None, REASON_SHORT)
        return
    windows = np.stack([series[name][1][end - length + 1 : end + 1] for name, end in origins])
    none = np.zeros(length, dtype=bool)
    marked = [unusual[name][end - length + 1 : end + 1] if name in unusual else none for name, end in origins]
    estimate = fit(windows, np.stack(marked))
    disturbed = (estimate["count"].min(axis=1) < MIN_OF_A_MONTH) | (
        estimate["freedom"] + PERIOD + 1 < MIN_EQUATIONS
    )
    constant = ~disturbed & ~np.isfinite(estimate["phi"])
    unstable = ~disturbed & ~constant & (np.abs(estimate["phi"]) >= 1)
    for withheld, reason in (
        (disturbed, REASON_DISTURBED),
        (constant, REASON_CONSTANT),
        (unstable, REASON_UNSTABLE),
    ):
        yield frame(names[withheld].tolist(), ends[withheld], length, None, reason)
    usable = ~disturbed & ~constant & ~unstable
    arrays = paths(windows[usable], {name: value[usable] for name, value in estimate.items()})
    yield frame(names[usable].tolist(), ends[usable], length, arrays)


def _check(series_id: str, months: np.ndarray, values: Floats) -> None:
    if len(months) != len(values):
        raise ValueError(f"{series_id}: {len(months)} months and {len(values)} values")
    if len(months) > 1 and not (np.diff(months.astype("datetime64[M]").astype(int)) == 1).all():
        raise ValueError(f"{series_id}: months are not one after the other")
