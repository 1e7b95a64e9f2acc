"""Dates as publishers write them: reference periods, and the day by which a value is known.

Belongs here: pure parsing of period and vintage texts to dates.
Does not belong here: calendars of releases (orchestration/sources), windows of comparisons (dbt, statistics/).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time

_PERIOD = re.compile(
    r"^(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d{2}))?))?$"
)
_OBSERVED_BY = re.compile(r"^(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d{2}))?(?:_\w+)?$")


def parse_period(text: str) -> date:
    """The first day of a period: '2025-10' or '2025-10-01' (month, day), '2017-Q1' (quarter), '2006' (year).

    Raises ValueError for anything else, '2017/2018' (a fiscal year) included: which month it starts in is the
    publisher's to say.
    """
    match = _PERIOD.match(text.strip())
    if not match:
        raise ValueError(f"not a period: {text!r} (expected 2025-10, 2025-10-01, 2017-Q1 or 2006)")
    if match["quarter"]:
        return date(int(match["year"]), 3 * int(match["quarter"]) - 2, 1)
    return date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))


def period_end(start: date, frequency: str) -> date:
    """The last day of the period that begins at `start`; frequency is one of schema.FREQUENCIES."""
    months = {"monthly": 1, "quarterly": 3, "annual": 12}.get(frequency)
    if months is None:
        if frequency != "daily":
            raise ValueError(f"unknown frequency: {frequency!r}")
        return start
    return end_of_month(month_after(start, months - 1))


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month that lies `months` after the month of `day`; before it where `months` is negative."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def end_of_month(day: date) -> date:
    """The last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def known_from(observed_by: str) -> datetime:
    """The day by which a copy showed a value, as a naive UTC midnight: as-of questions are asked by the day.

    A month alone means its last day, because the copy may have been made on any of its days. A suffix after the
    date ('2026-08_trunc2020': the copy was cut off) says something about the copy, not about the time.
    Raises ValueError for anything else.
    """
    match = _OBSERVED_BY.match(observed_by.strip())
    if not match:
        raise ValueError(f"not a day or month: {observed_by!r} (expected 2025-10-31 or 2025-10)")
    first = date(int(match["year"]), int(match["month"]), int(match["day"] or 1))
    return datetime.combine(first if match["day"] else end_of_month(first), time())
