"""Ending a process at once: nothing that was said or registered for the end may be lost, whatever stands behind the output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT


def ended(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    """A process that runs `code` and then ends itself with status 3."""
    program = f"from orchestration.base.ending import end_process\n{code}\nend_process(3)"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        text=True,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},  # type: ignore[call-overload]
    )


def test_what_was_said_is_written_and_the_status_is_kept():
    """A pipe is written to in blocks: what stands in the last one would be lost."""
    done = ended("import sys; print('x' * 9000, end=''); print('y', end='', file=sys.stderr)")
    assert (done.returncode, len(done.stdout), done.stderr) == (3, 9000, "y")


def test_what_is_registered_for_the_end_is_done(tmp_path: Path):
    """A folder that a library removes at the end would stay behind."""
    kept = tmp_path / "kept"
    done = ended(f"import atexit; atexit.register(lambda: open({str(kept)!r}, 'w').write('done'))")
    assert done.returncode == 3 and kept.read_text() == "done"


def test_memory_is_not_taken_apart():
    """The second that this takes after a build."""
    done = ended(
        "class Held:\n    def __del__(self): print('taken apart')\nheld = Held(); held.itself = held"
    )
    assert (done.returncode, done.stdout) == (3, "")


def test_a_thread_that_python_waits_for_ends_its_work(tmp_path: Path):
    """A file half written by it would stay half written."""
    kept = tmp_path / "kept"
    done = ended(
        "import threading, time\n"
        f"def work():\n    time.sleep(.2); open({str(kept)!r}, 'w').write('whole')\n"
        "threading.Thread(target=work).start()"
    )
    assert done.returncode == 3 and kept.read_text() == "whole"


def test_a_closed_output_is_no_traceback():
    """`headway --version >&-` in a script that wants the status alone."""
    done = ended("import sys; sys.stdout = None")
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_an_output_that_cannot_be_written_is_an_error():
    """A command whose output filled the disk would end as if all of it had been written."""
    with open("/dev/full", "w") as full:
        done = ended("print('lost')", stdout=full)
    assert done.returncode != 3 and "No space left" in done.stderr


def test_headway_ends_like_this():
    """The command line has statuses of its own and text that is more than a block of a pipe."""
    command = [sys.executable, "-m", "orchestration.cli"]
    done = subprocess.run([*command, "--help"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "compare" in done.stdout
    done = subprocess.run([*command, "no-such"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no-such" in done.stderr


@pytest.mark.parametrize(("used", "expected"), [("json", "False True"), ("duckdb", "False False")])
def test_a_process_that_ends_by_itself_leaves_its_memory_to_the_system(used: str, expected: str):
    """A third of a process that loads Dagster's definitions; and forty lines of complaint of DuckDB's binding where it is used."""
    code = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 0))\n"  # the first one is called last
        f"import orchestration, {used}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == (expected, "")
