"""What rows of differences in differences are compared by.

Belongs here: the columns, and when two of them are the same. Does not belong here: the other implementation (tests/oracles).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

NUMBERS = (
    *("d_log_treated", "d_log_control", "did", "pretrend_slope", "pretrend_bias", "pretrend_ratio"),
    *(
        "breakdown_m",
        "placebo_rank",
        "n_placebo",
        "n_blocks",
        "mde95",
        "distance_at_threshold",
        "event_clean",
        "identified",
        "verdict",
    ),
)


def different(got: Mapping, wanted: Mapping) -> dict:
    """Columns that disagree. Differences of logs near zero carry the rounding of the logs: 1e-9 is far above it, and
    ratios of such differences are compared by their parts."""
    out = {}
    for name in NUMBERS:
        a, b = got[name], wanted[name]
        if name == "pretrend_ratio" and wanted["did"] is not None and abs(wanted["did"]) < 1e-6:
            continue
        if isinstance(a, float) and isinstance(b, float):
            if not math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-10):
                out[name] = (a, b)
        elif a != b:
            out[name] = (a, b)
    return out
