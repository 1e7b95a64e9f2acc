"""Values of polars columns as the Python types that they are known to have.

Belongs here: reductions of a column (first, last, least, largest) with a type. Does not belong here: queries, marks.

Polars types what `min()` and `max()` give as any value that a column may hold, because the type of a column is known
only when it runs. These functions say what a chart expects and raise ChartError for a column of another type.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

import polars as pl

from orchestration.readers.charts.theme import ChartError


def days(column: pl.Series) -> tuple[dt.date, dt.date]:
    """The first and the last day of a column of dates. Raises ChartError for one without a day."""
    first, last = column.min(), column.max()
    if not isinstance(first, dt.date) or not isinstance(last, dt.date):
        raise ChartError(f"the column {column.name} has no day")
    return first, last


def extent(column: pl.Series) -> tuple[float, float]:
    """The least and the largest number of a column. Raises ChartError for one without a number."""
    least, largest = column.min(), column.max()
    if not isinstance(least, int | float) or not isinstance(largest, int | float):
        raise ChartError(f"the column {column.name} has no number")
    return float(least), float(largest)


def median(column: pl.Series) -> float:
    """The median of a column of numbers. Raises ChartError for one without a number."""
    middle = column.median()
    if not isinstance(middle, int | float):
        raise ChartError(f"the column {column.name} has no number")
    return float(middle)


def quantile(column: pl.Series, share: float) -> float:
    """The linearly interpolated quantile of a column of numbers. Raises ChartError for one without a number."""
    cut = column.quantile(share, "linear")
    if cut is None:
        raise ChartError(f"the column {column.name} has no number")
    return cut


Value = TypeVar("Value")


def written(column: pl.Series, write: Callable[[Value], str]) -> pl.Series:
    """A column of text: `write` of each value, null where the value is null.

    Not `map_elements`: polars runs that in its own threads, which need the lock of the interpreter for it. Where several
    readers are served at once, one reader's thread can hold that lock and wait for those threads in another call of polars
    (`to_pandas`), and then the whole server stands still. This loop stays in the thread of its reader.
    """
    texts = [None if value is None else write(value) for value in column]
    return pl.Series(column.name, texts, dtype=pl.String)


def months(first: dt.date, last: dt.date, name: str) -> pl.DataFrame:
    """Every month from `first` to `last`, as a frame of one column `name` (Date)."""
    return pl.DataFrame({name: pl.date_range(first, last, "1mo", eager=True)})
