"""What a user declares about the series of an import: whole, once, and in agreement with the rows."""

from __future__ import annotations

import pytest

from tests.support.user_file_case import NOW, OPTIONS, parse, problems, the_problem
from transforms.parse.user_file import parse_user_file
from transforms.parse.user_table import UserFileError


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
