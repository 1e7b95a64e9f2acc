"""The dashboard as a reader meets it: every page, the marts' numbers, links, releases that come and fail, many at once."""

from __future__ import annotations

import math
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import duckdb
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from orchestration.base.settings import PROJECT, Settings
from orchestration.readers.release_file import open_release, records
from tests.browser.harness import Browser, dashboard_served
from tests.browser.session import table_of
from tests.browser.waiting import filled, settled, sound
from tests.support.page_case import changed_release

#: path of each page; Streamlit serves the first one at the root
PAGES = {
    "": "Overview",
    "timeline": "Timeline",
    "answers": "What can be told",
    "compare": "Compare",
    "trade": "Trade and tariffs",
    "feed": "New actions",
    "revisions": "Revisions",
    "data": "Data",
}
#: the links that docs/dashboard.md shows
LINKS = [
    line
    for line in (PROJECT / "docs" / "dashboard.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("/")
]
#: event and series, as a reader would pair them
COMPARED = (
    ("nafta-round6-end", "usa_imports_goods_mex"),
    ("s232-autos-effective-2025-04", "usa_employment_motor_vehicles_parts"),
    ("usmca-entry-into-force", "usa_balance_goods_services"),
)


def numbers(browser: Browser) -> dict[str, str]:
    """The table of the page Compare: what is written, by column of the mart. It stands folded away below the answer, where it has
    no innerText."""
    rows = browser.js(
        "return [...document.querySelectorAll('.st-key-numbers tbody tr')]"
        ".map(r => [...r.querySelectorAll('td, th')].map(c => c.textContent.trim()))"
    )
    return {row[2]: row[1] for row in rows}


def value_of(text: str) -> float:
    """The number of a cell: "26,250", "-3.18 %" or "6,980 million"."""
    figure = text.replace(",", "").replace("\N{MINUS SIGN}", "-").removesuffix(" %")
    return float(figure.removesuffix(" million")) * (1e6 if figure.endswith(" million") else 1)


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(home) as connection:
        yield connection


# -- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_telephone_and_opens_without_a_complaint_a_request_elsewhere_or_a_secret(
    browser: Browser, dashboard: str, home: Settings, path: str
):
    """Opened as on a telephone, then in a window of usual width: one load of a page for both, because it takes three seconds."""
    browser.size(400, 800)
    settled(browser, f"{dashboard}/{path}")
    widths = browser.js(
        "return [document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map(e => e.scrollWidth)"
    )
    assert max(widths) <= 400, "a telephone would scroll sideways"
    browser.size(1280, 900)
    settled(browser)
    assert browser.text("h1") == PAGES[path]
    assert len(browser.text("[data-testid=stMain]")) > 400
    assert browser.text("[data-testid=stException]") == ""
    source = browser.driver.page_source
    for secret in (str(home.home), str(PROJECT), str(Path.home()), "HEADWAY_"):
        assert secret not in source, secret
    sound(browser)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_opens_with_all_its_folds_and_a_clean_console(browser: Browser, dashboard: str, link: str):
    # a link opens below the root, where the client has to know its server; charts in folds are drawn when these are opened
    settled(browser, f"{dashboard}{link}")
    browser.js(
        "document.querySelectorAll('[data-testid=stMain] details:not([open]) > summary').forEach(s => s.click())"
    )
    settled(browser)
    assert urlsplit(browser.driver.current_url).path == urlsplit(link).path
    sound(browser)


def test_the_first_page_is_found_by_its_name_too(browser: Browser, dashboard: str):
    settled(browser, f"{dashboard}/overview?series=usa_customs_duties_net")
    assert browser.text("h1") == "Overview"
    address = urlsplit(browser.driver.current_url)
    assert (address.path, parse_qs(address.query)["series"]) == ("/", ["usa_customs_duties_net"])
    assert (
        len(
            browser.js(
                "return [...document.querySelectorAll('.st-key-headlines [data-testid=stVegaLiteChart] :is(canvas, svg.marks)')]"
            )
        )
        == 6
    )
    sound(browser)


@pytest.mark.parametrize("event, series", COMPARED)
def test_the_numbers_shown_are_those_of_the_marts(browser: Browser, dashboard: str, con, event, series):
    mart = records(
        con,
        "from rpt_before_after where event_id = ? and series_id = ? and window_months = 12 and is_default_gap "
        "and as_of_basis = 'latest'",
        [event, series],
    )[0]
    settled(browser, f"{dashboard}/compare?event={event}&series={series}")
    filled(browser, ".st-key-numbers tbody tr", 9)
    shown = numbers(browser)
    compared = 0
    for column, text in shown.items():
        if column not in mart:  # of the macro only
            continue
        # as many digits as are written
        digits = len(text.rstrip(" %milon").partition(".")[2])
        last_place = 10**-digits * (1e6 if text.endswith(" million") else 1)
        assert math.isclose(value_of(text), mart[column], rel_tol=1e-9, abs_tol=0.501 * last_place), (
            column,
            text,
        )
        compared += 1
    assert compared >= 8
    # what is known is shown
    for column in ("pre_mean", "post_mean", "placebo_rank", "mde95", "n_other_events"):
        assert (mart.get(column) is None) == (column not in shown), column
    if mart["n_other_events"]:
        said = browser.js("return document.querySelector('.st-key-warnings').textContent")
        assert str(mart["n_other_events"]) in said, "overlap is said before the columns"
        answered, warned, counted = browser.js(
            "return ['.st-key-verdict', '.st-key-fold-cautions', '.st-key-fold-numbers']"
            ".map(s => document.querySelector(s).getBoundingClientRect().top)"
        )
        assert answered < warned < counted


def test_a_choice_is_written_to_the_address_and_a_link_brings_it_back(browser: Browser, dashboard: str):
    settled(browser, f"{dashboard}/compare?event=nafta-round6-end&series=usa_imports_goods_mex&months=12")
    before = numbers(browser)
    more = ".st-key-compare-months [data-testid=stNumberInputStepUp]"
    browser.until("return !!document.querySelector(arguments[0])", more)
    browser.driver.find_element(By.CSS_SELECTOR, more).click()
    browser.until("return location.search.includes('months=13')")
    settled(browser)
    browser.until(
        "return document.querySelector('.st-key-numbers') && "
        "!document.querySelector('.st-key-numbers').textContent.includes(arguments[0])",
        before["pre_mean"],
    )
    changed, address = numbers(browser), browser.driver.current_url
    assert changed["pre_mean"] != before["pre_mean"]
    asked = parse_qs(urlsplit(address).query)
    assert asked["event"] == ["nafta-round6-end"] and asked["series"] == ["usa_imports_goods_mex"]
    browser.open("about:blank")
    settled(browser, address)
    filled(browser, ".st-key-numbers tbody tr", 9)
    assert numbers(browser) == changed
    sound(browser)


def test_a_link_that_asks_for_what_is_not_there_says_so(browser: Browser, dashboard: str):
    settled(browser, f"{dashboard}/compare?event=nafta-round66&series=usa_imports_goods_mex&months=-3")
    said = browser.text("[data-testid=stMain]")
    assert "nafta-round66" in said and "cannot be shown" in said
    sound(browser)


def test_pages_and_choices_are_reached_by_keyboard(browser: Browser, dashboard: str):
    settled(browser, f"{dashboard}/timeline")
    reached = []
    for _ in range(40):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(
            browser.js(
                """const e = document.activeElement;
                return (e.closest('[class*=st-key-]')?.className.match(/st-key-\\S+/) || [''])[0] + ' ' + e.innerText.trim()"""
            )
        )
        if reached[-1].endswith("st-key-timeline-words "):
            break
    assert any(r.endswith(" Compare") or "\nCompare" in r for r in reached), reached
    assert any("st-key-timeline-party" in r for r in reached), reached
    assert any("st-key-timeline-words" in r for r in reached), reached
    link = browser.driver.find_element(By.XPATH, "//a[contains(@href, 'compare')]")
    browser.js("arguments[0].focus()", link)
    link.send_keys(Keys.ENTER)
    browser.until("return document.querySelector('h1')?.innerText === 'Compare'")
    assert "/compare" in browser.driver.current_url


# -- security --------------------------------------------------------------------------------------------------------


def test_the_server_listens_on_loopback_only(dashboard: str):
    port = urlsplit(dashboard).port
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A" and int(local.rsplit(":", 1)[1], 16) == port:
                listening.append(local.rsplit(":", 1)[0])
    assert listening == [socket.inet_aton("127.0.0.1")[::-1].hex().upper()]


def test_another_name_for_this_machine_is_refused(dashboard: str):
    """A page of the web whose name points to 127.0.0.1 (DNS rebinding) must not reach the data."""
    at = urlsplit(dashboard)
    hello = (
        "GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    answers = {}
    for host in (f"127.0.0.1:{at.port}", "evil.example"):
        with socket.create_connection((at.hostname, at.port), timeout=20) as line:
            line.sendall(hello.format(host=host).encode())
            answers[host] = line.recv(200).split(b"\r\n")[0]
    assert b" 101 " in answers.pop(f"127.0.0.1:{at.port}")
    assert all(b" 101 " not in answer for answer in answers.values()), answers


@pytest.mark.parametrize(
    "address",
    [
        "compare?event={evil}&series={evil}&months={evil}",
        "timeline?event={evil}&words={evil}&party={evil}",
        "data?section={evil}&words={evil}&series={evil}&table={evil}&period={evil}",
        "trade?view={evil}&partner={evil}",
        "revisions?series={evil}&day={evil}",
    ],
)
def test_what_an_address_says_is_text_and_never_markup(browser: Browser, dashboard: str, address: str):
    evil = '<img id="evil" src=x onerror="window.evil=1"><script>window.evil=2</script>![x](http://192.0.2.1/x.png)'
    settled(browser, f"{dashboard}/{address.format(evil=quote(evil))}")
    assert browser.js(
        "return window.evil === undefined && !document.querySelector('#evil, [src*=\"192.0.2.1\"]')"
    )
    sound(browser)


# -- releases that come and fail -------------------------------------------------------------------------------------


def point(home: Settings, name: str) -> None:
    """Move `current` as a release does: by one rename."""
    new = home.home / "current.new"
    new.symlink_to(Path("releases") / name)
    new.replace(home.current)


def test_releases_come_and_fail_without_a_restart(browser: Browser, home: Settings, tmp_path: Path):
    """No release, one with texts of an attacker, the usual one, a damaged one, one without rows: one server throughout."""
    evil = "<img id=evil src=x onerror=alert(1)> **bold** [link](http://192.0.2.1)"
    moving = changed_release(
        home,
        tmp_path / "home",
        f"update dim_event set title = '{evil}', description = '{evil}' where event_id = 'nafta-round6-end';"
        f"update dim_series set title = '{evil}' where series_id = 'usa_imports_goods_mex'",
    )
    usual = moving.current.resolve().name
    moving.current.unlink()
    marked, damaged, empty = (f"2099010{n}T000000Z-00000{n}" for n in (1, 2, 3))
    (moving.releases / usual).rename(moving.releases / marked)
    (moving.releases / usual).symlink_to(home.current.resolve())
    for name in (damaged, empty):
        (moving.releases / name).mkdir()
    whole = (moving.releases / marked / "headway.duckdb").read_bytes()
    (moving.releases / damaged / "headway.duckdb").write_bytes(b"\0" * 4096 + whole[4096 : len(whole) // 2])
    with duckdb.connect(str(moving.releases / empty / "headway.duckdb")) as con:
        con.execute("create table dim_series (series_id varchar)")

    with dashboard_served(moving, tmp_path / "log") as url:
        settled(browser, url)
        said = browser.text(".st-key-no-release")
        assert "no release yet" in said and "headway build" in said
        sound(browser)

        point(moving, marked)  # the page finds it by itself
        browser.until(
            "return document.querySelector('.st-key-release')?.innerText.includes(arguments[0])", marked
        )
        settled(browser, f"{url}/timeline?event=nafta-round6-end")
        assert evil in browser.text(".st-key-event"), "shown as it is written"
        settled(browser, f"{url}/compare?event=nafta-round6-end&series=usa_imports_goods_mex")
        assert "<img id=evil" in browser.text(".st-key-verdict")
        # an address becomes a link, as in any chat; one that says another address than it leads to would be a trap
        assert browser.js(
            "return !document.querySelector('#evil') && [...document.querySelectorAll('[data-testid=stMain] a[href*=\"192.\"]')]"
            ".every(a => a.textContent === a.getAttribute('href'))"
        )
        sound(browser)

        point(moving, usual)
        settled(browser, f"{url}/compare")
        assert usual in browser.text(".st-key-release")
        assert "Sixth NAFTA round" in browser.text(".st-key-verdict"), "nothing of the release before is left"

        for name in (damaged, empty):
            point(moving, name)
            for page in ("", "compare"):
                settled(browser, f"{url}/{page}")
                said = browser.text(".st-key-no-release")
                assert "headway" in said and "Traceback" not in said, name
                assert str(tmp_path) not in browser.driver.page_source
        sound(browser)

        point(moving, usual)
        settled(browser, f"{url}/revisions")
        assert usual in browser.text(".st-key-release")
        sound(browser)
    assert not any(p.name.endswith(".wal") for p in moving.releases.rglob("*")), "readers write nothing"
    shutil.rmtree(moving.home)  # 200 MB


# -- many at once ----------------------------------------------------------------------------------------------------


def test_ten_readers_at_once_each_get_their_own_answer(browser: Browser, dashboard: str, con):
    """Ten sessions of the server that ask at the same time, each with its own script run and connection, beside a page in the browser: one
    reader's choice or release would show in the page of another."""
    pairs = con.execute(
        """select event_id, series_id, pre_mean from rpt_before_after
        where window_months = 12 and is_default_gap and as_of_basis = 'latest' and pre_mean > 1000
            and event_id in (select event_id from dim_event where in_force)
        order by hash(event_id || series_id) limit 11"""
    ).fetchall()

    def pre_mean(event: str, series: str) -> float:
        rows = table_of(dashboard, "compare", f"event={event}&series={series}", "numbers").iter_rows(
            named=True
        )
        return value_of(next(row["Value"] for row in rows if row["Column"] == r"pre\_mean"))

    (event_shown, series_shown, mean_shown), *others = pairs
    with ThreadPoolExecutor(len(others)) as pool:
        answers = [pool.submit(pre_mean, event, series) for event, series, _ in others]
        settled(browser, f"{dashboard}/compare?event={event_shown}&series={series_shown}")
        filled(browser, ".st-key-numbers tbody tr", 6)
        shown = [value_of(numbers(browser)["pre_mean"]), *(answer.result() for answer in answers)]
    means = [mean_shown, *(mean for *_, mean in others)]
    # thousands show every unit, larger figures four digits in millions
    for answer, mean in zip(shown, means, strict=True):
        assert answer == pytest.approx(mean, abs=0.501, rel=6e-4 if mean >= 1e7 else 0)
    assert len(set(means)) == len(means), "readers of the same number could not be told apart"
    sound(browser)
