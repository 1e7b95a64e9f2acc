"""What was known on a day, first against latest, and the triangle of vintages: drawn with their words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from orchestration.readers.charts import revisions
from orchestration.readers.charts.theme import ChartError
from tests.support.chart_pages_case import (
    REVISIONS,
    SERIES,
    TRIANGLE,
    VALUES,
    missing_words,
)

CHARTS: dict[str, Callable] = {
    "as known": lambda **k: revisions.as_known(
        SERIES, VALUES[:20], VALUES, day=dt.date(2019, 9, 1), source="Source: x", **k
    ),
    "first latest": lambda **k: revisions.first_latest(SERIES, REVISIONS, source="Source: x", **k),
    "triangle": lambda **k: revisions.triangle(SERIES, TRIANGLE, source="Source: x", **k),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_with_its_words(name: str, mode: str) -> None:
    assert not missing_words(CHARTS[name](mode=mode))


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: revisions.as_known(SERIES, VALUES.head(0), VALUES, day=dt.date(1990, 1, 1), source="x"), "was known"),
        (lambda: revisions.first_latest(SERIES, REVISIONS.head(0), source="x"), "was revised"),
        (lambda: revisions.triangle(SERIES, TRIANGLE.head(0), source="x"), "one version"),
    ],
)  # fmt: skip
def test_nothing_to_draw_is_said(draw: Callable, words: str) -> None:
    # an empty plot looks like a value of zero
    with pytest.raises(ChartError, match=words):
        draw()
