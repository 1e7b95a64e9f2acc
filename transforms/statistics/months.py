"""What the statistics of monthly series have in common: months as whole numbers, series as arrays with a place for every
month, episodes, dates without an event, the rank among these, and the reasons for a result that is withheld.

Belongs here: what several statistics need. Does not belong here: a statistic (a module each), forecasts (forecasts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

#: the first month that may be a date without an event: with older ones 5 % of alarms over all dates hide 8.4 % before 1985
FIRST_CLEAN = date(1985, 1, 1)

REASON_MISSING = "a month of a window has no value"
REASON_NOT_POSITIVE = "a value of a window is not positive"
REASON_CONSTANT = "the series hardly varies"


def number(month: date) -> int:
    """The months from January of year 0 to the month of a date."""
    return month.year * 12 + month.month - 1


def day(month: int) -> date:
    """The first day of the month with this number."""
    return date(month // 12, month % 12 + 1, 1)


def days(months: np.ndarray) -> pl.Series:
    """The first days of the months with these numbers."""
    since_1970 = np.asarray(months, dtype=np.int64) - 1970 * 12
    return pl.Series(since_1970.astype("datetime64[M]").astype("datetime64[D]"))


def month_numbers(column: str) -> pl.Expr:
    """The month numbers of a date column, as 32-bit integers."""
    return pl.col(column).dt.year().cast(pl.Int32) * 12 + pl.col(column).dt.month().cast(pl.Int32) - 1


@dataclass(frozen=True)
class MonthlySeries:
    """A monthly series from its first to its last value.

    first:    the number of the first month; scale: log or level
    y:        one number a month: the logarithm of the value where scale is log, else the value; NaN where there is none
    positive: one flag a month: false where scale is log and the value has no logarithm
    """

    first: int
    y: np.ndarray
    scale: str
    positive: np.ndarray

    @property
    def last(self) -> int:
        """The number of the last month."""
        return self.first + len(self.y) - 1

    def window(self, first: int, last: int) -> np.ndarray:
        """y of the months `first` to `last` (both included), which must lie between the first and the last month."""
        return self.y[first - self.first : last - self.first + 1]


def monthly_series(monthly: pl.DataFrame) -> dict[str, MonthlySeries]:
    """The series of `monthly` (series_id, period_start, value, scale log | level) that have a value, by id.

    Months before the first and after the last value are left out; values that are not finite count as missing. Raises
    ValueError if a month of a series has two values.
    """
    with_value = monthly.filter(pl.col("value").is_not_null() & pl.col("value").is_finite()).with_columns(
        month_numbers("period_start").alias("month")
    )
    series = {}
    for (series_id,), rows in with_value.sort("series_id", "month").group_by(
        "series_id", maintain_order=True
    ):
        months, values = rows["month"].to_numpy(), rows["value"].to_numpy()
        if len(np.unique(months)) < len(months):
            raise ValueError(f"{series_id}: a month has more than one value")
        scale, first = rows["scale"][0], int(months[0])
        y = np.full(int(months[-1]) - first + 1, np.nan)
        y[months - first] = values
        positive = np.ones(len(y), dtype=bool)
        if scale == "log":
            positive = ~(y <= 0)
            y = np.log(np.where(y > 0, y, np.nan))
        series[series_id] = MonthlySeries(first, y, scale, positive)
    return series


def episodes_by_series(episodes: pl.DataFrame) -> dict[str, list[tuple[int, int]]]:
    """Numbers of the first and last month of the episodes that touch each series (series_id, first_month, last_month)."""
    by_series: dict[str, list[tuple[int, int]]] = {}
    rows = episodes.select("series_id", month_numbers("first_month"), month_numbers("last_month"))
    for series_id, first, last in rows.iter_rows():
        by_series.setdefault(series_id, []).append((first, last))
    return by_series


def first_reason(conditions: dict[str, np.ndarray]) -> np.ndarray:
    """For each place of the `conditions` (flags by reason), the first reason that holds, or None: an array of objects."""
    found = np.full(len(next(iter(conditions.values()))), None, dtype=object)
    for reason, holds in reversed(conditions.items()):
        found[holds] = reason
    return found


def placebo_rank(value: float, others: np.ndarray) -> float:
    """The share of values at least as large as `value`, itself among them: (1 + how many of `others` are) / (1 + others).

    A value that differs by rounding only counts as equally large.
    """
    return (1 + int((others >= value * (1 - 1e-12)).sum())) / (1 + len(others))


def cuts_by_series(acts: pl.DataFrame) -> dict[str, set[int]]:
    """Month numbers of the cuts of the acts that reach each series; acts: series_id, cut_month."""
    found: dict[str, set[int]] = {}
    for series_id, cut in acts.select("series_id", "cut_month").iter_rows():
        found.setdefault(series_id, set()).add(number(cut))
    return found


def placebo_ranks(values: np.ndarray, others: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """The `placebo_rank` of each of m `values` among those of n `others` that `counted` (m, n) marks for it."""
    at_least = counted & (others >= values[:, None] * (1 - 1e-12))
    found: np.ndarray = (1 + at_least.sum(axis=1)) / (1 + counted.sum(axis=1))
    return found


def clean_cuts(
    series: MonthlySeries,
    event_cuts: set[int],
    episodes: list[tuple[int, int]],
    *,
    before: int,
    after: int,
    from_events: int = 12,
    from_episodes: int = 24,
) -> list[int]:
    """Months of a series that can be cuts and at which nothing is known to have happened (month numbers, as all arguments).

    They are not before FIRST_CLEAN. The series has values for `before` months before the cut and `after` months from the cut on. The cut of an event is
    more than `from_events` months away, and no month of an episode lies in the `from_episodes` months before the cut or
    in as many from the cut on.
    """
    blocked = {e + d for e in event_cuts for d in range(-from_events, from_events + 1)}
    for first, last in episodes:
        # the last month of an episode without an end is in the year 9999
        stop = min(last + from_episodes, series.last)
        blocked.update(range(max(first - from_episodes + 1, series.first), stop + 1))
    first_cut = max(series.first + before, number(FIRST_CLEAN))
    return [c for c in range(first_cut, series.last - after + 2) if c not in blocked]
