"""What ranks among dates without an event are compared by.

Belongs here: the columns, and when two numbers are the same. Does not belong here: the other implementation (tests/oracles).
"""

from __future__ import annotations

import math

RANKS = ("n_placebo", "n_blocks", "placebo_rank", "rank_floor", "mde95", "z_mad", "centre")


def close(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-9)
    return a == b
