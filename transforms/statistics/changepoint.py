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
from functools import cache

import numpy as np
import polars as pl

from transforms.statistics.months import (
    REASON_CONSTANT,
    REASON_MISSING,
    REASON_NOT_POSITIVE,
    MonthlySeries,
    clean_cuts,
    cuts_by_series,
    days,
    episodes_by_series,
    first_reason,
    monthly_series,
    number,
    placebo_ranks,
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
    base, steps, products, own_products = _regressors()
    y = y - y.mean(axis=0)
    largest = np.abs(y).max(axis=0)
    y = y / np.where(largest > 0, largest, 1.0)  # F does not depend on the unit, and no square overflows
    residuals = y - base @ (base.T @ y)
    centred = residuals - residuals.mean(axis=0)
    n = len(y)
    square = (centred**2).sum(axis=0) / n
    varies = np.sqrt(square) > 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = (centred[1:] * centred[:-1]).sum(axis=0) / (n - 1) / square
    rho = np.clip(np.where(varies, rho, 0.0), -MAX_RHO, MAX_RHO)

    # Products of prewhitened regressors are sums of three products of the plain ones, weighted with 1, -rho and rho squared.
    weights = np.stack([np.ones(len(rho)), -rho, rho**2], axis=1)
    with_base = (weights @ products.reshape(3, -1)).reshape(len(rho), *products.shape[1:])
    own_square = weights @ own_products
    x = np.concatenate([base, steps], axis=1)
    white = y[1:] - rho * y[:-1]
    xy = (x[1:].T @ white - rho * (x[:-1].T @ white)).T
    k = base.shape[1]
    cross = with_base[:, :, k:]
    solved = np.linalg.solve(with_base[:, :, :k], np.concatenate([cross, xy[:, :k, None]], axis=2))
    # of each step, the part that the base does not explain: its square, and its product with the series
    square_step = own_square - np.einsum("mkj,mkj->mj", cross, solved[:, :, :-1])
    with_series = xy[:, k:] - np.einsum("mkj,mk->mj", cross, solved[:, :, -1])
    sse = (white**2).sum(axis=0) - np.einsum("mk,mk->m", xy[:, :k], solved[:, :, -1])
    explained = with_series**2 / square_step
    freedom = len(white) - k - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        f = explained / (np.maximum(sse[:, None] - explained, 0) / freedom)
    f[~varies] = np.nan
    # of breaks with the same F the one nearest to the cut is the best
    order = np.argsort(np.abs(np.arange(-SEARCH, SEARCH + 1)), kind="stable")
    best = order[np.argmax(np.where(np.isfinite(f), f, -1.0)[:, order], axis=1)]
    rows = np.arange(len(best))
    sup_f = np.where(np.isfinite(f[rows, best]), f[rows, best], np.nan)
    return Breaks(best - SEARCH, (with_series / square_step)[rows, best] * largest, sup_f)


@cache
def _regressors() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The regressors of every window: an orthonormal base of months and trend (72, 13), and the steps (72, 49). And the sums of
    products that prewhitening needs, of a month with itself, with the month before and that the other way round, and of the
    month before with itself: of the base with all regressors (3, 13, 62), and of each step with itself (3, 49)."""
    t = np.arange(2 * WINDOW)
    base = np.column_stack([(t % 12 == month).astype(float) for month in range(12)] + [(t - WINDOW) / 12.0])
    base, _ = np.linalg.qr(base)
    steps = np.column_stack([(t >= c).astype(float) for c in range(WINDOW - SEARCH, WINDOW + SEARCH + 1)])
    x = np.column_stack([base, steps])
    now, before = x[1:], x[:-1]
    crossed = now.T @ before
    products = np.stack([now.T @ now, crossed + crossed.T, before.T @ before])
    k = base.shape[1]
    return base, steps, products[:, :k], np.einsum("pjj->pj", products[:, k:, k:]).copy()


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
    cut_numbers = np.array(sorted({number(c) for c in cuts}), dtype=np.int64)
    reaching = cuts_by_series(acts)
    names = monthly["series_id"].unique().sort().to_list()
    parts = [
        _of_series(series.get(name), cut_numbers, reaching.get(name, set()), touching.get(name, []))
        for name in names
    ]
    if not names:
        return pl.DataFrame(schema=RESULT_SCHEMA)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    cut = np.tile(cut_numbers, len(names))
    scales = [series[name].scale if name in series else None for name in names]
    break_month = days(cut + np.nan_to_num(columns["months_from_cut"]).astype(np.int64))
    found, each = pl.Series(~np.isnan(columns["sup_f"])), np.repeat(np.arange(len(names)), len(cut_numbers))
    floor = np.where(np.isnan(columns["placebo_rank"]), np.nan, 1 / (1 + columns["n_placebo"]))
    numbers = ("months_from_cut", "break_size", "sup_f", "placebo_rank")
    return pl.DataFrame(
        {
            "series_id": pl.Series(names, dtype=pl.String)[each],
            "cut_month": days(cut),
            "scale": pl.Series(scales, dtype=pl.String)[each],
            "best_break_month": pl.select(pl.when(found).then(break_month)).to_series(),
            **{name: pl.Series(columns[name]).fill_nan(None).cast(RESULT_SCHEMA[name]) for name in numbers},
            "n_placebo": columns["n_placebo"].astype(np.int32),
            "rank_floor": pl.Series(floor).fill_nan(None),
            "reason": pl.Series(columns["reason"].tolist(), dtype=pl.String),
        }
    ).select(*RESULT_SCHEMA)


def _of_series(
    series: MonthlySeries | None,
    cuts: np.ndarray,
    events: set[int],
    episodes: list[tuple[int, int]],
) -> dict[str, np.ndarray]:
    """Columns of one series, a place for each of `cuts` (NaN where there is no number), all cuts and the placebo windows
    searched at once."""
    reasons = _why_not(series, cuts)
    usable = np.flatnonzero([reason is None for reason in reasons])
    n_placebo = np.zeros(len(cuts), dtype=np.int64)
    numbers = {
        name: np.full(len(cuts), np.nan)
        for name in ("months_from_cut", "break_size", "sup_f", "placebo_rank")
    }
    if len(usable) and series is not None:
        clean = clean_cuts(
            series, events, episodes, before=WINDOW, after=WINDOW, from_events=SEARCH, from_episodes=SEARCH
        )
        placebo = np.array(clean, dtype=np.int64)
        placebo = placebo[[reason is None for reason in _why_not(series, placebo)]]
        searched = np.concatenate([cuts[usable], placebo])
        breaks = best_breaks(series.y[np.arange(-WINDOW, WINDOW)[:, None] + searched - series.first])
        own_f, clean_f = breaks.sup_f[: len(usable)], breaks.sup_f[len(usable) :]
        placebo, clean_f = placebo[~np.isnan(clean_f)], clean_f[~np.isnan(clean_f)]
        # a placebo window in which some of the same months are searched would show the same break
        apart = np.abs(placebo - cuts[:, None]) > 2 * SEARCH
        n_placebo = apart.sum(axis=1)
        rank = placebo_ranks(own_f, clean_f, apart[usable])
        varies = ~np.isnan(own_f)
        searched_episode = np.zeros(len(usable), dtype=bool)
        for first, last in episodes:
            searched_episode |= (first <= cuts[usable] + SEARCH) & (last >= cuts[usable] - SEARCH)
        few = n_placebo[usable] < MIN_PLACEBO
        reasons[usable] = first_reason(
            {REASON_CONSTANT: ~varies, REASON_EPISODE: searched_episode, REASON_FEW: few}
        )
        numbers["months_from_cut"][usable] = np.where(varies, breaks.months_from_cut[: len(usable)], np.nan)
        numbers["break_size"][usable] = np.where(varies, breaks.size[: len(usable)], np.nan)
        numbers["sup_f"][usable] = own_f
        numbers["placebo_rank"][usable] = np.where(varies & ~searched_episode & ~few, rank, np.nan)
    return {**numbers, "n_placebo": n_placebo, "reason": reasons}


def _why_not(series: MonthlySeries | None, cuts: np.ndarray) -> np.ndarray:
    """Why no break can be searched around each of `cuts`, or None."""
    if series is None:
        return np.full(len(cuts), REASON_LIFE, dtype=object)
    first, last = cuts - WINDOW - series.first, cuts + WINDOW - series.first
    outside = (first < 0) | (last > len(series.y))
    places = [np.clip(place, 0, len(series.y)) for place in (first, last)]
    holds = []
    for flags in (~series.positive, np.isnan(series.y)):
        running = np.concatenate([[0], np.cumsum(flags)])
        holds.append(running[places[1]] > running[places[0]])
    return first_reason({REASON_LIFE: outside, REASON_NOT_POSITIVE: holds[0], REASON_MISSING: holds[1]})
