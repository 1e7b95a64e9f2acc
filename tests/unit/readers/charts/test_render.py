"""Charts as files and specifications: SVG, PNG and a page that draws itself under its policy, without a network."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from shutil import which

import pytest

from orchestration.base.errors import UsageError
from orchestration.readers.charts import render
from tests.support.chart_case import EVENT, drawn, every_chart, observations
from tests.support.patience import PATIENCE


def test_same_data_same_picture():
    """Order of rows must not change a committed picture."""
    shuffled = observations().sample(fraction=1, shuffle=True, seed=3)
    others = [{"title": t, "event_date": dt.date(2018, 3, 5)} for t in "ab"]
    one = render.to_svg(drawn(others=others))
    two = render.to_svg(drawn(observations=shuffled, others=others[::-1]))
    assert one == two


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


@pytest.mark.slow
def test_page_loads_nothing_and_holds_its_policy():
    text = render.to_html(drawn(event=EVENT | {"title": "</script><img src=x onerror=alert(1)>"}))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'") and "unsafe-eval" not in policy
    markup = re.sub(r"<script[^>]*>.*?</script>", "<script>", text, flags=re.S)
    assert not re.search(r'<[^>]+ (?:src|href)="(?!data:)', markup)
    assert text.count("</script>") == 3  # specification, Vega, start: no title closes one
    assert "<img src=x" not in text


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


@pytest.mark.slow
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
        timeout=PATIENCE,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    drawing = re.search(r'<div class="plot[^>]*>(.*?)</div>', done.stdout, re.S)[1]
    assert "<svg" in drawing and "could not be drawn" not in drawing
    assert drawing.count("<path") > 10
