"""The second process of a build: it gives what a call here gives, failures reach who asked, and it never lives on.

Prevents: a statistic that fails there passing for one without rows, a build that waits for ever for a process that is gone, a
process that goes on computing for a build that was killed.

Belongs here: orchestration/build/worker.py. Does not belong here: what is computed (test_statistics_cache.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial

import polars as pl
import pytest

from orchestration.build import worker
from orchestration.build.worker import Worker, WorkerEndedError
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def one() -> Iterator[Worker]:
    """One process for all tests that leave it whole: a start takes half a second."""
    own = Worker()
    yield own
    own.stop()


class Unfriendly(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


def doubled(frame: pl.DataFrame) -> pl.DataFrame:
    print("what a library prints is no answer")
    return frame.with_columns(pl.col("n") * 2, process=os.getpid())


def fails(text: str) -> None:
    raise ValueError(text)


def fails_unfriendly() -> None:
    raise Unfriendly(1, 2)


def sleeps(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def test_the_answer_is_that_of_a_call_here_and_comes_from_another_process(one: Worker) -> None:
    frame = pl.DataFrame({"n": [1, 2, None]})
    found = one.run(doubled, frame)
    assert found.drop("process").equals(doubled(frame).drop("process"))
    assert set(found["process"]) != {os.getpid()}
    assert one.run(partial(max, 3), 2) == 3


def test_a_failure_there_is_raised_here_with_the_place_and_the_next_question_is_answered(one: Worker) -> None:
    with pytest.raises(ValueError, match="no such series") as caught:
        one.run(fails, "no such series")
    assert "in fails" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match="Unfriendly: 1 and 2"):
        one.run(fails_unfriendly)
    assert one.run(abs, -1) == 1


def test_what_has_no_pickle_is_an_error_and_leaves_no_half_question(one: Worker) -> None:
    with pytest.raises((AttributeError, TypeError)):
        one.run(lambda: 1)
    assert one.run(abs, -2) == 2


def test_who_asks_while_it_is_busy_computes_here(one: Worker) -> None:
    there: list[int] = []
    first = threading.Thread(target=lambda: there.append(one.run(sleeps, 0.5)))
    first.start()
    while not one._busy.locked():
        time.sleep(0.01)
    assert one.run(sleeps, 0) == os.getpid()
    first.join(PATIENCE)
    assert there != [os.getpid()]


def test_a_process_that_is_killed_is_an_error_in_words_and_is_replaced() -> None:
    own = Worker()
    try:
        pid = own.run(os.getpid)
        threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(WorkerEndedError, match="signal 9"):
            own.run(sleeps, PATIENCE)
        assert own.run(abs, -3) == 3
    finally:
        own.stop()


def test_stopping_ends_the_process_in_the_middle_of_a_question() -> None:
    own = Worker()
    pid = own.run(os.getpid)
    threading.Timer(0.2, own.stop).start()
    with pytest.raises(WorkerEndedError):
        own.run(sleeps, PATIENCE)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(WorkerEndedError):
        own.run(abs, -1)


def test_it_ends_with_a_build_that_is_killed() -> None:
    """SIGKILL leaves a build no time to end anything."""
    program = (
        "import os, threading, time\n"
        "from orchestration.build.worker import Worker\n"
        "own = Worker(); print(own.run(os.getpid), flush=True)\n"
        "threading.Thread(target=own.run, args=(time.sleep, 600), daemon=True).start(); time.sleep(600)\n"
    )
    build = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert build.stdout is not None
    pid = int(build.stdout.readline())
    build.kill()
    build.wait()
    build.stdout.close()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the process goes on computing for a build that is gone")


def test_only_within_a_build_there_is_a_second_process() -> None:
    assert worker.run(os.getpid) == os.getpid()
    with worker.working():
        pid = worker.run(os.getpid)
        assert pid != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert worker.run(os.getpid) == os.getpid()
