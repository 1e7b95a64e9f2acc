"""On which days the agencies publish: rules as data, with the holidays of their countries.

Belongs here: one row a release, holidays by rule, and "is this a release day".
Does not belong here: the time of day (Dataset.schedule of the provider modules), starting runs (schedules.py).

The agencies announce their days a year ahead, in calendars that this project may not rely on being able to read. The
rows below are their stated or observed habits, made wide enough that a late day is still inside; asking on a day
without a release costs one request a question and changes nothing. `basis` says how well a row is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from functools import cache

from dateutil.easter import easter

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = range(6)
_WORKDAYS = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)


@dataclass(frozen=True)
class Release:
    """Days of a month on which something may come out: `weekdays` from day `first` to day `last`, holidays left out.

    datasets:          pattern of dataset names of the source
    if_holiday_before: a weekday that is a holiday moves to the workday before it (else it is just left out)
    basis:             stated (by the agency, in a page we have), habit (seen in the days of recorded releases), guess
    """

    source_id: str
    datasets: str
    title: str
    country: str
    first: int
    last: int
    basis: str
    weekdays: tuple[int, ...] = _WORKDAYS
    if_holiday_before: bool = False


RELEASES: tuple[Release, ...] = (
    # first Friday; the second where the first falls on the 1st to 3rd of January
    Release("bls", "*", "Employment Situation", "USA", 1, 9, "stated", (FRIDAY,), if_holiday_before=True),
    Release("bls", "*", "Consumer Price Index; import and export prices", "USA", 9, 19, "habit"),
    Release("census", "*", "FT-900, about 35 days after the month", "USA", 2, 11, "habit"),
    Release("bts", "*", "TransBorder Freight Data, about 60 days after the month", "USA", 18, 31, "guess"),
    # every workday has some release; what changed is told by the list of changed series (sensors.py)
    Release("statcan", "*", "The Daily", "CAN", 1, 31, "stated"),
    Release("inegi", "*", "Vehicle register (RAIAVL), industrial activity", "MEX", 1, 14, "guess"),
    Release("inegi", "*", "Merchandise trade", "MEX", 23, 29, "guess"),
    # monthly means are made here, once the month is over
    Release("banxico", "*", "FIX rate, daily", "MEX", 1, 5, "stated"),
    Release("bank_of_canada", "*", "Exchange rates, daily", "CAN", 1, 5, "stated"),
    Release("fed", "g17*", "G.17 Industrial Production", "USA", 13, 21, "habit"),
    Release("fed", "g5*", "G.5 Foreign Exchange Rates, first workday of the month", "USA", 1, 5, "habit"),
    Release(
        "fed", "h10*", "H.10 Foreign Exchange Rates, every Monday", "USA", 1, 31, "habit", (MONDAY, TUESDAY)
    ),
    Release("treasury", "*", "Monthly Treasury Statement, eighth workday", "USA", 9, 16, "habit"),
    Release("comtrade", "*", "whenever a country reports", "USA", 1, 31, "stated", (SATURDAY,)),
)


def expected(source_id: str, dataset: str, day: date) -> str | None:
    """What may come out for a dataset on that day, in words; None where nothing does. A dataset without a row is always
    looked after when its own schedule says so."""
    rows = [r for r in RELEASES if r.source_id == source_id and fnmatchcase(dataset, r.datasets)]
    if not rows:
        return "not in the release calendar"
    return next((r.title for r in rows if is_day_of(r, day)), None)


def is_day_of(release: Release, day: date) -> bool:
    """Whether `day` is one of the days of `release`, or the workday before one that is a holiday."""
    off = holidays(release.country, day.year)
    if day in off or not release.first - 1 <= day.day <= release.last:
        return False
    if release.first <= day.day and day.weekday() in release.weekdays:
        return True
    if not release.if_holiday_before:
        return False
    following = day + timedelta(days=1)
    while following.weekday() > FRIDAY or following in off:
        if (
            following in off
            and following.weekday() in release.weekdays
            and release.first <= following.day <= release.last
        ):
            return True
        following += timedelta(days=1)
    return False


@cache
def holidays(country: str, year: int) -> frozenset[date]:
    """Days on which the statistical office of `country` (USA, CAN, MEX) does not publish."""
    good_friday = easter(year) - timedelta(days=2)
    match country:
        case "USA":  # 5 U.S.C. 6103; a Saturday is observed on Friday, a Sunday on Monday
            fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]
            moving = [
                _nth(year, 1, MONDAY, 3),
                _nth(year, 2, MONDAY, 3),
                _nth(year, 5, MONDAY, -1),
                _nth(year, 9, MONDAY, 1),
                _nth(year, 10, MONDAY, 2),
                _nth(year, 11, THURSDAY, 4),
            ]
            observed = [_observed(date(year, m, d)) for m, d in fixed]
            # New Year on a Saturday is observed on the last day of the year before
            days = [*observed, _observed(date(year + 1, 1, 1)), *moving]
            return frozenset(d for d in days if d.year == year)
        case "CAN":  # holidays of the federal public service
            fixed = [(1, 1), (7, 1), (9, 30), (11, 11), (12, 25), (12, 26)]
            victoria = date(year, 5, 24) - timedelta(days=date(year, 5, 24).weekday())
            moving = [
                good_friday,
                good_friday + timedelta(days=3),
                victoria,
                _nth(year, 8, MONDAY, 1),
                _nth(year, 9, MONDAY, 1),
                _nth(year, 10, MONDAY, 2),
            ]
            return frozenset([*(date(year, m, d) for m, d in fixed), *moving])
        case "MEX":  # Ley Federal del Trabajo, art. 74; the two days before Easter are bank holidays
            fixed = [(1, 1), (5, 1), (9, 16), (12, 25)]
            moving = [
                _nth(year, 2, MONDAY, 1),
                _nth(year, 3, MONDAY, 3),
                _nth(year, 11, MONDAY, 3),
                good_friday,
                good_friday - timedelta(days=1),
            ]
            return frozenset([*(date(year, m, d) for m, d in fixed), *moving])
    raise ValueError(f"no holidays are known for {country}")


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th given weekday of a month; -1 is the last."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _observed(day: date) -> date:
    return day + timedelta(days={SATURDAY: -1, 6: 1}.get(day.weekday(), 0))
