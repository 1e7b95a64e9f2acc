"""One build in a process of its own, to be killed.

Belongs here: the call, outside pytest. Does not belong here: assertions (test_build_faults.py).
"""

import sys

from orchestration.base.settings import PROJECT, Settings
from orchestration.operations.build import run_build

if __name__ == "__main__":
    from pathlib import Path

    run_build(Settings(PROJECT, Path(sys.argv[1])), force=True)
