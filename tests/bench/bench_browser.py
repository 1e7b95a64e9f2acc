"""What a reader waits for: a page of the dashboard, an answer to a choice, a report, a site.

Belongs here: times in a real Chromium with all data. Does not belong here: whether pages are right (tests/browser).

The baseline of the pages is a page of the same server that asks no data: what is over 1 is queries and charts.
"""

from __future__ import annotations

import statistics
import time

import pytest
from selenium.webdriver.common.by import By

from orchestration.base.settings import Settings
from orchestration.readers.reports import site
from tests.bench.timing import Measured, seconds_of, show
from tests.browser.conftest import _chromium, browser  # noqa: F401  (fixtures)
from tests.browser.harness import Browser, dashboard_served
from tests.browser.waiting import settled
from tests.support.page_case import changed_release
from tests.support.whole_warehouse import headway

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

#: seconds on two idle cores
START, FIRST_PAINT, WHOLE_PAGE, INTERACTION, REPORT, SITE = 3.0, 3.0, 6.0, 1.0, 4.0, 120.0
_PATHS = ("", "timeline", "compare", "trade", "revisions", "data")
_RUNS = 5


def test_dashboard(browser: Browser, home: Settings, tmp_path):  # noqa: F811
    """Start of the server to its first answer; each page cold and warm; a step of the window on Compare."""
    started = time.perf_counter()
    with dashboard_served(home, tmp_path / "log") as url:
        start = time.perf_counter() - started
        empty = changed_release(home, tmp_path / "empty", "select 1")
        empty.current.unlink()
        rows: list[Measured] = []
        with dashboard_served(empty, tmp_path / "log2") as nothing:
            base = statistics.median(page(browser, nothing)[1] for _ in range(_RUNS))
        for path in _PATHS:
            paints, wholes = zip(*(page(browser, f"{url}/{path}") for _ in range(_RUNS)), strict=True)
            rows.append(
                Measured(
                    f"/{path}, first paint, cold",
                    "the page without a release",
                    paints[0],
                    base,
                    paints[0] / base,
                )
            )
            rows.append(
                Measured(
                    f"/{path}, whole page, median of {_RUNS}",
                    "the page without a release",
                    statistics.median(wholes),
                    base,
                    statistics.median(wholes) / base,
                )
            )
        settled(browser, f"{url}/compare?event=nafta-round6-end&series=usa_imports_goods_mex&months=12")
        steps = [step(browser, 13 + n) for n in range(_RUNS)]
    show("Dashboard", rows, WHOLE_PAGE / base)
    print(
        f"  start of the server {start:.2f} s; one step of the window {statistics.median(steps):.2f} s ({steps})"
    )
    assert start <= START
    assert all(row.seconds <= FIRST_PAINT for row in rows if "paint" in row.name)
    assert all(row.seconds <= WHOLE_PAGE for row in rows if "whole" in row.name)
    assert statistics.median(steps) <= INTERACTION


def page(browser: Browser, url: str) -> tuple[float, float]:  # noqa: F811
    """Seconds to the first paint with content, and until the page stands still, in a fresh page."""
    browser.open("about:blank")
    whole = seconds_of(lambda: settled(browser, url))
    paint = browser.js("return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1")
    return paint / 1000, whole


def step(browser: Browser, months: int) -> float:  # noqa: F811
    """Seconds from a click on + until the numbers are those of one month more."""
    before = browser.text(".st-key-numbers")
    button = browser.driver.find_element(
        By.CSS_SELECTOR, ".st-key-compare-months [data-testid=stNumberInputStepUp]"
    )
    started = time.perf_counter()
    button.click()
    browser.until(
        "const n = document.querySelector('.st-key-numbers'); return n && n.innerText !== arguments[0] && "
        "location.search.includes('months=' + arguments[1])",
        before,
        months,
    )
    taken = time.perf_counter() - started
    settled(browser)
    return taken


def test_report(home: Settings, tmp_path):
    """One page by the command, and all of them."""
    one = statistics.median(
        seconds_of(lambda: run(home, "report", "nafta-round6-end", "--out", str(tmp_path / "x.html")))
        for _ in range(3)
    )
    every = seconds_of(lambda: site.report_all(home, tmp_path / "site"))
    print(f"\n  one report {one:.2f} s; a site of all events {every:.1f} s")
    assert one <= REPORT and every <= SITE


def run(home: Settings, *arguments: str) -> None:
    done = headway(home, *arguments)
    assert done.returncode == 0, done.stderr
