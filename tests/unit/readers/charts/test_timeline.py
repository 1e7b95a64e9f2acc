"""Lanes of events and the path of a position: drawn with their words, every kind of event known once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestration.readers.charts import timeline
from orchestration.readers.charts.theme import ChartError
from tests.support.chart_pages_case import (
    EVENTS,
    POSITIONS,
    missing_words,
)

CHARTS: dict[str, Callable] = {
    "lanes": lambda **k: timeline.lanes(EVENTS, picked="a", source="Source: x", **k),
    "positions": lambda **k: timeline.position_path(
        POSITIONS, topic="cars", unit="percent", picked="a", source="Source: x", **k
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_with_its_words(name: str, mode: str) -> None:
    assert not missing_words(CHARTS[name](mode=mode))


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: timeline.lanes(EVENTS.head(0), source="x"), "no event"),
        (lambda: timeline.position_path(POSITIONS.head(0), topic="t", unit="u", source="x"), "no position"),
    ],
)  # fmt: skip
def test_nothing_to_draw_is_said(draw: Callable, words: str) -> None:
    # an empty plot looks like a value of zero
    with pytest.raises(ChartError, match=words):
        draw()


def test_every_kind_of_event_is_known_once() -> None:
    types = [t for group in timeline.KINDS.values() for t in group]
    assert len(types) == len(set(types))
    assert timeline.kind_of("a type of a later version") == "other"
