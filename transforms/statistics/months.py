"""Months as whole numbers, and monthly series as arrays without holes in time.

Belongs here: what several statistics need before they can count months. Does not belong here: any statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl


def number(month: date) -> int:
    """Months since year 0."""
    return month.year * 12 + month.month - 1


def day(month: int) -> date:
    """First day of a month number."""
    return date(month // 12, month % 12 + 1, 1)


def month_numbers(column: str) -> pl.Expr:
    """The month numbers of a date column, as 32-bit integers."""
    return pl.col(column).dt.year().cast(pl.Int32) * 12 + pl.col(column).dt.month().cast(pl.Int32) - 1


@dataclass(frozen=True)
class MonthlySeries:
    """Values from month number `first` on, one a month: NaN where none is known, or none has a logarithm.

    `y` is what is compared: logarithms where `scale` is log, else the values. `positive` is false where a month has a
    value without a logarithm on the log scale.
    """

    first: int
    y: np.ndarray
    scale: str
    positive: np.ndarray

    @property
    def last(self) -> int:
        return self.first + len(self.y) - 1

    def window(self, first: int, last: int) -> np.ndarray:
        """y of the months `first` to `last`, both within the life of the series."""
        return self.y[first - self.first : last - self.first + 1]


def monthly_series(monthly: pl.DataFrame) -> dict[str, MonthlySeries]:
    """Series of `monthly` (series_id, period_start, value, scale log | level) that have a value, by id.

    Months before the first and after the last value do not count; a month twice is an error of the caller. Values that
    are not finite count as missing.
    """
    known = monthly.filter(pl.col("value").is_not_null() & pl.col("value").is_finite()).with_columns(
        month_numbers("period_start").alias("month")
    )
    found = {}
    for (series_id,), rows in known.sort("series_id", "month").group_by("series_id", maintain_order=True):
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
        found[series_id] = MonthlySeries(first, y, scale, positive)
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
    """Months of a series taken as cuts at which nothing is known to have happened.

    `before` months before and `after` from the cut on lie within its life; the cuts of events are more than
    `from_events` months away; no month of an episode lies in the `from_episodes` months before or from the cut on.
    """
    blocked = {e + d for e in event_cuts for d in range(-from_events, from_events + 1)}
    for first, last in episodes:
        # an episode without an end is dated to the year 9999
        stop = min(last + from_episodes, series.last)
        blocked.update(range(max(first - from_episodes + 1, series.first), stop + 1))
    return [c for c in range(series.first + before, series.last - after + 2) if c not in blocked]
