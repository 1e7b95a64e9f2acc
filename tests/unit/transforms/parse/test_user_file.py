"""Import files: what is read, what is refused and with which line, in CSV and in Excel workbooks."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import FIXTURE_FOLDER
from tests.support.examples import examples
from tests.support.user_file_case import NOW, parse, problems, the_problem
from transforms.parse.user_file import pack, parse_payload, parse_user_file
from transforms.parse.user_table import UserFileError
from transforms.schema import OBSERVATION, SERIES_SCHEMA

EXAMPLES = FIXTURE_FOLDER / "import"


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


@examples(50)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_it_fail_otherwise_than_with_problems(content: bytes):
    for prefix in (b"", b"period,value\n", b"PK\x03\x04", b"\xff\xfe"):
        try:
            parse(prefix + content)
        except UserFileError as refused:
            assert refused.problems


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
