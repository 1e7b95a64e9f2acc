"""Statistics Canada tables with faults that must cost a row or a series, never the table."""

from __future__ import annotations

import pytest

from tests.unit.transforms.parse.test_statcan import SUPPRESSED, TEXT, TOTAL, table
from transforms.parse import statcan

NOVEMBER = '"149231","","",'


def test_a_mark_with_a_number_in_a_series_nobody_wants_costs_nothing():
    """One such row among 150,000 had the whole table refused."""
    marked = table(TEXT.replace('"","x",', '"7","x",', 1))
    assert statcan.select_vectors(marked, {TOTAL: "a"}).equals(statcan.select_vectors(table(), {TOTAL: "a"}))
    assert statcan.contradictions(marked, [TOTAL]) == []
    ((_, reason, row),) = statcan.contradictions(marked, [SUPPRESSED])
    assert reason == "is suppressed but has a value" and SUPPRESSED in row


def test_a_mark_with_a_number_costs_its_own_month_of_a_series_that_is_wanted():
    marked = table(TEXT.replace(NOVEMBER, '"149231","x","",', 1))
    chosen = statcan.select_vectors(marked, {TOTAL: "a"})
    assert [str(month) for month in chosen["period_start"]] == ["2018-12-01", "2019-01-01", "2019-02-01"]
    assert len(statcan.contradictions(marked, [TOTAL])) == 1


def test_a_row_that_is_printed_twice_counts_once_and_two_numbers_for_one_month_count_not_at_all():
    line = next(line for line in TEXT.splitlines() if NOVEMBER in line)
    twice = table(TEXT + line + "\n")
    assert statcan.select_vectors(twice, {TOTAL: "a"}).equals(statcan.select_vectors(table(), {TOTAL: "a"}))
    other = table(TEXT + line.replace("149231", "149232") + "\n")
    assert statcan.select_vectors(other, {TOTAL: "a"}).height == 3
    assert {reason for _, reason, _ in statcan.contradictions(other, [TOTAL])} == {
        "another value stands for the same period"
    }


@pytest.mark.parametrize("tail", ["\n\n", "\r\n\r\n\r\n"])
def test_blank_lines_at_the_end_are_no_rows(tail):
    assert table(TEXT + tail).equals(table())


# --- one name on two levels ------------------------------------------------------------------------------------------

_HEADER = TEXT.splitlines()[0]


def _two_levels(second: str) -> str:
    """Two vectors whose product has the same name under two codes; `second` is the number of the other one."""
    rows = [line for line in TEXT.splitlines() if f'"{TOTAL}"' in line]
    level = [line.replace("Total, new motor vehicles", "Passenger cars [C211]") for line in rows]
    other = [
        line.replace("Total, new motor vehicles", "Passenger cars [411]").replace(TOTAL, "v999")
        for line in rows
    ]
    other[0] = other[0].replace("149231", second)
    return "\n".join([_HEADER, *level, *other]) + "\n"


def test_the_same_name_on_two_levels_with_the_same_numbers_is_one_series():
    assert "Total, new motor vehicles" in TEXT
    series, refused = statcan.vectors_of_members(
        table(_two_levels("149231")), {"s": {"Vehicle type": "Passenger cars"}}
    )
    assert (series, refused) == ({TOTAL: "s"}, {})


def test_the_same_name_on_two_levels_with_other_numbers_wants_its_code():
    whole = table(_two_levels("5"))
    series, refused = statcan.vectors_of_members(whole, {"s": {"Vehicle type": "Passenger cars"}})
    assert series == {}
    assert (
        "2 vectors have the members" in refused["s"] and "[C211]" in refused["s"] and "[411]" in refused["s"]
    )
    series, refused = statcan.vectors_of_members(whole, {"s": {"Vehicle type": "Passenger cars [411]"}})
    assert (series, refused) == ({"v999": "s"}, {})
