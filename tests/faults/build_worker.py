"""One build in a process of its own, to be killed.

Belongs here: the call, outside pytest. Does not belong here: assertions (test_build_faults.py).
"""

import sys

from orchestration.pipeline import run_build
from orchestration.settings import PROJECT, Settings

if __name__ == "__main__":
    from pathlib import Path

    run_build(Settings(PROJECT, Path(sys.argv[1])), force=True)
