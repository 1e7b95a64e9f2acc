"""Charts of the dashboard's pages: they draw in light and dark, say what they show, and refuse what cannot be drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest

from orchestration.readers.charts import overview, revisions, timeline, trade
from orchestration.readers.charts.render import specification, to_svg
from orchestration.readers.charts.theme import ChartError

MONTHS = pl.date_range(dt.date(2018, 1, 1), dt.date(2019, 12, 1), "1mo", eager=True)
SERIES = {
    "series_id": "s",
    "title": "Imports",
    "unit": "USD",
    "unit_multiplier": 1_000_000,
    "frequency": "monthly",
}
VALUES = pl.DataFrame(
    {
        "period_start": MONTHS,
        "value": [float(n) if n != 7 else None for n in range(24)],
        "status": ["normal"] * 24,
    }
)
EVENTS = pl.DataFrame(
    {
        "event_id": ["a", "b"],
        "event_date": [dt.date(2018, 1, 29), dt.date(2019, 5, 20)],
        "title": ["<b>A</b>", "B"],
        "lane": ["talks", "metals"],
        "kind": ["talks", "tariff"],
        "type": ["round end", "exemption"],
        "confidence": ["high", "low"],
        "parties": ["USA", "CAN"],
    }
)
EPISODES = pl.DataFrame(
    {"title": ["before", "over the end"], "starts_on": [dt.date(2001, 1, 1), dt.date(2019, 9, 16)], "ends_on": [dt.date(2001, 9, 1), None]},
    schema_overrides={"ends_on": pl.Date},
)  # fmt: skip
POSITIONS = pl.DataFrame(
    {
        "event_id": ["a", "a", "b"],
        "event_date": [dt.date(2017, 10, 13), dt.date(2017, 10, 13), dt.date(2018, 8, 27)],
        "title": ["A", "A", "B"],
        "value": [85.0, 50.0, 75.0],
        "unit": ["percent"] * 3,
        "what": ["net cost", "US content", "net cost"],
        "status": ["proposed", "proposed", "agreed"],
        "who": ["USA"] * 3,
        "position": ["x"] * 3,
    }
)
FLOWS = pl.DataFrame({"month": MONTHS, "name": ["Mexico"] * 24, "value": [float(n) for n in range(24)]})
STATES = pl.DataFrame({"state": ["MI", "TX"], "name": ["Michigan", "Texas"], "value": [10.0, 5.0]})
MEASURES = pl.DataFrame(
    {
        "name": ["25 % on steel"], "effective_on": [dt.date(2018, 3, 23)], "ends_on": [dt.date(2025, 3, 12)],
        "until": ["2025-03-12"], "rate_pct": [25.0], "imposing": ["United States"],
    }
)  # fmt: skip
REVISIONS = pl.DataFrame(
    {
        "period_start": MONTHS[:2], "first_value": [1.0, 2.0], "latest_value": [1.1, 1.9], "n_revisions": [1, 2],
        "revision": [0.1, -0.1], "revision_pct": [10.0, -5.0],
    }
)  # fmt: skip
TRIANGLE = pl.DataFrame(
    {
        "period": ["2018-01"] * 2,
        "known": ["2018-03-01", "2018-04-01"],
        "value": [1.0, 1.1],
        "change_pct": [0.0, 10.0],
    }
)

CHARTS: dict[str, Callable] = {
    "headline": lambda **k: overview.headline(SERIES, VALUES, EVENTS, EPISODES, source="Source: x", **k),
    "lanes": lambda **k: timeline.lanes(EVENTS, picked="a", source="Source: x", **k),
    "positions": lambda **k: timeline.position_path(
        POSITIONS, topic="cars", unit="percent", picked="a", source="Source: x", **k
    ),
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
    "as known": lambda **k: revisions.as_known(
        SERIES, VALUES[:20], VALUES, day=dt.date(2019, 9, 1), source="Source: x", **k
    ),
    "first latest": lambda **k: revisions.first_latest(SERIES, REVISIONS, source="Source: x", **k),
    "triangle": lambda **k: revisions.triangle(SERIES, TRIANGLE, source="Source: x", **k),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_with_its_words(name: str, mode: str) -> None:
    # a chart without unit, source or description tells nothing to who copies it or cannot see it
    chart = CHARTS[name](mode=mode)
    spec = specification(chart)
    words = spec["usermeta"]["headway"]
    assert words["title"] and words["subtitle"][0]
    assert words["source"].startswith("Source: x")
    assert len(spec["description"]) > 30
    svg = to_svg(chart)
    assert "Source: x" in svg.replace("\N{NO-BREAK SPACE}", " ")
    assert "NaN" not in svg.split("<defs", 1)[0]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: overview.headline(SERIES, VALUES.head(0), EVENTS, EPISODES, source="x"), "no value"),
        (lambda: timeline.lanes(EVENTS.head(0), source="x"), "no event"),
        (lambda: timeline.position_path(POSITIONS.head(0), topic="t", unit="u", source="x"), "no position"),
        (lambda: trade.lines(FLOWS.head(0), title="t", unit="u", by="b", source="x"), "no value"),
        (lambda: trade.state_tiles(STATES.head(0), title="t", unit="u", source="x"), "no state"),
        (lambda: trade.measures(MEASURES.head(0), day=dt.date(2020, 1, 1), source="x"), "no measure"),
        (lambda: revisions.as_known(SERIES, VALUES.head(0), VALUES, day=dt.date(1990, 1, 1), source="x"), "was known"),
        (lambda: revisions.first_latest(SERIES, REVISIONS.head(0), source="x"), "was revised"),
        (lambda: revisions.triangle(SERIES, TRIANGLE.head(0), source="x"), "one version"),
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


def test_every_kind_of_event_is_known_once() -> None:
    types = [t for group in timeline.KINDS.values() for t in group]
    assert len(types) == len(set(types))
    assert timeline.kind_of("a type of a later version") == "other"
