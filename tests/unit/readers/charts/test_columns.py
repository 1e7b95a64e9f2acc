"""Columns as Python types: reductions of a column without any value are refused, not drawn as nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest

from orchestration.readers.charts.columns import days, extent, median, months, quantile
from orchestration.readers.charts.theme import ChartError

NUMBERS = pl.Series("value", [3.0, None, 1.0, 2.0])


def test_reductions_leave_out_what_is_missing() -> None:
    assert extent(NUMBERS) == (1.0, 3.0)
    assert (median(NUMBERS), quantile(NUMBERS, 0.5)) == (2.0, 2.0)
    first, last = dt.date(2018, 1, 1), dt.date(2018, 3, 1)
    assert days(pl.Series("day", [last, None, first])) == (first, last)
    assert months(first, last, "m")["m"].to_list() == [first, dt.date(2018, 2, 1), last]


@pytest.mark.parametrize("reduce", [extent, median, lambda column: quantile(column, 0.5)])
@pytest.mark.parametrize(
    "column", [pl.Series("value", [], pl.Float64), pl.Series("value", [None], pl.Float64)]
)
def test_a_column_without_a_number_is_named(reduce: Callable, column: pl.Series) -> None:
    with pytest.raises(ChartError, match="the column value has no number"):
        reduce(column)


def test_numbers_are_no_days() -> None:
    with pytest.raises(ChartError, match="the column value has no day"):
        days(NUMBERS)
