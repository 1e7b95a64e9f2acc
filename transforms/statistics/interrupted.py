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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from transforms.statistics.months import (
    REASON_CONSTANT,
    REASON_MISSING,
    REASON_NOT_POSITIVE,
    MonthlySeries,
    days,
    episodes_by_series,
    monthly_series,
    number,
)
from transforms.statistics.regression import MAX_ORDER, Blocks

#: months of the window on each side of a cut at most and at least, and on both sides together at least
WINDOW, MIN_SIDE, MIN_MONTHS = 60, 12, 60
#: months after the cut at which the change is stated
HORIZONS = (6, 12, 24)
#: regressors for each month at most: with more of them the standard errors of 60 to 120 months mean little
MAX_SHARE = 1 / 3
#: the part of a regressor that the others must leave unexplained, so that it can have a coefficient of its own
_TOLERANCE = 1e-6
#: series that are fitted together, which bounds the memory at about 50 MB
_CHUNK = 400

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
    """Where series are cut, in month numbers: `dropped` months before `cut` are left out; `joint` are the starts of other
    clusters of events."""

    design_id: str
    cut: int
    dropped: int
    joint: tuple[int, ...]


@dataclass(frozen=True)
class _Window:
    """What the regressors of a series at a design depend on, so that series with the same window are fitted together, and a
    series once for all designs that have it.

    cut, dropped: as in Design; first, last, episodes, joint: month numbers within the window
    """

    cut: int
    dropped: int
    first: int
    last: int
    episodes: tuple[tuple[int, int], ...]
    joint: tuple[int, ...]


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
    touching = {name: tuple(sorted(set(spans))) for name, spans in episodes_by_series(episodes).items()}
    plans = [
        Design(
            row["design_id"],
            number(row["cut_month"]),
            row["dropped_months"],
            tuple(sorted({number(m) for m in row["joint_months"]})),
        )
        for row in designs.iter_rows(named=True)
    ]
    rows = _Rows.of(_pairs(monthly, plans, pairs), plans, series)
    groups: dict[_Window, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    # many series share their episodes and their first and last month
    same: dict[tuple[object, ...], dict[str, list[int]]] = {}
    usable = np.flatnonzero([reason is None for reason in rows.reasons])
    for place, series_id, index, first, last in zip(
        usable.tolist(),
        *(part[usable].tolist() for part in (rows.ids, rows.designs, rows.first, rows.last)),
        strict=True,
    ):
        known = touching.get(series_id, ())
        key = (index, known, first, last)
        if key not in same:
            same[key] = groups[_window(plans[index], first, last, known)]
        same[key][series_id].append(place)
    prepared = []
    for window, members in groups.items():
        made = _trimmed(window)
        if isinstance(made, str):
            for places in members.values():
                rows.withhold(places, made)
        else:
            prepared.append(_Group(*made, members))
    # groups of like size stand together, so that few months and columns are filled up with zeros
    prepared.sort(key=lambda group: (len(group.x), group.x.shape[1]))
    for chunk in _chunks(prepared):
        _fit(chunk, series, rows)
    return rows.frame(plans, series)


def _window(design: Design, first: int, last: int, episodes: tuple[tuple[int, int], ...]) -> _Window:
    """The window of a design between the months `first` and `last`, with what is known of it within these months."""
    inside = {(max(a, first), min(b, last)) for a, b in episodes if a <= last and b >= first}
    joint = tuple(month for month in design.joint if first < month <= last)
    return _Window(design.cut, design.dropped, first, last, tuple(sorted(inside)), joint)


@dataclass
class _Rows:
    """The result as arrays, a place a row: what is asked, the window and, column by column, the numbers.

    ids, designs: series and index of the design; first, last: months of the window; reasons: why there are no numbers, or None;
    shows_window: whether the row names its window
    """

    ids: np.ndarray
    designs: np.ndarray
    first: np.ndarray
    last: np.ndarray
    reasons: np.ndarray
    shows_window: np.ndarray
    numbers: dict[str, np.ndarray]

    @classmethod
    def of(
        cls, asked: Iterable[tuple[str, np.ndarray]], plans: list[Design], series: dict[str, MonthlySeries]
    ) -> _Rows:
        cuts, dropped = (
            np.array([getattr(plan, name) for plan in plans], dtype=np.int64) for name in ("cut", "dropped")
        )
        ids, designs, windows = [], [], []
        for series_id, chosen in asked:
            ids.append(np.full(len(chosen), series_id, dtype=object))
            designs.append(chosen)
            windows.append(windows_of(series.get(series_id), cuts[chosen], dropped[chosen]))
        none = np.zeros(0, dtype=np.int64)
        if not ids:
            ids, designs, windows = [none.astype(object)], [none], [(none, none, none.astype(object))]
        first, last, reasons = (np.concatenate(parts) for parts in zip(*windows, strict=True))
        size = len(first)
        numbers = {
            name: np.full(size, np.nan)
            for name, kind in RESULT_SCHEMA.items()
            if kind in (pl.Float64(), pl.Int32())
        }
        return cls(
            np.concatenate(ids),
            np.concatenate(designs),
            first,
            last,
            reasons,
            np.array([reason is None for reason in reasons], dtype=bool),
            numbers,
        )

    def withhold(self, places: list[int], reason: str) -> None:
        """Give these rows a reason."""
        self.reasons[places] = reason

    def fill(self, members: list[list[int]], found: dict[str, np.ndarray], has_unit_root: np.ndarray) -> None:
        """Write the numbers of each series into its rows, or why it has none."""
        places = np.array([place for member in members for place in member], dtype=np.int64)
        source = np.repeat(np.arange(len(members)), [len(member) for member in members])
        without = has_unit_root[source]
        for name, values in found.items():
            self.numbers[name][places] = np.where(without, np.nan, values[source])
        self.reasons[places[without]] = REASON_UNIT_ROOT

    def frame(self, plans: list[Design], series: dict[str, MonthlySeries]) -> pl.DataFrame:
        """The rows in RESULT_SCHEMA, in order of series and design."""
        scales = {name: found.scale for name, found in series.items()}
        shown = pl.Series(self.shows_window.astype(bool))
        month = {
            "cut_month": days(np.array([plan.cut for plan in plans], dtype=np.int64)[self.designs]),
            "first_month": days(self.first),
            "last_month": days(self.last),
        }
        numbers = {
            name: pl.Series(name, values).fill_nan(None).cast(RESULT_SCHEMA[name])
            for name, values in self.numbers.items()
        }
        ids = pl.Series(self.ids.tolist(), dtype=pl.String)
        names = pl.Series([plan.design_id for plan in plans], dtype=pl.String)
        found = pl.DataFrame(
            {
                "series_id": ids,
                "design_id": names[self.designs],
                "scale": ids.replace_strict(scales, default=None, return_dtype=pl.String),
                **month,
                **numbers,
                "reason": pl.Series(self.reasons.tolist(), dtype=pl.String),
            }
        )
        return (
            found.with_columns(
                pl.when(shown).then(name).alias(name) for name in ("first_month", "last_month")
            )
            .select(*RESULT_SCHEMA)
            .sort("series_id", "design_id")
        )


def windows_of(
    series: MonthlySeries | None, cuts: np.ndarray, dropped: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last month (numbers) of the windows around `cuts`, and why each cannot be used, or None if it can.

    The `dropped` months before a cut are left out of its window and may lack a value.
    """
    if series is None:
        nothing = np.zeros_like(cuts)
        return nothing, nothing, np.full(len(cuts), REASON_SERIES, dtype=object)
    first, last = (
        np.maximum(series.first, cuts - dropped - WINDOW),
        np.minimum(series.last, cuts + WINDOW - 1),
    )
    end = cuts - dropped
    # running sums of flags, so that a part of the window holds one where two of them differ
    bad = [np.concatenate([[0], np.cumsum(flags)]) for flags in (~series.positive, np.isnan(series.y))]

    def holds(sums: np.ndarray) -> np.ndarray:
        places = (np.clip(month - series.first, 0, len(series.y)) for month in (first, end, cuts, last + 1))
        begin, stop, again, finish = (sums[place] for place in places)
        return (stop > begin) | (finish > again)

    reasons = np.select(
        [
            end - first < MIN_SIDE,
            last - cuts + 1 < MIN_SIDE,
            last - first + 1 - dropped < MIN_MONTHS,
            holds(bad[0]),
            holds(bad[1]),
        ],
        np.array(
            [REASON_BEFORE, REASON_AFTER, REASON_SHORT, REASON_NOT_POSITIVE, REASON_MISSING], dtype=object
        ),
        None,
    )
    return first, last, reasons


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
    post = t >= cut
    spans = np.array([*episodes], dtype=np.int64).reshape(-1, 2)
    starts = np.array(
        [s for s in joint if first < s <= last and not cut - dropped <= s <= cut], dtype=np.int64
    )
    n_base = 13 + dropped
    columns = np.empty((len(t), n_base + len(spans) + len(starts) + 2))
    columns[:, 0], columns[:, 1] = 1.0, (t - cut) / 12.0
    columns[:, 2:13] = (t % 12)[:, None] == np.arange(1, 12)
    columns[:, 13:n_base] = t[:, None] == np.arange(cut - dropped, cut)
    n_extra = len(spans) + len(starts)
    columns[:, n_base : n_base + len(spans)] = (t[:, None] >= spans[:, 0]) & (t[:, None] <= spans[:, 1])
    columns[:, n_base + len(spans) : -2] = t[:, None] >= starts
    columns[:, -2], columns[:, -1] = post, post * (t - cut) / 12.0
    n_joint = len(starts)
    if (_unexplained(columns) < _TOLERANCE).any():
        chosen = _independent(columns, n_base, n_base + n_extra)
        n_joint = sum(j >= n_base + len(spans) for j in chosen)
        columns = columns[:, [*range(n_base), *chosen, -2, -1]]
        if (_unexplained(columns)[-2:] < _TOLERANCE).any():
            return REASON_SAME
    if columns.shape[1] - dropped > MAX_SHARE * (len(t) - dropped):
        return REASON_CROWDED
    return columns, n_joint


def _independent(columns: np.ndarray, begin: int, end: int) -> list[int]:
    """Of the columns from `begin` on and before `end`, those that the columns before `begin` and the ones already chosen do
    not explain."""
    basis = np.zeros((len(columns), end))
    basis[:, :begin], _ = np.linalg.qr(columns[:, :begin])
    size, chosen = begin, []
    for j in range(begin, end):
        rest = columns[:, j]
        length = float(np.linalg.norm(rest))
        for _ in range(2):  # once more, because rounding leaves a part of what was taken out
            rest = rest - basis[:, :size] @ (basis[:, :size].T @ rest)
        left = float(np.linalg.norm(rest))
        if length > 0 and left / length >= _TOLERANCE:
            basis[:, size] = rest / left
            size += 1
            chosen.append(j)
    return chosen


def _trimmed(window: _Window) -> tuple[_Window, np.ndarray, int] | str:
    """The window with its regressors and the number of starts among them, or why there are none.

    AR(p) errors cost the first p months. If an episode or start changes only these, no month is left to estimate its
    coefficient from, and the estimates would depend on rounding; the window then begins later.
    """
    for first in range(window.first, window.first + 2 * MIN_SIDE):
        if window.cut - window.dropped - first < MIN_SIDE:
            return REASON_BEFORE
        if window.last - first + 1 - window.dropped < MIN_MONTHS:
            return REASON_SHORT
        made = regressors(first, window.last, window.cut, window.dropped, window.episodes, window.joint)
        if isinstance(made, str):
            return made
        x, n_joint = made
        if (_unexplained(x[MAX_ORDER:]) >= _TOLERANCE).all():
            return replace(window, first=first), x, n_joint
    return REASON_SAME


def _unexplained(columns: np.ndarray) -> np.ndarray:
    """Of each column, the share of its length that the columns before it do not explain."""
    length = np.linalg.norm(columns, axis=0)
    packed, _ = np.linalg.qr(columns, mode="raw")
    r = np.abs(packed.diagonal())
    return r / np.where(length > 0, length, 1)


@dataclass(frozen=True)
class _Group:
    """Series that share their regressors: the window, the regressors `x` (months, columns), how many starts of other clusters
    are among them, and the rows of the result that each series gives numbers to."""

    window: _Window
    x: np.ndarray
    n_joint: int
    members: dict[str, list[int]]


def _chunks(groups: list[_Group]) -> Iterator[list[_Group]]:
    """The groups in portions of about _CHUNK series."""
    chunk: list[_Group] = []
    size = 0
    for group in groups:
        chunk.append(group)
        size += len(group.members)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _fit(groups: list[_Group], series: dict[str, MonthlySeries], rows: _Rows) -> None:
    """Fill in the rows of `groups`."""
    ready: list[tuple[np.ndarray, np.ndarray, list[list[int]], _Group]] = []
    for group in groups:
        window = group.window
        y = np.column_stack([series[name].window(window.first, window.last) for name in group.members])
        left_out = slice(window.cut - window.dropped - window.first, window.cut - window.first)
        used = np.ones(len(y), dtype=bool)
        used[left_out] = False
        # each of these months has a dummy of its own, so that its value does not matter; it may have none
        y[left_out] = 0.0
        size = np.abs(y).max(axis=0)
        # values are divided by the largest one, so that squares overflow in no unit
        size = np.where(size > 0, size, 1.0)
        y /= size
        y[used] -= y[used].mean(axis=0)
        rows.first[[place for member in group.members.values() for place in member]] = window.first
        ready.append((y, size, list(group.members.values()), group))
    blocks = Blocks([(y, group.x) for y, _, _, group in ready], -2)
    varies = np.sqrt((blocks.residuals**2).sum(axis=0) / blocks.n) > 1e-9
    if not varies.all():
        kept = []
        for (y, size, members, group), own in zip(ready, blocks.own, strict=True):
            moves = varies[own]
            for member in (m for m, ok in zip(members, moves, strict=True) if not ok):
                rows.withhold(member, REASON_CONSTANT)
            if moves.any():
                kept.append(
                    (y[:, moves], size[moves], [m for m, ok in zip(members, moves, strict=True) if ok], group)
                )
        if not kept:
            return
        ready = kept
        blocks = Blocks([(y, group.x) for y, _, _, group in ready], -2)
    months = [len(group.x) - group.window.dropped for *_, group in ready]
    sizes = [len(members) for _, _, members, _ in ready]
    gls, ols = blocks.autoregressive(), blocks.ols()
    ewc = blocks.ewc([math.floor(0.4 * n ** (2 / 3)) for n in months])
    newey_west = blocks.newey_west(np.repeat([math.ceil(1.3 * math.sqrt(n)) for n in months], sizes))
    unit = np.concatenate([size for _, size, _, _ in ready])
    step, slope = gls.estimate.params[:, -2] * unit, gls.estimate.params[:, -1] * unit / 12
    after = np.repeat([group.window.last - group.window.cut + 1 for *_, group in ready], sizes)
    found = {
        "n_months": np.repeat(months, sizes),
        "n_regressors": np.repeat([group.x.shape[1] - group.window.dropped for *_, group in ready], sizes),
        "ar_order": gls.order,
        "level_change": step,
        "slope_change": slope,
        **{f"effect_{h}": np.where(after >= h, step + slope * h, np.nan) for h in HORIZONS},
        "se_gls": gls.estimate.se * unit,
        "p_gls": gls.estimate.p,
        "level_change_ols": ols.params[:, -2] * unit,
        "se_ewc": ewc.se * unit,
        "p_ewc": ewc.p,
        "se_nw": newey_west.se * unit,
        "p_nw": newey_west.p,
        "p_ols": ols.p,
        "joint_events": np.repeat([group.n_joint for *_, group in ready], sizes),
    }
    rows.fill([member for _, _, members, _ in ready for member in members], found, gls.order < 0)


def _pairs(
    monthly: pl.DataFrame, plans: list[Design], pairs: pl.DataFrame | None
) -> Iterable[tuple[str, np.ndarray]]:
    """Each series and the indices of the designs of its rows: those of `pairs`, or all."""
    if pairs is None:
        every = np.arange(len(plans))
        return [(series_id, every) for series_id in monthly["series_id"].unique().sort().to_list()]
    index = {plan.design_id: i for i, plan in enumerate(plans)}
    chosen = pairs.select(
        "series_id", pl.col("design_id").replace_strict(index, return_dtype=pl.Int64)
    ).unique()
    by_series = chosen.group_by("series_id").agg("design_id").sort("series_id")
    return [(series_id, np.array(designs, dtype=np.int64)) for series_id, designs in by_series.iter_rows()]
