"""Tables of import files: what spreadsheets write is read, and a bad row is named with its line."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.user_file_case import NOW, OPTIONS, parse, problems, the_problem
from tests.support.user_file_case import workbook as packed
from transforms.parse import user_table
from transforms.parse.user_file import parse_user_file


def workbook(observations: list[list], series: list[list] | None = None, change=None) -> bytes:
    sheets = {"observations": observations, "series": series}
    return packed({title: rows for title, rows in sheets.items() if rows is not None}, change)


@pytest.mark.parametrize(
    "encoded",
    [
        "period,value\r\n2018-01,315870\r\n".encode("utf-8-sig"),
        b"period;value\n2018-01;315870\n",
        "period\tvalue\n2018-01\t315870\n".encode("utf-16"),
        b'\n"Period", VALUE \n\n"2018-01","315870"\n\n',
    ],
    ids=["byte-order-mark", "semicolon", "utf-16-tab", "quotes-blanks"],
)
def test_what_spreadsheets_write_is_read(encoded: bytes):
    assert parse(encoded).parsed.frame.select("period_start", "value").rows() == [
        (date(2018, 1, 1), 315870.0)
    ]


@pytest.mark.parametrize(
    ("frequency", "text", "start"),
    [
        ("monthly", "2018-03", date(2018, 3, 1)),
        ("monthly", "2018-03-01", date(2018, 3, 1)),
        ("quarterly", "2018Q2", date(2018, 4, 1)),
        ("quarterly", "2018-q2", date(2018, 4, 1)),
        ("quarterly", "2018-04-01", date(2018, 4, 1)),
        ("annual", "2018", date(2018, 1, 1)),
        ("daily", "2018-03-17", date(2018, 3, 17)),
    ],
)
def test_a_period_is_the_first_day_of_it(frequency: str, text: str, start: date):
    frame = parse(f"period,value\n{text},1\n", frequency=frequency).parsed.frame
    assert frame["period_start"].to_list() == [start]


def test_a_missing_value_needs_to_be_said():
    frame = parse("period,value,status\n2018-01,,suppressed\n2018-02,0,normal\n").parsed.frame
    assert frame.select("value", "status").rows() == [(None, "suppressed"), (0.0, "normal")]
    assert the_problem("period,value\n2018-01,\n").startswith("line 2: value is empty")
    assert the_problem("period,value,status\n2018-01,3,missing\n").startswith("line 2: a value beside status")


@examples(50)
@given(
    st.lists(
        st.floats(min_value=-1e15, max_value=1e15).filter(lambda v: v == 0 or abs(v) >= 1e-12),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_number_survives_the_file(values: list[float], delimiter: str, encoding: str):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["period", "value"])
    writer.writerows([f"{1990 + i // 12}-{i % 12 + 1:02}", repr(v)] for i, v in enumerate(values))
    assert parse(text.getvalue().encode(encoding)).parsed.frame["value"].to_list() == values


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2018-13,1", "period '2018-13' does not exist"),
        ("2018-1,1", "period '2018-1' does not start a monthly period: write 2018-01"),
        ("2018-01-31,1", "period '2018-01-31' does not start a monthly period"),
        ("2018,1", "period '2018' does not start a monthly period"),
        ("43101,1", "serial date"),
        (",1", "period is empty"),
        ("2018-01,abc", "value 'abc' is not a number"),
        ("2018-01,5 %", "value '5 %' is not a number"),
        ("2018-01,inf", "value 'inf' is not a number"),
        ("2018-01,nan", "value 'nan' is not a number"),
        ("2018-01,1e999", "value '1e999' is not between 1e-12 and 1e+15"),
        ("2018-01,-1e16", "value '-1e16' is not between 1e-12 and 1e+15"),
        ("2018-01,1e-300", "value '1e-300' is not between 1e-12 and 1e+15"),
        ("1818-01,1", "period 1818-01-01 lies before 1900-01-01"),
        ('2018-01,"315,870"', "thousands separator or decimal comma"),
        ('2018-01,"12,5"', "thousands separator or decimal comma"),
        ("2018-01,315 870", "thousands separator"),
        ("2018-01,1.315.870", "thousands separator"),
        ("2018-01,315,870", "3 cells where the header has 2 (is a comma inside a number?"),
        ("2018-01", "1 cells where the header has 2"),
        ("2027-01,1", "period 2027-01-01 begins after it was known (2026-11-21)"),
        ('2018-01,"1', "quotation mark"),
    ],
)
def test_a_bad_row_is_named_with_its_line(row: str, message: str):
    found = the_problem(f"period,value\n2017-12,1\n{row}\n")
    assert found.startswith("line 3: ")
    assert message in found


def test_a_row_after_a_quoted_line_break_keeps_its_own_line_number():
    assert problems('period,value,status\n2018-01,1,"nor\nmal"\n2018-02,x,normal\n') == (
        "line 2: status 'nor mal' is not one of normal, preliminary, revised, estimated, suppressed, missing",
        "line 4: value 'x' is not a number",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file is empty"),
        (b"\xef\xbb\xbf \n", "file is empty"),
        (b"period,value\n", "no row under it"),
        (b"month,value\n2018-01,1\n", "header 'month,value' lacks columns period, value"),
        (b"2018-01,1\n2018-02,2\n", "lacks columns period, value"),
        (b"month,value\n2018-01,1\n", "`--map period=...` names a column for ours"),
        (b"period,value,CAN,MEX\n2018-01,1,2,3\n", "column 'can' is not known"),
        (b"period,value,value\n2018-01,1,2\n", "column 'value' is there twice"),
        (b"period,value,\n2018-01,1,2\n", "column 3 has no name"),
        ("period,value,status\n2018-01,1,café\n".encode("latin-1"), "line 2: byte 0xE9 is not UTF-8 ('é'"),
        ("period,value\n2018-01,1\n".encode("utf-16-le"), "line 1: a zero byte"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old .xls workbook, or one with a password"),
        (b"PK\x03\x04" + bytes(100), "not a readable .xlsx workbook"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, message: str):
    assert message in problems(content)[0]


def test_a_huge_file_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(user_table, "MAX_CSV_BYTES", 20)
    assert "at most" in the_problem("period,value\n2018-01,1\n2018-02,2\n")
    monkeypatch.setattr(user_table, "MAX_XLSX_BYTES", 1000)
    assert "unpacked" in the_problem(workbook([["period", "value"], ["2018-01", 1]]))


SERIES_SHEET = [[*OPTIONS, "unit_multiplier", "known_from"], [*OPTIONS.values(), 1000, datetime(2018, 6, 1)]]


def test_a_workbook_of_a_spreadsheet_program_is_read():
    parsed = parse_user_file(
        workbook(
            [
                ["period", "value"],
                [datetime(2018, 1, 1), 315.870],
                [date(2018, 2, 1), 341],
                ["2018-03", "346.110"],
            ],
            SERIES_SHEET,
            change=lambda book: book.create_sheet("remarks"),
        ),
        options={},
        retrieved_at=NOW,
    )
    assert parsed.parsed.frame["period_start"].to_list() == [date(2018, m, 1) for m in (1, 2, 3)]
    assert parsed.parsed.frame["value"].to_list() == [315.87, 341.0, 346.11]
    assert set(parsed.parsed.frame["known_from"]) == {datetime(2018, 6, 1)}
    assert parsed.parsed.series["unit_multiplier"].to_list() == [1000]
    assert parsed.notes == ("sheet 'remarks' was not read",)


@pytest.mark.parametrize(("epoch", "serial"), [("1900", 43101), ("1904", 41639)])
def test_an_unformatted_serial_date_is_the_day_it_stands_for(epoch: str, serial: int):
    """43101 is 2018-01-01 in the 1900 date system, 41639 in the 1904 one (Microsoft, "Date systems in Excel")."""

    def change(book: openpyxl.Workbook) -> None:
        if epoch == "1904":
            book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    frame = parse(workbook([["period", "value"], [serial, 1]], change=change)).parsed.frame
    assert frame["period_start"].to_list() == [date(2018, 1, 1)]


def test_a_year_in_a_workbook_is_a_number():
    content = workbook([["period", "value"], [2018, 1], [2019.0, 2]])
    assert parse(content, frequency="annual").parsed.frame["period_start"].to_list() == [
        date(2018, 1, 1),
        date(2019, 1, 1),
    ]


@pytest.mark.parametrize(
    ("rows", "change", "message"),
    [
        ([["2018-01", "abc"]], None, "sheet observations row 2: value 'abc' is not a number"),
        ([["2018-01", True]], None, "sheet observations row 2: value True is not a number"),
        (
            [["2018-01", datetime(2018, 1, 1)]],
            None,
            "sheet observations row 2: value 2018-01-01 is not a number",
        ),
        ([["2018-01", "=1/0"]], None, "a formula that was never calculated (B2)"),
        ([["2018-01", "#N/A"]], None, "cell B2 is the error #N/A"),
        ([["2018-01", 1, 2]], None, "a cell right of the last column"),
        ([["2018-01", None]], None, "row 2: value is empty"),
        ([], None, "no row under it"),
        ([["2018-01", 1]], lambda b: b.active.merge_cells("A2:B2"), "cells A2:B2 are merged"),
        (
            [["2018-01", 1]],
            lambda b: (b.create_sheet("x"), setattr(b["observations"], "sheet_state", "hidden")),
            "sheet observations is hidden",
        ),
        (
            [["2018-01", 1]],
            lambda b: (b.create_sheet("x"), setattr(b["observations"], "title", "data")),
            "no sheet named 'observations' among the sheets of the workbook (data, x)",
        ),
    ],
)
def test_a_bad_workbook_is_refused_with_its_row(rows: list, change, message: str):
    assert message in the_problem(workbook([["period", "value"], *rows], change=change))


@pytest.mark.parametrize(
    ("value", "number_format", "message"),
    [
        (0.052, "0.0%", "sheet observations row 2: cell B2 shows 5.2 % and holds 0.052: format it as a plain number"),
        (12662000, "#,##0,", "cell B2 shows 12662 and holds 12662000"),
        (12662000, '0.0,,"m"', "cell B2 shows 12.662 and holds 12662000"),
    ],
)  # fmt: skip
def test_a_cell_that_shows_another_number_than_it_holds_is_refused(
    value: float, number_format: str, message: str
):
    """A percentage was read a hundred times too small: the user saw 5.2 %, the series got 0.052."""

    def change(book) -> None:
        book.active["B2"].number_format = number_format

    assert message in the_problem(workbook([["period", "value"], ["2018-01", value]], change=change))


@pytest.mark.parametrize("number_format", ["General", "#,##0", "#,##0.00", '0.0" %"', "0.0\\%", "[>99]0;0.0"])
def test_a_format_that_shows_the_number_itself_changes_nothing(number_format: str):
    def change(book) -> None:
        book.active["B2"].number_format = number_format

    frame = parse(workbook([["period", "value"], ["2018-01", 5.2]], change=change)).parsed.frame
    assert frame["value"].to_list() == [5.2]


def test_a_lone_sheet_is_the_observations_whatever_its_name():
    content = workbook(
        [["period", "value"], ["2018-01", 1]], change=lambda b: setattr(b.active, "title", "Sheet1")
    )
    assert parse(content).parsed.frame.height == 1
