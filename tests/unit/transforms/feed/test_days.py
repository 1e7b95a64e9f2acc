"""First days: real sentences are read right, doubtful ones are not proposed, and a day is never made up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.feed_case import samples
from transforms.feed.days import day_of, first_day
from transforms.feed.text import plain_text, sentences

SIGNED = date(2025, 3, 1)


def read(text: str, **more):
    return first_day(sentences(plain_text(text)), **{"decided": SIGNED, **more})


@pytest.mark.parametrize("of", samples("real"), ids=lambda s: s.name)
def test_real_documents(of) -> None:
    found = read(of.text, decided=date.fromisoformat(of.facts["signed"]))
    stated = of.facts["first_day"]
    assert found.day == (date.fromisoformat(stated) if stated else None)
    assert (found.day is None) == bool(found.note)


@pytest.mark.parametrize("of", samples("written"), ids=lambda s: s.name)
def test_written_documents(of) -> None:
    day = date.fromisoformat(of.facts["first_day"])
    found = read(of.text, decided=date(2025, 3, 26), registered=day if of.name.startswith("sor") else None)
    assert found.day == day


@examples(60)
@given(
    st.dates(date(2017, 1, 1), date(2030, 12, 31)),
    st.sampled_from(["{m} {d}, {y}", "{d} {m} {y}", "{m} {d}, {y},"]),
)
def test_any_day_is_read_in_each_spelling(day: date, form: str) -> None:
    written = form.format(m=day.strftime("%B"), d=day.day, y=day.year)
    text = f"The duty applies to goods entered for consumption on or after 12:01 a.m. eastern standard time on {written} and not before."
    assert read(text, decided=None).day == day


@pytest.mark.parametrize(
    "text",
    [
        # goods on the way, a zone, a hearing, comments: days of something else
        "Goods loaded onto a vessel and in transit on the final mode of transport on or after April 2, 2025, are exempt.",
        "Articles admitted into a United States foreign trade zone on or after April 3, 2025, must be admitted as privileged foreign status.",
        "Comments on the duties must be received on or after April 3, 2025.",
        "Requests to appear at the public hearing on tariffs are due beginning on April 3, 2025.",
        "The duty shall not apply to goods entered before April 3, 2025.",
        "The tariff is paused and will not take effect until June 1, 2025.",
        "In March the Secretary reported on tariffs.",
    ],
)
def test_days_of_something_else_are_not_proposed(text: str) -> None:
    found = read(text)
    assert found.day is None and found.note


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A duty of 10 percent applies to goods entered for consumption on or after April 5, 2025. A higher duty applies to goods "
         "entered for consumption on or after April 9, 2025.", "several first days are named: 2025-04-05, 2025-04-09"),
        ("The duty applies to goods entered for consumption on or after February 4, 2024.", "lies before the document itself"),
        ("The proposed duty would apply to goods entered for consumption on or after May 1, 2025.", "no sentence names"),
        ("On or after April 2, 2025, a tariff of 25 percent may be imposed on all goods.", "left to discretion: 2025-04-02"),
        ("The duties are suspended until November 9, 2026.", "a pause until 2026-11-09"),
    ],
)  # fmt: skip
def test_where_the_rules_are_unsure_they_say_why(text: str, says: str) -> None:
    found = read(text)
    assert found.day is None and says in found.note


@pytest.mark.parametrize(
    "text",
    [
        "The additional duty shall no longer apply to goods entered for consumption on or after February 7, 2026.",
        "The duty on products of Brazil shall be terminated with respect to goods entered for consumption on or after February 7, 2026.",
        "Effective with respect to goods entered for consumption on or after February 7, 2026, certain agricultural products shall not be "
        "subject to the additional ad valorem rate of duty of 40 percent imposed under Executive Order 14323.",
        "The exclusion applies to goods entered for consumption on or after February 7, 2026, from the duties of 25 percent.",
    ],
)  # fmt: skip
def test_the_end_of_a_duty_is_not_its_first_day(text: str) -> None:
    """The day on which a duty ended was proposed as the one on which it began."""
    found = read(text)
    assert found.day is None and found.rule == "entry"
    assert "2026-02-07" in found.note and "ends or exempts a duty" in found.note
    begins = "A duty applies to goods of Chile entered for consumption on or after February 7, 2026."
    both = read(f"{text} {begins}")
    assert both.day == date(2026, 2, 7) and both.sentence == begins, (
        "a duty that begins on the day is what is read"
    )


def test_the_strongest_rule_decides() -> None:
    """The day on which an order is effective is not the day on which its duty begins."""
    text = (
        "This order is effective on March 5, 2025. The duty applies with respect to goods entered for consumption, or "
        "withdrawn from warehouse for consumption, on or after 12:01 a.m. eastern time on April 3, 2025."
    )
    assert read(text).day == date(2025, 4, 3)
    assert read(text).rule == "entry"


def test_a_text_in_force_on_its_registration_has_that_day_only_where_it_is_known() -> None:
    text = "This Order comes into force on the day on which it is registered."
    assert read(text, registered=date(2025, 4, 8)).day == date(2025, 4, 8)
    assert read(text).day is None


@examples(80)
@given(st.lists(st.sampled_from(["duty", "tariff", "on or after", "April 3, 2025", "effective", "entered", "may be imposed", ".", "until",
                                 "before", "31 February 2025", "goods", "12:01 a.m. eastern time on", "comes into force on", ";"]), max_size=25))  # fmt: skip
def test_a_proposed_day_stands_in_its_sentence(words: list[str]) -> None:
    """A day that the quoted sentence does not name could not be checked by anyone."""
    found = read(" ".join(words))
    if found.day is not None:
        assert found.note == "" and f"{found.day:%B} {found.day.day}, {found.day.year}" in (
            found.sentence or ""
        )
    else:
        assert found.note


def test_no_day_is_made_of_what_is_none() -> None:
    assert day_of("February 30, 2025") is None
    assert day_of("Smarch 3, 2025") is None
    assert day_of("April 3, 2025") == date(2025, 4, 3) == day_of("3 April 2025")
    assert SIGNED + timedelta(days=1) == day_of("2 March 2025")
