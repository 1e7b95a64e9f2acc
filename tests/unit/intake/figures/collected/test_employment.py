"""Releases of employment: known from the day they came out, never taken back by a copy that is older than they are."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from orchestration.intake.figures.collected import employment
from tests.support.bundled import as_of, read

VEHICLES = "usa_employment_motor_vehicles_parts"


@pytest.fixture(scope="module")
def figures() -> pl.DataFrame:
    return read("observation_bls")


def test_the_benchmark_of_january_2026_is_seen_on_the_day_of_its_release(figures: pl.DataFrame) -> None:
    december = date(2025, 12, 1)
    assert as_of(figures, VEHICLES, date(2026, 2, 10))[december] == 979.9
    assert as_of(figures, VEHICLES, date(2026, 2, 11))[december] == 953.9


def test_releases_are_known_from_their_release_and_have_four_months_each() -> None:
    releases = read("observation_bls_releases")
    assert releases["known_from_basis"].unique().to_list() == ["release"]
    assert releases["known_from"].n_unique() == 192 and releases["series_id"].n_unique() == 36
    months = releases.group_by("series_id", "known_from").len()["len"]
    assert months.unique().to_list() == [4]


def test_a_copy_that_lacks_the_newest_release_is_dated_before_it() -> None:
    def rows(known: datetime, *months: int) -> pl.DataFrame:
        return pl.DataFrame(
            [("s", date(2023, month, 1), known) for month in months],
            schema=["series_id", "period_start", "known_from"],
            orient="row",
        )

    released = pl.concat([rows(datetime(2023, 3, 3), 1, 2), rows(datetime(2023, 4, 7), 2, 3)])
    old, whole = rows(datetime(2023, 4, 9), 1, 2), rows(datetime(2023, 4, 9), 1, 2, 3)
    assert employment.before_what_it_lacks(old, released)["known_from"].unique().to_list() == [
        datetime(2023, 4, 6)
    ]
    assert employment.before_what_it_lacks(whole, released).equals(whole)


def test_no_copy_takes_the_benchmark_of_february_2023_back(figures: pl.DataFrame) -> None:
    """A copy dated 5 February 2023 is from before the release of 3 February."""
    january = date(2022, 1, 1)
    values = [
        as_of(figures, "usa_employment_manufacturing", day)[january]
        for day in (date(2023, 2, 3), date(2023, 2, 5), date(2023, 2, 28))
    ]
    assert len(set(values)) == 1


@pytest.mark.slow
def test_fifty_one_areas_adjusted_and_not_near_the_nation(figures: pl.DataFrame) -> None:
    states = read("observation_bls_states")
    ids = states["series_id"].unique().to_list()
    assert sum(not s.endswith("_nsa") for s in ids) == sum(s.endswith("_nsa") for s in ids) == 51
    june = date(2019, 6, 1)
    summed = sum(as_of(states, s)[june] for s in ids if not s.endswith("_nsa"))
    assert summed == pytest.approx(as_of(figures, "usa_employment_manufacturing")[june], rel=0.01)
    michigan = states.filter(series_id="usa_mi_employment_manufacturing", period_start=june).sort(
        "known_from"
    )
    assert michigan["value"].to_list()[:2] == [635.5, 635.7] and michigan["value"].to_list()[-1] == 628.7
