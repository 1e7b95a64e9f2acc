"""`headway dashboard` as a process: it answers on 127.0.0.1 alone, ends on Ctrl-C, and says what is wrong with a port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.readers.dashboard.serving import options
from tests.support.patience import PATIENCE
from tests.support.whole_warehouse import headway


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(home: Path, port: int, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "dashboard", "--no-browser", "--port", str(port), *more],
        env={**os.environ, "HEADWAY_HOME": str(home), "HOME": str(home / "nobody")},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(url: str) -> tuple[int, str]:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_it_serves_on_loopback_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    # without any release too: the page says how to make one
    port = free_port()
    server = start(tmp_path, port)
    try:
        status, page = answer(f"http://127.0.0.1:{port}/")
        assert status == 200
        assert "<title>" in page
        listening = Path("/proc/net/tcp").read_text() if Path("/proc/net/tcp").exists() else ""
        bound = [
            line.split()[1] for line in listening.splitlines() if line.split()[1].endswith(f":{port:04X}")
        ]
        # 0100007F is 127.0.0.1 as the kernel writes it; 00000000 would be every address
        assert all(address.startswith("0100007F") for address in bound)
        server.send_signal(signal.SIGINT)
        out, errors = server.communicate(timeout=PATIENCE)
    finally:
        server.kill()
    assert server.returncode == 0
    assert "Traceback" not in errors
    assert f"http://127.0.0.1:{port}/" in out
    assert not (tmp_path / "nobody").exists()  # nothing is written to the user's home


def test_a_taken_port_is_named_with_a_way_out(home: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = headway(home, "dashboard", "--no-browser", "--port", str(port))
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["0", "70000"])
def test_a_port_that_is_none_is_refused(home: Settings, port: str) -> None:
    done = headway(home, "dashboard", "--no-browser", "--port", port)
    assert done.returncode == 2
    assert "is not a port" in done.stderr


def test_nothing_leaves_the_machine() -> None:
    from streamlit import config

    flags = options("127.0.0.1", 8501, "", ())
    known = set(config.get_config_options())
    assert set(flags) <= known  # a misspelt option would be ignored in silence
    assert flags["browser.gatherUsageStats"] is False
    assert flags["server.enableXsrfProtection"] is True
    assert flags["client.toolbarMode"] == "minimal"
    assert "*" not in flags["server.allowedHosts"]
