"""Interrupted time series: a step and a change of slope at a cut, beside everything else that is known to have happened.

Belongs here: which series are fitted together, the columns of the result.
Does not belong here: the months and regressors (interrupted_design.py), the algebra (regression.py), how often each standard
error is wrong (interrupted_calibration.py), which events and series are analysed (the dbt models).

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from transforms.statistics.interrupted_design import Design, Window, trimmed, window, windows_of
from transforms.statistics.months import (
    REASON_CONSTANT,
    MonthlySeries,
    days,
    episodes_by_series,
    monthly_series,
    number,
)
from transforms.statistics.regression import Blocks

#: months after the cut at which the change is stated
HORIZONS = (6, 12, 24)
#: series that are fitted together, which bounds the memory at about 50 MB
_CHUNK = 400
#: between a design and the calendar whose starts are its steps, in the names that of_each is given
OF_CALENDAR = " of "

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
    groups: dict[Window, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
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
            same[key] = groups[window(plans[index], first, last, known)]
        same[key][series_id].append(place)
    prepared = []
    for around, members in groups.items():
        made = trimmed(around)
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


def of_each(
    monthly: pl.DataFrame,
    episodes: pl.DataFrame,
    designs: Mapping[str, pl.DataFrame],
    calendars: Mapping[str, str],
    ids: Sequence[str],
) -> list[pl.DataFrame]:
    """The rows of each series in `ids` at every design of its calendar, without the calendar in their names.

    monthly and episodes as in interrupted_time_series; designs: of each calendar, DESIGN_SCHEMA, whose names end in OF_CALENDAR and
    the calendar; calendars: of each series. Every series of `ids` must be in `monthly` and `calendars`.
    """
    chosen = sorted({calendars[series_id] for series_id in ids})
    pairs = pl.DataFrame({"series_id": list(ids), "calendar": [calendars[series_id] for series_id in ids]})
    own = pl.concat(designs[calendar].select("design_id", calendar=pl.lit(calendar)) for calendar in chosen)
    fitted = interrupted_time_series(
        monthly.filter(pl.col("series_id").is_in(ids)),
        episodes,
        pl.concat(designs[calendar] for calendar in chosen),
        pairs.join(own, on="calendar").select("series_id", "design_id"),
    )
    named = fitted.with_columns(pl.col("design_id").str.split(OF_CALENDAR).list.first())
    by_series = named.partition_by("series_id", as_dict=True)
    return [by_series[(series_id,)] for series_id in ids]


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


@dataclass(frozen=True)
class _Group:
    """Series that share their regressors: the window, the regressors `x` (months, columns), how many starts of other clusters
    are among them, and the rows of the result that each series gives numbers to."""

    window: Window
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
        around = group.window
        y = np.column_stack([series[name].window(around.first, around.last) for name in group.members])
        left_out = slice(around.cut - around.dropped - around.first, around.cut - around.first)
        used = np.ones(len(y), dtype=bool)
        used[left_out] = False
        # each of these months has a dummy of its own, so that its value does not matter; it may have none
        y[left_out] = 0.0
        size = np.abs(y).max(axis=0)
        # values are divided by the largest one, so that squares overflow in no unit
        size = np.where(size > 0, size, 1.0)
        y /= size
        y[used] -= y[used].mean(axis=0)
        rows.first[[place for member in group.members.values() for place in member]] = around.first
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
