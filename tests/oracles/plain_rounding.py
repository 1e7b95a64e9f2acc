"""Vintages without rounding in plain Python: a second, independent implementation that the SQL is compared with.

Belongs here: the rule of dbt_project/macros/rounding.sql written from its words, with decimal arithmetic. Does not belong here: SQL, or
anything taken from the macro that is tested with it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

#: a copy of at least so many figures shows with how many decimals it is written; else a figure must lack two
FIGURES_OF_COPY, LOST_DIGITS = 10, 2


@dataclass(frozen=True)
class Vintage:
    """What is known of a period from a day on. `value`: None where there is no number."""

    period: dt.date
    known_from: dt.date
    value: float | None
    status: str
    adds_digits: bool = False


def decimals(value: float) -> int:
    """Digits after the point in the shortest decimal text; 17 for what is written with an exponent."""
    if value == int(value):
        return 0
    text = repr(value)
    return 17 if "e" in text else len(text.split(".")[1])


def _is_rounded(coarse: float, step: int | None, fine: float) -> bool:
    if step is None and decimals(fine) - decimals(coarse) >= LOST_DIGITS:
        step = decimals(coarse)
    if step is None or step >= decimals(fine):
        return False
    return abs(Decimal(repr(coarse)) - Decimal(repr(fine))) <= Decimal("0.5").scaleb(-step)


def without_rounding(rows: Iterable[Vintage]) -> list[Vintage]:
    """Vintages of one series, at most one for a period and day, without those that only round the figure in force."""
    by_period: dict[dt.date, list[Vintage]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.period, row.known_from)):
        history = by_period[row.period]
        if not history or (history[-1].value, history[-1].status) != (row.value, row.status):
            history.append(row)
    sizes: dict[dt.date, list[int]] = defaultdict(list)
    for history in by_period.values():
        for row in history:
            if row.value is not None:
                sizes[row.known_from].append(decimals(row.value))
    steps = {day: max(found) if len(found) >= FIGURES_OF_COPY else None for day, found in sizes.items()}
    out = []
    for history in by_period.values():
        first = history[0]
        out.append(first)
        value, step, status = first.value, steps.get(first.known_from), first.status
        for row in history[1:]:
            new_step = steps.get(row.known_from)
            numbers = value is not None and row.value is not None
            if row.value == value or (numbers and _is_rounded(row.value, new_step, value)):
                if row.status != status:
                    out.append(Vintage(row.period, row.known_from, value, row.status))
                # the finest copy that states a figure shows to how many digits it is known
                if row.value == value:
                    step = max((s for s in (step, new_step) if s is not None), default=None)
            else:
                finer = bool(numbers and _is_rounded(value, step, row.value)) and row.status == status
                out.append(Vintage(row.period, row.known_from, row.value, row.status, finer))
                value, step = row.value, new_step
            status = row.status
    return out
