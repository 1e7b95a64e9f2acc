"""One document as a row: what is sure is proposed, what is not says why, and links lead to the publishers only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.sources.feed.words import keywords
from tests.support.examples import examples
from tests.support.feed_case import sample
from transforms.checks import check_frame
from transforms.feed.reading import Document, candidate_row, day, parsed, safe_url
from transforms.feed.text import LONGEST_SENTENCE
from transforms.schema import FEED_CANDIDATE

AT = datetime(2026, 1, 2, 3, 4, 5)
DOCUMENT = Document(
    "federal_register", "2025-05930", "Adjusting Imports of Automobiles Into the United States", date(2025, 4, 3),
    kind="Proclamation", signed_on=date(2025, 3, 26), citation="90 FR 14705", proclamation="10908", pages=(14705, 14707),
    url="https://www.federalregister.gov/documents/2025/04/03/2025-05930/adjusting", by=("USA",), hosts=("www.federalregister.gov",),
)  # fmt: skip


def row(document: Document = DOCUMENT, text: str | None = None):
    return candidate_row(document, keywords(), text=text, retrieved_at=AT)


def test_a_document_is_read_whole() -> None:
    found = row(text=sample("2025-03-26-autos").text)
    assert found["first_day"] == date(2025, 4, 3) and "April 3, 2025" in found["first_day_sentence"]
    assert found["rate_pct"] == 25 and found["rate_sentences"].startswith("25: ")
    assert (found["parties"], found["topics"], found["standing"]) == ("USA", "autos_tariffs", "candidate")
    assert set(found["marks"].split(";")) >= {
        "page:90:14705",
        "page:90:14707",
        "proclamation:10908",
        "fr:2025-05930",
    }
    good, rejected = check_frame(FEED_CANDIDATE, parsed([found]).frame, today=date(2026, 1, 3))
    assert good.height == 1 and rejected == ()


def test_several_rates_are_listed_and_none_is_proposed() -> None:
    found = row(text=sample("2025-10-17-trucks").text)
    assert found["rate_pct"] is None and found["rates"] == "10;25"


def test_what_is_no_trade_action_stands_aside_with_its_reason() -> None:
    other = replace(DOCUMENT, title="Cancer Control Month, 2025", proclamation="10911")
    assert row(other, "Let us all stay healthy.")["standing"] == "aside"
    nails = replace(DOCUMENT, title="Certain Steel Nails From Oman: Antidumping Duty Review")
    found = row(nails, "A rate of duty of 5 percent ad valorem applies.")
    assert found["standing"] == "aside" and "no trade actions" in found["standing_because"]


def test_an_order_without_a_telling_title_is_found_by_its_text() -> None:
    pause = replace(
        DOCUMENT,
        title="Progress on the Situation at Our Northern Border",
        proclamation=None,
        executive_order="14197",
    )
    assert row(pause)["standing"] == "aside"
    found = row(pause, sample("2025-02-03-pause").text)
    assert (
        found["standing"] == "candidate"
        and found["first_day"] is None
        and "a pause until 2025-03-04" in found["first_day_note"]
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://www.federalregister.gov/x", "https://evil.example/www.federalregister.gov", "https://www.federalregister.gov.evil.example/",
        "https://user@www.federalregister.gov/x", "https://www.federalregister.gov:8443/x", "javascript:alert(1)", "//www.federalregister.gov/x",
        'https://www.federalregister.gov/"onclick="x', "https://www.federalregister.gov/<b>", "https://www.federalregister.gov/\u202e", "",
        "https://www.federalregister.gov/" + "a" * 600, "https://www.federalregister.gov\\@evil.example/", "https://[broken", None,
    ],
)  # fmt: skip
def test_a_link_elsewhere_is_dropped(url: str | None) -> None:
    assert safe_url(url, ("www.federalregister.gov",)) is None


@examples(80)
@given(st.text(max_size=80))
def test_no_text_is_a_link_unless_it_is_a_plain_one(text: str) -> None:
    found = safe_url(f"https://{text}", ("www.usitc.gov",))
    assert found is None or (
        found.startswith(("https://www.usitc.gov", "https://WWW.USITC.GOV"))
        or text.lower().startswith("www.usitc.gov")
    )


@pytest.mark.slow
def test_a_row_is_bounded_however_long_the_document() -> None:
    long = (
        "A duty of 25 percent ad valorem applies to goods entered for consumption on or after April 3, 2025, "
        + "and so on " * 50_000
    )
    found = row(text=f"{long}. {long}.")
    assert len(found["first_day_sentence"]) <= LONGEST_SENTENCE
    assert len(found["rate_sentences"]) <= LONGEST_SENTENCE + 10


def test_days_of_fields() -> None:
    assert day("2025-04-03") == date(2025, 4, 3) == day("2025-04-03T00:00:00Z")
    assert day("April 3") is None and day(None) is None and day({"a": 1}) is None
