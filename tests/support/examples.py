"""How many made-up examples a property is tried with.

Belongs here: the settings of Hypothesis for all tests. Does not belong here: how examples are made.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings

Case = TypeVar("Case")

#: the part of the examples that is tried: all of them, unless HEADWAY_EXAMPLES names less (`make unit`: a quarter)
SHARE = float(os.environ.get("HEADWAY_EXAMPLES", "1"))


def examples(count: int, *, shrink: bool = True) -> settings:
    """Settings for a property of `count` examples. There is no deadline: how long one takes is the machine's affair.

    shrink: look for the smallest example that fails. Not where an example is many cases at a time: each try takes a second, and
    the search five minutes, while the assertion names the case.
    """
    return settings(
        max_examples=max(3, round(count * SHARE)),
        deadline=None,
        phases=[phase for phase in Phase if shrink or phase not in (Phase.shrink, Phase.explain)],
        suppress_health_check=[HealthCheck.too_slow],
    )


def first_of(cases: Sequence[Case]) -> Sequence[Case]:
    """The same part of cases of one kind that are written down, at least one."""
    return cases[: max(1, round(len(cases) * SHARE))]
