"""A process that adds a file to a detail lake and kills itself at one step: HOME FILE POINT CALL.

POINT: a function of intake/detail/lake.py, before whose CALL-th call the process ends as by `kill -9`.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import date
from pathlib import Path

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.detail import lake
from orchestration.intake.detail.add import add_file


def main(home: str, file: str, point: str, call: str) -> None:
    right = getattr(lake, point)
    left = int(call)

    def dies(*args: object) -> object:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return right(*args)

    setattr(lake, point, dies)
    add_file(Settings(project=PROJECT, home=Path(home)), Path(file), known_on=date(2026, 6, 5))


if __name__ == "__main__":
    main(*sys.argv[1:])
