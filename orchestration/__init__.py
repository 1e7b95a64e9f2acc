"""Headway's own process: what must hold before the first library is imported.

Belongs here: settings of libraries that these read once, when they are imported. Does not belong here: anything else.
"""

import os

# OpenBLAS reads its number of threads when numpy is imported. The statistics are many products of small matrices, over which two
# threads mostly wait for each other: with two of them the regressions of 400 series took 0.64 s of processor time, with one 0.09
# (two cores, November 2026). A number that the user set stays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
