"""Slices of the Quarterly Census of Employment and Wages: rows that other clients quote, withheld rows, other slices."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.bls_qcew import HEADER, line
from transforms.parse.bls_qcew import parse_industry
from transforms.parse.outcome import HtmlInsteadError, SchemaChangedError, UnreadableError

MICHIGAN, NATION, WAYNE = "26000", "US000", "26163"


def parsed(*lines: str, header: str = HEADER):
    content = "\n".join([header, *lines]).encode()
    return parse_industry(content, industry="3361", year=2024, quarter=3, areas={MICHIGAN, NATION})


def test_three_months_of_the_private_jobs_of_the_areas_that_are_kept():
    """A county, another owner or a size class added to a state would count the same jobs twice."""
    reply = parsed(
        line(MICHIGAN, "3361", 2024, 3, (40_101, 40_202, 40_303)),
        line(WAYNE, "3361", 2024, 3, (9_000, 9_000, 9_000)),
        line(NATION, "3361", 2024, 3, (300_000, 300_001, 300_002), own="3"),
        line(MICHIGAN, "3361", 2024, 3, (5, 5, 5)).replace('"0","2024"', '"7","2024"'),
    )
    assert reply.frame.select("source_code", "period_start", "value", "status").rows() == [
        ("QCEW 26000/5/3361", date(2024, 7, 1), 40_101.0, "normal"),
        ("QCEW 26000/5/3361", date(2024, 8, 1), 40_202.0, "normal"),
        ("QCEW 26000/5/3361", date(2024, 9, 1), 40_303.0, "normal"),
    ]
    assert reply.left.dropped_rows == 3


@pytest.mark.parametrize("numbers", ["0,0,0,0,0,0,0,0", '"","","","","","","",""'])
def test_what_is_withheld_is_no_zero(numbers):
    """Both ways in which clients quote withheld rows; a zero would be the end of an industry."""
    row = f'"26000","5","3361","56","0","2024","3","N",{numbers}'
    assert parsed(row).frame.select("value", "status").unique().rows() == [(None, "suppressed")]


def test_numbers_in_quotes_are_numbers():
    row = line(MICHIGAN, "3361", 2024, 3, (1, 2, 3)).replace(",1,2,3,", ',"1","2","3",')
    assert parsed(row).frame["value"].to_list() == [1.0, 2.0, 3.0]


def test_a_row_without_a_number_is_kept_with_its_reason():
    row = line(MICHIGAN, "3361", 2024, 3, (1, 2, 3)).replace(",2,3,", ",n/a,3,")
    reply = parsed(row, line(NATION, "3361", 2024, 3, (4, 5, 6)))
    assert reply.frame["value"].to_list() == [4.0, 5.0, 6.0]
    assert [reason for _, reason, _ in reply.left.rejected] == ["employment is no number"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((line(MICHIGAN, "3363", 2024, 3, (1, 2, 3)),), "got 3363 of 2024Q3"),
        ((line(MICHIGAN, "3361", 2024, 2, (1, 2, 3)),), "got 3361 of 2024Q2"),
        ((line(MICHIGAN, "3361", 2024, 3, (1, 2, 3)), line(NATION, "3362", 2024, 3, (1, 2, 3))), "got"),
        ((), "no row"),
    ],
)
def test_a_slice_of_something_else_is_refused(rows, said):
    """The figures of one industry would go on as those of another."""
    with pytest.raises(SchemaChangedError, match=said):
        parsed(*rows)


def test_other_columns_pages_and_nothing_are_told_apart():
    annual = HEADER.replace("month1_emplvl", "annual_avg_emplvl")
    with pytest.raises(SchemaChangedError, match="month1_emplvl"):
        parsed(line(MICHIGAN, "3361", 2024, 3, (1, 2, 3)), header=annual)
    for content, error in ((b"<html>busy</html>", HtmlInsteadError), (b"", UnreadableError)):
        with pytest.raises(error):
            parse_industry(content, industry="3361", year=2024, quarter=3, areas={MICHIGAN})


@pytest.mark.slow
@given(year=st.integers(2012, 2030), quarter=st.integers(1, 4))
def test_the_months_are_those_of_the_quarter(year: int, quarter: int):
    content = "\n".join([HEADER, line(MICHIGAN, "3361", year, quarter, (1, 2, 3))]).encode()
    reply = parse_industry(content, industry="3361", year=year, quarter=quarter, areas={MICHIGAN})
    months = reply.frame["period_start"].to_list()
    assert [(m.year, (m.month - 1) // 3 + 1) for m in months] == [(year, quarter)] * 3 and len(
        set(months)
    ) == 3
