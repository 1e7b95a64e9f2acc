"""The process of `headway ...`, also as `python -m orchestration.cli`: `main` in a process of its own, which it ends."""

import io
import sys
from typing import NoReturn

from orchestration.base.ending import end_process
from orchestration.cli import main


def program() -> NoReturn:
    """Run the command that the process was started with; the process ends with its exit status.

    A character that the terminal or the pipe cannot write is written by its number.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where it is closed
            stream.reconfigure(errors="backslashreplace")
    try:
        main()
    except SystemExit as left:
        if left.code is not None and not isinstance(left.code, int):
            raise  # a text, which Python prints
        end_process(left.code or 0)
    end_process(0)


if __name__ == "__main__":
    program()
