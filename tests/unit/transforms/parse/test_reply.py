"""The shapes shared by series sources: uniqueness, accounting, completeness, units."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.parse.outcome import SchemaChangedError
from transforms.parse.reply import (
    SERIES_REPLY_SCHEMA,
    Rows,
    missing_from,
    parse_number,
    require_units,
    rescale,
)


def _reply(*points: tuple[str, date, float | None], frequency: str = "monthly"):
    rows = Rows("test")
    for code, start, value in points:
        rows.add(code, start, frequency, value, "missing" if value is None else "normal")
    return rows.reply()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("964.5", 964.5),
        (" 12611 ", 12611.0),
        ("1,018.3907", 1018.3907),
        ("-1,234,567", -1234567.0),
        ("1E-3", 0.001),
        (".5", 0.5),
    ],
)
def test_numbers_with_thousands_separators_are_read(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["1,5", "12,34", "1,2345", "", "-", ".", "N/E", "nan", "inf", "1 000", "0x10", "1_000", "1,000,00"],
)
def test_a_decimal_comma_or_a_word_never_becomes_a_number(text):
    with pytest.raises(ValueError, match="not a number"):
        parse_number(text)


@given(st.integers(-(10**12), 10**12))
@examples(50)
def test_any_whole_number_survives_grouping(number):
    assert parse_number(f"{number:,}") == number


def test_rows_come_sorted_and_typed_whatever_their_order():
    reply = _reply(("B", date(2026, 2, 1), 2.0), ("A", date(2026, 3, 1), 3.0), ("B", date(2026, 1, 1), 1.0))
    assert reply.frame.schema == pl.Schema(SERIES_REPLY_SCHEMA)
    assert reply.frame.select("source_code", "value").rows() == [("A", 3.0), ("B", 1.0), ("B", 2.0)]


def test_equal_rows_are_kept_once_and_counted():
    reply = _reply(*[("A", date(2026, 1, 1), 1.0)] * 3)
    assert reply.frame.height == 1
    assert reply.left.dropped == {"repeated rows": 2}
    assert "left out 2: repeated rows" in reply.messages


def test_two_values_for_one_month_are_refused_rather_than_chosen():
    with pytest.raises(SchemaChangedError, match=r"A comes twice for 2026-01-01.*1\.0.*2\.0"):
        _reply(("A", date(2026, 1, 1), 1.0), ("A", date(2026, 1, 1), 2.0))


def test_every_row_of_a_payload_is_accounted_for():
    rows = Rows("test")
    rows.add("A", date(2026, 1, 1), "monthly", 1.0)
    rows.drop("annual averages", 2)
    rows.reject("not readable", {"value": "x"})
    reply = rows.reply()
    assert reply.frame.height + reply.left.dropped_rows + len(reply.left.rejected) == 4
    assert reply.left.rejected == ((4, "not readable", "{'value': 'x'}"),)


def test_a_hole_inside_a_series_is_found_but_a_stated_gap_is_not_one():
    reply = _reply(
        ("A", date(2025, 8, 1), 1.0),
        ("A", date(2025, 10, 1), None),
        ("A", date(2025, 12, 1), 3.0),
    )
    missing = missing_from(reply, ["A"], 2025, 2025)
    inside = missing.periods.filter(place="inside")["period_start"].to_list()
    assert inside == [date(2025, 9, 1), date(2025, 11, 1)]
    assert missing.periods.filter(place="before").height == 7
    assert not missing.complete


def test_a_series_that_never_came_is_reported():
    missing = missing_from(_reply(("A", date(2025, 1, 1), 1.0)), ["A", "B", "A", "C"], 2025, 2025)
    assert missing.codes == ("B", "C")
    assert not missing.complete
    assert missing.periods["place"].unique().to_list() == ["after"]


def test_a_series_of_other_codes_does_not_count_as_what_was_asked():
    assert missing_from(_reply(("A", date(2025, 1, 1), 1.0)), ["B"], 2025, 2025).codes == ("B",)


def test_daily_series_are_missed_by_the_month():
    days = [date(2018, 1, d) for d in (2, 3, 31)] + [date(2018, 3, 1)]
    reply = _reply(*[("FXUSDCAD", d, 1.25) for d in days], frequency="daily")
    missing = missing_from(reply, ["FXUSDCAD"], 2018, 2018)
    assert missing.periods.filter(place="inside")["period_start"].to_list() == [date(2018, 2, 1)]


@given(
    present=st.sets(st.integers(0, 35), min_size=1),
    frequency=st.sampled_from(["monthly", "quarterly", "annual"]),
)
@examples(50)
def test_missing_periods_agree_with_counting_them_one_by_one(present, frequency):
    """Independent count over the calendar 2020-2022, so a wrong interval would show."""
    step = {"monthly": 1, "quarterly": 3, "annual": 12}[frequency]
    calendar = [date(2020 + m // 12, m % 12 + 1, 1) for m in range(0, 36, step)]
    came = sorted({calendar[i % len(calendar)] for i in present})
    missing = missing_from(_reply(*[("A", d, 1.0) for d in came], frequency=frequency), ["A"], 2020, 2022)
    expected = [
        (d, "before" if d < came[0] else "after" if d > came[-1] else "inside")
        for d in calendar
        if d not in came
    ]
    assert missing.periods.select("period_start", "place").rows() == expected


def _stated(unit: str, multiplier: str = "1"):
    rows = Rows("test")
    rows.add("A", date(2026, 1, 1), "monthly", 4.35)
    rows.add("B", date(2026, 1, 1), "monthly", 4.35)
    rows.details["A"] = {"unit": unit, "unit_multiplier": multiplier}
    return rows.reply()


def test_a_rebased_index_does_not_pass_for_the_old_one():
    reply = _stated("Index:_2022_100")
    require_units(reply, {"A": "Index:_2022_100", "B": "persons"}, source="fed")
    with pytest.raises(SchemaChangedError, match="Index:_2022_100 instead of Index:_2017_100"):
        require_units(reply, {"A": "Index:_2017_100"}, source="fed")


def test_a_change_of_scale_never_looks_like_a_revision():
    hundreds = _stated("persons", "100")
    assert rescale(hundreds, {"A": 1, "B": 1}).frame["value"].to_list() == [435.0, 4.35]
    assert rescale(hundreds, {"A": 1000}).frame["value"].to_list() == [0.435, 4.35]
    assert rescale(hundreds, {"A": 100}) is hundreds
    assert rescale(hundreds, {"A": 1}).details["A"]["unit_multiplier"] == "1"
