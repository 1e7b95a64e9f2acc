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
        "server_address": host,
        "server_port": port,
        "server_baseUrlPath": base_path.strip("/"),
        # the page asks its own server only; other names for it (DNS rebinding) are refused
        "server_allowedHosts": ["127.0.0.1", "localhost", "::1", *allowed_hosts],
        "server_enableCORS": True,
        "server_enableXsrfProtection": True,
        "server_headless": True,  # no browser and no question for an email address; serve() opens the browser
        "server_showEmailPrompt": False,
        "server_fileWatcherType": "none",
        "server_runOnSave": False,
        "server_enableStaticServing": False,
        "server_enableAgentApi": False,
        "server_maxUploadSize": 1,
        "server_disconnectedSessionTTL": 60,
        "browser_gatherUsageStats": False,
        "browser_serverAddress": "localhost",
        "client_toolbarMode": "minimal",
        "client_showErrorDetails": "none",
        "client_showErrorLinks": False,
        "runner_magicEnabled": False,
        "logger_level": "warning",
        "theme_paddingTop": "1.5rem",
        "theme_headingFontSizes": ["2rem", "1.5rem", "1.2rem", "1.1rem", "1rem", "1rem"],
        # the grounds of orchestration/readers/charts/theme.py, so that a chart has no frame of another colour
        "theme_light_backgroundColor": LIGHT.background,
        "theme_light_textColor": LIGHT.ink,
        "theme_light_primaryColor": LIGHT.before,
        "theme_dark_backgroundColor": DARK.background,
        "theme_dark_secondaryBackgroundColor": "#20252c",
        "theme_dark_textColor": DARK.ink,
        "theme_dark_primaryColor": DARK.before,
        "global_developmentMode": False,
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
    # what the pages need is loaded while the browser starts: it takes 1 s of the first page otherwise
    threading.Thread(target=_warm, daemon=True).start()

    from streamlit.web import bootstrap

    flags = options(host, port, base_path, allowed_hosts)
    bootstrap.load_config_options(flags)
    script = str(Path(__file__).with_name("app.py"))
    try:
        with contextlib.redirect_stdout(_Quiet()):
            bootstrap.run(script, False, [], flags)
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


def _warm() -> None:
    """Load the pages' libraries, open the release and draw once, while the browser starts. A failure here is not reported:
    the page that meets it again reports it."""
    with contextlib.suppress(Exception):
        from orchestration.readers.charts.render import specification
        from orchestration.readers.dashboard import overview
        from orchestration.readers.dashboard.app import PAGES, module_of
        from orchestration.readers.dashboard.reading import current_release

        for name, _, _ in PAGES:
            module_of(name)
        current_release()
        specification(overview.warm_chart())
