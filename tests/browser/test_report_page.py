"""A report as a reader gets it: opened in a browser, on a telephone, in the dark, on paper, without a mouse."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from orchestration.base.settings import Settings
from orchestration.readers.reports import site
from tests.browser.harness import Browser, folder_served, outside

EVENTS = ("nafta-round6-end", "usmca-entry-into-force")

#: least contrast of text to its ground (WCAG 2.2, 1.4.3; 3 for large text is not made use of)
CONTRAST = 4.5
#: the worst contrast of all visible text, with where it is; `opacity` of text is 1 everywhere
_WORST_CONTRAST = r"""
const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const rgb = s => (s.match(/[\d.]+/g) || [0, 0, 0]).map(Number);
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
function ground(e) {
  for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
}
let worst = [99, ''];
for (const e of document.querySelectorAll('body *')) {
  const words = [...e.childNodes].filter(n => n.nodeType === 3 && n.data.trim());
  if (!words.length || ['TITLE', 'title', 'desc', 'STYLE'].includes(e.tagName) || !e.getClientRects().length) continue;
  const style = getComputedStyle(e), inSvg = e.closest('svg');
  const ink = inSvg ? style.fill : style.color;
  if (inSvg && (ink === 'none' || style.strokeWidth !== '1px')) continue;  // the halo behind a label
  const [a, b] = [light(rgb(ink)), light(ground(inSvg ? inSvg.parentElement : e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.tagName + ' ' + ink + ': ' + words[0].data.trim().slice(0, 60)];
}
return worst;
"""


@pytest.fixture(scope="module")
def address(home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("reports")
    for event in EVENTS:
        site.report_event(home, event, out=folder)
    with folder_served(folder) as url:
        yield url


@pytest.mark.parametrize("event", EVENTS)
def test_a_report_asks_for_nothing_but_itself(browser: Browser, address: str, event: str):
    browser.open(f"{address}/{event}.html")
    assert browser.until("return document.querySelectorAll('svg').length") >= 5
    assert browser.requests() == [f"{address}/{event}.html"]
    assert browser.complaints() == []


def test_the_harness_sees_a_request_to_elsewhere(browser: Browser, tmp_path: Path):
    """Otherwise the tests of what leaves this machine would pass on any page."""
    elsewhere = (
        '<img src="http://192.0.2.1/x.png"><script>fetch("http://example.org/y").catch(() => 0)</script>'
    )
    (tmp_path / "bad.html").write_text(f"<!doctype html><title>x</title>{elsewhere}")
    with folder_served(tmp_path) as url:
        browser.open(f"{url}/bad.html")
        found: list[str] = []
        for _ in range(100):
            found += outside(browser.requests())
            if len(found) == 2:
                break
            browser.until("return true")
    assert sorted(found) == ["http://192.0.2.1/x.png", "http://example.org/y"]
    assert any("example.org" in line for line in browser.complaints())


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("event", EVENTS)
def test_a_page_is_never_wider_than_its_window(browser: Browser, address: str, event: str, width: int):
    browser.size(width, 800)
    browser.open(f"{address}/{event}.html")
    shown, whole = browser.js("const d = document.documentElement; return [d.clientWidth, d.scrollWidth]")
    assert shown == width and whole <= width


def test_no_label_of_a_chart_is_cut_off(browser: Browser, address: str):
    """Vega measures text in its own font; in a wider one the numbers of the axis would stick out of the picture."""
    browser.open(f"{address}/nafta-round6-end.html")
    cut = browser.js(
        """return [...document.querySelectorAll('.plot svg text')].filter(t => {
            const a = t.getBoundingClientRect(), b = t.closest('.plot').getBoundingClientRect();
            return t.textContent.trim() && (a.left < b.left - 0.5 || a.right > b.right + 0.5);
        }).map(t => t.textContent)"""
    )
    assert cut == []


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_light_and_dark(browser: Browser, address: str, dark: bool):
    browser.media(dark=dark)
    browser.open(f"{address}/usmca-entry-into-force.html")
    ground = browser.js("return getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)")
    worst, where = browser.js(_WORST_CONTRAST)
    assert worst >= CONTRAST, where


def test_paper_is_white_holds_the_tables_whole_and_not_the_long_lists(browser: Browser, address: str):
    """Also for a reader whose screen is dark."""
    browser.open(f"{address}/nafta-round6-end.html")
    browser.media(dark=True, printed=True)
    browser.size(688, 1000)  # A4 less the margins of the style sheet, at 96 dots an inch
    assert browser.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    whole = browser.js(
        "return [...document.querySelectorAll('table')].filter(t => t.offsetParent && t.scrollWidth > 688)"
        ".map(t => t.caption.innerText)"
    )
    assert whole == []
    assert browser.js("return getComputedStyle(document.querySelector('details.long')).display") == "none"
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pdf = base64.b64decode(printed["data"])
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    # Six series, each with one or two charts and up to six tables, which have rows with and without the event's own month: three to
    # three and a half sheets, and three of words. The lists would be 4 more.
    assert 6 <= pages <= 24, pages


def test_a_report_is_read_without_a_mouse(browser: Browser, address: str):
    browser.open(f"{address}/nafta-round6-end.html")
    keys = browser.driver.switch_to.active_element
    keys.send_keys(Keys.TAB)
    assert browser.js("return document.activeElement.innerText") == "To the content"
    reached = set()
    for _ in range(80):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(
            browser.js(
                "const e = document.activeElement; return e.tagName + ' ' + (e.ariaLabel || e.innerText).slice(0, 40)"
            )
        )
    assert any(r.startswith("SUMMARY") for r in reached)
    assert "DIV Series before and after the event" in reached
    browser.js("document.querySelector('summary').focus()")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.js("return document.querySelector('details').open")
