"""A build in a process of its own that is killed in the middle, and what must be as it was afterwards.

Belongs here: starting and killing the build, reading store and release. Does not belong here: the process itself
(tests/faults/build_worker.py), assertions about what a kill leaves (tests/faults/test_build_faults.py).
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys

import duckdb

from orchestration.base.settings import PROJECT, Settings
from orchestration.release import records


def whole(settings: Settings) -> int:
    """Rows of the current release's vintages; fails if the release is damaged."""
    records.verify_release(settings.current.resolve())
    with duckdb.connect(str(settings.current_database), read_only=True) as con:
        return con.execute("select count(*) from fct_observation_vintage").fetchall()[0][0]


def killed_at(settings: Settings, share: float) -> bool:
    """Start a forced build in a process of its own and kill it as soon as it reports that `share` of its dbt nodes are
    done (0: when it begins to load). Whether it was still running then."""
    with subprocess.Popen(
        [sys.executable, "-u", str(PROJECT / "tests" / "faults" / "build_worker.py"), str(settings.home)],
        env={**os.environ, "PYTHONPATH": str(settings.project)},  # whose code builds
        cwd=settings.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            stage, done, total = line.split()
            if stage == "release" or not share or (int(total) and int(done) >= share * int(total)):
                break
        running = worker.poll() is None
        if running:
            os.killpg(worker.pid, signal.SIGKILL)
    return running


def stored(settings: Settings) -> str:
    """sha256 of all observations of the store in one order, but for which load brought them."""
    with duckdb.connect(str(settings.store), read_only=True) as con:
        rows = con.execute("SELECT * EXCLUDE (load_id) FROM raw.observation ORDER BY ALL").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()
