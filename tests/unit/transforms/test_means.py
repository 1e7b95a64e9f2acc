"""Monthly means of daily rates: only of whole months, without days that have no value, as the standard library counts."""

from __future__ import annotations

import statistics
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.means import monthly_means
from transforms.parse.reply import Rows


def _daily(days: dict[date, float | None]):
    rows = Rows("test")
    for day, value in days.items():
        rows.add("FX", day, "daily", value, "missing" if value is None else "normal")
    return rows.reply()


def _weekdays(first: date, last: date) -> list[date]:
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    return [d for d in days if d.weekday() < 5]


def test_a_month_that_is_not_over_has_no_mean():
    days = dict.fromkeys(_weekdays(date(2026, 1, 1), date(2026, 2, 26)), 1.25)
    reply = monthly_means(_daily(days), as_of=date(2026, 2, 27))
    assert reply.frame["period_start"].to_list() == [date(2026, 1, 1)]
    assert reply.left.dropped == {"months that are not whole": 1}
    days |= {date(2026, 2, 27): 1.25}
    assert monthly_means(_daily(days), as_of=date(2026, 2, 28)).frame.height == 1
    assert monthly_means(_daily(days), as_of=date(2026, 3, 1)).frame.height == 2


def test_a_month_whose_edges_were_not_asked_for_has_no_mean():
    whole = _weekdays(date(2026, 1, 1), date(2026, 1, 31))
    for days in (whole[5:], whole[:-5]):
        assert monthly_means(_daily(dict.fromkeys(days, 1.0)), as_of=date(2026, 3, 1)).frame.is_empty()


def test_days_without_value_do_not_pull_the_mean_down():
    days = dict.fromkeys(_weekdays(date(2026, 1, 1), date(2026, 1, 31)), 20.0) | {date(2026, 1, 14): None}
    row = monthly_means(_daily(days), as_of=date(2026, 3, 1)).frame.row(0, named=True)
    assert (row["value"], row["frequency"], row["note"]) == (20.0, "monthly", "mean of 21 days")


@given(st.lists(st.decimals("0.05", 30, places=4).map(float), min_size=23, max_size=23))
@examples(40)
def test_means_agree_with_the_standard_library_in_any_order(values):
    days = dict(zip(_weekdays(date(2025, 1, 1), date(2025, 1, 31)), values, strict=True))
    mean = monthly_means(_daily(days), as_of=date(2025, 2, 1)).frame["value"].to_list()
    backwards = (
        monthly_means(_daily(dict(reversed(days.items()))), as_of=date(2025, 2, 1)).frame["value"].to_list()
    )
    assert mean == backwards
    assert mean[0] == pytest.approx(statistics.fmean(values), abs=1e-10)
