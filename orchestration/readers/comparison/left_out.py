"""Months that a comparison leaves out: the own month of an event inside a month, and months without a value.

Belongs here: which gap is taken where nobody asks for one, and the sentences that say what was left out. Does not belong here: the
windows themselves (dbt_project/macros/left_out.sql decides, dim_event and the reports publish it), other cautions (cautions.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.windows import MAX_MONTHS, OWN_MONTH_GAP
from orchestration.readers.rows import DimEvent, RptBeforeAfter, RptClusterBeforeAfter
from orchestration.readers.wording import month


def own_month_of(event: DimEvent | None, asked: str) -> dt.date | None:
    """The month that lies partly before and partly after an event or, where `event` is None, the ISO date `asked`; None for
    the first day of a month."""
    if event is not None:
        return event["own_month"]
    day = dt.date.fromisoformat(asked)
    return day.replace(day=1) if day.day > 1 else None


def gap_asked(own_month: dt.date | None, gap: int | None, *, keep_event_month: bool = False) -> int:
    """The gap of a comparison: `gap` where one is asked for, else the event's own month unless that is to be kept.

    Raises UsageError for a gap that makes no sense, or one beside the wish to keep the month that it leaves out.
    """
    if gap is None:
        return OWN_MONTH_GAP if own_month and not keep_event_month else 0
    if not 0 <= gap <= MAX_MONTHS:
        raise UsageError(
            f"a gap of {gap} months cannot be left out; take 0 to {MAX_MONTHS} (0, 3 and 6 are usual)"
        )
    if gap and keep_event_month:
        raise UsageError(
            f"a gap of {gap} leaves out the months before the cut, the event's own month with them: leave out --gap or "
            "--keep-event-month"
        )
    return gap


def own_month_sentence(
    own_month: dt.date | None, result: RptBeforeAfter | RptClusterBeforeAfter
) -> list[str]:
    """What became of the own month; nothing where there is none, or where no window comes near it.

    result: the comparison. Windows that are not whole years lie a year back, so that the own month is in neither whatever the gap.
    """
    if own_month is None:
        return []
    gap = result["gap_months"]
    if gap == 0 and result["window_months"] % 12 == 0:
        return [f"Its own month, {month(own_month)}, counts as before."]
    if gap <= OWN_MONTH_GAP:
        return [f"Its own month, {month(own_month)}, is left out."]
    return [f"The {gap} months before the cut are left out, its own month, {month(own_month)}, with them."]


def missing_sentence(months_left_out: Sequence[str] | None) -> list[str]:
    """Which months are in neither window because one of each pair has no value; months as YYYY-MM."""
    if not months_left_out:
        return []
    return [
        f"{_and(months_left_out)} are left out: of each pair of the same calendar month one has no value, and both windows keep "
        "the same mix of the year."
    ]


def _and(months: Sequence[str]) -> str:
    *most, last = sorted(months)
    return f"{', '.join(most)} and {last}" if most else last
