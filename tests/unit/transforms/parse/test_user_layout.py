"""Downloads of FRED, ALFRED and DataWeb, and columns under a user's names. Prevents: a value under another month, series or
vintage than the download says, and zeros of months that nobody has published."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.user_file_case import NOW
from transforms.parse.user_file import UserFile, pack, parse_payload, parse_user_file
from transforms.parse.user_layout import recognised
from transforms.parse.user_table import UserFileError

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


def read(text: str | bytes, declaration: str | None = None, **options: str) -> UserFile:
    return parse_user_file(
        text if isinstance(text, bytes) else text.encode(),
        options=options,
        declaration=declaration.encode() if declaration else None,
        retrieved_at=NOW,
    )


def refused(text: str | bytes, declaration: str | None = None, **options: str) -> str:
    with pytest.raises(UserFileError) as error:
        read(text, declaration, **options)
    return str(error.value)


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def values(file: UserFile) -> dict[tuple[str, str], float | None]:
    frame = file.parsed.frame
    return {(row["series_id"], row["period_start"].isoformat()): row["value"] for row in frame.to_dicts()}


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
    two = "observation_date,A1,B1\n2025-01-01,1,2\n2025-02-01,3,\n"
    declaration = "series_id,source_code,title\nuser_b,B1,The second\nuser_a,A1,The first\n"
    stated = {name: value for name, value in STATED.items() if name != "title"}
    file = read(two, declaration, **stated)
    assert values(file) == {
        ("user_a", "2025-01-01"): 1, ("user_a", "2025-02-01"): 3, ("user_b", "2025-01-01"): 2,
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


# --- DataWeb ---

MONTHS = "January,February,March,April"
#: customs value of cars, the shape of a download by month: remarks above, a row of sums and a remark below
DATAWEB = f"""Customs Value
"Imports for consumption, HTS items"
Data Type,HTS Number,Description,Country,Year,{MONTHS}
Customs Value,8703,"Motor cars, passenger",Mexico,2024,"1,234,567","2,000",3,4
Customs Value,8703,"Motor cars, passenger",Mexico,2025,5,0,7,0
Customs Value,8703,"Motor cars, passenger",Canada,2025,9,10,0,0
Total:,,,,,"1,234,591","2,010",10,4
Sources: compiled from official statistics.
"""
MEXICO, CANADA = "user_dataweb_customs_value_8703_mexico", "user_dataweb_customs_value_8703_canada"


def test_a_download_of_dataweb_needs_no_declaration():
    file = read(DATAWEB)
    assert values(file) == {
        (MEXICO, "2024-01-01"): 1234567, (MEXICO, "2024-02-01"): 2000, (MEXICO, "2024-03-01"): 3, (MEXICO, "2024-04-01"): 4,
        (MEXICO, "2025-01-01"): 5, (MEXICO, "2025-02-01"): 0, (MEXICO, "2025-03-01"): 7,
        (CANADA, "2025-01-01"): 9, (CANADA, "2025-02-01"): 10, (CANADA, "2025-03-01"): 0,
    }  # fmt: skip
    rows = {row["series_id"]: row for row in file.parsed.series.to_dicts()}
    mexico = rows[MEXICO]
    assert (mexico["unit"], mexico["frequency"], mexico["product_code"]) == ("USD", "monthly", "8703")
    assert mexico["title"] == "Customs Value, 8703, Motor cars, passenger, Mexico"
    assert file.source["agency"] == "USITC DataWeb" and "redistribution permitted" in file.source["licence"]


def test_months_that_are_zero_everywhere_at_the_end_are_no_values():
    """DataWeb writes months that are not published yet as zeros: a collapse of trade that never was."""
    file = read(DATAWEB)
    assert any("2 cells after 2025-03 are 0 in every row" in note for note in file.notes)
    assert (MEXICO, "2025-02-01") in values(file), "a zero before the last month is a zero"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Data Type,Country,2018,2019\nFAS Value,Mexico,\"1,234\",5\n", {"2018-01-01": 1234, "2019-01-01": 5}),
        ("Data Type,Country,Jan 2018,February 2018\nFAS Value,Mexico,1,5\n", {"2018-01-01": 1, "2018-02-01": 5}),
        ("Data Type,Country,Year,Month,FAS Value\nFAS Value,Mexico,2018,3,7\nFAS Value,Mexico,2018,April,8\n",
         {"2018-03-01": 7, "2018-04-01": 8}),
        ("Data Type,Country,Year,FAS Value\nFAS Value,Mexico,2018,7\n", {"2018-01-01": 7}),
    ],
)  # fmt: skip
def test_time_may_stand_in_columns_or_rows(text: str, expected: dict[str, float]):
    assert {key[1]: value for key, value in values(read(text)).items()} == expected


def test_every_sheet_of_a_workbook_with_a_table_is_read_and_the_others_named():
    book = openpyxl.Workbook()
    book.active.title = "Query Parameters"
    book.active.append(["Trade Flow", "General Imports"])
    for title in ("Customs Value", "Calculated Duties"):
        sheet = book.create_sheet(title)
        for row in (
            [title],
            [],
            ["Data Type", "NAIC Number", "Country", "Year", "January"],
            [title, 3361, "Mexico", 2018, 7.5],
        ):
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    file = read(packed.getvalue())
    assert {key[0] for key in values(file)} == {
        "user_dataweb_customs_value_3361_mexico",
        "user_dataweb_calculated_duties_3361_mexico",
    }
    assert set(values(file).values()) == {7.5}
    assert "sheet 'Query Parameters' was not read" in file.notes


@given(
    country=st.lists(
        st.text("abcdefgh ", min_size=60, max_size=90),
        min_size=2,
        max_size=4,
        unique_by=lambda t: " ".join(t.split()),
    )
)
def test_two_series_never_share_an_id(country: list[str]):
    """Ids are cut at 80 characters: two products of long names would have become one series."""
    names = [" ".join(text.split()) for text in country]
    rows = "".join(f"FAS Value,{name},2018,{n}\n" for n, name in enumerate(names, 1) if name)
    layout = recognised(f"Data Type,Country,Year,FAS Value\n{rows}".encode(), workbook=False)
    assert len(layout.series) == sum(bool(name) for name in names)
    assert all(len(series_id) <= 80 for series_id in layout.series)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Data Type,Country,Year,A,B\nFAS Value,Mexico,2018,1,2\n", "one column of values"),
        ("Data Type,Country,Year,January\nFAS Value,Mexico,soon,1\n", "is not a year"),
        ("Data Type,Country,Year,Month,V\nFAS Value,Mexico,2018,13,1\n", "is not a month"),
        ("Data Type,Country,Year,January\nFAS Value,Mexico,2018,(D)\n", "not a number"),
    ],
)
def test_what_a_download_cannot_mean_is_refused(text: str, problem: str):
    assert problem in refused(text)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Customs Value,8703,Cars,Mexico,2024,1,234,567,2,3", "10 cells where the header has 9"),
        ("Customs Value,8703,Cars,Canada,12", "5 cells where the header has 9"),
        ("Customs Value,8703,Cars,Canada,2024,12", "6 cells where the header has 9"),
    ],
)
def test_a_row_that_does_not_fit_the_header_is_refused(row: str, problem: str):
    """Thousands without quotation marks became values of other months, and a line that was cut short a value."""
    header = f"Data Type,HTS Number,Description,Country,Year,{MONTHS}\n"
    assert f"line 2: {problem}" in refused(f"{header}{row}\n")


def test_a_cell_right_of_the_header_of_a_workbook_is_refused():
    """The value of a month without a heading was left out without a word."""
    rows = [["Data Type", "Country", "Year", "January"], ["FAS Value", "Mexico", 2018, 1, 2]]
    assert "row 2: a cell right of the last column of the header" in refused(workbook({"FAS Value": rows}))


def test_a_code_of_several_data_types_names_none_of_them():
    """A declared series of the value of imports got the duties on them, which stand below under the same code."""
    text = "Data Type,HTS Number,Country,2018\nCustoms Value,8703,Mexico,1000\nCalculated Duties,8703,Mexico,25\n"
    declaration = "series_id,source_code,title\n{},8703 / Mexico,Cars\n"
    ids = "user_dataweb_customs_value_8703_mexico, user_dataweb_calculated_duties_8703_mexico"
    said = refused(text, declaration.format("user_cars"))
    assert "2 series with source_code '8703 / Mexico'" in said and ids in said
    for series_id, value in zip(ids.split(", "), (1000, 25), strict=True):
        assert values(read(text, declaration.format(series_id))) == {(series_id, "2018-01-01"): value}


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
