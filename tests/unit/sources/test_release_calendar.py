"""Release days against days on which the agencies really published, and holidays against published lists."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orchestration.sources.release_calendar import RELEASES, expected, holidays, is_day_of

EMPLOYMENT = next(r for r in RELEASES if r.title == "Employment Situation")
INDUSTRIAL = next(r for r in RELEASES if r.title.startswith("G.17"))

#: days of the Employment Situation, from the vintages of PAYEMS and MANEMP and the news releases
EMPLOYMENT_DAYS = ["2018-02-02", "2018-03-09", "2019-01-04", "2020-05-08", "2020-07-02", "2021-01-08", "2021-04-02",
                   "2024-07-05", "2025-07-03", "2026-01-09"]  # fmt: skip


@pytest.mark.parametrize("day", EMPLOYMENT_DAYS)
def test_real_days_of_the_employment_situation_are_release_days(day) -> None:
    """A Thursday where the Friday is a holiday (July 2020, 2025), a second Friday where the first comes too early."""
    assert is_day_of(EMPLOYMENT, date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2018-02-01", "2018-02-05", "2018-02-16", "2026-07-09", "2026-11-26"])
def test_other_days_are_not(day) -> None:
    assert not is_day_of(EMPLOYMENT, date.fromisoformat(day))


def test_every_month_has_a_day_of_every_release() -> None:
    """A rule that holidays and weekends leave without a day would never look for that month's figures."""
    for release in RELEASES:
        for month in range(72):
            first = date(2021 + month // 12, month % 12 + 1, 1)
            days = [first + timedelta(days=n) for n in range(31)]
            assert any(is_day_of(release, d) for d in days if d.month == first.month), (release.title, first)


def test_holidays_of_the_united_states_2026() -> None:
    """The list of the Office of Personnel Management; 4 July 2026 is a Saturday."""
    listed = "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"
    assert sorted(d for d in holidays("USA", 2026)) == [
        date.fromisoformat(f"2026-{d}") for d in listed.split()
    ]


def test_new_year_on_a_saturday_is_observed_in_the_old_year() -> None:
    assert date(2021, 12, 31) in holidays("USA", 2021)


def test_holidays_of_canada_and_mexico_2026() -> None:
    canada = "01-01 04-03 04-06 05-18 07-01 08-03 09-07 09-30 10-12 11-11 12-25 12-26"
    mexico = "01-01 02-02 03-16 04-02 04-03 05-01 09-16 11-16 12-25"
    for country, listed in (("CAN", canada), ("MEX", mexico)):
        assert sorted(holidays(country, 2026)) == [date.fromisoformat(f"2026-{d}") for d in listed.split()]


def test_a_holiday_begins_with_its_law() -> None:
    """Juneteenth and the day for Truth and Reconciliation became holidays in 2021; Mexico's change of government is one."""
    for country, month, day in (("USA", 6, 18), ("CAN", 9, 30)):  # 19 June 2021 is a Saturday
        assert date(2021, month, day) in holidays(country, 2021)
        assert date(2020, month, day) not in holidays(country, 2020)
    assert date(2020, 6, 19) not in holidays("USA", 2020)
    assert date(2024, 10, 1) in holidays("MEX", 2024)


def test_what_is_expected_is_said_in_words() -> None:
    assert expected("bls", "ces", date(2026, 11, 6)) == "Employment Situation"
    assert expected("bls", "ces", date(2026, 11, 30)) is None
    assert expected("fed", "g17", date(2026, 11, 17)) == INDUSTRIAL.title
    assert expected("statcan", "lfs", date(2026, 12, 25)) is None
    assert expected("new_source", "x", date(2026, 11, 30)) == "not in the release calendar"
