"""When a page of the dashboard stands still, and whether all went well until then.

Belongs here: what every look at the dashboard needs. Does not belong here: what a page must show.
"""

from __future__ import annotations

from tests.browser.harness import Browser, outside

#: the script of the page has run, nothing of an earlier run is left, charts have drawn (those of a folded section do not)
_SETTLED = """
const app = document.querySelector('[data-testid=stApp]');
return app && app.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED'
    && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')
    && !!document.querySelector('.st-key-release, .st-key-no-release')
    && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(
        c => c.closest('details:not([open])') || c.querySelector('canvas, svg'));
"""


def settled(browser: Browser, url: str | None = None) -> None:
    """Open `url` (or stay) and wait until the page stands still.

    A tab that was hidden so far is waited for in the same way: Chromium lays nothing out and draws no chart in a hidden tab,
    and makes up for it as soon as the tab is switched to.
    """
    if url:
        browser.open(url)
    browser.until(_SETTLED)


def filled(browser: Browser, selector: str, least: int) -> None:
    """Wait until at least `least` elements are found by `selector`. AssertionError as soon as the page says that it could
    not be made: it stands still then, and what is waited for never comes."""
    browser.until(
        "return document.querySelector('.st-key-failure') || document.querySelectorAll(arguments[0]).length >= arguments[1]",
        selector,
        least,
    )
    failure = browser.text(".st-key-failure")
    assert failure == "", f"{browser.driver.current_url}: {failure}"


def sound(browser: Browser) -> None:
    """AssertionError if the page failed, asked another machine for something, or wrote anything into the console."""
    assert browser.text(".st-key-failure") == ""
    assert outside(browser.requests()) == []
    assert browser.complaints() == []
