"""A process of its own for the fault tests: it takes in the vintages one by one, says so, and is killed at any moment.

usage: loading_worker.py HOME
"""

from __future__ import annotations

import sys
from pathlib import Path

from orchestration.store.opened import open_store
from tests.support import vintage_case
from tests.support.parsed import settings_at

if __name__ == "__main__":
    home = settings_at(Path(sys.argv[1]))
    with open_store(home.store) as con:
        for known_from, frame in vintage_case.vintages():
            vintage_case.take_in(home, con, frame, known_from)
            print(known_from, flush=True)
