"""Headway's own process: what must hold before the first library is imported.

Belongs here: settings of libraries that these read once, when they are imported. Does not belong here: anything else.
"""

import atexit
import gc
import os
import sys

# OpenBLAS reads its number of threads when numpy is imported. The statistics are many products of small matrices, over which two
# threads mostly wait for each other: with two of them the regressions of 400 series took 0.64 s of processor time, with one 0.09
# (two cores, November 2026). A number that the user set stays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Python looks for cycles of objects after every 700 new ones. Importing Dagster, dbt or polars makes hundreds of thousands, all of which
# stay: half a second of the 2.5 that loading Dagster's definitions takes went into looking at them (base/collector.py for a run).
gc.set_threshold(50_000, 20, 20)


def _leave_memory() -> None:
    """At the end of a process, leave to the system what is in its memory: Python would search it for cycles once more and then free it one
    object after the other, which is 0.35 of the 0.98 s of a process that loads Dagster's definitions and ends."""
    gc.disable()
    # these complain of each of their objects that is left, in forty lines
    if not {"duckdb", "novasvg"} & sys.modules.keys():
        gc.freeze()


atexit.register(_leave_memory)
