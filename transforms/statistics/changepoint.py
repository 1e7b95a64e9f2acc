"""The month at which a series' level broke most clearly around a cut, and how clear that is for this series.

Belongs here: one level break in 72 months, its month and its F, ranked among the same F around dates without an event.
Does not belong here: a test of the event. F is the largest of 49, so tables for independent errors do not apply to it.

    ln y(t) = a + b t + month effects + d 1(t >= c) + u(t),  u(t) = rho u(t - 1) + e(t)

rho is estimated without a break, and the series and the regressors are prewhitened with it, which costs the first month.
For each month c from 24 before to 24 after the cut, F is the square of the t statistic of d (Quandt's sup-F, after Andrews
1993). The result tells whether the series broke near the cut or elsewhere: a break at COVID says nothing about talks two
years earlier.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from transforms.statistics.months import (
    REASON_CONSTANT,
    REASON_MISSING,
    REASON_NOT_POSITIVE,
    MonthlySeries,
    clean_cuts,
    cuts_by_series,
    day,
    episodes_by_series,
    monthly_series,
    number,
    placebo_rank,
)

#: months on each side of the cut: those of the window, and those among which the break is searched
WINDOW, SEARCH = 36, 24
#: windows without an event that a rank needs at least
MIN_PLACEBO = 36
#: the largest rho that is used: prewhitening with a larger one would remove the level itself, and with it any break
MAX_RHO = 0.97

REASON_LIFE = "the 72 months around the cut are not within the life of the series"
REASON_EPISODE = "an episode touches the months searched"
REASON_FEW = f"fewer than {MIN_PLACEBO} clean windows"

RESULT_SCHEMA: dict[str, pl.DataType] = {
    "series_id": pl.String(),
    "cut_month": pl.Date(),
    "scale": pl.String(),
    "best_break_month": pl.Date(),
    "months_from_cut": pl.Int32(),
    "break_size": pl.Float64(),
    "sup_f": pl.Float64(),
    "placebo_rank": pl.Float64(),
    "n_placebo": pl.Int32(),
    "rank_floor": pl.Float64(),
    "reason": pl.String(),
}


@dataclass(frozen=True)
class Breaks:
    """The best break of each of m windows, arrays (m,): months from the cut to it, its size on the scale of y, its F.

    size and sup_f are NaN where a window does not vary.
    """

    months_from_cut: np.ndarray
    size: np.ndarray
    sup_f: np.ndarray


def best_breaks(y: np.ndarray) -> Breaks:
    """The clearest break of each column of `y` (72 months, m windows), whose row 36 is the month of the cut."""
    t = np.arange(2 * WINDOW)
    base = np.column_stack([(t % 12 == month).astype(float) for month in range(12)] + [(t - WINDOW) / 12.0])
    base, _ = np.linalg.qr(base)
    steps = np.column_stack([(t >= c).astype(float) for c in range(WINDOW - SEARCH, WINDOW + SEARCH + 1)])
    y = y - y.mean(axis=0)
    largest = np.abs(y).max(axis=0)
    y = y / np.where(largest > 0, largest, 1.0)  # F does not depend on the unit, and no square overflows
    residuals = y - base @ (base.T @ y)
    centred = residuals - residuals.mean(axis=0)
    n = len(t)
    square = (centred**2).sum(axis=0) / n
    varies = np.sqrt(square) > 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = (centred[1:] * centred[:-1]).sum(axis=0) / (n - 1) / square
    rho = np.clip(np.where(varies, rho, 0.0), -MAX_RHO, MAX_RHO)

    # The products of prewhitened regressors are sums of three products of the plain ones: of a month with itself, with the
    # month before, and of the month before with itself, weighted with 1, -rho and rho squared.
    x = np.column_stack([base, steps])
    now, before = x[1:], x[:-1]
    products = (now.T @ now, now.T @ before + before.T @ now, before.T @ before)
    xx = products[0] - rho[:, None, None] * products[1] + (rho**2)[:, None, None] * products[2]
    white = y[1:] - rho * y[:-1]
    xy = (now.T @ white - rho * (before.T @ white)).T
    k = base.shape[1]
    solved = np.linalg.solve(xx[:, :k, :k], np.concatenate([xx[:, :k, k:], xy[:, :k, None]], axis=2))
    cross = xx[:, :k, k:]
    # of each step, the part that the base does not explain: its square, and its product with the series
    square_step = np.einsum("mjj->mj", xx[:, k:, k:]) - np.einsum("mkj,mkj->mj", cross, solved[:, :, :-1])
    with_series = xy[:, k:] - np.einsum("mkj,mk->mj", cross, solved[:, :, -1])
    sse = (white**2).sum(axis=0) - np.einsum("mk,mk->m", xy[:, :k], solved[:, :, -1])
    explained = with_series**2 / square_step
    freedom = n - 1 - k - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        f = explained / (np.maximum(sse[:, None] - explained, 0) / freedom)
    f[~varies] = np.nan
    # of breaks with the same F the one nearest to the cut is the best
    order = np.argsort(np.abs(np.arange(-SEARCH, SEARCH + 1)), kind="stable")
    best = order[np.argmax(np.where(np.isfinite(f), f, -1.0)[:, order], axis=1)]
    rows = np.arange(len(best))
    sup_f = np.where(np.isfinite(f[rows, best]), f[rows, best], np.nan)
    return Breaks(best - SEARCH, (with_series / square_step)[rows, best] * largest, sup_f)


def change_points(
    monthly: pl.DataFrame, episodes: pl.DataFrame, cuts: Iterable[date], acts: pl.DataFrame
) -> pl.DataFrame:
    """One row (RESULT_SCHEMA) for each series and each of `cuts`; no placebo window has an act that reaches the series in it.

    monthly: series_id, period_start, value, scale (log | level). episodes: series_id, first_month, last_month. acts: series_id,
    cut_month.
    break_size is in log points or in the unit of the series. A row without a break or without a rank says why in `reason`.
    """
    touching = episodes_by_series(episodes)
    series = monthly_series(monthly)
    cut_numbers, reaching = sorted({number(c) for c in cuts}), cuts_by_series(acts)
    rows: list[dict[str, object]] = []
    for series_id in monthly["series_id"].unique().sort().to_list():
        rows.extend(
            _of_series(
                series_id,
                series.get(series_id),
                cut_numbers,
                reaching.get(series_id, set()),
                touching.get(series_id, []),
            )
        )
    return pl.DataFrame(rows, schema=RESULT_SCHEMA, orient="row")


def _of_series(
    series_id: str,
    series: MonthlySeries | None,
    cuts: list[int],
    events: set[int],
    episodes: list[tuple[int, int]],
) -> Iterable[dict[str, object]]:
    """Rows of one series for each of `cuts`, all of them and the placebo windows searched at once."""
    empty: dict[str, object] = {
        **dict.fromkeys(RESULT_SCHEMA),
        "series_id": series_id,
        "scale": None if series is None else series.scale,
    }
    reasons = {c: _why_not(series, c) for c in cuts}
    usable = [c for c, reason in reasons.items() if reason is None]
    placebo: list[int] = []
    if usable and series is not None:
        clean = clean_cuts(
            series, events, episodes, before=WINDOW, after=WINDOW, from_events=SEARCH, from_episodes=SEARCH
        )
        placebo = [c for c in clean if _why_not(series, c) is None]
    searched = usable + placebo
    breaks = None
    if searched and series is not None:
        breaks = best_breaks(np.column_stack([series.window(c - WINDOW, c + WINDOW - 1) for c in searched]))
    index_of_cut = {c: i for i, c in enumerate(usable)}
    clean_f = np.array([]) if breaks is None else breaks.sup_f[len(usable) :]
    clean_at = np.array(placebo, dtype=int)[~np.isnan(clean_f)]
    clean_f = clean_f[~np.isnan(clean_f)]
    for c in cuts:
        # a placebo window in which some of the same months are searched would show the same break
        others = clean_f[np.abs(clean_at - c) > 2 * SEARCH]
        row = empty | {"cut_month": day(c), "n_placebo": len(others), "reason": reasons[c]}
        if c in index_of_cut and breaks is not None:
            i = index_of_cut[c]
            if np.isnan(breaks.sup_f[i]):
                row["reason"] = REASON_CONSTANT
            else:
                row |= {
                    "best_break_month": day(c + int(breaks.months_from_cut[i])),
                    "months_from_cut": int(breaks.months_from_cut[i]),
                    "break_size": float(breaks.size[i]),
                    "sup_f": float(breaks.sup_f[i]),
                }
                if any(a <= c + SEARCH and b >= c - SEARCH for a, b in episodes):
                    row["reason"] = REASON_EPISODE
                elif len(others) < MIN_PLACEBO:
                    row["reason"] = REASON_FEW
                else:
                    row["placebo_rank"] = placebo_rank(breaks.sup_f[i], others)
                    row["rank_floor"] = 1 / (1 + len(others))
        yield row


def _why_not(series: MonthlySeries | None, cut: int) -> str | None:
    """Why no break can be searched around a cut, or None."""
    if series is None or cut - WINDOW < series.first or cut + WINDOW - 1 > series.last:
        return REASON_LIFE
    if not series.positive[cut - WINDOW - series.first : cut + WINDOW - series.first].all():
        return REASON_NOT_POSITIVE
    return REASON_MISSING if np.isnan(series.window(cut - WINDOW, cut + WINDOW - 1)).any() else None
