"""Small frames of every kind that the charts of the dashboard's pages draw, and what such a chart must say.

Belongs here: the frames; looking at a chart. Does not belong here: assertions, charts of a comparison (chart_case.py).
"""

from __future__ import annotations

import datetime as dt

import altair as alt
import polars as pl

from orchestration.readers.charts.render import specification, to_svg

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


def missing_words(chart: alt.LayerChart) -> list[str]:
    """What a chart of the source "Source: x" does not say. Without unit, source or description it tells nothing to who
    copies it or cannot see it."""
    spec = specification(chart)
    words = spec["usermeta"]["headway"]
    svg = to_svg(chart)
    said = {
        "title": bool(words["title"]),
        "unit": bool(words["subtitle"][0]),
        "source": words["source"].startswith("Source: x"),
        "description": len(spec["description"]) > 30,
        "source in the picture": "Source: x" in svg.replace("\N{NO-BREAK SPACE}", " "),
        "numbers only": "NaN" not in svg.split("<defs", 1)[0],
    }
    return [name for name, is_there in said.items() if not is_there]
