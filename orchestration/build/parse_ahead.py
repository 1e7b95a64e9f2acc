"""A process of its own that parses the dbt project, while a build loads its figures.

Belongs here: starting it, waiting for what it has made, ending it; what it runs.
Does not belong here: parsing (dbt_project.py), when it is worth a process (dbt_project.parsing_ahead).

Parsing and compiling are plain Python, which takes one processor however many there are: 18 s of it where others use the machine, 32 s
before quick_dbt.py. In a thread it would stand in the way of everything else; in a process it costs what dbt takes to import a second time,
1.5 s of the other processor, and that process can use dbt faster than dbt is.

    python -m orchestration.build.parse_ahead HOME FOLDER
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.ending import end_process
from orchestration.base.settings import Settings

#: seconds between two looks at what the process has made
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Ahead:
    """A process that parses. `folder`: what it makes, and one empty file for each stage that it has reached."""

    process: subprocess.Popen[bytes]
    folder: Path

    def reached(self, stage: str) -> bool:
        """Waits for `stage`; False where the process ended before it. Its files are whole when the mark is there."""
        while True:
            ended = self.process.poll() is not None  # looked at first: the mark may come between the two
            if (self.folder / stage).exists():
                return True
            if ended:
                return False
            time.sleep(_POLL_SECONDS)


#: home -> the process that parses for it
_running: dict[Path, Ahead] = {}


def of(settings: Settings) -> Ahead | None:
    """The process that parses for this home, if there is one."""
    return _running.get(settings.home)


def forget(settings: Settings) -> None:
    """Rely on the process of this home no more."""
    _running.pop(settings.home, None)


@contextmanager
def started(settings: Settings) -> Iterator[None]:
    """Inside the block the process runs, in a folder of its own that is removed afterwards.

    A killed build leaves the process to its end and its folder behind; the next build removes that. Nothing else reads it.
    """
    home = settings.home / "dbt"
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob("parsing-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = home / f"parsing-{os.getpid()}"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(settings.home), str(folder)],
        cwd=settings.project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # what goes wrong is said by the parse in this process that follows
    )
    _running[settings.home] = Ahead(process, folder)
    try:
        yield
    finally:
        forget(settings)
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main(home: str, folder: str) -> None:
    """What the process runs: parse into `folder`, and mark each stage that is reached. Taking apart what it read would cost the
    models a second of their processor."""
    from orchestration.build import quick_dbt
    from orchestration.build.dbt_project import parse_into

    quick_dbt.install()
    for stage in parse_into(Settings.load(home), Path(folder)):
        (Path(folder) / stage).touch()
    end_process(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
