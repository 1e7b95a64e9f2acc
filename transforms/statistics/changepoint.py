"""The month at which a series' level broke most clearly around a cut, and how clear that is for this series.

Belongs here: one level break in 72 months, its month and its F, ranked among the same F around dates without an event.
Does not belong here: a test of the event. F is the largest of 49 and is never compared with tables for independent errors.

    ln y(t) = a + b t + month effects + d 1(t >= c) + u(t),  u(t) = rho u(t - 1) + e(t)

rho is estimated without a break, and series and regressors are prewhitened with it (the first month is lost); for each month c
from 24 before to 24 after the cut F is the square of t of d (Quandt's sup-F, after Andrews 1993). What is asked is whether
the series broke near the cut at all, or elsewhere: a break at COVID says nothing about talks two years earlier.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from transforms.statistics.months import MonthlySeries, clean_cuts, day, month_numbers, monthly_series, number

#: months on each side of the cut: those looked at, and those among which the break is searched
WINDOW, SEARCH = 36, 24
#: clean windows that a rank takes
MIN_PLACEBO = 36
#: an estimate above it would difference the level away and leave nothing to break
MAX_RHO = 0.97

REASON_LIFE = "the 72 months around the cut are not within the life of the series"
REASON_MISSING = "a month of a window has no value"
REASON_NOT_POSITIVE = "a value of a window is not positive"
REASON_CONSTANT = "the series hardly varies"
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
    """Of m windows: months from the cut to the best break, its size, its F. NaN where a window does not vary."""

    months_from_cut: np.ndarray
    size: np.ndarray
    sup_f: np.ndarray


def best_breaks(y: np.ndarray) -> Breaks:
    """The clearest break of each column of `y` (72, m): month 36 is the cut."""
    t = np.arange(2 * WINDOW)
    base = np.column_stack([(t % 12 == month).astype(float) for month in range(12)] + [(t - WINDOW) / 12.0])
    base, _ = np.linalg.qr(base)
    steps = np.column_stack([(t >= c).astype(float) for c in range(WINDOW - SEARCH, WINDOW + SEARCH + 1)])
    y = y - y.mean(axis=0)
    largest = np.abs(y).max(axis=0)
    y = y / np.where(largest > 0, largest, 1.0)  # F does not depend on the unit, and no unit overflows
    residuals = y - base @ (base.T @ y)
    centred = residuals - residuals.mean(axis=0)
    n = len(t)
    square = (centred**2).sum(axis=0) / n
    varies = np.sqrt(square) > 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = (centred[1:] * centred[:-1]).sum(axis=0) / (n - 1) / square
    rho = np.clip(np.where(varies, rho, 0.0), -MAX_RHO, MAX_RHO)

    # whitened products are those of the months and of the months before, weighted with 1, rho and rho squared
    x = np.column_stack([base, steps])
    now, before = x[1:], x[:-1]
    products = (now.T @ now, now.T @ before + before.T @ now, before.T @ before)
    xx = products[0] - rho[:, None, None] * products[1] + (rho**2)[:, None, None] * products[2]
    white = y[1:] - rho * y[:-1]
    xy = (now.T @ white - rho * (before.T @ white)).T
    k = base.shape[1]
    solved = np.linalg.solve(xx[:, :k, :k], np.concatenate([xx[:, :k, k:], xy[:, :k, None]], axis=2))
    cross = xx[:, :k, k:]
    # each step after what the base explains: its own square, its product with the series
    square_step = np.einsum("mjj->mj", xx[:, k:, k:]) - np.einsum("mkj,mkj->mj", cross, solved[:, :, :-1])
    with_series = xy[:, k:] - np.einsum("mkj,mk->mj", cross, solved[:, :, -1])
    sse = (white**2).sum(axis=0) - np.einsum("mk,mk->m", xy[:, :k], solved[:, :, -1])
    explained = with_series**2 / square_step
    left = n - 1 - k - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        f = explained / (np.maximum(sse[:, None] - explained, 0) / left)
    f[~varies] = np.nan
    # of equal ones the nearest to the cut
    order = np.argsort(np.abs(np.arange(-SEARCH, SEARCH + 1)), kind="stable")
    best = order[np.argmax(np.where(np.isfinite(f), f, -1.0)[:, order], axis=1)]
    rows = np.arange(len(best))
    sup_f = np.where(np.isfinite(f[rows, best]), f[rows, best], np.nan)
    return Breaks(best - SEARCH, (with_series / square_step)[rows, best] * largest, sup_f)


def change_points(
    monthly: pl.DataFrame, episodes: pl.DataFrame, cuts: Iterable[date], event_cuts: Iterable[date]
) -> pl.DataFrame:
    """One row (RESULT_SCHEMA) for each series and each of `cuts`; placebo windows keep clear of `event_cuts`.

    monthly: series_id, period_start, value, scale (log | level). episodes: series_id, first_month, last_month.
    A row without a break or without a rank says why in `reason`.
    """
    touching: dict[str, list[tuple[int, int]]] = {}
    for series_id, first, last in episodes.select(
        "series_id", month_numbers("first_month"), month_numbers("last_month")
    ).iter_rows():
        touching.setdefault(series_id, []).append((first, last))
    known = monthly_series(monthly)
    asked, events = sorted({number(c) for c in cuts}), {number(c) for c in event_cuts}
    rows: list[dict[str, object]] = []
    for series_id in monthly["series_id"].unique().sort().to_list():
        rows.extend(_of_series(series_id, known.get(series_id), asked, events, touching.get(series_id, [])))
    return pl.DataFrame(rows, schema=RESULT_SCHEMA, orient="row")


def _of_series(
    series_id: str,
    series: MonthlySeries | None,
    asked: list[int],
    events: set[int],
    episodes: list[tuple[int, int]],
) -> Iterable[dict[str, object]]:
    empty: dict[str, object] = {
        **dict.fromkeys(RESULT_SCHEMA),
        "series_id": series_id,
        "scale": None if series is None else series.scale,
    }
    reasons = {c: _why_not(series, c) for c in asked}
    usable = [c for c, reason in reasons.items() if reason is None]
    placebo: list[int] = []
    if usable and series is not None:
        clean = clean_cuts(
            series, events, episodes, before=WINDOW, after=WINDOW, from_events=SEARCH, from_episodes=SEARCH
        )
        placebo = [c for c in clean if _why_not(series, c) is None]
    everything = usable + placebo
    found = None
    if everything and series is not None:
        found = best_breaks(np.column_stack([series.window(c - WINDOW, c + WINDOW - 1) for c in everything]))
    place = {c: i for i, c in enumerate(usable)}
    clean_f = np.array([]) if found is None else found.sup_f[len(usable) :]
    clean_at = np.array(placebo, dtype=int)[~np.isnan(clean_f)]
    clean_f = clean_f[~np.isnan(clean_f)]
    for c in asked:
        # no month is searched by both: a break found here would be found there, too
        others = clean_f[np.abs(clean_at - c) > 2 * SEARCH]
        row = empty | {"cut_month": day(c), "n_placebo": len(others), "reason": reasons[c]}
        if c in place and found is not None:
            i = place[c]
            if np.isnan(found.sup_f[i]):
                row["reason"] = REASON_CONSTANT
            else:
                row |= {
                    "best_break_month": day(c + int(found.months_from_cut[i])),
                    "months_from_cut": int(found.months_from_cut[i]),
                    "break_size": float(found.size[i]),
                    "sup_f": float(found.sup_f[i]),
                }
                if any(a <= c + SEARCH and b >= c - SEARCH for a, b in episodes):
                    row["reason"] = REASON_EPISODE
                elif len(others) < MIN_PLACEBO:
                    row["reason"] = REASON_FEW
                else:
                    n_as_large = int((others >= found.sup_f[i] * (1 - 1e-12)).sum())
                    row["placebo_rank"] = (1 + n_as_large) / (1 + len(others))
                    row["rank_floor"] = 1 / (1 + len(others))
        yield row


def _why_not(series: MonthlySeries | None, cut: int) -> str | None:
    if series is None or cut - WINDOW < series.first or cut + WINDOW - 1 > series.last:
        return REASON_LIFE
    if not series.positive[cut - WINDOW - series.first : cut + WINDOW - series.first].all():
        return REASON_NOT_POSITIVE
    return REASON_MISSING if np.isnan(series.window(cut - WINDOW, cut + WINDOW - 1)).any() else None
