"""How a position is followed from one settlement to the next, and what is no step on the way."""

from __future__ import annotations

import datetime as dt

from orchestration.readers.reports.positions import followed


def position(
    day: str, value: float | None, status: str, *, party: str = "USA", unit: str = "percent", words: str = "x"
):
    return {
        "event_id": f"e-{day}",
        "event_date": dt.date.fromisoformat(day),
        "party": party,
        "position": words,
        "value": value,
        "unit": unit,
        "status": status,
    }


def test_a_demand_is_followed_from_the_last_settlement_to_the_next():
    rows = [
        position("2015-01-01", 60, "agreed"),
        position("2017-10-13", 85, "proposed"),
        position("2018-01-29", 85, "maintained"),
        position("2018-03-01", 70, "proposed", party="MEX"),
        position("2018-04-01", 50, "dropped", unit="percent, US content"),
        position("2018-08-27", 75, "agreed", unit="percent, net cost"),
        position("2026-01-01", 82, "proposed"),
    ]
    found = followed(rows[2], rows)
    assert [(r["value"], r["here"]) for r in found.way] == [(85, False), (85, True), (75, False)]
    assert found.settled


def test_a_settlement_of_two_numbers_is_not_cut_in_half():
    rows = [position("2018-05-10", 30, "proposed"), *(position("2018-08-27", v, "agreed") for v in (40, 45))]
    assert [r["value"] for r in followed(rows[0], rows).way] == [30, 40, 45]


def test_other_numbers_of_the_same_event_are_not_steps_of_the_way():
    """40 and 150 dollars of one agreement are two limits, not one that rose."""
    rows = [position("2020-07-01", v, "agreed", words=str(v)) for v in (150, 40)]
    assert [r["value"] for r in followed(rows[1], rows).way] == [40]


def test_words_without_a_number_are_not_matched_with_other_words():
    rows = [position("2017-01-01", None, "proposed"), position("2018-01-01", None, "agreed")]
    assert followed(rows[0], rows).way == []
