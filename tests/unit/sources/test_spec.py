"""What a source is declared with: words for its limits, and defaults that are safe to share."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.sources.spec import Budget, PlanContext, Request


@pytest.mark.parametrize(("seconds", "words"), [(86_400, "a day"), (10, "in 10 s"), (3_600, "in 3,600 s")])
def test_a_window_is_said_in_words(seconds: int, words: str) -> None:
    assert Budget(500, seconds).window == words


def test_what_is_shared_by_default_cannot_be_changed() -> None:
    # a parser that wrote into the context of one request would write into that of all
    with pytest.raises(TypeError):
        Request("ces", "/").context["codes"] = []
    with pytest.raises(TypeError):
        PlanContext(date(2026, 1, 1), None, False, True).latest["x"] = date(2026, 1, 1)
