"""A second process for statistics in Python: while it computes, the other thread of dbt has the interpreter to itself.

Belongs here: starting, asking and ending that process, how a failure in it surfaces.
Does not belong here: which statistics are worked on there (statistics_cache.py), the statistics.

Two Python models in two threads of one process wait for each other's interpreter lock: panels of 16 s of processor time took 31 s
beside other models. There is one process and not one a model, because each holds its own numpy, polars and data (150 to 400 MB). Who
asks while it is busy computes in the build's own process, as everybody does outside a build. It is started by the first question and
is a program of its own and no fork: a fork would copy DuckDB's memory without its threads.

Questions and answers are pickles on its input and output, of which both ends are this file. The process ends when its input does: if
the build is stopped or killed, it does not live on.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, TypeVar

T = TypeVar("T")


class WorkerEndedError(RuntimeError):
    """The process ended before it answered: it was killed, or the system had no memory for it."""


class Worker:
    """One process that computes. It starts with the first question; `stop` ends it, also in the middle of one."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, function: Callable[..., T], *arguments: object) -> T:
        """function(*arguments), computed in the process, or here where it is busy with another question.

        The function must be importable there (of a module, or a partial of one); arguments and result must have a pickle. Raises what
        the function raises, with its traceback there as a note, and WorkerEndedError where the process did not answer.
        """
        if self._stopped:
            raise WorkerEndedError("the build is being stopped")
        if not self._busy.acquire(blocking=False):
            return function(*arguments)
        try:
            # whole before the first byte is sent: what has no pickle must not leave half a question in the pipe
            question = pickle.dumps((function, arguments), protocol=pickle.HIGHEST_PROTOCOL)
            process = self._started()
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(question)
                process.stdin.flush()
                succeeded, answer, note = pickle.load(process.stdout)
            except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
                raise WorkerEndedError(_why_ended(process)) from error
        finally:
            self._busy.release()
        if succeeded:
            result: T = answer
            return result
        answer.add_note(f"in the process that computes statistics:\n{note}")
        raise answer

    def stop(self) -> None:
        """End the process. A thread that waits for its answer gets WorkerEndedError."""
        self._stopped = True
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait()
        with self._busy:  # nobody reads any more
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):  # what was not yet sent is not wanted any more
                        pipe.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            # the same places to import from; OPENBLAS_NUM_THREADS and the like are inherited
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        return self._process


#: the worker of the build that runs in this process; without one everything is computed where it is asked
_current: Worker | None = None


@contextmanager
def working() -> Iterator[None]:
    """Inside the block, `run` has a process to compute in; at its end, however it comes, that process ends."""
    global _current
    before, _current = _current, Worker()
    own = _current
    try:
        yield
    finally:
        _current = before
        own.stop()


def run(function: Callable[..., T], *arguments: object) -> T:
    """function(*arguments), in the build's second process where there is a build and the process is free: Worker.run."""
    return function(*arguments) if _current is None else _current.run(function, *arguments)


def _why_ended(process: subprocess.Popen[bytes]) -> str:
    code = process.wait()
    how = f"by signal {-code}" if code < 0 else f"with code {code}"
    return f"the process that computes statistics ended {how} before it answered: it was stopped, or memory ran out"


def _serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer questions until there are no more."""
    while True:
        try:
            function, arguments = pickle.load(questions)
        except EOFError:
            return
        try:
            answer: tuple[bool, Any, str] = True, function(*arguments), ""
            packed = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # everything that is wrong with a question is for who asked it
            packed = _packed_failure(error)
        answers.write(packed)
        answers.flush()


def _packed_failure(error: Exception) -> bytes:
    note = "".join(traceback.format_exception(error))
    try:
        packed = pickle.dumps((False, error, note))
        pickle.loads(
            packed
        )  # an exception that takes other arguments than it was made with cannot be made again
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}"), note))
    return packed


def _main() -> None:
    # Ctrl-C reaches all processes of a terminal: this one ends at once and leaves the words to the build
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = os.getppid()

    def end_with_parent() -> None:
        """A killed build closes no pipe while this process computes: look whether it is still there."""
        pause = threading.Event()
        while not pause.wait(1):
            if os.getppid() != parent:
                os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # whatever a library prints must not stand among the answers
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
