"""Starting the dashboard's server: address, limits, and everything switched off that would leave this machine.

Belongs here: the options of Streamlit, the check of the port, opening a browser, ending cleanly.
Does not belong here: pages (app.py and its modules).
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import urllib.request
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path

from orchestration.base.errors import HeadwayError, UsageError, require_pages
from orchestration.base.settings import Settings

HOST = "127.0.0.1"
#: seconds the browser waits for the server before it is opened anyway
_PATIENCE = 10.0

_OFF = "The dashboard ended by itself (status {status}). `headway doctor` looks for what is wrong on this machine."


def options(host: str, port: int, base_path: str, allowed_hosts: tuple[str, ...]) -> dict[str, object]:
    """Streamlit's options. They win over any config file of the user, so that a dashboard is the same everywhere."""
    from orchestration.readers.charts.theme import DARK, LIGHT  # not at the top: it imports Altair (0.3 s)

    return {
        "server.address": host,
        "server.port": port,
        "server.baseUrlPath": base_path.strip("/"),
        # the page asks its own server only; other names for it (DNS rebinding) are refused
        "server.allowedHosts": ["127.0.0.1", "localhost", "::1", *allowed_hosts],
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.headless": True,  # no browser and no question for an email address; serve() opens the browser
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.maxUploadSize": 1,
        "server.disconnectedSessionTTL": 60,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": "localhost",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "runner.magicEnabled": False,
        "logger.level": "warning",
        "theme.paddingTop": "1.5rem",
        "theme.headingFontSizes": ["2rem", "1.5rem", "1.2rem", "1.1rem", "1rem", "1rem"],
        # the grounds of orchestration/readers/charts/theme.py, so that a chart has no frame of another colour
        "theme.light.backgroundColor": LIGHT.background,
        "theme.light.textColor": LIGHT.ink,
        "theme.light.primaryColor": LIGHT.before,
        "theme.dark.backgroundColor": DARK.background,
        "theme.dark.secondaryBackgroundColor": "#20252c",
        "theme.dark.textColor": DARK.ink,
        "theme.dark.primaryColor": DARK.before,
        "global.developmentMode": False,
    }


def serve(
    settings: Settings,
    *,
    port: int = 8501,
    host: str = HOST,
    browser: bool = True,
    base_path: str = "",
    allowed_hosts: tuple[str, ...] = (),
) -> None:
    """Serve the dashboard until Ctrl-C. Raises UsageError when the port cannot be had, HeadwayError if it ends itself.

    A release need not be there: the page says how to make one and shows it once it exists.
    """
    require_pages("streamlit", "dashboard")
    _free(host, port)
    os.environ["HEADWAY_HOME"] = str(settings.home)
    url = f"http://{'127.0.0.1' if host in ('', '0.0.0.0') else host}:{port}/{base_path.strip('/')}"
    print(f"headway: dashboard on {url} (Ctrl-C ends it)", flush=True)
    if browser:
        threading.Thread(target=_open, args=(url,), daemon=True).start()

    from streamlit.starlette import App

    from orchestration.readers.dashboard.front_page import routes

    app = App(Path(__file__).with_name("app.py"), routes=routes(base_path), lifespan=_warmed)
    try:
        with contextlib.redirect_stdout(_Quiet()):
            app.run(config=options(host, port, base_path, allowed_hosts))
    except KeyboardInterrupt:
        return
    except SystemExit as end:
        if end.code not in (0, None):
            raise HeadwayError(_OFF.format(status=end.code)) from end


class _Quiet:
    """Swallows Streamlit's banner, which names addresses that are not the ones to use."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return

    def isatty(self) -> bool:
        return False


def _free(host: str, port: int) -> None:
    """Raises UsageError if the port is taken or not allowed: Streamlit's own message comes late and names no way out."""
    if not 1 <= port <= 65_535:
        raise UsageError(f"{port} is not a port; take one from 1024 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise UsageError(f"port {port} needs more rights than you have; take one above 1023") from error
        except OSError as error:
            other = port + 1 if port < 65_535 else 8501
            raise UsageError(
                f"port {port} on {host} cannot be had ({error.strerror}): is a dashboard running already? "
                f"Open it, or start another with --port {other}"
            ) from error


def _open(url: str) -> None:
    """Open the browser once the server answers."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=1):
                break
        except OSError:
            time.sleep(0.1)
    webbrowser.open(url)


@contextlib.asynccontextmanager
async def _warmed(_app: object) -> AsyncIterator[None]:
    """What the pages need is loaded while the browser starts: it takes 1 s of the first page otherwise. Not before Streamlit runs,
    whose cache would warn into the log that there is nothing to keep answers in."""
    threading.Thread(target=_warm, daemon=True).start()
    yield


def _warm() -> None:
    """Load the pages' libraries, open the release and draw once, while the browser starts. A failure here is not reported:
    the page that meets it again reports it."""
    with contextlib.suppress(Exception):
        from orchestration.readers.charts.render import specification
        from orchestration.readers.dashboard import overview
        from orchestration.readers.dashboard.app import module_of
        from orchestration.readers.dashboard.menu import PAGES
        from orchestration.readers.dashboard.reading import current_release

        for name, _, _ in PAGES:
            module_of(name)
        current_release()
        specification(overview.warm_chart())
