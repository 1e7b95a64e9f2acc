"""A page or text file that holds one document of law: its plain text, or why it holds none.

Belongs here: checks that are the same for every agency's documents. Does not belong here: lists of documents (the agency's
module), what a text means (transforms/feed).
"""

from __future__ import annotations

import re

from transforms.feed.text import plain_text
from transforms.parse.body import excerpt, refuse_status
from transforms.parse.outcome import HtmlInsteadError, NoSuchFileError, UnreadableError

#: a shorter page holds no document
_SHORTEST = 120
#: this share of the longer words of a title must stand in the text, else it is another page (an error page, a bot wall)
_TITLE_SHARE = 0.5


def document_text(content: bytes, *, source: str, status: int, title: str) -> str:
    """The plain text of a document's page.

    title: as the list gave it; most of its longer words must stand on the page.
    Raises NoSuchFileError for 404, UnreadableError for a PDF or nothing at all, HtmlInsteadError for another page.
    """
    if status == 404:
        raise NoSuchFileError(source, "HTTP 404: no such document", "see whether the agency moved it")
    if not 200 <= status < 300:
        refuse_status(source, status, content[:2000].decode("utf-8", "replace"))
    if content[:5] == b"%PDF-":
        raise UnreadableError(
            source, "a PDF where a page was asked for", "read it by hand; its text is not taken"
        )
    text = plain_text(content)
    if len(text) < _SHORTEST:
        raise UnreadableError(source, f"a page of {len(text)} characters", "ask again later")
    words = set(re.findall(r"[a-z]{5,}", title.lower()))
    shown = set(re.findall(r"[a-z]{5,}", text.lower()))
    if words and len(words & shown) < _TITLE_SHARE * len(words):
        raise HtmlInsteadError(
            source,
            f"a page without the words of the title: {excerpt(text)}",
            "ask again later; look at the page",
        )
    return text
