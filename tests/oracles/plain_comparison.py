"""Before and after in plain Python: a second, independent implementation that the SQL is compared with.

Belongs here: the rules of windows and the textbook formulas, written from their definitions with the standard library.
Does not belong here: SQL, dbt, or anything taken from the macros that are tested with it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from statistics import fmean, variance

STATISTICS = (
    *("scale", "pre_mean", "post_mean", "d_level", "d_log", "pct_change"),
    *("second_diff", "trend_dev", "std_diff", "welch_t", "welch_df"),
)
TOOK_EFFECT = ("tariff_effective", "entry_into_force", "exemption", "retaliation")


def number(day: dt.date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month - 1


def month(n: int) -> dt.date:
    return dt.date(n // 12, n % 12 + 1, 1)


def cut(anchor: dt.date) -> int:
    """Number of the first whole month that does not begin before `anchor`."""
    return number(anchor) + (anchor.day > 1)


def event_cut(event: Mapping) -> int:
    """The cut of an event: from the day it took effect, or from the notice of it (published_on) where that came later."""
    if event["event_type"] in TOOK_EFFECT and event["effective_on"]:
        return cut(event.get("published_on") or event["effective_on"])
    return cut(event["event_date"])


def event_class(event: Mapping) -> str:
    """act: something took effect, ended, was agreed, signed or ratified; talk: the rest."""
    return (
        "act" if event["event_type"] in (*TOOK_EFFECT, "agreement", "signature", "ratification") else "talk"
    )


def in_report(event: Mapping) -> bool:
    return event["confidence"] != "low" and event["in_force"] and event["date_precision"] in ("day", "month")


def windows(cut: int, months: int, gap: int, after: int | None = None) -> tuple[range, range]:
    """The months before and after, as asked."""
    after = months if after is None else after
    if months % 12 == 0:
        return range(cut - gap - months, cut - gap), range(cut, cut + after)
    # pairs of the same calendar month, as long as the earlier one precedes the gap
    years_back = 12 * math.ceil(months / 12)
    pairs = max(0, min(months, after, years_back - gap))
    return range(cut - years_back, cut - years_back + pairs), range(cut, cut + pairs)


def own_month(anchor: dt.date) -> int | None:
    """Number of the month that is partly before and partly after `anchor`; None where it is a first day."""
    return number(anchor) if anchor.day > 1 else None


def anchor(event: Mapping) -> dt.date:
    """The day that an event counts from."""
    if event["event_type"] in TOOK_EFFECT and event["effective_on"]:
        return event.get("published_on") or event["effective_on"]
    return event["event_date"]


def counterparts(before: Collection[int], later: Collection[int]) -> dict[int, int]:
    """Of each month the one of the other window with the same name: the first January goes with the first January, the second
    with the second. A month whose name comes more often than in the other window has none."""
    out = {}
    for name in range(12):
        sides = [[m for m in sorted(span) if m % 12 == name] for span in (before, later)]
        for a, b in zip(*sides, strict=False):
            out |= {a: b, b: a}
    return out


def left_out(
    values: Mapping[int, float],
    before: Collection[int],
    later: Collection[int],
    partner: Mapping[int, int],
    copied: Collection[int] = (),
) -> set[int] | None:
    """The months that are compared on neither side: those without a value, and their counterparts. None where too few are left, of
    each window five of six, where a window has no month, and where a month is one of `copied`: it has a value, which is not known as it was first released."""
    if not before or not later or any(m in copied for m in (*before, *later)):
        return None
    missing = {m for m in (*before, *later) if m not in values}
    gone = missing | {partner[m] for m in missing if m in partner and partner[m] in (*before, *later)}
    for span in (before, later):
        if 6 * sum(m not in gone for m in span) < 5 * len(span):
            return None
    return gone


def straight_line(points: list[tuple[int, float]]) -> tuple[float, float]:
    """Intercept at the mean month and slope, by least squares."""
    x0 = fmean(x for x, _ in points)
    sxx = math.fsum((x - x0) ** 2 for x, _ in points)
    return x0, math.fsum((x - x0) * y for x, y in points) / sxx


def between(
    values: Mapping[int, float], before: Collection[int], later: Collection[int], *, log_allowed: bool = True
) -> dict:
    """The difference of the means of two runs of months, all of which need a value; else every entry is None."""
    out = dict.fromkeys(("scale", "pre_mean", "post_mean", "d_level", "d_log", "pct_change"))
    a, b = ([values[m] for m in span if m in values] for span in (before, later))
    if not a or not b or len(a) < len(before) or len(b) < len(later):
        return out
    log = log_allowed and min(a + b) > 0
    out |= {"scale": "log" if log else "level", "pre_mean": fmean(a), "post_mean": fmean(b)}
    out["d_level"] = fmean(b) - fmean(a)
    if log:
        out["d_log"] = fmean(map(math.log, b)) - fmean(map(math.log, a))
        out["pct_change"] = 100 * math.expm1(out["d_log"])
    return out


def compare(
    values: Mapping[int, float],
    cut: int,
    months: int,
    gap: int,
    *,
    after: int | None = None,
    log_allowed: bool = True,
    life: range | None = None,
    copied: Collection[int] = (),
) -> dict:
    """Statistics of `values` (by month number) around `cut`; windows that reach beyond the life of the series (by default from
    the first of `values` to the last) are answered with the months there are. Inside it, months without a value are left out with
    their counterparts (`left_out`); where too many are, everything is withheld (`missing`)."""
    asked_before, asked_after = windows(cut, months, gap, after)
    out = dict.fromkeys(STATISTICS)
    out |= {"n_pre": 0, "n_post": 0, "missing": False, "left_out": []}
    if not values:
        return out
    life = life or range(min(values), max(values) + 1)
    before = [m for m in asked_before if m in life]
    later = [m for m in asked_after if m in life]
    if months % 12:
        lag = asked_after.start - asked_before.start
        later = [m for m in later if m - lag in life]
        before = [m - lag for m in later]
    gone = left_out(values, before, later, counterparts(asked_before, asked_after), copied)
    if gone:
        before, later = ([m for m in span if m not in gone] for span in (before, later))
        out["left_out"] = sorted(gone)
    a, b = ([values[m] for m in span if m in values] for span in (before, later))
    out |= {"n_pre": len(a), "n_post": len(b)}
    if not a or not b or len(a) < len(before) or len(b) < len(later):
        out["missing"] = bool(before and later)
        return out
    out |= between(values, before, later, log_allowed=log_allowed)
    log = out["scale"] == "log"
    scaled = math.log if log else float
    ya, yb = list(map(scaled, a)), list(map(scaled, b))
    change = fmean(yb) - fmean(ya)

    if gone:
        # the window before that and the straight line hold another mix of calendar months
        asked_before, line_months = range(0), range(0)
    else:
        line_months = range(cut - gap - 36, cut - gap)
    lag = asked_after.start - asked_before.start
    earlier = [values.get(m - lag) for m in asked_before]
    if earlier and None not in earlier and not (log and min(earlier) <= 0):
        out["second_diff"] = change - (fmean(ya) - fmean(map(scaled, earlier)))
    line = [(m, values.get(m)) for m in line_months]
    if line and all(v is not None for _, v in line) and not (log and min(v for _, v in line) <= 0):
        line = [(m, scaled(v)) for m, v in line]
        middle, slope = straight_line(line)
        expected = [fmean(y for _, y in line) + slope * (m - middle) for m in later]
        out["trend_dev"] = fmean(yb) - fmean(expected)
    if len(ya) > 1 and len(yb) > 1:
        va, vb = variance(ya), variance(yb)
        ea, eb = va / len(ya), vb / len(yb)
        if va + vb > 0:
            out["std_diff"] = change / math.sqrt((va + vb) / 2)
            out["welch_t"] = change / math.sqrt(ea + eb)
            out["welch_df"] = (ea + eb) ** 2 / (ea**2 / (len(ya) - 1) + eb**2 / (len(yb) - 1))
    return out
