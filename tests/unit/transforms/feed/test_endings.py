"""Endings: what ends a duty is told from what sets one, clause by clause."""

from __future__ import annotations

import pytest

from transforms.feed.endings import is_ending


def ending_at(sentence: str, word: str) -> bool:
    start = sentence.index(word)
    return is_ending(sentence, start, start + len(word))


@pytest.mark.parametrize(
    "sentence",
    [
        "The duty shall no longer apply on MARK.",
        "The duties are hereby revoked on MARK.",
        "The surtax ceases to apply on MARK.",
        "The tariff of 25 percent is removed on MARK.",
        "Goods of Chile are exempt from the duty on MARK.",
        "The goods shall not be subject to the duty imposed by another order on MARK.",
    ],
)
def test_words_that_end_a_duty(sentence: str) -> None:
    assert ending_at(sentence, "MARK")


@pytest.mark.parametrize(
    "sentence",
    [
        "The duty applies on MARK.",
        "Goods removed from a zone are subject to a duty on MARK.",
        "The goods shall no longer be subject to one duty and shall instead be subject to another on MARK.",
        "Goods shall be subject to the duty on MARK, except that goods of Chile shall not be subject to it.",
        "Goods of Chile shall not be subject to the duty; other goods pay it on MARK.",
    ],
)
def test_a_duty_that_is_set_is_no_ending(sentence: str) -> None:
    """An exemption in another clause took away the first day of the duty itself."""
    assert not ending_at(sentence, "MARK")
