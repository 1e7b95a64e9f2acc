"""The query string of the dashboard: a link reproduces a view, and a link that cannot be shown says so."""

import datetime as dt

import pytest

from tests.support.dashboard_case import AppTest
from tests.support.patience import PATIENCE

SCRIPT = """
import datetime as dt
import streamlit as st
from orchestration.readers.dashboard.state import State

state = State("t")
event = state.select("Event", "event", ["nafta-round6-end", "usmca"], "usmca")
part = state.segments("Part", "part", ["a", "b"], "a")
lanes = state.several("Lanes", "lane", ["x", "y"], ["x"])
months = state.number("Months", "months", 12, 1, 120)
day = state.day("Day", "day", None, dt.date(2000, 1, 1), dt.date(2030, 1, 1))
known = state.slide("Known", "known", [dt.date(2026, 1, 9), dt.date(2026, 2, 15)], dt.date(2026, 2, 15))
words = state.text("Words", "words", limit=5)
switch = state.switch("All", "all", False)
state.tell()
st.session_state["shown"] = (event, part, lanes, months, day, known, words, switch)
"""
DEFAULTS = ("usmca", "a", ["x"], 12, None, dt.date(2026, 2, 15), "", False)


def run(**query: str | list[str]) -> AppTest:
    page = AppTest.from_string(SCRIPT, default_timeout=PATIENCE)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def test_no_query_string_shows_the_defaults() -> None:
    page = run()
    assert page.session_state["shown"] == DEFAULTS
    assert not page.warning


def test_every_kind_of_value_is_read_from_the_address() -> None:
    page = run(
        event="nafta-round6-end", part="b", lane=["y", "x"], months="24", day="2018-01-29", known="2026-01-20",
        words="autos and", all="1",
    )  # fmt: skip
    assert page.session_state["shown"] == (
        "nafta-round6-end", "b", ["y", "x"], 24, dt.date(2018, 1, 29), dt.date(2026, 1, 9), "autos", True,
    )  # fmt: skip
    assert not page.warning


def test_a_hand_written_link_forgives_case_and_hyphens() -> None:
    assert run(event="NAFTA_Round6-End").session_state["shown"][0] == "nafta-round6-end"


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("event", "nafta-round9", 0),
        ("event", "<img src=x onerror=alert(1)>", 0),
        ("part", "c", 1),
        ("months", "0", 3),
        ("months", "1e9", 3),
        ("months", "twelve", 3),
        ("months", "", 3),
        ("day", "2018-02-30", 4),
        ("day", "1999-12-31", 4),
        ("known", "yesterday", 5),
        ("all", "yes", 7),
    ],
)
def test_a_value_that_cannot_be_shown_falls_back_and_says_so(name: str, value: str, place: int) -> None:
    # a wrong link that shows something else in silence makes a reader quote the wrong figure
    page = run(**{name: value})
    assert page.session_state["shown"][place] == DEFAULTS[place]
    assert f"asked for {name}" in page.warning[0].value
    assert "<img" not in page.warning[0].value.replace("\\<", "")


def test_unknown_lanes_are_left_out_with_a_message() -> None:
    page = run(lane=["y", "z"])
    assert page.session_state["shown"][2] == ["y"]
    assert "“z”" in page.warning[0].value


def test_a_changed_widget_is_written_to_the_address_with_everything_else() -> None:
    # the others are written too: a link must not depend on defaults of a later release
    page = run(months="24")
    page.selectbox(key="t-event").select("nafta-round6-end").run()
    written = page.query_params
    assert (written["event"], written["months"], written["day"]) == ("nafta-round6-end", "24", "")
    again = run(**dict(written.items()))
    assert again.session_state["shown"] == page.session_state["shown"]
    assert not again.warning


def test_an_emptied_choice_stays_empty() -> None:
    # without a trace in the address the next run would bring the default back
    page = run()
    page.multiselect(key="t-lane").set_value([]).run()
    assert page.session_state["shown"][2] == []
    assert run(lane=page.query_params["lane"]).session_state["shown"][2] == []
