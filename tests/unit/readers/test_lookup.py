"""What a person may ask a release: lookups, traces and SQL, with limits and with errors that help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers import lookup as reading
from orchestration.readers.release_file import open_release
from tests.support import reading_case

IMPORTS, EMPLOYMENT = "usa_imports_goods_mex", "usa_employment_motor_vehicles_parts"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release in a folder whose name has a space and a quote; tests only read it."""
    settings = reading_case.settings(tmp_path_factory.mktemp("the user's home"))
    reading_case.write_release(settings)
    return settings


@pytest.fixture
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(home) as connection:
        yield connection


# --- what there is ---


def test_status_counts_what_the_release_holds(home: Settings):
    status = reading.status(home)
    assert (status.counts["series"], status.counts["observations"], status.counts["vintages"]) == (4, 50, 52)
    assert status.release["run_id"] == "r1"
    assert status.bytes == status.database.stat().st_size
    assert [row["source_id"] for row in status.freshness] == ["bls", "census"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, 4),
        ("", 4),
        ("imports", 1),
        ("MEXICO imports", 1),
        ("mexico", 3),
        ("CES3133600101", 1),
        ("employment mexico", 0),
        ("%", 0),
        ("'", 0),
    ],
)
def test_series_are_found_by_every_word_in_any_case(
    con: duckdb.DuckDBPyConnection, text: str | None, found: int
):
    assert len(reading.list_series(con, text)) == found


def test_events_are_found_by_topic_party_and_month(con: duckdb.DuckDBPyConnection):
    def ids(text: str | None) -> list[str]:
        return [row["event_id"] for row in reading.list_events(con, text)]

    assert ids("rules_of_origin can") == ["nafta-round6-end"]
    assert ids("2018-03") == ["s232-steel", "nafta-round7-end"], "the newest first"
    assert len(ids(None)) == 5, "events without parties or topics must not drop out"


# --- from words to ids ---


@pytest.mark.parametrize(
    "text", [EMPLOYMENT, EMPLOYMENT.upper(), "usa-employment-motor-vehicles-parts", " ces3133600101 "]
)
def test_a_series_is_known_by_id_or_agency_code(con: duckdb.DuckDBPyConnection, text: str):
    assert reading.resolve_series(con, text) == EMPLOYMENT


@pytest.mark.parametrize("text", ["usa_import_goods_mex", "imports mexico", "usa_imports_goods_mexico"])
def test_an_unknown_series_suggests_the_one_that_was_meant(con: duckdb.DuckDBPyConnection, text: str):
    with pytest.raises(UsageError, match=f"did you mean {IMPORTS}"):
        reading.resolve_series(con, text)


def test_a_series_is_known_by_its_fred_code(con: duckdb.DuckDBPyConnection):
    assert reading.resolve_series(con, "IMPMX") == IMPORTS


def test_nonsense_gets_no_suggestion_but_the_command_that_lists(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError) as error:
        reading.resolve_series(con, "zzz")
    assert str(error.value) == "there is no series 'zzz' (`headway series WORD` lists them)"


def test_an_agency_code_of_two_series_is_not_guessed(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError, match="mex_production_cars_annual, mex_production_vehicles_annual"):
        reading.resolve_series(con, "Mexico")


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("nafta-round6-end", "nafta-round6-end"),
        ("NAFTA_round6_end", "nafta-round6-end"),
        ("2018-01-29", "2018-01-29"),
        ("2018-02", "2018-02-01"),
    ],
)
def test_an_event_is_an_id_or_a_day(con: duckdb.DuckDBPyConnection, text: str, event: str):
    assert reading.resolve_event(con, text) == event


def test_an_unknown_event_suggests_the_nearest(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError, match="did you mean nafta-round6-end or nafta-round7-end"):
        reading.resolve_event(con, "nafta-round-6-end")
    with pytest.raises(UsageError, match="not a day of the calendar"):
        reading.resolve_event(con, "2018-02-30")


# --- where a number comes from ---


def test_a_trace_shows_every_vintage_newest_first_with_the_bytes(con: duckdb.DuckDBPyConnection):
    rows = reading.trace(con, "CES3133600101", "2025-04")
    assert [(row["value"], row["known_from"].date()) for row in rows] == [
        (972.1, dt.date(2026, 2, 15)),
        (999.3, dt.date(2026, 1, 9)),
    ]
    assert rows[0]["sha256"] == "ab" * 32
    assert rows[0]["request_url"] == "figures:us_monthly.parquet"
    assert (rows[0]["copy_repository"], rows[0]["copied_on"]) == ("someone/copies", dt.date(2026, 2, 15))


def test_a_year_of_a_monthly_series_asks_for_a_month(con: duckdb.DuckDBPyConnection):
    """January was shown for the year, as if it were the figure of the year."""
    with pytest.raises(
        UsageError,
        match=f"{EMPLOYMENT} is monthly: name a month of 2025, as in `headway trace {EMPLOYMENT} 2025-01`",
    ):
        reading.trace(con, EMPLOYMENT, " 2025")


def test_the_hint_to_list_monthly_series_lists_them(con: duckdb.DuckDBPyConnection):
    """`headway series monthly` was named as a help and found nothing."""
    found = {row["series_id"] for row in reading.list_series(con, "monthly")}
    assert found == {"usa_imports_goods_mex", EMPLOYMENT}
    assert {row["series_id"] for row in reading.list_series(con, "annual vehicles")} == {
        "mex_production_vehicles_annual"
    }


def test_a_period_without_a_value_says_which_there_are(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError, match=r"no value for 2024-01-01 \(monthly, 2025-04-01 to 2025-05-01"):
        reading.trace(con, EMPLOYMENT, "2024-01")


@pytest.mark.parametrize(
    ("text", "start"),
    [("2018", "2018-01-01"), ("2018Q2", "2018-04-01"), ("2018-q2", "2018-04-01"), ("2018-03", "2018-03-01")],
)
def test_a_period_is_written_as_people_write_it(text: str, start: str):
    assert reading.period_start(text) == dt.date.fromisoformat(start)


@pytest.mark.parametrize("text", ["", "March 2018", "2018-3", "2018-13", "2018-02-30", "2018Q5", "18-03"])
def test_another_period_is_refused(text: str):
    with pytest.raises(UsageError, match="is not a period"):
        reading.period_start(text)
