"""Pages of Canada: a page counts only if it names the number that was asked for and its day."""

from __future__ import annotations

from datetime import date

import pytest

from tests.replay.feed import page
from tests.support.feed_case import sample
from transforms.parse.canada_law import parse_notice, parse_regulation
from transforms.parse.outcome import NoSuchFileError, SchemaChangedError, UnreadableError


def body(name: str) -> bytes:
    of = sample(name)
    return page(of.facts["title"], of.text).body


def test_a_regulation() -> None:
    document, text = parse_regulation(body("sor-2025-119"), status=200, number="2025-119")
    assert (document.feed_id, document.registered_on, document.citation) == (
        "canada_justice:SOR-2025-119",
        date(2025, 4, 8),
        "SOR/2025-119",
    )
    assert "surtax at a rate of 25 per cent" in text and "alert(1)" not in text and "Menu" not in text


def test_a_notice_is_cited_where_its_regulation_is() -> None:
    document, _ = parse_notice(body("cn-25-15"), status=200, number="25-15")
    assert (document.signed_on, set(document.marks)) == (date(2025, 4, 8), {"cn:25-15", "sor:2025-119"})


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"gone", 404, NoSuchFileError),
        (b"%PDF-1.4", 200, UnreadableError),
        (b"<html><body>Search our site</body></html>", 200, SchemaChangedError),
        (body("sor-2025-119").replace(b"SOR/2025-119", b"SOR/2025-118"), 200, SchemaChangedError),
        (
            body("sor-2025-119").replace(b"Registration 2025-04-08", b"Registration pending"),
            200,
            SchemaChangedError,
        ),
    ],
)
def test_another_page_is_refused(content: bytes, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_regulation(content, status=status, number="2025-119")
