"""Charts: what they say and show is what was given, in every format, for eyes and screen readers, without a network."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from shutil import which
from statistics import median

import altair as alt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.base.errors import UsageError
from orchestration.readers.charts import render, theme
from orchestration.readers.charts.comparison import comparison_chart, shown_months
from orchestration.readers.charts.event_window import event_window_chart
from orchestration.readers.charts.placebo import placebo_chart
from orchestration.readers.charts.theme import MAX_ROWS, ChartError
from tests.support.reading_case import IMPORTS

SERIES = {
    "series_id": "usa_imports_goods_mex",
    "title": "Imports of goods, USA from Mexico",
    "seasonal_adjustment": "NSA",
    "frequency": "monthly",
    "unit": "USD",
    "unit_multiplier": 1_000_000,
}
EVENT = {"event_id": "e", "title": "Sixth round ends", "event_date": dt.date(2018, 1, 29)}
STRIKE = {"title": "A strike", "starts_on": dt.date(2018, 11, 5), "ends_on": None}
AGENCY = "U.S. Census Bureau"


def month(n: int) -> dt.date:
    """The n-th month from February 2015 on."""
    return dt.date(2015 + (n + 1) // 12, (n + 1) % 12 + 1, 1)


def observations(values: list[float | None] = IMPORTS, preliminary: int = 0) -> pl.DataFrame:
    rows = [(month(i), v, i >= len(values) - preliminary) for i, v in enumerate(values)]
    return pl.DataFrame(
        rows,
        schema={"period_start": pl.Date, "value": pl.Float64, "is_preliminary": pl.Boolean},
        orient="row",
    )


def result(**changes: object) -> dict:
    before, after = IMPORTS[24:36], IMPORTS[36:48]
    return {
        "window_months": 12,
        "gap_months": 0,
        "as_of": dt.date(2026, 10, 10),
        "as_of_basis": "latest",
        "cut_month": dt.date(2018, 2, 1),
        "pre_start": dt.date(2017, 2, 1),
        "pre_end": dt.date(2018, 1, 1),
        "post_start": dt.date(2018, 2, 1),
        "post_end": dt.date(2019, 1, 1),
        "scale": "log",
        "pre_mean": sum(before) / 12,
        "post_mean": sum(after) / 12,
        "d_log": sum(map(math.log, after)) / 12 - sum(map(math.log, before)) / 12,
        "placebo_rank": 0.46,
        "n_placebo": 118,
        "mde95": 0.082,
        "verdict": "within_usual_range",
    } | changes


def drawn(**changes: object) -> alt.LayerChart:
    arguments = {
        "observations": observations(),
        "result": result(),
        "series": SERIES,
        "agency": AGENCY,
    } | changes
    return comparison_chart(
        arguments.pop("observations"), arguments.pop("result"), arguments.pop("series"), **arguments
    )


def pool() -> pl.DataFrame:
    logs = [math.log(v) for v in IMPORTS]
    cuts = range(12, len(logs) - 11)
    return pl.DataFrame(
        {"statistic": [sum(logs[i : i + 12]) / 12 - sum(logs[i - 12 : i]) / 12 for i in cuts]}
    )


def windows_frame(events: int = 1) -> pl.DataFrame:
    rows = [
        {
            "event": f"event {e}",
            "month_offset": k,
            "index_100": 100.0 + e + k,
            "is_preliminary": k > 10,
            "in_episode": k == 3,
        }
        for e in range(events)
        for k in range(-24, 13)
    ]
    return pl.DataFrame(rows)


def every_chart(**size: object) -> list[alt.LayerChart]:
    return [
        drawn(event=EVENT, others=[EVENT], episodes=[STRIKE], **size),
        placebo_chart(pool(), result(), SERIES, agency=AGENCY, event=EVENT, **size),
        event_window_chart(windows_frame(3), SERIES, agency=AGENCY, **size),
    ]


def rows_of(spec: dict, *columns: str) -> list[dict]:
    """The rows of every data set of a chart that has these columns."""
    return [r for rows in spec["datasets"].values() for r in rows if set(columns) <= set(r)]


# -- what a chart says ---


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


def test_placebo_chart_counts_every_date_once_and_marks_the_usual_range():
    """Bars that lose the dates at an edge, or a range around 0 in place of the middle."""
    spec = placebo_chart(pool(), result(), SERIES, agency=AGENCY).to_dict()
    bins = rows_of(spec, "low", "high", "n")
    values = [100 * math.expm1(v) for v in pool()["statistic"]]
    assert sum(b["n"] for b in bins) == len(values)
    for b in bins:
        inside = sum(b["low"] - 1e-9 <= v < b["high"] - 1e-9 for v in values)
        assert b["n"] == inside
    middle = median(pool()["statistic"].to_list())
    marks = sorted(r["at"] for r in rows_of(spec, "at"))
    for wanted in (
        100 * math.expm1(middle - 0.082),
        100 * math.expm1(middle + 0.082),
        100 * math.expm1(result()["d_log"]),
    ):
        assert any(math.isclose(m, wanted, abs_tol=1e-9) for m in marks), (wanted, marks)
    said = " ".join(spec["usermeta"]["headway"]["subtitle"])
    assert "0.46" in said and "118" in said and "within the usual range" in said


def test_a_withheld_rank_is_said_to_be_withheld():
    changed = result(
        placebo_rank=None, n_placebo=None, mde95=None, verdict="confounded", reason="COVID in a window"
    )
    said = json.dumps(placebo_chart(pool(), changed, SERIES, agency=AGENCY).to_dict()["usermeta"])
    assert "Not ranked: COVID in a window" in said and "No usual range" in said


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


def test_same_data_same_picture():
    """Order of rows must not change a committed picture."""
    shuffled = observations().sample(fraction=1, shuffle=True, seed=3)
    others = [{"title": t, "event_date": dt.date(2018, 3, 5)} for t in "ab"]
    one = render.to_svg(drawn(others=others))
    two = render.to_svg(drawn(observations=shuffled, others=others[::-1]))
    assert one == two


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


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=60), st.floats(-2, 2))
def test_any_pool_can_be_drawn(statistics: list[float], this: float):
    """Equal values, one value, far outliers: a bin width of zero or a value beside the last bin."""
    spec = placebo_chart(
        pl.DataFrame({"statistic": statistics}), result(d_log=this), SERIES, agency=AGENCY
    ).to_dict()
    assert sum(b["n"] for b in rows_of(spec, "low", "high", "n")) == len(statistics)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.none() | st.floats(-1e12, 1e12), min_size=48, max_size=48))
def test_any_series_can_be_drawn(values: list[float | None]):
    if all(v is None for v in values[12:]):
        return
    for scale in ("log", "level"):
        drawn(observations=observations(values), result=result(scale=scale)).to_dict()


# -- colours ---


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


def test_recolouring_is_drawing_in_the_other_mode():
    """A page that follows the reader's setting shows the same chart, dark."""
    for light, dark in zip(every_chart(mode="light"), every_chart(mode="dark"), strict=True):
        assert theme.recoloured(light.to_dict(), "dark") == dark.to_dict()
        assert theme.recoloured(dark.to_dict(), "light") == light.to_dict()


# -- files ---


def test_svg_can_be_read_aloud():
    root = ET.fromstring(render.to_svg(drawn(event=EVENT | {"title": 'Talks <fail> & "end"'})))
    assert root.get("role") == "img"
    assert 'Talks <fail> & "end"' in root.get("aria-label")
    assert "Line chart of Imports" in "".join(root.find("{http://www.w3.org/2000/svg}desc").itertext())


@pytest.mark.parametrize("width", [400, 720, "container"])
def test_png_is_as_large_as_asked(width: int | str):
    data = render.to_png(drawn(width=width), scale=1)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    pixels = int.from_bytes(data[16:20], "big")
    assert (400 if width == 400 else 720) <= pixels <= (480 if width == 400 else 800)


def test_page_loads_nothing_and_holds_its_policy():
    text = render.to_html(drawn(event=EVENT | {"title": "</script><img src=x onerror=alert(1)>"}))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'") and "unsafe-eval" not in policy
    markup = re.sub(r"<script[^>]*>.*?</script>", "<script>", text, flags=re.S)
    assert not re.search(r'<[^>]+ (?:src|href)="(?!data:)', markup)
    assert text.count("</script>") == 3  # specification, Vega, start: no title closes one
    assert "<img src=x" not in text


@pytest.mark.parametrize("suffix", [".svg", ".png", ".html", ".SVG"])
def test_written_whole_into_any_format(suffix: str, tmp_path: Path):
    path = render.write(drawn(), tmp_path / f"a chart{suffix}")
    assert path.stat().st_size > 5_000
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "folder.svg").mkdir()
    for name, message in {
        "chart.jpg": r"as '\.jpg'; end the name in \.svg, \.png, \.html",
        "chart": "as 'chart'",
        "missing/chart.svg": "no folder",
        "folder.svg": "it is a folder",
    }.items():
        with pytest.raises(UsageError, match=message):
            render.write(drawn(), tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.svg"]


CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt install chromium)")
@pytest.mark.parametrize("chart", [0, 1, 2])
def test_page_draws_itself_in_a_browser_under_its_policy(chart: int, tmp_path: Path):
    """Vega compiles expressions with Function() unless told otherwise: the policy would leave an empty page."""
    page = render.write(every_chart()[chart], tmp_path / "page.html")
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(
                "--enable-logging=stderr",
                "--virtual-time-budget=5000",
                f"--user-data-dir={tmp_path / 'profile'}",
            ),
            *("--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    drawing = re.search(r'<div class="plot[^>]*>(.*?)</div>', done.stdout, re.S)[1]
    assert "<svg" in drawing and "could not be drawn" not in drawing
    assert drawing.count("<path") > 10


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
