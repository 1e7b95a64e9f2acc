"""Lines, partners, states and measures: drawn with their words, holes not bridged, every state with a tile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest

from orchestration.readers.charts import trade
from orchestration.readers.charts.render import specification
from orchestration.readers.charts.theme import ChartError
from tests.support.chart_pages_case import (
    FLOWS,
    MEASURES,
    STATES,
    missing_words,
)

CHARTS: dict[str, Callable] = {
    "lines": lambda **k: trade.lines(
        FLOWS, title="Imports", unit="million USD", by="Partner", source="Source: x", steps=frozenset({"Mexico"}), **k
    ),
    "partners": lambda **k: trade.partners(
        pl.DataFrame({"name": ["Mexico"], "value": [1.0], "share_pct": [100.0]}),
        title="Largest",
        unit="USD",
        source="Source: x",
        **k,
    ),
    "tiles": lambda **k: trade.state_tiles(STATES, title="Freight", unit="million USD", source="Source: x", **k),
    "measures": lambda **k: trade.measures(MEASURES, day=dt.date(2020, 1, 1), source="Source: x", **k),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_with_its_words(name: str, mode: str) -> None:
    assert not missing_words(CHARTS[name](mode=mode))


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: trade.lines(FLOWS.head(0), title="t", unit="u", by="b", source="x"), "no value"),
        (lambda: trade.state_tiles(STATES.head(0), title="t", unit="u", source="x"), "no state"),
        (lambda: trade.measures(MEASURES.head(0), day=dt.date(2020, 1, 1), source="x"), "no measure"),
    ],
)  # fmt: skip
def test_nothing_to_draw_is_said(draw: Callable, words: str) -> None:
    # an empty plot looks like a value of zero
    with pytest.raises(ChartError, match=words):
        draw()


def test_too_many_lines_are_refused() -> None:
    many = pl.concat(FLOWS.with_columns(name=pl.lit(f"partner {n}")) for n in range(8))
    with pytest.raises(ChartError, match="8 lines"):
        trade.lines(many, title="t", unit="u", by="b", source="x")


def test_a_hole_in_a_line_is_not_bridged_and_a_lone_month_is_a_point() -> None:
    months = [dt.date(2018, 1, 1), dt.date(2018, 6, 1), dt.date(2018, 7, 1)]
    frame = pl.DataFrame({"month": months, "name": ["x"] * 3, "value": [1.0, 2.0, 3.0]})
    spec = specification(trade.lines(frame, title="t", unit="u", by="b", source="Source: x"))
    sizes = sorted(len(rows) for rows in spec["datasets"].values())
    assert sizes == [1, 7]  # January alone; seven months of which four are null


def test_every_state_has_one_tile_of_its_own() -> None:
    # a state without a tile would be left out of the map in silence
    assert len(trade.TILES) == 51
    assert len(set(trade.TILES.values())) == 51
