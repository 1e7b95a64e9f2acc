"""One Chromium and one dashboard a test process, shared by its tests.

Belongs here: fixtures that start and end them, and what is said where there is no browser.
Does not belong here: what a page must show.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from orchestration.base.settings import Settings
from tests.browser.harness import Browser, chromium, dashboard_served

_ABSENT = (
    "no chromium or chromedriver on the PATH (Debian and Ubuntu: apt-get install chromium chromium-driver); "
    "the pages are tested without a browser elsewhere"
)


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if chromium() is None:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"{_ABSENT}; CI must have them")
        pytest.skip(_ABSENT)
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def browser(_chromium: Browser) -> Browser:
    """The browser with an empty page, 1280 px wide, light, and nothing recorded."""
    _chromium.open("about:blank")
    _chromium.size(1280, 900)
    _chromium.media()
    _chromium.requests()
    _chromium.complaints()
    return _chromium


@pytest.fixture(scope="session")
def dashboard(_chromium: Browser, home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard on the whole warehouse; it depends on the browser, so that it is not started in vain."""
    with dashboard_served(home, tmp_path_factory.mktemp("dashboard") / "log") as url:
        yield url
