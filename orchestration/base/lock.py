"""The writer lock: at most one run opens the store and the build database, and publishes.

Belongs here: taking, naming and giving back the lock.
Does not belong here: what is done under it (store/, build/, release/). Readers never take it: they open releases.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from orchestration.base.errors import WriterBusyError
from orchestration.base.settings import Settings

#: seconds after which a waiting run tries again
_POLL_SECONDS = 0.1

#: locks held by this process, as (lock file, process, thread) -> depth; the process is in the key because a forked
#: child inherits this table but must not believe that it holds the lock
_held: dict[tuple[str, int, int], int] = {}


@contextmanager
def writer_lock(settings: Settings, *, wait: float = 0) -> Iterator[None]:
    """Hold `home/.writer.lock` while the body runs; `wait` is how many seconds to wait for another holder.

    The kernel gives the lock back when the process ends, however it ends (flock(2)), so a killed run leaves
    nothing to clean up. The thread that holds it may take it again, as a build does when it publishes. In another thread
    or process WriterBusyError is raised, which names the holder: process id, since when, command.
    """
    key = (str(settings.writer_lock), os.getpid(), threading.get_ident())
    if key in _held:
        _held[key] += 1
        try:
            yield
        finally:
            _held[key] -= 1
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    fd = os.open(settings.writer_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(fd, settings, wait)
        _describe(fd)
        _held[key] = 1
        try:
            yield
        finally:
            del _held[key]
            os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def _acquire(fd: int, settings: Settings, wait: float) -> None:
    """Take the lock on the open file. Raises WriterBusyError where another holder keeps it for `wait` seconds."""
    give_up = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise WriterBusyError(
                    f"another run is writing to {settings.home}: {_holder(fd)}. "
                    "Readers are not affected; try again when it has finished."
                ) from None
        time.sleep(min(_POLL_SECONDS, max(0.0, give_up - time.monotonic())))


def _describe(fd: int) -> None:
    """Write who holds the lock into its file, for `_holder`."""
    note = {
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(sys.argv)[:500],
    }
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps(note).encode(), 0)


def _holder(fd: int) -> str:
    """Who holds the lock, in words."""
    try:
        note = json.loads(os.pread(fd, 4096, 0))
        return f"process {note['pid']} since {note['since']} ({note['command']})"
    except (
        ValueError,
        KeyError,
        TypeError,
    ):  # it took the lock a moment ago and has not written its note yet
        return "a process that has just started"
