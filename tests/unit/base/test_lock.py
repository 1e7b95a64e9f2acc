"""The writer lock: two writers never run at once, and a dead one never blocks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orchestration.base.errors import WriterBusyError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings

HOLDER = """
import sys
from pathlib import Path
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
with writer_lock(Settings(project=Path("."), home=Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(project=PROJECT, home=tmp_path / "home")


@pytest.fixture
def holder(settings: Settings):
    """Another process that holds the lock until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_message_names_the_holder(settings: Settings, holder: subprocess.Popen):
    with (
        pytest.raises(
            WriterBusyError, match=rf"process {holder.pid} since 20\d\d-.*Readers are not affected"
        ),
        writer_lock(settings),
    ):
        pass


def test_a_killed_holder_leaves_the_lock_free(settings: Settings, holder: subprocess.Popen):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with writer_lock(settings):
        pass


def test_waiting_gets_the_lock_once_the_holder_is_done(settings: Settings, holder: subprocess.Popen):
    threading.Timer(0.2, holder.stdin.close).start()
    with writer_lock(settings, wait=30):
        pass


def test_a_build_may_publish_inside_its_own_lock_and_keeps_it_afterwards(settings: Settings):
    with writer_lock(settings):
        with writer_lock(settings):
            pass
        assert _try_from_thread(settings) == "busy"
    assert _try_from_thread(settings) == "free"


def test_the_lock_is_given_back_after_an_error(settings: Settings):
    with pytest.raises(RuntimeError), writer_lock(settings):
        raise RuntimeError
    assert _try_from_thread(settings) == "free"


def _try_from_thread(settings: Settings) -> str:
    outcome = []

    def attempt() -> None:
        try:
            with writer_lock(settings):
                outcome.append("free")
        except WriterBusyError:
            outcome.append("busy")

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return outcome[0]
