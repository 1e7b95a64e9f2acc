"""Which series a report shows, and how a position is followed: the plain parts, without a release."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.reports import words
from orchestration.readers.reports.choice import MOST_SERIES, chosen, declared
from orchestration.readers.reports.positions import followed

AUTOS = {"topics": ["rules_of_origin_autos"], "parties": ["USA", "CAN", "MEX"]}


def test_trade_as_a_whole_has_a_place_beside_the_series_of_the_topic():
    """Five series on autos would push out the imports that the event is asked about most."""
    names = [name for group in declared(AUTOS) for name in group]
    shown, _ = chosen(AUTOS, dict.fromkeys(names, True))
    assert len(shown) == MOST_SERIES
    assert {"usa_imports_goods_mex", "usa_imports_goods_can"} <= set(shown)
    assert shown[0] == "usa_imports_hs87_mex"


def test_a_series_without_whole_windows_is_left_out_and_named():
    names = [name for group in declared(AUTOS) for name in group]
    shown, left = chosen(AUTOS, dict.fromkeys(names, True) | {"usa_imports_hs87_mex": False})
    assert "usa_imports_hs87_mex" not in shown
    assert left == ["usa_imports_hs87_mex"]


@given(
    st.lists(
        st.sampled_from(["autos_tariffs", "steel_aluminum", "china", "process", "dairy", "unknown"]),
        max_size=4,
    ),
    st.lists(st.sampled_from(["USA", "CAN", "MEX", "CHN", "WLD"]), max_size=4),
    st.sets(st.sampled_from(["usa_imports_goods_mex", "usa_imports_goods_can", "usa_duties_can"])),
)
def test_any_event_gets_each_series_once_and_only_those_that_fit(topics, parties, fitting):
    event = {"topics": topics, "parties": parties}
    shown, left = chosen(event, dict.fromkeys(fitting, True))
    assert len(shown) == len(set(shown)) <= MOST_SERIES
    assert set(shown) <= fitting and not left


def test_only_the_partners_of_an_event_are_shown():
    names = [
        name
        for group in declared({"topics": ["steel_aluminum"], "parties": ["CAN", "USA"]})
        for name in group
    ]
    assert any(name.endswith("_can") for name in names)
    assert not any(name.endswith(("_mex", "_chn")) for name in names)


# -- positions -------------------------------------------------------------------------------------------------------


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


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, links",
    [
        ("83 FR 25849; https://a.org/x/; paper", ["https://a.org/x/"]),
        ("https://a.org/b_(c); more", ["https://a.org/b_(c)"]),
        ("seen (https://a.org/b), twice", ["https://a.org/b"]),
        ("https://a.org/x. End", ["https://a.org/x"]),
        ("javascript:alert(1) data:text/html,x", []),
    ],
)
def test_addresses_of_a_source_become_links_without_the_marks_around_them(text, links):
    shown = str(words.linked(text))
    assert [part.split('"')[0] for part in shown.split('href="')[1:]] == links


@given(st.text(alphabet="<>&\"' ()abc:/.;https", max_size=60))
def test_no_source_text_becomes_markup(text):
    from tests.support.page_case import parsed

    page = parsed(f"<p>{words.linked(text)}</p>")
    assert {e.name for e in page.find()} <= {"p", "a", "#text"}
    assert page.text == " ".join(text.split())
    for link in page.find("a"):
        assert link.attributes["href"].startswith(("http://", "https://"))
        assert set(link.attributes) == {"href", "rel"}
