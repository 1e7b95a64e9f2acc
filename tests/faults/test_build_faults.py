"""Whole builds that are killed, doubled or fed bad figures: the release that readers see stays whole.

Belongs here: faults of a run as a whole. Does not belong here: faults of one step (test_payload_faults, test_release_faults),
the builds that are killed (tests/support/own_warehouse.py).
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from orchestration.base.errors import WriterBusyError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings
from orchestration.operations.build import run_build
from tests.support.killed_build import whole
from tests.support.own_warehouse import KILLS, PATIENT
from tests.support.whole_warehouse import headway


@pytest.mark.timeout(PATIENT)
def test_a_killed_build_leaves_current_whole_and_the_next_one_repairs_even_without_the_store(own_warehouse):
    """A power cut in the middle of a refresh would take the warehouse away from its readers, and a lost store every vintage with
    it. One whole build answers for both, because it takes minutes: after the kills the store is found as it was, then it is taken
    away, and the build that repairs makes it again from the archive alone."""
    told = own_warehouse.told
    assert told.was_running == [True] * KILLS, "the build ended before it was killed"
    assert told.vintages == [told.vintages[0]] * (1 + KILLS + 1), "before, after each kill, after the repair"
    # the next run can load into the store, and finds in it what was there before the first kill
    assert told.appended and not any(told.appended)
    before, after_kills, from_archive = told.observations
    assert after_kills == before
    assert from_archive == before
    assert not told.leftovers
    # and the release after the repaired one is as whole
    assert own_warehouse.settings.current.resolve().name != told.repaired
    assert whole(own_warehouse.settings) == told.vintages[0]


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
