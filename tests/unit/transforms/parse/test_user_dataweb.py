"""Downloads of DataWeb. Prevents: a value under another month or series than the download says, and zeros of months that nobody
has published."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.user_file_case import DATAWEB, MONTHS, read, refused, values, workbook
from transforms.parse.user_layout import recognised

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


#: a download of one sheet, with the title above the table that DataWeb writes
SHEET: list[list[object]] = [
    ["Customs Value"],
    ["Data Type", "HTS Number", "Country", "Year", "January", "February", "Percent Change"],
    ["Customs Value", 8703, "Mexico", 2018, 7.5, 8, 0.1],
    ["Customs Value", 8703, "Canada", 2018, 9, 10, 0.1],
    ["Total:", None, None, None, 16.5, "=SUM(F3:F4)", 0.1],
    ["Sources: compiled from official statistics."],
]


def changed(change) -> bytes:
    """SHEET after a change of its cells."""

    def of(book) -> None:
        sheet = book.worksheets[0]
        sheet.merge_cells("A1:G1")
        sheet.merge_cells("A6:G6")
        sheet["G3"].number_format = "0.0%"
        change(book, sheet)

    return workbook({"Customs Value": SHEET}, of)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda book, sheet: sheet.merge_cells("C3:C4"), "sheet Customs Value: cells C3:C4 are merged"),
        (lambda book, sheet: sheet.merge_cells("A3:A4"), "sheet Customs Value: cells A3:A4 are merged"),
        (lambda book, sheet: sheet.__setitem__("F3", "=E3*2"), "row 3: february is a formula that was never calculated (F3)"),
        (lambda book, sheet: sheet.__setitem__("A4", "=A3"), "row 4: data type is a formula that was never calculated (A4)"),
        (lambda book, sheet: setattr(sheet["E3"], "number_format", "0%"), "cell E3 shows 750 % and holds 7.5"),
        (lambda book, sheet: sheet.__setitem__("E3", "#N/A"), "cell E3 is the error #N/A"),
        (lambda book, sheet: sheet.__setitem__("A4", None), "sheet Customs Value row 4: a code or country and a value, and no Data Type"),
        (lambda book, sheet: (book.copy_worksheet(sheet), setattr(book.worksheets[1], "sheet_state", "hidden")),
         "sheet Customs Value Copy is hidden"),
    ],
)  # fmt: skip
def test_the_cells_of_a_workbook_are_checked_as_those_of_any_other(change, problem: str):
    """The second row of merged cells, and every value of a formula that nobody calculated, was left out without a word."""
    assert problem in refused(changed(change))


def test_what_stands_around_the_table_may_be_merged():
    """A title above the table and a remark below it are merged across it, and a sum or a share is no value."""
    assert values(read(changed(lambda book, sheet: None))) == {
        (MEXICO, "2018-01-01"): 7.5, (MEXICO, "2018-02-01"): 8, (CANADA, "2018-01-01"): 9, (CANADA, "2018-02-01"): 10,
    }  # fmt: skip


def test_a_row_without_a_data_type_is_no_remark():
    text = DATAWEB.replace('Customs Value,8703,"Motor cars, passenger",Canada', ",8703,,Canada")
    assert "line 6: a code or country and a value, and no Data Type" in refused(text)


def test_a_code_of_several_data_types_names_none_of_them():
    """A declared series of the value of imports got the duties on them, which stand below under the same code."""
    text = "Data Type,HTS Number,Country,2018\nCustoms Value,8703,Mexico,1000\nCalculated Duties,8703,Mexico,25\n"
    declaration = "series_id,source_code,title\n{},8703 / Mexico,Cars\n"
    ids = "user_dataweb_customs_value_8703_mexico, user_dataweb_calculated_duties_8703_mexico"
    said = refused(text, declaration.format("user_cars"))
    assert "2 series with source_code '8703 / Mexico'" in said and ids in said
    for series_id, value in zip(ids.split(", "), (1000, 25), strict=True):
        assert values(read(text, declaration.format(series_id))) == {(series_id, "2018-01-01"): value}
