"""The headline chart and the small line: a series with its words, and nothing drawn of nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestration.readers.charts import overview
from orchestration.readers.charts.theme import ChartError
from tests.support.chart_pages_case import (
    EPISODES,
    EVENTS,
    SERIES,
    VALUES,
    missing_words,
)

CHARTS: dict[str, Callable] = {
    "headline": lambda **k: overview.headline(SERIES, VALUES, EVENTS, EPISODES, source="Source: x", **k),
    "spark": lambda **k: overview.spark(SERIES, VALUES, source="Source: x", **k),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_with_its_words(name: str, mode: str) -> None:
    assert not missing_words(CHARTS[name](mode=mode))


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: overview.headline(SERIES, VALUES.head(0), EVENTS, EPISODES, source="x"), "no value"),
        (lambda: overview.spark(SERIES, VALUES.head(0), source="x"), "no value"),
    ],
)  # fmt: skip
def test_nothing_to_draw_is_said(draw: Callable, words: str) -> None:
    # an empty plot looks like a value of zero
    with pytest.raises(ChartError, match=words):
        draw()
