"""Downloads of FRED and ALFRED, and columns under a user's names. Prevents: a value under another month, series or vintage than
the download says."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.user_file_case import DATAWEB, NOW, read, refused, values
from transforms.parse.user_file import pack, parse_payload
from transforms.parse.user_layout import recognised

STATED = {
    "title": "Employees in manufacturing",
    "unit": "persons",
    "unit_multiplier": "1000",
    "seasonal_adjustment": "SA",
    "geography_iso3": "USA",
    "source": "BLS",
}
#: BLS CES3000000001 as FRED writes it, a month that it does not have as it writes those
FRED = "observation_date,CES3000000001\n2025-04-01,12662\n2025-05-01,.\n2025-06-01,12701\n"


# --- FRED ---


@pytest.mark.parametrize("heading", ["observation_date", "DATE"])
def test_a_fred_download_is_a_series_under_its_code(heading: str):
    file = read(FRED.replace("observation_date", heading), **STATED)
    assert values(file) == {
        ("user_fred_ces3000000001", "2025-04-01"): 12662,
        ("user_fred_ces3000000001", "2025-05-01"): None,
        ("user_fred_ces3000000001", "2025-06-01"): 12701,
    }
    (series,) = file.parsed.series.to_dicts()
    assert (series["source_code"], series["frequency"], series["unit_multiplier"]) == (
        "CES3000000001",
        "monthly",
        1000,
    )
    assert file.parsed.frame["status"].to_list() == ["normal", "missing", "normal"]
    assert "FRED" in file.notes[0]


def test_what_fred_does_not_say_is_asked_for(capsys):
    assert "title, unit, seasonal_adjustment, geography_iso3, source missing" in refused(FRED)


def test_an_id_of_ones_own_is_that_of_an_only_series():
    assert {key[0] for key in values(read(FRED, **STATED, series_id="user_mine"))} == {"user_mine"}
    two = "observation_date,A1,B1\n2025-01-01,1,2\n2025-02-01,3,4\n"
    assert "--id names one series" in refused(two, **STATED, series_id="user_mine")


def test_a_series_file_names_the_columns_by_their_codes():
    two = "observation_date,A1,B1\n2025-01-01,1,2\n2025-02-01,3,4\n2025-03-01,5,\n"
    declaration = "series_id,source_code,title\nuser_b,B1,The second\nuser_a,A1,The first\n"
    stated = {name: value for name, value in STATED.items() if name != "title"}
    file = read(two, declaration, **stated)
    assert values(file) == {
        ("user_a", "2025-01-01"): 1, ("user_a", "2025-02-01"): 3, ("user_a", "2025-03-01"): 5,
        ("user_b", "2025-01-01"): 2, ("user_b", "2025-02-01"): 4,
    }  # fmt: skip
    titles = {row["series_id"]: row["title"] for row in file.parsed.series.to_dicts()}
    assert titles == {"user_a": "The first", "user_b": "The second"}
    assert "no series with this source_code" in refused(two, declaration.replace("B1", "B2"), **stated)


def test_columns_of_alfred_are_vintages_with_their_days():
    file = read("observation_date,PAYEMS_20250207,PAYEMS_20250307\n2025-01-01,1,2\n2025-02-01,,3\n", **STATED)
    rows = [
        (r["period_start"].month, r["known_from"].date(), r["known_from_basis"], r["value"])
        for r in file.parsed.frame.to_dicts()
    ]
    assert sorted(rows) == [
        (1, dt.date(2025, 2, 7), "release", 1), (1, dt.date(2025, 3, 7), "release", 2), (2, dt.date(2025, 3, 7), "release", 3),
    ]  # fmt: skip
    assert file.parsed.series["series_id"].to_list() == ["user_fred_payems"]


@pytest.mark.parametrize(
    ("days", "frequency"),
    [
        (["2020-01-01", "2021-01-01"], "annual"),
        (["2020-01-01", "2020-04-01", "2020-10-01"], "quarterly"),
        (["2020-01-01", "2020-02-01"], "monthly"),
        (["2020-01-02", "2020-01-03"], "daily"),
        (["2020-01-02", "2020-01-09"], None),  # weeks are not kept
        (["2020-01-01"], None),
    ],
)
def test_the_frequency_is_that_of_the_dates(days: list[str], frequency: str | None):
    text = "observation_date,AB\n" + "".join(f"{day},1\n" for day in days)
    if frequency is None:
        assert "frequency missing" in refused(text, **STATED)
    else:
        assert read(text, **STATED).parsed.series["frequency"].to_list() == [frequency]


def test_each_column_of_fred_has_the_frequency_of_its_own_numbers():
    """A quarterly series beside a monthly one became a monthly one with two of three months left out."""
    text = (
        "observation_date,CPI,GDP,YEARLY\n2024-12-01,0,,\n2025-01-01,1,10,7\n2025-02-01,2,,\n2025-03-01,3,,\n2025-04-01,4,11,.\n"
        "2025-05-01,,,\n2025-06-01,6,.,\n2025-07-01,7,,\n2025-08-01,8,.,\n2025-10-01,,13,\n2026-01-01,.,14,8\n"
    )
    file = read(text, **STATED)
    assert dict(file.parsed.series.select("series_id", "frequency").iter_rows()) == {
        "user_fred_cpi": "monthly", "user_fred_gdp": "quarterly", "user_fred_yearly": "annual",
    }  # fmt: skip
    found = values(file)
    gdp = {key[1]: value for key, value in found.items() if key[0] == "user_fred_gdp"}
    assert gdp == {"2025-01-01": 10, "2025-04-01": 11, "2025-07-01": None, "2025-10-01": 13, "2026-01-01": 14}
    cpi = {key[1]: value for key, value in found.items() if key[0] == "user_fred_cpi"}
    assert cpi["2025-05-01"] is None, "a month between two that has no number is missing"
    assert max(cpi) == "2025-08-01", "below its last number a series does not reach"
    assert {key[1] for key in found if key[0] == "user_fred_yearly"} == {"2025-01-01", "2026-01-01"}


def test_a_month_that_a_vintage_of_alfred_leaves_out_is_missing_in_it():
    """Of the consumer prices of October 2025 there are none, and the vintage that says so was read as one that says nothing."""
    file = read(
        "observation_date,CPI_20251218,CPI_20260113\n2025-09-01,1,1\n2025-10-01,,.\n2025-11-01,3,3\n2025-12-01,,4\n",
        **STATED,
    )
    rows = {
        (r["known_from"].month, r["period_start"].month): r["status"] for r in file.parsed.frame.to_dicts()
    }
    assert rows == {
        (12, 9): "normal", (12, 10): "missing", (12, 11): "normal",
        (1, 9): "normal", (1, 10): "missing", (1, 11): "normal", (1, 12): "normal",
    }  # fmt: skip


def test_a_single_number_tells_no_frequency_where_there_are_other_series():
    """The dates of the file are those of another series then."""
    assert "frequency missing" in refused("observation_date,A1,B1\n2025-01-01,1,2\n2025-02-01,3,\n", **STATED)
    assert read(FRED.replace("12701", "."), **STATED).parsed.series["frequency"].to_list() == ["monthly"]


def test_a_row_of_fred_that_does_not_fit_is_named_once():
    said = refused("observation_date,A1,B1\n2025-01-01,1,2\n2025-02-01,3\n2025-03-01,4,5\n", **STATED)
    assert said == "line 3: 2 cells where the header has 3"


# --- quotation marks ---


@pytest.mark.parametrize("rows", [1, 40_000], ids=["short", "longer than a cell may be"])
def test_an_open_quotation_mark_is_named_with_its_line(rows: int):
    """A long file ended in a traceback of the csv module, and a short one lost every row below the mark."""
    fred = FRED + '2025-07-01,"12700\n' + "2025-08-01,12700\n" * rows
    assert "line 5: " in refused(fred, **STATED) and "quotation mark left open" in refused(fred, **STATED)
    dataweb = DATAWEB.replace("Mexico,2025", '"Mexico,2025') + "Sources: official statistics.\n" * rows
    assert "line 5: " in refused(dataweb) and "quotation mark left open" in refused(dataweb)


def test_an_open_quotation_mark_in_a_file_of_ones_own_is_left_to_the_reader_of_tables():
    text = 'period,value\n2025-01,"1\n' + "2025-02,2\n" * 40_000
    assert "line 2: " in refused(text, **STATED, series_id="user_x", frequency="monthly")


# --- names of columns ---


def test_a_name_of_a_column_may_hold_the_delimiter():
    """The header was split by hand, and a quoted name with a comma was not found in it."""
    options = STATED | {"series_id": "user_x", "frequency": "monthly", "map.period": "Month"}
    file = read('Month,"Units, total"\n2025-01,5\n', **options | {"map.value": "Units, total"})
    assert list(values(file).values()) == [5]


def test_columns_may_have_names_of_their_own():
    options = STATED | {
        "series_id": "user_x",
        "frequency": "monthly",
        "map.period": "Month",
        "map.value": "Units Sold",
    }
    file = read("Month;Units sold;Remark\n2025-01;5;new\n2025-02;6;\n", **options)
    assert list(values(file).values()) == [5, 6]
    assert file.notes == ("columns that were not read: remark",)
    assert "lacks columns" in refused("Day,Units sold\n2025-01,5\n", **options)
    assert "no such column of ours" in refused(
        "Month,Units sold,z\n2025-01,5,1\n", **options | {"map.foo": "z"}
    )


def test_a_mapped_download_is_not_taken_for_a_layout():
    options = STATED | {"series_id": "user_x", "frequency": "monthly"}
    mapped = options | {"map.period": "observation_date", "map.value": "CES3000000001"}
    assert set(values(read(FRED.replace(".\n", "1\n"), **mapped))) == {
        ("user_x", f"2025-0{month}-01") for month in (4, 5, 6)
    }


@pytest.mark.parametrize(
    "text", ["period,value\n2025-01,1\n", "date,value\n2025-01,1\n", "", "a\n", "DATE\n2020-01-01\n"]
)
def test_no_other_file_is_taken_for_a_download(text: str):
    assert recognised(text.encode(), workbook=False) is None
    assert recognised(b"PK\x03\x04 not a workbook", workbook=True) is None


def test_an_archived_download_is_read_the_same_way_again():
    """A rebuild from the archive has the bytes and the options only."""
    options = STATED | {"series_id": "user_mine"}
    packed = pack("fred.csv", FRED.encode(), None, options)
    assert parse_payload(packed, NOW).parsed.frame.equals(read(FRED, **options).parsed.frame)
