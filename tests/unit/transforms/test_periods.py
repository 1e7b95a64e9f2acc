"""Dates as publishers write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.periods import end_of_month, known_from, month_after, parse_period, period_end, period_start


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2025-10", date(2025, 10, 1)),
        ("2025-10-01", date(2025, 10, 1)),
        ("2017-Q1", date(2017, 1, 1)),
        ("2017-Q4", date(2017, 10, 1)),
        ("2006", date(2006, 1, 1)),
    ],
)
def test_periods_of_all_frequencies_start_on_their_first_day(text, start):
    assert parse_period(text) == start


@pytest.mark.parametrize(
    ("frequency", "first"),
    [
        ("daily", date(2024, 5, 17)),
        ("monthly", date(2024, 5, 1)),
        ("quarterly", date(2024, 4, 1)),
        ("annual", date(2024, 1, 1)),
    ],
)
def test_a_day_lies_in_the_period_that_begins_on_its_first_day_and_ends_on_its_last(frequency, first):
    day = date(2024, 5, 17)
    assert period_start(day, frequency) == first
    assert first <= day <= period_end(first, frequency)
    assert period_start(period_end(first, frequency), frequency) == first
    with pytest.raises(ValueError, match="weekly"):
        period_start(day, "weekly")


@pytest.mark.parametrize(
    "text", ["", "2025-13", "2025-1", "2017-Q5", "2017/2018", "M01 2025", "2025-02-30", "25-10"]
)
def test_a_text_that_is_no_period_is_refused_and_named(text):
    with pytest.raises(ValueError, match=r"not a period|day"):
        parse_period(text)


@pytest.mark.parametrize(
    ("observed_by", "day"),
    [
        ("2026-01-09", datetime(2026, 1, 9)),
        ("2025-10", datetime(2025, 10, 31)),
        ("2024-02", datetime(2024, 2, 29)),
        ("2026-08_trunc2020", datetime(2026, 8, 31)),
    ],
)
def test_a_month_alone_means_its_last_day_so_that_nothing_is_known_too_early(observed_by, day):
    assert known_from(observed_by) == day


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "soon", "2026-08 trunc", "2026-02-30"])
def test_a_text_that_is_no_copy_date_is_refused(text):
    with pytest.raises(ValueError, match=r"not a day or month|day"):
        known_from(text)


@examples(50)
@given(st.dates(date(1900, 1, 1), date(2100, 12, 1)).map(lambda d: d.replace(day=1)))
def test_month_text_and_month_start_are_inverse_and_months_tile_time(start):
    assert parse_period(f"{start:%Y-%m}") == start
    end = period_end(start, "monthly")
    assert end == end_of_month(start)
    assert (end - start).days in range(27, 31)


def test_quarters_and_years_end_with_their_last_month():
    assert period_end(date(2017, 10, 1), "quarterly") == date(2017, 12, 31)
    assert period_end(date(2020, 1, 1), "annual") == date(2020, 12, 31)
    assert period_end(date(2020, 2, 3), "daily") == date(2020, 2, 3)
    with pytest.raises(ValueError, match="unknown frequency"):
        period_end(date(2020, 1, 1), "weekly")


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(-600, 600))
def test_months_are_counted_over_the_end_of_years(day, months):
    """December plus one month is in the next year; the 31st plus one month is no 31st."""
    later = month_after(day, months)
    assert later.day == 1
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert month_after(day) == end_of_month(day) + timedelta(days=1)
