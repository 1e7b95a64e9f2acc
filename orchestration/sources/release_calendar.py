"""On which days the agencies publish: rules as data, with the holidays of their countries.

Belongs here: one row for each release, the holidays of each country, and "is this a release day".
Does not belong here: the time of day (Dataset.schedule of the provider modules), starting runs (schedules.py).

The agencies announce their days a year ahead, in calendars that this project may not rely on being able to read. The
rows below are their stated or observed habits, made wide enough that a late day is still inside: on a day without a
release a run sends its requests in vain and changes nothing. `basis` says how well a row is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from functools import cache

from holidays import country_holidays

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = range(6)
_WORKDAYS = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)


@dataclass(frozen=True)
class ReleaseDays:
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


RELEASES: tuple[ReleaseDays, ...] = (
    # first Friday; the second where the first falls on the 1st to 3rd of January
    ReleaseDays("bls", "*", "Employment Situation", "USA", 1, 9, "stated", (FRIDAY,), if_holiday_before=True),
    ReleaseDays("bls", "*", "Consumer Price Index; import and export prices", "USA", 9, 19, "habit"),
    ReleaseDays("census", "*", "FT-900, about 35 days after the month", "USA", 2, 11, "habit"),
    ReleaseDays(
        "bts", "*", "TransBorder Freight Data, about 60 days after the month", "USA", 18, 31, "guess"
    ),
    # every workday has some release; the list of changed series says which (defs/sensors.py)
    ReleaseDays("statcan", "*", "The Daily", "CAN", 1, 31, "stated"),
    ReleaseDays("inegi", "*", "Vehicle register (RAIAVL), industrial activity", "MEX", 1, 14, "guess"),
    ReleaseDays("inegi", "*", "Merchandise trade", "MEX", 23, 29, "guess"),
    # daily rates, of which this project makes monthly means once the month is over
    ReleaseDays("banxico", "*", "FIX rate, daily", "MEX", 1, 5, "stated"),
    ReleaseDays("bank_of_canada", "*", "Exchange rates, daily", "CAN", 1, 5, "stated"),
    ReleaseDays("fed", "g17*", "G.17 Industrial Production", "USA", 13, 21, "habit"),
    ReleaseDays("fed", "g5*", "G.5 Foreign Exchange Rates, first workday of the month", "USA", 1, 5, "habit"),
    ReleaseDays(
        "fed", "h10*", "H.10 Foreign Exchange Rates, every Monday", "USA", 1, 31, "habit", (MONDAY, TUESDAY)
    ),
    ReleaseDays("treasury", "*", "Monthly Treasury Statement, eighth workday", "USA", 9, 16, "habit"),
    ReleaseDays("comtrade", "*", "whenever a country reports", "USA", 1, 31, "stated", (SATURDAY,)),
)


def expected(source_id: str, dataset: str, day: date) -> str | None:
    """What may come out for a dataset on that day, in words; None where nothing does.

    For a dataset without a row every day counts as a release day: its own schedule then decides alone.
    """
    rows = [r for r in RELEASES if r.source_id == source_id and fnmatchcase(dataset, r.datasets)]
    if not rows:
        return "not in the release calendar"
    return next((r.title for r in rows if is_day_of(r, day)), None)


def is_day_of(release: ReleaseDays, day: date) -> bool:
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
    """Days on which the statistical office of `country` (USA, CAN, MEX) does not publish, as the library `holidays` has
    them; what it lacks or has too much of is said beside each country. Raises ValueError for another country."""
    match country:
        case "USA":
            # 5 U.S.C. 6103. A Saturday is observed on Friday, a Sunday on Monday; the weekend day itself is left out,
            # because Comtrade is asked on Saturdays
            return frozenset(day for day in country_holidays("US", years=year) if day.weekday() <= FRIDAY)
        case "CAN":
            # the federal public service, which has two Mondays more than the library: Easter Monday and the first of
            # August. Days observed later (Monday 28 December for Boxing Day) stay workdays: to ask then is one
            # request, to leave out a day with figures is a day's delay
            listed = country_holidays("CA", years=year, categories="government", observed=False)
            august = date(year, 8, 7)
            civic = august - timedelta(days=august.weekday())
            return frozenset([*listed, _good_friday(year) + timedelta(days=3), civic])
        case "MEX":
            # Ley Federal del Trabajo, art. 74, and two bank holidays that the library lacks: Maundy Thursday, Good Friday
            good_friday = _good_friday(year)
            return frozenset(
                [*country_holidays("MX", years=year), good_friday - timedelta(days=1), good_friday]
            )
    raise ValueError(f"no holidays are known for {country}")


def _good_friday(year: int) -> date:
    return country_holidays("CA", years=year).get_named("Good Friday")[0]
