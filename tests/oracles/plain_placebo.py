"""Placebo ranks in plain Python: a second implementation that the SQL is compared with.

Belongs here: the definitions, written from the formulas with the standard library.
Does not belong here: SQL, dbt, reading of figures, assertions.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Mapping
from functools import cache
from statistics import median, quantiles

from tests.oracles import plain_comparison as plain

#: months between a cut and what it is ranked among
DISTANCE = 24
#: no date is older than this
FIRST = plain.number(dt.date(1985, 1, 1))
#: months of its own past that a balance's changes are measured in
PAST = 120


def differences(
    values: Mapping[int, float],
    pre: range,
    post: range,
    *,
    log_allowed: bool = True,
    asked: tuple[range, range] | None = None,
    life: range | None = None,
    copied: Collection[int] = (),
) -> dict[int, tuple[str, float]]:
    """Scale and difference of every month taken as a cut, by shift: the windows `pre` and `post` moved by as much, without months that
    have no value and their counterparts. asked: the whole windows, where these are cut off; life: the months of the series; copied: as in
    plain_comparison.left_out."""
    out = {}
    partner = plain.counterparts(*(asked or (pre, post)))
    life = life or range(min(values), max(values) + 1)
    for cut in life:
        before = range(pre.start + cut, pre.stop + cut)
        after = range(post.start + cut, post.stop + cut)
        if before.start < life.start or after.stop > life.stop:
            continue
        gone = plain.left_out(values, before, after, {a + cut: b + cut for a, b in partner.items()}, copied)
        if gone is None:
            continue
        kept = ([m for m in span if m not in gone] for span in (before, after))
        row = plain.between(values, *kept, log_allowed=log_allowed)
        if row["scale"]:
            out[cut] = row["scale"], row["d_log"] if row["scale"] == "log" else row["d_level"]
    return out


def usual_change(values: Mapping[int, float], last: int) -> float | None:
    """1.4826 times the median distance of the 12-month changes from their median, over the 120 months up to `last`; None where one
    of them is not known or they do not vary."""
    months = range(last - PAST + 1 + 12, last + 1)
    if any(m not in values or m - 12 not in values for m in months):
        return None
    changes = [values[m] - values[m - 12] for m in months]
    middle = median(changes)
    return 1.4826 * median(abs(c - middle) for c in changes) or None


def in_own_changes(
    found: Mapping[int, tuple[str, float]], values: Mapping[int, float], gap: int
) -> dict[int, tuple[str, float]]:
    """Differences of a balance divided by its usual change before the gap; those without one are left out."""
    sizes = {c: usual_change(values, c - gap - 1) for c in found}
    return {c: (kind, s / size) for c, (kind, s) in found.items() if (size := sizes[c])}


def pool(
    found: Mapping[int, tuple[str, float]],
    cut: int,
    scale: str,
    pre: range,
    post: range,
    *,
    width: int,
    events: Collection[int],
    episodes: Collection[int],
) -> dict[int, float]:
    """Differences at the dates without a known event that the one at `cut` is ranked among.

    events: cuts of the acts that reach the series; episodes: months that an episode touches."""
    near = {c for event in events for c in range(event - width + 1, event + width)}
    touched = cuts_that_touch(frozenset(episodes), pre, post)
    return {
        c: statistic
        for c, (kind, statistic) in found.items()
        if kind == scale and c >= FIRST and abs(c - cut) >= DISTANCE and c not in near and c not in touched
    }


@cache
def cuts_that_touch(episodes: frozenset[int], pre: range, post: range) -> set[int]:
    """The cuts with a month of an episode in one of their windows. Kept, because thousands of events share the answer."""
    return {episode - month for episode in episodes for month in (*pre, *post)}


def standing(statistic: float, others: Collection[float]) -> dict:
    """Where `statistic` stands among `others`."""
    out = {
        "n_placebo": len(others),
        "n_blocks": len(others) // 24,
        **dict.fromkeys(("placebo_rank", "rank_floor", "mde95", "z_mad", "centre")),
    }
    if len(others) < 36:
        return out
    middle = median(others)
    far = [abs(x - middle) for x in others]
    out["centre"] = middle
    out["rank_floor"] = 1 / (1 + len(others))
    out["mde95"] = quantiles(far, n=20, method="inclusive")[-1]
    # rounding must not decide which of two equal differences is larger
    out["placebo_rank"] = (1 + sum(x >= abs(statistic - middle) - 1e-12 for x in far)) / (1 + len(others))
    spread = median(far)
    out["z_mad"] = (statistic - middle) / (1.4826 * spread) if spread else None
    return out


def threshold_distance(others: Collection[float], threshold: float) -> float | None:
    """How far from the median a difference must be to have a rank of at most `threshold`, by trying the 32 largest distances,
    which are all that is kept (a threshold of .03 among 1,000 dates is the thirtieth)."""
    middle = median(others)
    far = sorted(abs(x - middle) for x in others)
    for distance in far:
        # just beyond it
        if (1 + (beyond := len(far) - bisect_right(far, distance))) / (1 + len(far)) <= threshold:
            return distance if beyond < 32 else None
    return None
