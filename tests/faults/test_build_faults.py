"""Whole builds that are killed, doubled or fed bad figures: the release that readers see stays whole.

Belongs here: faults of a run as a whole. Does not belong here: faults of one step (test_payload_faults, test_release_faults).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import duckdb
import pytest

from orchestration.base.errors import WriterBusyError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.figures.load import ingest_figures
from orchestration.intake.figures.manifest import read_manifest
from orchestration.operations.build import run_build
from orchestration.release import folders as release
from tests.support.whole_warehouse import headway

#: HEADWAY_KILLS=30 is for a long run by hand
KILLS = int(os.environ.get("HEADWAY_KILLS", "2"))


def whole(settings: Settings) -> int:
    """Rows of the current release's vintages; fails if the release is damaged."""
    release.verify_release(settings.current.resolve())
    with duckdb.connect(str(settings.current_database), read_only=True) as con:
        return con.execute("select count(*) from fct_observation_vintage").fetchall()[0][0]


def killed_at(settings: Settings, share: float) -> bool:
    """Start a forced build in a process of its own and kill it as soon as it reports that `share` of its dbt nodes are
    done (0: when it begins to load). Whether it was still running then."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "tests.faults.build_worker", str(settings.home)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as worker:
        for line in worker.stdout:
            stage, done, total = line.split()
            if stage == "release" or not share or (int(total) and int(done) >= share * int(total)):
                break
        running = worker.poll() is None
        if running:
            os.killpg(worker.pid, signal.SIGKILL)
    return running


def stored(settings: Settings) -> list[tuple]:
    """All observations of the store, but for which load brought them."""
    with duckdb.connect(str(settings.store), read_only=True) as con:
        return con.execute("SELECT * EXCLUDE (load_id) FROM raw.observation ORDER BY ALL").fetchall()


@pytest.mark.long
@pytest.mark.timeout(1200 + 300 * KILLS)
def test_a_killed_build_leaves_current_whole_and_the_next_one_repairs_even_without_the_store(own):
    """A power cut in the middle of a refresh would take the warehouse away from its readers, and a lost store every vintage with
    it. One whole build answers for both, because it takes minutes: after the kills the store is found as it was, then it is taken
    away, and the build that repairs makes it again from the archive alone."""
    vintages, observations = whole(own), stored(own)
    draw = random.Random(20261121)
    for kill in range(KILLS):
        assert killed_at(own, draw.uniform(0, 0.3 if KILLS == 2 else 0.9) if kill else 0), (
            "the build ended before it was killed"
        )
        assert whole(own) == vintages
    # the next run can load into the store, and finds in it what was there before the first kill
    accounts = [
        account
        for _, account in ingest_figures(
            own, [file["dataset"] for file in read_manifest(own.figures)["files"]]
        )
    ]
    assert accounts and not any(account.rows_appended for account in accounts)
    assert stored(own) == observations
    own.store.unlink()
    done = headway(own, "build", "--from-archive", "--force")
    assert done.returncode == 0, done.stderr
    assert stored(own) == observations
    assert whole(own) == vintages
    assert not list(own.releases.glob(".staging*"))


def test_a_second_build_at_once_is_told_who_holds_the_lock(own):
    """Two runs that write one store would leave neither's result. The lock is held all the while: a build that waited for
    it would never end."""
    with writer_lock(own):
        done = headway(own, "build")
    assert done.returncode == 1
    assert f"process {os.getpid()}" in done.stderr
    with pytest.raises(WriterBusyError), subprocess_lock(own):
        run_build(own)


class subprocess_lock:
    """Another process that holds the writer lock."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> None:
        code = (
            "import sys; from pathlib import Path; from orchestration.base.lock import writer_lock\n"
            "from orchestration.base.settings import PROJECT, Settings\n"
            "with writer_lock(Settings(PROJECT, Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.settings.home)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "held\n"

    def __exit__(self, *_: object) -> None:
        self.process.communicate("")
