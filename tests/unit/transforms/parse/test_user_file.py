"""Import files: what is read, what is refused and with which line, in CSV and in Excel workbooks."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from transforms.parse import user_table
from transforms.parse.user_file import UserFile, pack, parse_payload, parse_user_file
from transforms.parse.user_table import UserFileError
from transforms.schema import OBSERVATION, SERIES_SCHEMA

EXAMPLES = FIXTURE_FOLDER / "import"
NOW = datetime(2026, 11, 21, 12)
#: INEGI BIE 15166, vehicles made in Mexico
OPTIONS = {
    "series_id": "user_mex_production",
    "title": "Vehicles made in Mexico",
    "unit": "vehicles",
    "frequency": "monthly",
    "seasonal_adjustment": "NSA",
    "geography_iso3": "MEX",
    "source": "My copy",
}


def parse(text: str | bytes, declaration: str | None = None, **options: str) -> UserFile:
    content = text.encode() if isinstance(text, str) else text
    return parse_user_file(
        content,
        options=OPTIONS | options if declaration is None else options,
        declaration=declaration.encode() if declaration is not None else None,
        retrieved_at=NOW,
    )


def problems(text: str | bytes, declaration: str | None = None, **options: str) -> tuple[str, ...]:
    with pytest.raises(UserFileError) as refused:
        parse(text, declaration, **options)
    return refused.value.problems


def the_problem(text: str | bytes, declaration: str | None = None, **options: str) -> str:
    found = problems(text, declaration, **options)
    assert len(found) == 1, found
    return found[0]


def workbook(observations: list[list], series: list[list] | None = None, change=None) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "observations"
    for row in observations:
        book.active.append(row)
    if series is not None:
        sheet = book.create_sheet("series")
        for row in series:
            sheet.append(row)
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


# --- what is read ---


def test_the_example_with_two_series_and_vintages_is_read_whole():
    parsed = parse_user_file(
        (EXAMPLES / "mexico_truck_sales.csv").read_bytes(),
        declaration=(EXAMPLES / "mexico_truck_sales.series.csv").read_bytes(),
        options={},
        retrieved_at=NOW,
    )
    frame, series = parsed.parsed.frame, parsed.parsed.series
    assert dict(frame.schema) == OBSERVATION.polars_schema
    assert dict(series.schema) == SERIES_SCHEMA
    january = frame.filter(
        pl.col("series_id") == "user_mex_sales_trucks", pl.col("period_start") == date(2020, 1, 1)
    )
    assert january.select("value", "known_from", "known_from_basis").rows() == [
        (45655.0, datetime(2021, 6, 1), "observed_by"),
        (45665.0, datetime(2021, 10, 13), "observed_by"),
    ]
    assert frame.height == 24
    assert series["source_code"].to_list() == ["119328", "119330"]
    assert parsed.source["source_id"] == "user_inegi_bie_copy"
    assert parsed.source["licence"] == "INEGI terms of free use (redistribution permitted)"
    assert not parsed.parsed.complete, "a file that leaves out months must not withdraw them"


def test_one_series_by_options_alone_is_known_from_the_import_where_nothing_else_is_said():
    parsed = parse((EXAMPLES / "mexico_vehicle_production.csv").read_bytes())
    assert parsed.parsed.frame["value"].sum() == 4_104_321
    assert set(parsed.parsed.frame["known_from"]) == {NOW}
    assert set(parsed.parsed.frame["known_from_basis"]) == {"retrieved"}
    assert parsed.parsed.series["source_id"].to_list() == ["user_my_copy"]
    assert parsed.source["licence"] == "not stated (redistribution not permitted)"


def test_a_declared_day_is_a_release_only_if_the_user_says_so():
    rows = "period,value\n2018-01,315870\n"
    assert parse(rows, known_from="2018-02-08").parsed.frame["known_from_basis"].to_list() == ["observed_by"]
    released = parse(rows, known_from="2018-02-08", known_from_basis="release").parsed.frame
    assert released.select("known_from", "known_from_basis").row(0) == (datetime(2018, 2, 8), "release")


def test_a_time_with_a_zone_becomes_utc():
    frame = parse("period,value,known_from\n2018-01,1,2018-02-08T06:00-06:00\n").parsed.frame
    assert frame["known_from"].to_list() == [datetime(2018, 2, 8, 12)]


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


@settings(max_examples=50, deadline=None)
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


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_it_fail_otherwise_than_with_problems(content: bytes):
    for prefix in (b"", b"period,value\n", b"PK\x03\x04", b"\xff\xfe"):
        try:
            parse(prefix + content)
        except UserFileError as refused:
            assert refused.problems


# --- what is refused, and where ---


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


def test_problems_of_every_kind_are_listed_together_in_the_order_of_the_file():
    assert problems("period,value\n2018-01,x\n2018-02,1,2\n2018-13,1\n2018-04\n") == (
        "line 2: value 'x' is not a number",
        "line 3: 3 cells where the header has 2 (is a comma inside a number? write 1234.5)",
        "line 4: period '2018-13' does not exist",
        "line 5: 1 cells where the header has 2",
    )


def test_all_bad_lines_are_listed_up_to_fifty_and_the_rest_counted():
    text = "period,value\n" + "".join(f"20{y:02}-01,x\n" for y in range(10, 26)) * 4
    with pytest.raises(UserFileError) as refused:
        parse(text)
    assert refused.value.count == 64
    assert len(refused.value.problems) == 50
    assert refused.value.problems[49].startswith("line 51: ")
    assert "... and 14 more" in str(refused.value)


def test_a_row_after_a_quoted_line_break_keeps_its_own_line_number():
    assert problems('period,value,status\n2018-01,1,"nor\nmal"\n2018-02,x,normal\n') == (
        "line 2: status 'nor mal' is not one of normal, preliminary, revised, estimated, suppressed, missing",
        "line 4: value 'x' is not a number",
    )


def test_the_same_period_twice_is_a_problem_unless_it_is_another_vintage():
    twice = "period,value,known_from\n2018-01,1,2018-02-08\n2018-01,2,{}\n"
    assert parse(twice.format("2018-03-08")).parsed.frame.height == 2
    assert the_problem(twice.format("2018-02-08")) == (
        "line 3: 2018-01 of user_mex_production is given in line 2 already"
    )


def test_knowledge_from_the_future_or_from_before_the_period_is_refused():
    assert "is in the future" in the_problem("period,value,known_from\n2018-01,1,2027-01-01\n")
    assert "begins after it was known" in the_problem("period,value,known_from\n2018-02,1,2018-01-31\n")
    assert "is not a date" in the_problem("period,value,known_from\n2018-01,1,08.02.2018\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file is empty"),
        (b"\xef\xbb\xbf \n", "file is empty"),
        (b"period,value\n", "no row under it"),
        (b"month,value\n2018-01,1\n", "header 'month,value' lacks columns period, value"),
        (b"2018-01,1\n2018-02,2\n", "lacks columns period, value"),
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


# --- the declaration ---


@pytest.mark.parametrize(
    "field", ["series_id", "title", "unit", "frequency", "seasonal_adjustment", "source"]
)
def test_what_a_series_is_must_be_said(field: str):
    found = the_problem("period,value\n2018-01,1\n", **{field: ""})
    assert f"{field} missing" in found


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("series_id", "usa_employment_manufacturing", "begins with user_"),
        ("series_id", "user_Mex", "begins with user_"),
        ("frequency", "weekly", "is not one of monthly, quarterly, annual, daily"),
        ("seasonal_adjustment", "yes", "is not one of SA, NSA, SAAR"),
        ("geography_iso3", "Mexico", "three capital letters"),
        ("unit_multiplier", "12", "1, 1000"),
        ("title", "=cmd|' /C calc'!A0", "a spreadsheet takes for a formula"),
        ("title", "a\nb", "line break"),
        ("title", "x" * 501, "at most 500"),
        ("homepage_url", "javascript:alert(1)", "https://"),
        ("known_from", "soon", "is not a date"),
        ("flow", "import", "is not one of imports, exports, balance"),
        ("units", "vehicles", "option units is not known"),
    ],
)
def test_a_bad_declaration_is_refused_once_not_once_a_row(field: str, value: str, message: str):
    found = the_problem("period,value\n2018-01,1\n2018-02,2\n", **{field: value})
    assert message in found


def test_an_id_of_another_source_is_not_taken_over():
    options = {"options": OPTIONS, "retrieved_at": NOW}
    content = b"period,value\n2018-01,1\n"
    with pytest.raises(UserFileError, match="taken by source user_wards"):
        parse_user_file(content, taken={"user_mex_production": "user_wards"}, **options)
    again = parse_user_file(content, taken={"user_mex_production": "user_my_copy"}, **options)
    assert again.parsed.frame.height == 1


def test_declared_series_and_rows_must_match():
    header = ",".join(OPTIONS) + "\n"
    one = ",".join(OPTIONS.values()) + "\n"
    two = one.replace("user_mex_production", "user_mex_other")
    rows = "series_id,period,value\nuser_mex_production,2018-01,1\n"
    assert parse(rows, header + one).parsed.frame.height == 1
    assert the_problem(rows, header + one + two) == "series user_mex_other is declared but has no observation"
    assert the_problem(rows + "user_x,2018-01,1\n", header + one) == "line 3: series 'user_x' is not declared"
    assert the_problem("period,value\n2018-01,1\n", header + one + two) == "line 2: series_id is empty"
    assert "declared twice" in the_problem(rows, header + one + one)
    assert "same source" in the_problem(
        rows + "user_mex_other,2018-01,1\n", header + one + two.replace("My copy", "Another")
    )
    assert "series file line 2: unit is 'vehicles' here and 'cars' in the options" in problems(
        rows, header + one, unit="cars"
    )


def test_options_fill_what_the_declaration_leaves_empty():
    declared = "series_id,title,unit\nuser_a,A,vehicles\nuser_b,B,vehicles\n"
    rest = {k: OPTIONS[k] for k in ("frequency", "seasonal_adjustment", "geography_iso3", "source")}
    rows = "series_id,period,value\nuser_a,2018-01,1\nuser_b,2018-01,2\n"
    series = parse(rows, declared, **rest).parsed.series
    assert series.select("series_id", "title", "frequency").rows() == [
        ("user_a", "A", "monthly"),
        ("user_b", "B", "monthly"),
    ]


# --- workbooks ---

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


def test_a_lone_sheet_is_the_observations_whatever_its_name():
    content = workbook(
        [["period", "value"], ["2018-01", 1]], change=lambda b: setattr(b.active, "title", "Sheet1")
    )
    assert parse(content).parsed.frame.height == 1


# --- the archived payload ---


def test_an_import_archives_the_bytes_as_received_with_declaration_and_options():
    content = (EXAMPLES / "mexico_truck_sales.csv").read_bytes()
    declaration = (EXAMPLES / "mexico_truck_sales.series.csv").read_bytes()
    payload = pack("mexico_truck_sales.csv", content, declaration, {"known_from_basis": "release"})
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        assert archive.read("file/mexico_truck_sales.csv") == content
        assert archive.read("series.csv") == declaration
    again = parse_payload(payload, NOW)
    assert again.parsed.frame.equals(
        parse_user_file(
            content, options={"known_from_basis": "release"}, declaration=declaration, retrieved_at=NOW
        ).parsed.frame
    )


def test_the_payload_is_the_same_bytes_each_time_and_others_with_another_declaration():
    one = pack("a.csv", b"x", None, {"unit": "cars", "title": "T"})
    assert pack("a.csv", b"x", None, {"title": "T", "unit": "cars"}) == one
    assert pack("a.csv", b"x", None, {"title": "T", "unit": "vehicles"}) != one


@pytest.mark.parametrize("payload", [b"", b"period,value\n", pack("a.csv", b"x", None, {})[:-5]])
def test_a_damaged_payload_is_a_problem_not_a_crash(payload: bytes):
    with pytest.raises(UserFileError, match="not a payload of headway import"):
        parse_payload(payload, NOW)
