"""Dates as publishers write them: reference periods, and the day by which a value was known.

Belongs here: pure parsing of period and vintage texts to dates, the first and last day of a period.
Does not belong here: calendars of releases (orchestration/sources), windows of comparisons (dbt, statistics/).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time

#: frequency -> months in a period; a daily series has none
MONTHS_IN_PERIOD = {"monthly": 1, "quarterly": 3, "annual": 12}

_PERIOD = re.compile(
    r"^(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d{2}))?))?$"
)
_OBSERVED_BY = re.compile(r"^(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d{2}))?(?:_\w+)?$")


def parse_period(text: str) -> date:
    """The first day of a period: '2025-10' or '2025-10-01' (month, day), '2017-Q1' (quarter), '2006' (year).

    Raises ValueError for anything else, also for a fiscal year ('2017/2018'): only its publisher can tell in which month
    it begins.
    """
    match = _PERIOD.match(text.strip())
    if not match:
        raise ValueError(f"not a period: {text!r} (expected 2025-10, 2025-10-01, 2017-Q1 or 2006)")
    if match["quarter"]:
        return date(int(match["year"]), 3 * int(match["quarter"]) - 2, 1)
    return date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))


def period_start(day: date, frequency: str) -> date:
    """The first day of the period in which `day` lies; frequency is one of schema.FREQUENCIES.

    Raises ValueError for another frequency.
    """
    months = MONTHS_IN_PERIOD.get(frequency)
    if months is None:
        if frequency != "daily":
            raise ValueError(f"unknown frequency: {frequency!r}")
        return day
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def period_end(start: date, frequency: str) -> date:
    """The last day of the period that begins at `start`; frequency is one of schema.FREQUENCIES.

    Raises ValueError for another frequency.
    """
    months = MONTHS_IN_PERIOD.get(frequency)
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
    """The day by which a copy showed a value, as a naive UTC midnight (no question about the past is finer than a day).

    A month alone means its last day, because the copy may have been made on any of its days. A suffix after the
    date ('2026-08_trunc2020': the copy was cut off) describes the copy and does not change the day.
    Raises ValueError for anything else.
    """
    match = _OBSERVED_BY.match(observed_by.strip())
    if not match:
        raise ValueError(f"not a day or month: {observed_by!r} (expected 2025-10-31 or 2025-10)")
    first = date(int(match["year"]), int(match["month"]), int(match["day"] or 1))
    return datetime.combine(first if match["day"] else end_of_month(first), time())
