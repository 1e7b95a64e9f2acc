"""Another process that writes: it holds the writer lock, and a database of the home open.

Belongs here: that process. Does not belong here: assertions, the lock's own tests (tests/unit/base/test_lock.py).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

from orchestration.base.settings import PROJECT, Settings

_WRITES = """
import sys
from pathlib import Path
import duckdb
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
with writer_lock(Settings(project=Path("."), home=Path(sys.argv[1]))), duckdb.connect(sys.argv[2]):
    print("writes", flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_writer(
    settings: Settings, database: Path, *, seconds: float | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that writes to `database` until the block ends, or only for some seconds."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITES, str(settings.home), str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    ) as process:
        assert process.stdin and process.stdout and process.stdout.readline() == "writes\n"
        ends = Timer(seconds or 0, process.stdin.close)
        if seconds is not None:
            ends.start()
        try:
            yield process
        finally:
            if seconds is not None:
                ends.join()
            process.kill()
