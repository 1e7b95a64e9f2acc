"""A page that holds a document: another page in its place is told apart before a word of it is read."""

from __future__ import annotations

import pytest

from transforms.parse.document_page import document_text
from transforms.parse.outcome import (
    HtmlInsteadError,
    NoSuchFileError,
    RefusedError,
    ServerError,
    UnreadableError,
)

TITLE = "Adjusting Imports of Automobiles Into the United States"
PAGE = f"<html><body><pre>{TITLE}\n\n{'A tariff applies to imports. ' * 10}</pre></body></html>".encode()


def read(content: bytes, status: int = 200) -> str:
    return document_text(content, source="federal_register", status=status, title=TITLE)


def test_the_text_comes_without_its_page() -> None:
    assert read(PAGE).startswith(TITLE) and "<" not in read(PAGE)


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"Not found", 404, NoSuchFileError),
        (b"Request Access", 403, RefusedError),
        (b"Bad gateway", 502, ServerError),
        (b"%PDF-1.7 " + b"x" * 500, 200, UnreadableError),
        (b"<html></html>", 200, UnreadableError),
        (
            b"<html><body>" + b"Please verify that you are a human being. " * 20 + b"</body></html>",
            200,
            HtmlInsteadError,
        ),
    ],
)
def test_what_is_no_document_is_refused(content: bytes, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(content, status)
