"""Columns as Python types: reductions of a column without any value are refused, not drawn as nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import polars as pl
import pytest

from orchestration.base.settings import PROJECT
from orchestration.readers.charts.columns import days, extent, median, months, quantile, written
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


def test_text_is_written_value_by_value_and_a_hole_stays_a_hole() -> None:
    column = pl.Series("x", [1.5, None, 2.0])
    assert written(column, lambda value: f"<{value}>").to_list() == ["<1.5>", None, "<2.0>"]
    assert written(pl.Series("x", [], dtype=pl.Float64), str).dtype == pl.String


def test_no_reader_runs_python_inside_polars() -> None:
    # two readers at once and one `map_elements` stopped the whole server: polars' threads waited for the interpreter's lock,
    # and the thread that held it waited for polars' threads
    files = list((PROJECT / "orchestration" / "readers").rglob("*.py"))
    assert len(files) > 50
    calls = re.compile(r"\.(map_elements|map_batches|map_rows|map_groups)\(")
    assert [file.name for file in files if calls.search(file.read_text(encoding="utf-8"))] == []
