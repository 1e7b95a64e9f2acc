"""A user's rows are judged by the rules of the seeds: what dbt finds good is good here, and what breaks a rule is found.

Belongs here: orchestration/intake/timeline/rules.py. Does not belong here: files (test_own.py).
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.base.settings import PROJECT
from orchestration.intake.timeline.own import GivenRow, judged, typed
from orchestration.intake.timeline.rules import SEEDS, Row, Rulebook, Rules, _add, broken
from tests.support.own_timeline_case import ROWS
from transforms.timeline import TIMELINE_COLUMNS, Kind, value_of

BOOK = Rulebook(PROJECT / "dbt_project")


def said(kind: Kind, /, **changed: object) -> str:
    """What is said of one good row with some cells changed, the other kinds being good."""
    rows = {}
    for each, cells in ROWS.items():
        row, wrong = typed(each, GivenRow({**cells, **(changed if each == kind else {})}, each))
        assert not wrong
        rows[each] = [row]
    return "\n".join(map(str, judged(rows, BOOK, at_change=True)))


def test_good_rows_are_good():
    """A rule that nothing can pass would refuse every user."""
    assert said("events") == ""


def test_the_bundled_rows_pass_every_rule_but_that_they_are_there_already():
    """The rules as they are read here are those by which dbt finds the seeds good: another reading would refuse one of these."""
    rows: dict[Kind, list[Row]] = {}
    for kind, columns in TIMELINE_COLUMNS.items():
        links = (
            {row["measure_id"]: row for row in BOOK.seed("seed_measure_event")} if kind == "measures" else {}
        )
        rows[kind] = [
            Row(
                "bundled",
                {
                    column: value_of({**cells, **links.get(cells.get("measure_id", ""), {})}[column], dtype)
                    for column, dtype in columns.items()
                },
            )
            for cells in BOOK.seed(SEEDS[kind][0])
        ]
    problems = broken(rows, BOOK, open_lists={}, at_change=True)
    assert {p.says for p in problems if "is the same as of a row that Headway brings" not in p.says} == set()
    assert len(problems) >= sum(map(len, rows.values()))


@pytest.mark.parametrize(
    ("kind", "changed", "expected"),
    [
        ("sources", {"kind": "blog"}, "sources: kind 'blog' is not known; allowed: official, professional"),
        ("sources", {"title": None}, "sources: title is empty"),
        ("events", {"source_key": None}, "events: source_key is empty"),
        ("events", {"confidence": None}, "events: confidence is empty"),
        (
            "events",
            {"event_type": "closing"},
            "events: event_type 'closing' is not known; allowed: agreement",
        ),
        (
            "events",
            {"timeline": "plants"},
            "events: timeline 'plants' is not known; allowed: nafta_renegotiation",
        ),
        ("events", {"source_key": "USER_OTHER"}, "add it to your sources first"),
        ("events", {"topics": "labor;labor"}, "'labor;labor' is not a list"),
        ("events", {"topics": "labor; dairy"}, "'labor; dairy' is not a list"),
        ("events", {"parties": "WLD"}, "parties 'WLD' is not known"),
        ("events", {"parties": "INDUSTRY"}, "parties 'INDUSTRY' is not known"),
        ("events", {"end_date": "2019-09-30"}, "events: end_date is earlier than event_date"),
        ("events", {"event_type": "tariff_effective"}, "effective_on must be the same day as event_date"),
        ("events", {"event_type": "tariff_announced"}, "announced_on is empty"),
        ("events", {"title": "NAFTA enters into force"}, "is the same as of a row that Headway brings"),
        ("events", {"source_key": "UNVERIFIED"}, "confidence must be low for what has no source"),
        ("events", {"source_key": "WIKI25"}, "cites no official document"),
        ("measures", {"hs_codes": "8703.10"}, "hs_codes are 2, 4, 6, 8 or 10 digits"),
        ("measures", {"hs_codes": "99038901"}, "none of chapters 98 and 99"),
        ("measures", {"imposing_iso3": "USA;CAN"}, "imposing_iso3 'USA;CAN' is not known"),
        ("measures", {"imposing_iso3": "WLD"}, "imposing_iso3 'WLD' is not known"),
        ("measures", {"event_id": None}, "or the reason why there is none in no_event_because"),
        ("measures", {"no_event_because": "none"}, "or the reason why there is none in no_event_because"),
        (
            "measures",
            {"effective_on": "2019-10-02"},
            "its event falls on another day or is another country's",
        ),
        ("measures", {"imposing_iso3": "MEX"}, "its event falls on another day or is another country's"),
        ("positions", {"unit": None}, "value and unit go together"),
        ("positions", {"value": "0"}, "value is 0"),
        ("positions", {"unit": "cars"}, "unit 'cars' is not known; allowed: percent of vehicle value"),
        ("positions", {"event_id": "user-other"}, "add it to your events first"),
        ("positions", {"status": "won"}, "status 'won' is not known; allowed: proposed"),
    ],
)
def test_a_broken_rule_is_said(kind, changed, expected):
    """A row as strict as a seed's: what would fail a data test of dbt is refused before it is written."""
    assert expected in said(kind, **changed)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.tuples(*[st.none() | st.integers(0, 3)] * 3))
def test_days_out_of_order_are_found_and_only_those(days):
    """A day in the wrong column puts the cut in the wrong month. Worked out again in Python, without SQL."""
    announced, effective, ended = (d if d is None else date(2019, 10, 1) + timedelta(d) for d in days)
    wrong = any(
        early is not None and late is not None and early > late
        for early, late in ((announced, effective), (announced, ended), (effective, ended))
    )
    text = said("events", announced_on=announced, effective_on=effective, ended_on=ended)
    assert ("earlier than" in text or "later than" in text) == wrong


def test_a_later_version_of_headway_may_bring_an_event_of_the_same_name():
    """Every build of a user would stop on the day it is upgraded."""
    row, _ = typed(
        "events", GivenRow({**ROWS["events"], "title": "NAFTA enters into force", "source_key": "NBER"}, "e")
    )
    assert judged({"events": [row]}, BOOK, at_change=True) and not judged({"events": [row]}, BOOK)


def test_a_rule_that_is_not_understood_stops_and_is_not_passed_over():
    """A new kind of test in the yml would be obeyed by the seeds alone."""
    with pytest.raises(ValueError, match="dbt_utils"):
        _add(Rules(), "title", {"dbt_utils.not_blank": {}}, PROJECT / "_timeline.yml")
