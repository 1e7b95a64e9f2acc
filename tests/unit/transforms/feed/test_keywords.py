"""Declared words: whole words only, whatever their case and spacing, and every meaning is one that the timelines know."""

from __future__ import annotations

import csv

import pytest

from orchestration.base.settings import PROJECT
from orchestration.sources.feed.words import keywords
from transforms.feed.keywords import declared


def test_words_are_found_whole_in_any_case_and_spacing() -> None:
    words = declared(
        [
            {"kind": "party", "meaning": "CAN", "phrase": "northern border"},
            {"kind": "topic", "meaning": "trucks", "phrase": "truck*"},
        ]
    )
    assert words.meanings("party", "Our NORTHERN\n  Border is long") == ["CAN"]
    assert words.meanings("topic", "Trucks, light") == ["trucks"]
    assert words.meanings("topic", "a struck bargain") == []
    assert words.frequent("topic", "truck trucks truck", 3) == ["trucks"]
    assert words.frequent("topic", "truck truck", 3) == []


def test_parties_and_topics_are_those_of_the_timelines() -> None:
    """A word that stands for an unknown topic would make every accepted candidate fail its validation."""
    folder = PROJECT / "dbt_project" / "seeds" / "timeline"
    known = {}
    for kind in ("party", "topic"):
        with (folder / f"seed_{kind}.csv").open(encoding="utf-8", newline="") as file:
            known[kind] = {row[kind] for row in csv.DictReader(file)}
    for word in keywords().words:
        assert word.kind not in known or word.meaning in known[word.kind], word


@pytest.mark.parametrize(
    "row",
    [{"kind": "colour", "meaning": "x", "phrase": "y"}, {"kind": "topic", "meaning": "x", "phrase": " * "}],
)
def test_a_line_that_is_no_keyword_is_refused(row: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="line 2"):
        declared([row])
