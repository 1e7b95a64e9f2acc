"""One build in a process of its own, to be killed: says on standard output how far it is, one "stage done total" a line.

Belongs here: the call, outside pytest. Does not belong here: assertions (test_build_faults.py).
"""

import sys
from pathlib import Path

from orchestration.base.progress import listening
from orchestration.base.settings import PROJECT, Settings
from orchestration.operations.build import run_build

if __name__ == "__main__":
    # one write a line, because checks are reported by two threads at once, and print() writes each word by itself
    def say(stage: str, _detail: str, done: int | None, total: int | None) -> None:
        sys.stdout.write(f"{stage} {done or 0} {total or 0}\n")

    with listening(say):
        run_build(Settings(PROJECT, Path(sys.argv[1])), force=True)
