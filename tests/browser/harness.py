"""The system's Chromium, and servers on 127.0.0.1 for it to look at.

Belongs here: starting and ending both, what a page asked for, what it complained about.
Does not belong here: what a page must show (the tests), downloads of a browser or driver: Debian's packages are used.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from orchestration.base.settings import PROJECT, Settings
from tests.support.patience import PATIENCE

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # for root, as in CI; only pages of our own are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers give 64 MB there
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    # A page that is left would be kept alive beside the next one, which begins in a process of its own with nothing compiled: fifteen pages
    # of the dashboard take 36 s of the processors in place of 22.
    "--disable-features=BackForwardCache",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    # a name is never looked up: a request to anywhere else fails, and so shows in the console too
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def chromium() -> tuple[Path, Path] | None:
    """The browser and its driver, or None where one of them is not installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (Path(browser), Path(driver)) if browser and driver else None


class Browser:
    """A Chromium with a profile of its own. `requests`: every address asked for; `complaints`: what the console says."""

    def __init__(self, profile: Path) -> None:
        found = chromium()
        assert found, "chromium or chromedriver is not installed"
        options = webdriver.ChromeOptions()
        options.binary_location = str(found[0])
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        # the service is given: nothing looks for a driver on the network
        self.driver = webdriver.Chrome(options=options, service=Service(str(found[1])))
        self.driver.set_page_load_timeout(PATIENCE)
        self.driver.set_script_timeout(PATIENCE)
        self.size(1280, 900)

    def close(self) -> None:
        with suppress(Exception):
            self.driver.quit()

    def open(self, url: str) -> None:
        self.driver.get(url)

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def media(self, *, dark: bool = False, printed: bool = False) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": "print" if printed else "", "features": [scheme]}
        )

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str = "body") -> str:
        """What a reader sees of the first element that `selector` finds; "" without one."""
        return self.js(
            "const e = document.querySelector(arguments[0]); return e ? e.innerText : ''", selector
        )

    def until(self, script: str, *arguments: Any, timeout: float = PATIENCE) -> Any:
        """Wait until `script` gives something true, and return it. AssertionError with the page's text if it never does."""
        end = time.monotonic() + timeout
        while not (value := self.js(script, *arguments)):
            assert time.monotonic() < end, f"never: {script} {arguments}\non the page: {self.text()[:1500]}"
            time.sleep(0.05)
        return value

    def requests(self) -> list[str]:
        """Addresses asked for since the last call, web sockets and worker scripts included; data: and blob: are no requests."""
        addresses = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                addresses.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                addresses.append(message["params"]["url"])
        return [a for a in addresses if urlsplit(a).scheme not in ("data", "blob", "about")]

    def complaints(self) -> list[str]:
        """What was written into the console since the last call: errors, warnings (Vega's of a chart, too) and all else."""
        return [f"{e['level']}: {e['message']}" for e in self.driver.get_log("browser")]

    def png(self, *, whole: bool = False, height: int | None = None) -> bytes:
        """A picture of the window, or of the whole page (down to `height`)."""
        import base64

        shot: dict[str, Any] = {"format": "png"}
        if whole:
            width, full = self.js(
                "const d = document.documentElement; return [d.clientWidth, d.scrollHeight]"
            )
            clip = {"x": 0, "y": 0, "width": width, "height": min(full, height or full), "scale": 1}
            shot |= {"captureBeyondViewport": True, "clip": clip}
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", shot)["data"])


def outside(addresses: list[str]) -> list[str]:
    """Those of `addresses` that are not on 127.0.0.1."""
    return [a for a in addresses if urlsplit(a).hostname != "127.0.0.1" and urlsplit(a).scheme != "file"]


# -- servers ---------------------------------------------------------------------------------------------------------


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        return


@contextmanager
def folder_served(folder: Path) -> Iterator[str]:
    """The files of `folder` at the address that is given."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def dashboard_served(settings: Settings, log: Path) -> Iterator[str]:
    """`headway dashboard` on a free port, as a user starts it, at the address that is given; ended with its children."""
    port = free_port()
    command = [sys.executable, "-m", "orchestration.cli", "dashboard", "--port", str(port), "--no-browser"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env={**os.environ, "HEADWAY_HOME": str(settings.home)},
            cwd=PROJECT,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/_stcore/health", process, log)
        yield url
    finally:
        end(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, timeout: float = PATIENCE) -> None:
    """Wait until `url` answers with 200. AssertionError with the log if the process ends or never answers."""
    limit = time.monotonic() + timeout
    while True:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        said = log.read_text(errors="replace")[-2000:]
        assert process.poll() is None, f"the server ended with {process.returncode}: {said}"
        assert time.monotonic() < limit, f"{url} does not answer: {said}"
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children, asking first."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
    with suppress(ProcessLookupError):  # what the process left behind in its group
        os.killpg(process.pid, signal.SIGKILL)
