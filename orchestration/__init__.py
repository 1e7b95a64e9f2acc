"""Headway's own process: what must hold before the first library is imported.

Belongs here: settings of libraries that these read once, when they are imported. Does not belong here: anything else.
"""

import os

# OpenBLAS reads its number of threads when numpy is imported. The statistics are many products of small matrices, over which two
# threads mostly wait for each other: on a busy machine with two cores the same regressions took six times the processor time
# and lasted 290 s in place of 27 (November 2026). A number that the user set stays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
