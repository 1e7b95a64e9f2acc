"""Colours and limits that all charts share: contrast for text and lines, one drawing recoloured for the other mode."""

from __future__ import annotations

import pytest

from orchestration.readers.charts import theme
from tests.support.chart_case import every_chart


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, two: str) -> float:
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_lines_stand_out(mode: str):
    """WCAG 2.2: 4.5 : 1 for text, 3 : 1 for lines that carry meaning (1.4.3, 1.4.11)."""
    c = theme.colours(mode)
    for name in ("ink", "muted", "before", "after", "event", "expected"):
        assert _contrast(getattr(c, name), c.background) >= (3 if name == "after" else 4.5), name
    for colour in theme.CATEGORIES[mode]:
        assert _contrast(colour, c.background) >= 3, colour


@pytest.mark.slow
def test_recolouring_is_drawing_in_the_other_mode():
    """A page that follows the reader's setting shows the same chart, dark."""
    for light, dark in zip(every_chart(mode="light"), every_chart(mode="dark"), strict=True):
        assert theme.recoloured(light.to_dict(), "dark") == dark.to_dict()
        assert theme.recoloured(dark.to_dict(), "light") == light.to_dict()
