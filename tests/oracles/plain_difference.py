"""Difference in differences and placebo ranks in plain Python: a second implementation that the SQL is compared with.

Belongs here: the definitions, written from the formulas with the standard library.
Does not belong here: SQL, dbt, reading of figures, assertions.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles

from tests.oracles import plain_comparison as plain
from tests.oracles import plain_placebo

MISSING, NOT_POSITIVE = "a month of a window has no value", "a value of a window is not positive"
UNEQUAL = "a month of a window has no value in one of the series"


@dataclass(frozen=True)
class Pair:
    """A series by month number, and its controls: weight, values, and the cuts of the acts that reach the control (of a total only those
    that do not reach the treated series)."""

    treated: Mapping[int, float]
    controls: Sequence[tuple[float, Mapping[int, float], Collection[int]]]
    #: months of any of the series that an episode touches, and those whose figure is preliminary
    episode: Collection[int] = frozenset()
    preliminary: Collection[int] = frozenset()

    @property
    def series(self) -> list[Mapping[int, float]]:
        return [self.treated, *(values for _, values, _ in self.controls)]

    def difference(self, month: int) -> float | None:
        """ln(treated) less weighted ln(controls); None where one has no logarithm."""
        if any(values.get(month, 0) <= 0 for values in self.series):
            return None
        return math.log(self.treated[month]) - math.fsum(w * math.log(v[month]) for w, v, _ in self.controls)


def comparisons(pair: Pair, months: int, gap: int) -> Iterator[tuple[int, dict]]:
    """Every cut whose windows lie within the life of every series, with its comparison."""
    first, last = max(map(min, pair.series)), min(map(max, pair.series))
    differences = {m: pair.difference(m) for m in range(first, last + 1)}
    for cut in range(first, last + 1):
        before, after = plain.windows(cut, months, gap)
        if before.start < first or after.stop - 1 > last:
            continue
        window = [*before, *after]
        partner = plain.counterparts(before, after)
        gone = [plain.left_out(values, before, after, partner) for values in pair.series]
        kept = set(window) - (gone[0] or set())
        reason = MISSING if None in gone else UNEQUAL if any(g != gone[0] for g in gone) else None
        if reason in (None, UNEQUAL):
            seen = [
                values[m] for values, g in zip(pair.series, gone, strict=True) for m in window if m not in g
            ]
            reason = reason or (NOT_POSITIVE if min(seen) <= 0 else None)
        out = {
            "left_out": [] if reason else sorted(gone[0]),
            "reason": reason,
            "lag": after.start - before.start,
            "clean": not any(m in pair.episode for m in window),
            "exposed": any(before.start <= act < after.stop for _, _, acts in pair.controls for act in acts),
            "preliminary": any(m in pair.preliminary for m in window),
            **dict.fromkeys(("d_log_treated", "d_log_control", "did", "pretrend_slope")),
        }
        if not reason:
            kept_before, kept_after = ([m for m in span if m in kept] for span in (before, after))
            own, *others = (_change(values, kept_before, kept_after) for values in pair.series)
            control = math.fsum(w * d for (w, _, _), d in zip(pair.controls, others, strict=True))
            out |= {"d_log_treated": own, "d_log_control": control, "did": own - control}
            line = [(m, differences.get(m)) for m in range(cut - gap - 36, cut - gap)]
            if all(y is not None for _, y in line):
                out["pretrend_slope"] = plain.straight_line(line)[1]
        yield cut, out


def _change(values: Mapping[int, float], before: Collection[int], after: Collection[int]) -> float:
    return fmean(math.log(values[m]) for m in after) - fmean(math.log(values[m]) for m in before)


def judge(
    found: Mapping[int, dict],
    cut: int,
    months: int,
    acts: Collection[int],
    identified: bool,
    threshold: float | None,
) -> dict:
    """The row of the report for `cut` among all comparisons `found`; `acts` are the cuts of the acts that reach the treated series,
    `identified` whether the event is an act without another in most of the window after, `threshold` the rank that counts
    as unusual (None: nothing was there to choose it on)."""
    row = found[cut]
    near = {c for act in acts for c in range(act - months + 1, act + months)}
    # without a difference there is nothing to rank
    pool = {
        c: r["did"]
        for c, r in found.items()
        if row["did"] is not None
        and r["did"] is not None
        and r["clean"]
        and not r["exposed"]
        and c >= plain_placebo.FIRST
        and abs(c - cut) >= 24
        and c not in near
    }
    clean, did, slope = row["clean"] and not row["exposed"], row["did"], row["pretrend_slope"]
    out = {
        **{name: row[name] for name in ("d_log_treated", "d_log_control", "did", "pretrend_slope")},
        **dict.fromkeys(("pretrend_bias", "pretrend_ratio", "breakdown_m", "placebo_rank", "mde95")),
        "n_placebo": len(pool),
        "n_blocks": len(pool) // 24,
        "event_clean": clean,
        "identified": identified,
        "distance_at_threshold": None,
    }
    if slope is not None:
        out["pretrend_bias"] = slope * row["lag"]
        out["pretrend_ratio"] = abs(out["pretrend_bias"] / did) if did else None
    far = False
    if len(pool) >= 36:
        middle = median(pool.values())
        distances = [abs(s - middle) for s in pool.values()]
        out["mde95"] = quantiles(distances, n=20, method="inclusive")[-1]
        if months < 24 and len(pool) >= 144 and threshold is not None:
            out["distance_at_threshold"] = plain_placebo.threshold_distance(pool.values(), threshold)
        if clean and did is not None:
            # rounding must not decide which of two equal differences is larger
            out["placebo_rank"] = (1 + sum(d >= abs(did - middle) - 1e-12 for d in distances)) / (
                1 + len(pool)
            )
            far = threshold is not None and out["placebo_rank"] <= threshold
    earlier = [abs(s) for c, s in pool.items() if c + months <= cut - row["lag"]]
    if clean and did is not None and len(earlier) >= 36 and max(earlier) > 1e-12:
        out["breakdown_m"] = abs(did) / max(earlier)
    distance, bias = out["distance_at_threshold"], out["pretrend_bias"]
    drifts = distance is not None and bias is not None and abs(bias) > distance
    if did is None:
        out["verdict"] = "not_computable"
    elif not clean or drifts:
        out["verdict"] = "confounded"
    elif not identified:
        out["verdict"] = "overlapping"
    elif row["preliminary"]:
        out["verdict"] = "preliminary_data"
    elif months == 24 or bias is None:
        out["verdict"] = "not_computable"
    elif distance is None:
        out["verdict"] = "not_enough_history"
    else:
        out["verdict"] = "outside_usual_range" if far else "within_usual_range"
    return out


def largest_share(cut: int, others: Collection[int], months: int) -> float:
    """Largest share of the window after `cut` that is also after another cut."""
    return max((max(0, months - abs(c - cut)) / months for c in others), default=0.0)
