"""Lists of the Federal Register: the recorded form of a document is read, and an answer that is cut or no list is refused."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.feed import fr_document
from tests.support.examples import examples
from transforms.parse.federal_register import FIELDS, parse_document, parse_documents
from transforms.parse.outcome import EmptyReplyError, HtmlInsteadError, SchemaChangedError, TruncatedError


def read(reply: object):
    return parse_documents(json.dumps(reply).encode(), status=200, content_type="application/json")


def listed(*documents: dict, **more: object):
    return read({"count": len(documents), "total_pages": 1, "results": list(documents), **more})


def test_a_presidential_document() -> None:
    (found,) = listed(
        fr_document("2025-05930", "Adjusting Imports", "2025-04-03", subtype="Proclamation", signing_date="2025-03-26",
                    citation="90 FR 14705", start_page=14705, end_page=14717, proclamation_number=10908)
    )  # fmt: skip
    assert (found.feed_id, found.proclamation, found.executive_order) == (
        "federal_register:2025-05930",
        "10908",
        None,
    )
    assert (found.signed_on, found.published_on, found.pages) == (
        date(2025, 3, 26),
        date(2025, 4, 3),
        (14705, 14717),
    )


def test_the_number_of_an_order_may_stand_in_the_common_field() -> None:
    (found,) = listed(
        fr_document("1", "T", "2025-02-07", subtype="Executive Order", presidential_document_number=14193)
    )
    assert (found.executive_order, found.proclamation) == ("14193", None)


@pytest.mark.recorded
def test_the_recorded_document_is_read(shared_data) -> None:
    """The one real document at hand: its lists where others have texts, and its nulls, must not stop a list."""
    text = (shared_data / "feed" / "fr_document_sample_areed1192.jsonc").read_text(encoding="utf-8")
    found = parse_document(json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)))
    assert (found.number, found.citation, found.pages) == ("2020-17469", "85 FR 48465", (48465, 48467))
    assert (
        found.signed_on is None
        and found.agencies == "Transportation Department; Federal Aviation Administration"
    )


@examples(60)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.none()
        | st.text(max_size=20)
        | st.integers(0, 99)
        | st.lists(st.none() | st.text(max_size=3), max_size=2),
    )
)
def test_any_field_of_another_kind_is_read_or_named(fields: dict) -> None:
    """One odd document must not raise what nobody expects, which would end the run."""
    with suppress(SchemaChangedError):
        listed({**fr_document("2025-1", "T", "2025-02-07"), **fields})


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"count": 0}, EmptyReplyError),
        ({"count": 3000, "total_pages": 3, "results": [fr_document("1", "T", "2025-01-01")]}, TruncatedError),
        ({"errors": ["bad"]}, SchemaChangedError),
        ([], SchemaChangedError),
        ({"count": 1, "results": [{"title": "without a number"}]}, SchemaChangedError),
    ],
)
def test_answers_that_are_no_list(reply: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(reply)


def test_a_page_in_place_of_json() -> None:
    with pytest.raises(HtmlInsteadError):
        parse_documents(b"<!doctype html><html>Request Access</html>", status=200, content_type="text/html")
