"""Charts: what they say and show is what was given, in every format, for eyes and screen readers, without a network."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.charts import theme
from orchestration.readers.charts.comparison import shown_months
from orchestration.readers.charts.event_window import event_window_chart
from orchestration.readers.charts.placebo import placebo_chart
from orchestration.readers.charts.theme import MAX_ROWS, ChartError
from tests.support.chart_case import (
    AGENCY,
    EVENT,
    SERIES,
    STRIKE,
    drawn,
    every_chart,
    month,
    observations,
    pool,
    result,
    rows_of,
    windows_frame,
)
from tests.support.examples import examples
from tests.support.reading_case import IMPORTS

# -- what a chart says ---


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 720, "container"])
def test_every_chart_carries_its_words(mode: str, width: int | str):
    """A copied picture without unit, adjustment, agency or date is a rumour; without description it is nothing to some."""
    for chart in every_chart(mode=mode, width=width):
        spec = chart.to_dict()  # validates against the schema
        words = spec["usermeta"]["headway"]
        assert words["title"] and "seasonally adjusted" in " ".join(words["subtitle"])
        assert AGENCY in words["source"]
        assert len(spec["description"]) > 60
        shown = json.dumps([layer["encoding"]["x"] for layer in spec["layer"] if "x" in layer["encoding"]])
        assert AGENCY in shown, "the source line is not in the picture"
        assert " ".join(spec["title"]["text"]) == words["title"]


def test_numbers_of_the_comparison_are_those_of_the_report():
    """A picture with other numbers than the table beside it."""
    chart = drawn(event=EVENT).to_dict()
    [before, after] = sorted(
        {(r["window"], r["value"], r["label"]) for r in rows_of(chart, "window", "label")}, reverse=True
    )
    assert before[1] == pytest.approx(result()["pre_mean"]) and before[2] == "before 26,250"
    assert after[1] == pytest.approx(result()["post_mean"]) and after[2] == "after 28,788"
    assert "+9.66 %" in " ".join(chart["usermeta"]["headway"]["subtitle"])
    points = {
        (r["period_start"][:10], r["value"], r["window"]) for r in rows_of(chart, "period_start", "value")
    }
    first, _ = shown_months(result())
    assert points == {
        (
            month(i).isoformat(),
            v,
            "before" if 24 <= i < 36 else "after" if 36 <= i < 48 else "outside",
        )
        for i, v in enumerate(IMPORTS)
        if month(i) >= first
    }


@pytest.mark.slow
def test_preliminary_months_are_hollow_and_said_to_be():
    spec = drawn(observations=observations(preliminary=2)).to_dict()
    hollow = [layer for layer in spec["layer"] if layer["mark"].get("fill") == theme.LIGHT.background]
    assert len(hollow) == 1
    assert len(spec["datasets"][hollow[0]["data"]["name"]]) == 2
    assert "Hollow dots: preliminary" in json.dumps(spec["usermeta"])
    assert "Hollow" not in json.dumps(drawn().to_dict()["usermeta"])


def test_a_hole_breaks_the_line():
    """A line drawn across a month that nobody published."""
    holed = [None if i == 40 else v for i, v in enumerate(IMPORTS)]
    for missing in (observations(holed), observations(holed).filter(pl.col("value").is_not_null())):
        spec = drawn(observations=missing).to_dict()
        line = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "line")
        rows = spec["datasets"][line["data"]["name"]]
        assert [r["period_start"][:10] for r in rows if r["value"] is None] == [month(40).isoformat()]


def test_gap_episode_others_and_expectation_are_drawn():
    expected = pl.DataFrame(
        {
            "month": [month(i) for i in range(36, 48)],
            "expected": [27_000.0] * 12,
            "lower95_calibrated": [25_000.0] * 12,
            "upper95_calibrated": [29_000.0] * 12,
        }
    )
    others = [
        {"title": "Another", "event_date": dt.date(2018, 3, 5)},
        {"title": "Far", "event_date": dt.date(1999, 1, 1)},
    ]
    spec = drawn(
        result=result(gap_months=3), episodes=[STRIKE], others=others, counterfactual=expected, event=EVENT
    ).to_dict()
    bands = {(r["name"], r["from"][:10]) for r in rows_of(spec, "name", "from", "to")}
    assert bands == {("A strike", "2018-11-01"), ("left out", "2017-11-01")}
    assert {r["title"] for r in rows_of(spec, "date", "title")} == {"Another"}
    assert {(r["expected"], r["lower"], r["upper"]) for r in rows_of(spec, "expected")} == {
        (27_000, 25_000, 29_000)
    }
    notes = " ".join(spec["usermeta"]["headway"]["notes"])
    assert all(word in notes for word in ("Dashed", "Grey band", "A strike", "1 other event "))


# -- what cannot be drawn ---


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: drawn(result=result(pre_start=None, reason="event is unknown")), "event is unknown"),
        (lambda: drawn(observations=observations().clear()), "no value from 2016-02 to 2019-07"),
        (lambda: drawn(observations=pl.concat([observations(), observations()])), "two values"),
        (lambda: drawn(observations=observations([None] * 48)), "nothing to draw"),
        (lambda: drawn(agency=AGENCY, mode="sepia"), "there are light and dark"),
        (lambda: placebo_chart(pool().clear(), result(), SERIES, agency=AGENCY), "no placebo cut"),
        (lambda: placebo_chart(pool(), result(d_log=None, reason="zero"), SERIES, agency=AGENCY), "zero"),
        (lambda: event_window_chart(windows_frame(8), SERIES, agency=AGENCY), "too many"),
        (
            lambda: event_window_chart(
                windows_frame().with_columns(index_100=pl.lit(None, pl.Float64)), SERIES, agency=AGENCY
            ),
            "nothing to draw",
        ),
        (lambda: theme.within_limit(MAX_ROWS, 1), "5,001 rows"),
    ],
)
def test_what_cannot_be_drawn_says_why(draw, message: str):
    with pytest.raises(ChartError, match=message):
        draw()


@pytest.mark.slow
@examples(25)
@given(st.lists(st.none() | st.floats(-1e12, 1e12), min_size=48, max_size=48))
def test_any_series_can_be_drawn(values: list[float | None]):
    if all(v is None for v in values[12:]):
        return
    for scale in ("log", "level"):
        drawn(observations=observations(values), result=result(scale=scale)).to_dict()


def test_a_wide_band_does_not_flatten_the_series():
    """With an interval ten times as high as the figures nobody sees how they moved; the note says that it goes on."""
    expected = pl.DataFrame(
        {
            "month": [month(i) for i in range(36, 48)],
            "expected": [28_000.0] * 12,
            "lower95_calibrated": [1_000.0] * 12,
            "upper95_calibrated": [90_000.0] * 12,
        }
    )
    spec = drawn(counterfactual=expected).to_dict()
    [low, high] = next(
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in spec["layer"]
        if "scale" in layer["encoding"].get("y", {})
    )
    shown = IMPORTS[12:]
    assert (max(shown) - min(shown)) / (high - low) > 0.3
    assert next(layer for layer in spec["layer"] if layer["mark"]["type"] == "area")["mark"]["clip"] is True
    assert "goes beyond the picture" in json.dumps(spec["usermeta"])
