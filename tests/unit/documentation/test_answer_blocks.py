"""The marked parts of docs/methods.md and README: each mark is there once, and only what stands between is renewed."""

from __future__ import annotations

import re

import pytest

from orchestration.base.settings import PROJECT
from orchestration.documentation.answer_blocks import EXAMPLES, PAGE, renewed
from orchestration.readers.wording import BLOCKERS, DESIGNS


def test_a_part_goes_between_its_own_marks() -> None:
    """An empty place would swallow the text up to the next mark."""
    page = "a\n<!-- made x -->\n<!-- end -->\nprose\n<!-- made y -->\nold\n<!-- end -->\nz\n"
    once = renewed(page, "x", "\nnew\n")
    assert once == page.replace("<!-- made x -->\n", "<!-- made x -->\nnew\n")
    assert renewed(once, "x", "new") == once
    assert "old" not in renewed(once, "y", "newer") and "prose" in renewed(once, "y", "newer")
    with pytest.raises(ValueError, match="made q"):
        renewed(page, "q", "new")
    with pytest.raises(ValueError, match="not 2 times"):
        renewed(page + page, "x", "new")


def test_a_part_with_backslashes_is_written_as_it_is() -> None:
    assert "\\1" in renewed("<!-- made x -->\n<!-- end -->\n", "x", "\\1")


def test_every_mark_of_the_page_is_made_and_every_part_has_its_mark() -> None:
    marks = re.findall(r"<!-- made (.*?) -->", PAGE.read_text(encoding="utf-8"))
    assert sorted(marks) == sorted(
        [
            *(f"example {name}" for name in EXAMPLES),
            "designs",
            "coverage",
            "blockers",
            "rates",
            "expected",
            "both-rules",
            "false-alarms",
            "worked-controls",
            "forecasts",
            "forecast-misses",
            "rate-of-trends",
            "donors",
        ]
    )
    assert "<!-- made answer -->" in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_page_names_every_design() -> None:
    """A design that answers and is not explained would be taken for another."""
    page = PAGE.read_text(encoding="utf-8")
    for words in DESIGNS.values():
        assert f"**{words.short}.**" in page
    assert len(BLOCKERS) > 10
