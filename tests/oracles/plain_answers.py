"""The choice of a design in plain Python, written from the rule of docs/methods.md and not from the SQL.

Belongs here: gates, distance, verdict and choice. Does not belong here: reading a warehouse (tests/integration/test_answers.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: the order fixed beforehand
ORDER = ("panel", "state_panel", "difference_in_differences", "forecast", "placebo_rank")
#: widths with a verdict, months; stretches of 24 months that a range needs; months that a cut keeps from its placebo dates
JUDGED, MIN_BLOCKS, APART = (6, 12), 6, 24
#: share of the window after that another act may have too
MAX_SHARED = 0.5


@dataclass(frozen=True)
class Offer:
    """What a design can say: its estimate, the middle of its usual range, the distance beyond which it speaks up, and whether
    each of its gates is open. None of the gates may have seen the estimate."""

    design: str
    variant: str
    estimate: float | None
    centre: float | None
    distance: float | None
    gates: Mapping[str, bool]

    @property
    def available(self) -> bool:
        return all(self.gates.values())

    @property
    def outside(self) -> bool:
        assert self.estimate is not None and self.centre is not None and self.distance is not None
        return abs(self.estimate - self.centre) > self.distance


def choose(offers: Iterable[Offer]) -> Offer | None:
    """The first available design in the order, and of its variants the first by name."""
    ready = [offer for offer in offers if offer.available]
    return min(ready, key=lambda offer: (ORDER.index(offer.design), offer.variant), default=None)


def disagree(offers: Iterable[Offer]) -> bool:
    """Whether the available designs do not all find the same: within, or outside on the same side."""
    found = {math.copysign(1, o.estimate - o.centre) if o.outside else 0 for o in offers if o.available}
    return len(found) > 1


def usual_range(
    placebos: Mapping[int, float], cut: int, threshold: float
) -> tuple[int, float | None, float | None]:
    """How many dates without an event (month -> difference) are far enough from the cut, their median, and the distance
    beyond which a rank among them is `threshold` or less.

    The rank is (1 + those at least as far) / (1 + all). Beyond the k-th largest distance at most k - 1 are as far, so k is the
    largest number with k / (1 + all) <= threshold.
    """
    others = sorted(value for month, value in placebos.items() if abs(month - cut) >= APART)
    n = len(others)
    if not n:
        return 0, None, None
    middle = others[n // 2] if n % 2 else (others[n // 2 - 1] + others[n // 2]) / 2
    k = 0
    while (k + 1) / (1 + n) <= threshold + 1e-12:
        k += 1
    far = sorted((abs(value - middle) for value in others), reverse=True)
    return n, middle, far[k - 1] if k else None


def clustered_rate(dates: Sequence[tuple[int, bool]], stretch: int = 24) -> tuple[float, float]:
    """The share of dates (month, fired) that fire, and its standard error with stretches of months as clusters."""
    rate = sum(fired for _, fired in dates) / len(dates)
    excess: dict[int, float] = {}
    for month, fired in dates:
        excess[month // stretch] = excess.get(month // stretch, 0.0) + fired - rate
    groups = len(excess)
    return rate, math.sqrt(sum(e * e for e in excess.values()) * groups / (groups - 1)) / len(dates)


def seen(low: float, high: float, distance: float) -> bool:
    """Whether what was expected (ends in logarithms) would leave the usual range at its larger end."""
    return max(abs(low), abs(high)) >= distance


def excluded(low: float, high: float, deviation: float, distance: float) -> bool:
    """Whether no effect from low to high is within the distance of what was found beyond the usual."""
    return all(abs(deviation - effect) > distance for effect in (low, high)) and not low <= deviation <= high


def at_exposure(
    value: float, unit: str, duty_from: float | None, duty_to: float | None, exposure: float
) -> float | None:
    """A published figure about goods under a duty as a difference of logarithms where ln(1 + duty) rose by `exposure`; None where the source
    does not say how far the duty of its own goods rose."""
    if unit == "percent per percent of duty":
        return value * exposure
    if duty_from is None or duty_to is None:
        return None
    for_each = math.log1p(value / 100) / (math.log1p(duty_to / 100) - math.log1p(duty_from / 100))
    return for_each * exposure
