"""The reasons why bundled figures end: a series named in one is followed by its last period, and by no other."""

from __future__ import annotations

import re

import pytest

from orchestration.sources.bundled_ends import BUNDLED_ENDS, ends_of
from orchestration.sources.registry import SOURCES_BY_ID, load_series_catalogue


def test_every_series_that_is_named_is_in_the_catalogue_and_every_source_a_publisher() -> None:
    named = {
        name for texts in BUNDLED_ENDS.values() for text in texts for name in re.findall(r"\{(\w+)\}", text)
    }
    assert named and named <= set(load_series_catalogue()["series_id"])
    assert set(BUNDLED_ENDS) <= set(SOURCES_BY_ID)


def test_a_last_period_comes_from_what_is_held() -> None:
    """A month written into the sentence would stay there when the figures go further."""
    texts = "".join(text for texts in BUNDLED_ENDS.values() for text in texts)
    held = {name: f"2031-{number % 12 + 1:02}" for number, name in enumerate(re.findall(r"\{(\w+)\}", texts))}
    for source in BUNDLED_ENDS:
        for name, month in re.findall(r"`(\w+)` \(to ([\d-]+)\)", " ".join(ends_of(source, held))):
            assert month == held[name]
    assert ends_of("oica", {}) == ()


def test_a_series_that_is_not_bundled_is_an_error() -> None:
    with pytest.raises(KeyError):
        ends_of("banxico", {})
