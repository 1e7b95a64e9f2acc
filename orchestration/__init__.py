"""Headway's own process: what must hold before the first library is imported.

Belongs here: settings of libraries that these read once, when they are imported. Does not belong here: anything else.
"""

import atexit
import gc
import os

# OpenBLAS reads its number of threads when numpy is imported. The statistics are many products of small matrices, over which two
# threads mostly wait for each other: with two of them the regressions of 400 series took 0.64 s of processor time, with one 0.09
# (two cores, November 2026). A number that the user set stays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Python looks for cycles of objects after every 700 new ones. Importing Dagster, dbt or polars makes hundreds of thousands, all of which
# stay: half a second of the 2.5 that loading Dagster's definitions takes went into looking at them (base/collector.py for a run).
gc.set_threshold(50_000, 20, 20)

# At the end of a process Python looks once more for cycles among all of these, and then frees them anyway: 0.14 s of the 1.06 that a
# process takes which loads Dagster's definitions and ends.
atexit.register(gc.disable)
