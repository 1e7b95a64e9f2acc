"""Text of sources on a report: addresses become links, nothing becomes markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.reports import words


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
