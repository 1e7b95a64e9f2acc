"""Interrupted time series: a step and a change of slope at a cut, beside everything else that is known to have happened.

Belongs here: the months, the regressors, when a result is withheld, the columns of the result.
Does not belong here: the algebra (regression.py), how often each standard error is wrong (interrupted_calibration.py), which
events and series are analysed (the dbt models).

    y(t) = a + b t + d POST(t) + g POST(t) (t - cut) + month effects + a dummy an episode + a step at each start of another
           cluster of events + a dummy a month left out + u(t)

d is level_change and g is slope_change, in logs where a series has them. The errors u of the primary estimate are AR(p) with
p <= 3 chosen by BIC. For comparison the least-squares estimate has EWC standard errors with floor(0.4 T^(2/3)) terms and
Newey-West ones with ceil(1.3 sqrt T) lags (Lazarus, Lewis, Stock and Watson 2018). Each of them calls more than 5 % of the
dates without an event unusual, so p has to be read beside false_alarm_rate.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from transforms.statistics.months import (
    REASON_CONSTANT,
    REASON_MISSING,
    REASON_NOT_POSITIVE,
    MonthlySeries,
    day,
    episodes_by_series,
    monthly_series,
    number,
)
from transforms.statistics.regression import MAX_ORDER, Block

#: months of the window on each side of a cut at most and at least, and on both sides together at least
WINDOW, MIN_SIDE, MIN_MONTHS = 60, 12, 60
#: months after the cut at which the change is stated
HORIZONS = (6, 12, 24)
#: regressors for each month at most: with more of them the standard errors of 60 to 120 months mean little
MAX_SHARE = 1 / 3
#: the part of a regressor that the others must leave unexplained, so that it can have a coefficient of its own
_TOLERANCE = 1e-6

REASON_SERIES = "the series has no value"
REASON_BEFORE = f"fewer than {MIN_SIDE} months before the cut"
REASON_AFTER = f"fewer than {MIN_SIDE} months after the cut"
REASON_SHORT = f"fewer than {MIN_MONTHS} months in all"
REASON_SAME = "an episode or another event cannot be told apart from the cut"
REASON_CROWDED = "too many episodes and other events for the months there are"
REASON_UNIT_ROOT = "no stationary errors fit"

RESULT_SCHEMA: dict[str, pl.DataType] = {
    "series_id": pl.String(),
    "design_id": pl.String(),
    "cut_month": pl.Date(),
    "scale": pl.String(),
    "first_month": pl.Date(),
    "last_month": pl.Date(),
    "n_months": pl.Int32(),
    "n_regressors": pl.Int32(),
    "ar_order": pl.Int32(),
    "level_change": pl.Float64(),
    "slope_change": pl.Float64(),
    **{f"effect_{h}": pl.Float64() for h in HORIZONS},
    "se_gls": pl.Float64(),
    "p_gls": pl.Float64(),
    "level_change_ols": pl.Float64(),
    "se_ewc": pl.Float64(),
    "p_ewc": pl.Float64(),
    "se_nw": pl.Float64(),
    "p_nw": pl.Float64(),
    "p_ols": pl.Float64(),
    "joint_events": pl.Int32(),
    "reason": pl.String(),
}


DESIGN_SCHEMA: dict[str, pl.DataType] = {
    "design_id": pl.String(),
    "cut_month": pl.Date(),
    "dropped_months": pl.Int32(),
    "joint_months": pl.List(pl.Date()),
}


@dataclass(frozen=True)
class Design:
    """Where a series is cut, in month numbers: `dropped` months before `cut` are left out; `joint` are the starts of other
    clusters of events."""

    design_id: str
    cut: int
    dropped: int
    joint: tuple[int, ...]


@dataclass(frozen=True)
class _Window:
    """What the regressors of a series at a design depend on, so that series with the same window are fitted together.

    design: index of the design; first, last, episodes: month numbers
    """

    design: int
    first: int
    last: int
    episodes: tuple[tuple[int, int], ...]


def interrupted_time_series(
    monthly: pl.DataFrame, episodes: pl.DataFrame, designs: pl.DataFrame, pairs: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row (RESULT_SCHEMA) for each series and design, or for each of `pairs` (series_id, design_id).

    monthly: series_id, period_start, value, scale (log | level). episodes: series_id, first_month, last_month.
    designs: design_id, cut_month, dropped_months (integer), joint_months (list of dates, the first whole months after the
    starts of other clusters). Effects are in log points or in the unit of the series. A row without numbers says why in
    `reason`, whatever a series looks like. Raises ValueError if a month of a series has two values.
    """
    series = monthly_series(monthly)
    touching = episodes_by_series(episodes)
    plans = [
        Design(
            row["design_id"],
            number(row["cut_month"]),
            row["dropped_months"],
            tuple(sorted({number(m) for m in row["joint_months"]})),
        )
        for row in designs.iter_rows(named=True)
    ]
    rows: list[dict[str, object]] = []
    groups: dict[_Window, list[str]] = defaultdict(list)
    for series_id, index in _pairs(monthly, plans, pairs):
        design = plans[index]
        first, last, reason = window_of(series.get(series_id), design.cut, design.dropped)
        if reason is not None:
            rows.append(_withheld(series_id, design, series.get(series_id), reason))
            continue
        inside = tuple(
            sorted(
                {
                    (max(a, first), min(b, last))
                    for a, b in touching.get(series_id, ())
                    if a <= last and b >= first
                }
            )
        )
        groups[_Window(index, first, last, inside)].append(series_id)
    for window, ids in groups.items():
        rows.extend(_fitted(window, plans[window.design], ids, series))
    return pl.DataFrame(rows, schema=RESULT_SCHEMA, orient="row").sort("series_id", "design_id")


def window_of(series: MonthlySeries | None, cut: int, dropped: int) -> tuple[int, int, str | None]:
    """First and last month (numbers) of the window around a cut, and why it cannot be used, or None if it can.

    The `dropped` months before the cut are left out of the window and may lack a value.
    """
    if series is None:
        return 0, 0, REASON_SERIES
    first, last = max(series.first, cut - dropped - WINDOW), min(series.last, cut + WINDOW - 1)
    if cut - dropped - first < MIN_SIDE:
        return first, last, REASON_BEFORE
    if last - cut + 1 < MIN_SIDE:
        return first, last, REASON_AFTER
    if last - first + 1 - dropped < MIN_MONTHS:
        return first, last, REASON_SHORT
    used = np.r_[
        first - series.first : cut - dropped - series.first, cut - series.first : last - series.first + 1
    ]
    y = series.y[used]
    if not series.positive[used].all():
        return first, last, REASON_NOT_POSITIVE
    if np.isnan(y).any():
        return first, last, REASON_MISSING
    return first, last, None


def regressors(
    first: int, last: int, cut: int, dropped: int, episodes: Iterable[tuple[int, int]], joint: Iterable[int]
) -> tuple[np.ndarray, int] | str:
    """The regressors (months `first` to `last` x columns; the last two are the step and the change of slope), and how many
    starts of other clusters are among them. Or the reason why the cut can have no coefficient.

    An episode or start that other columns already explain is left out: two starts in one month are one step, and an
    episode that fills the window is the constant. A start in the month of the cut, or in a month left out before it, is
    left out too, because it cannot be told apart from the cut.
    """
    t = np.arange(first, last + 1)
    post = (t >= cut).astype(float)
    base = [np.ones(len(t)), (t - cut) / 12.0]
    base += [(t % 12 == month).astype(float) for month in range(1, 12)]
    base += [(t == month).astype(float) for month in range(cut - dropped, cut)]
    extra = [((t >= a) & (t <= b)).astype(float) for a, b in episodes]
    n_episodes = len(extra)
    extra += [(t >= s).astype(float) for s in joint if first < s <= last and not cut - dropped <= s <= cut]
    core = [post, post * (t - cut) / 12.0]
    columns = np.column_stack(base + extra + core)
    share = _unexplained(columns)
    n_joint = len(extra) - n_episodes
    if (share < _TOLERANCE).any():
        kept = list(range(len(base)))
        for j in range(len(base), len(base) + len(extra)):
            if _unexplained(columns[:, [*kept, j]])[-1] >= _TOLERANCE:
                kept.append(j)
        n_joint = sum(j >= len(base) + n_episodes for j in kept)
        columns = np.column_stack([columns[:, kept], *core])
        if (_unexplained(columns)[-2:] < _TOLERANCE).any():
            return REASON_SAME
    if columns.shape[1] - dropped > MAX_SHARE * (len(t) - dropped):
        return REASON_CROWDED
    return columns, n_joint


def _trimmed(window: _Window, design: Design) -> tuple[_Window, np.ndarray, int] | str:
    """The window with its regressors and the number of starts among them, or why there are none.

    AR(p) errors cost the first p months. If an episode or start changes only these, no month is left to estimate its
    coefficient from, and the estimates would depend on rounding; the window then begins later.
    """
    for first in range(window.first, window.first + 2 * MIN_SIDE):
        if design.cut - design.dropped - first < MIN_SIDE:
            return REASON_BEFORE
        if window.last - first + 1 - design.dropped < MIN_MONTHS:
            return REASON_SHORT
        made = regressors(first, window.last, design.cut, design.dropped, window.episodes, design.joint)
        if isinstance(made, str):
            return made
        x, n_joint = made
        if (_unexplained(x[MAX_ORDER:]) >= _TOLERANCE).all():
            return replace(window, first=first), x, n_joint
    return REASON_SAME


def _unexplained(columns: np.ndarray) -> np.ndarray:
    """Of each column, the share of its length that the columns before it do not explain."""
    length = np.linalg.norm(columns, axis=0)
    r = np.abs(np.diag(np.linalg.qr(columns, mode="r")))
    return r / np.where(length > 0, length, 1)


def _fitted(
    window: _Window, design: Design, ids: list[str], series: dict[str, MonthlySeries]
) -> Iterable[dict[str, object]]:
    """Rows of the series that share the regressors of `window`."""
    made = _trimmed(window, design)
    if isinstance(made, str):
        for series_id in ids:
            yield _withheld(series_id, design, series[series_id], made, window)
        return
    window, x, n_joint = made
    y = np.column_stack([series[i].window(window.first, window.last) for i in ids])
    left_out = slice(design.cut - design.dropped - window.first, design.cut - window.first)
    y[left_out] = (
        0.0  # each of these months has a dummy of its own, so that its value does not matter; it may have none
    )
    largest = np.abs(y).max(axis=0)
    # values are divided by the largest one, so that squares overflow in no unit
    y = y / np.where(largest > 0, largest, 1.0)
    used = np.ones(len(y), dtype=bool)
    used[left_out] = False
    y[used] -= y[used].mean(axis=0)
    block = Block(y, x, x.shape[1] - 2)
    varies = np.sqrt((block.residuals**2).mean(axis=0)) > 1e-9
    for series_id in (i for i, ok in zip(ids, varies, strict=True) if not ok):
        yield _withheld(series_id, design, series[series_id], REASON_CONSTANT, window)
    if not varies.any():
        return
    if not varies.all():
        block, largest = Block(y[:, varies], x, x.shape[1] - 2), largest[varies]
    months = window.last - window.first + 1 - design.dropped
    gls, ols = block.autoregressive(), block.ols()
    ewc = block.ewc(math.floor(0.4 * months ** (2 / 3)))
    newey_west = block.newey_west(math.ceil(1.3 * math.sqrt(months)))
    for j, series_id in enumerate(i for i, ok in zip(ids, varies, strict=True) if ok):
        row = _empty_row(series_id, design, series[series_id], window)
        if gls.order[j] < 0:
            yield row | {"reason": REASON_UNIT_ROOT}
            continue
        step, slope = gls.estimate.params[j, -2:] * largest[j]
        slope /= 12
        yield row | {
            "n_months": months,
            "n_regressors": x.shape[1] - design.dropped,
            "ar_order": int(gls.order[j]),
            "level_change": step,
            "slope_change": slope,
            **{
                f"effect_{h}": step + slope * h if window.last - design.cut + 1 >= h else None
                for h in HORIZONS
            },
            "se_gls": gls.estimate.se[j] * largest[j],
            "p_gls": gls.estimate.p[j],
            "level_change_ols": ols.params[j, -2] * largest[j],
            "se_ewc": ewc.se[j] * largest[j],
            "p_ewc": ewc.p[j],
            "se_nw": newey_west.se[j] * largest[j],
            "p_nw": newey_west.p[j],
            "p_ols": ols.p[j],
            "joint_events": n_joint,
        }


def _pairs(
    monthly: pl.DataFrame, plans: list[Design], pairs: pl.DataFrame | None
) -> Iterable[tuple[str, int]]:
    """Series and index of the design of each row of the result: those of `pairs`, or all."""
    if pairs is None:
        ids = monthly["series_id"].unique().sort().to_list()
        return ((series_id, i) for series_id in ids for i in range(len(plans)))
    index = {plan.design_id: i for i, plan in enumerate(plans)}
    return ((s, index[d]) for s, d in pairs.select("series_id", "design_id").unique().iter_rows())


def _empty_row(
    series_id: str, design: Design, series: MonthlySeries | None, window: _Window | None
) -> dict[str, object]:
    """A row of the result that has its key and its window, and no numbers."""
    row: dict[str, object] = {
        **dict.fromkeys(RESULT_SCHEMA),
        "series_id": series_id,
        "design_id": design.design_id,
        "cut_month": day(design.cut),
        "scale": None if series is None else series.scale,
    }
    return row if window is None else row | {"first_month": day(window.first), "last_month": day(window.last)}


def _withheld(
    series_id: str, design: Design, series: MonthlySeries | None, reason: str, window: _Window | None = None
) -> dict[str, object]:
    return _empty_row(series_id, design, series, window) | {"reason": reason}
