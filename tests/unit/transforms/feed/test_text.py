"""Text from outside: whatever a page holds, no markup is left of it, sizes are bounded, and sentences end where they end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.feed.text import LONGEST_SENTENCE, LONGEST_TEXT, field, plain_text, quoted, sentences

HOSTILE = st.lists(
    st.sampled_from(
        ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "<", ">", "</p>", "<!--", "-->", "<![CDATA[", "]]>",
         "javascript:", "\x00", "\u202e", "\n\n", " ", "duty of 25 percent", "&amp;lt;script&amp;gt;", "<svg/onload=x>", '"', "'"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@examples(150)
@given(HOSTILE | st.text(max_size=200))
def test_no_field_holds_a_bracket_or_a_control_character(text: str) -> None:
    """A title goes to terminals, CSV and pages: one tag in it would run in somebody's browser."""
    found = field(text)
    assert found is None or not any(c in "<>\n\r\x00\u202e\x1b" for c in found)


@examples(80)
@given(HOSTILE)
def test_no_quoted_sentence_holds_markup(text: str) -> None:
    for sentence in sentences(plain_text(text)):
        assert "<" not in quoted(sentence) and ">" not in quoted(sentence)


@examples(40)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    plain_text(content)


def test_scripts_menus_and_styles_are_no_text() -> None:
    page = b"<html><head><title>T</title><style>p{}</style></head><body><nav>Menu</nav><script>steal()</script><p>Duty.</p></body></html>"
    assert plain_text(page) == "Duty."


def test_sizes_are_bounded() -> None:
    assert len(plain_text(b"a" * (5 * LONGEST_TEXT))) <= LONGEST_TEXT
    assert len(field("b" * 10_000) or "") == 500
    sentence = "x " * 2_000 + "on or after April 3, 2025 " + "y " * 2_000
    cut = quoted(sentence, sentence.index("on or"), sentence.index("2025") + 4)
    assert len(cut) <= LONGEST_SENTENCE and "on or after April 3, 2025" in cut


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It applies at 12:01 a.m. Eastern Daylight Time on April 3, 2025. It ends later.", 2),
        ("See 19 U.S.C. 1862 (section 232). Sec. 2 follows. The U.S. Trade Representative acts.", 3),
        ("1. The first clause. 2. The second one.", 2),
        ("A heading\n\nA sentence without a stop\n\nAnother", 3),
        ("", 0),
    ],
)
def test_sentences_end_where_they_end(text: str, count: int) -> None:
    """A sentence cut at `a.m.` would lose the day that stands after it."""
    assert len(sentences(text)) == count


@examples(60)
@given(st.text(alphabet="ab. !?\nAB12", max_size=120))
def test_no_word_is_lost_between_sentences(text: str) -> None:
    clean = plain_text(text)
    assert " ".join(sentences(clean)).split() == clean.split()
