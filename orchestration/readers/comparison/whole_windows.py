"""At which cuts both windows of a comparison have enough months, given the months that have a number.

Belongs here: that arithmetic of months, so that a refusal names only cuts that work. Does not belong here: the windows
themselves (dbt_project/macros/before_after.sql), words (sentences.py).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

from transforms.periods import month_after

_EPOCH = dt.date(1900, 1, 1)


def reach_of(months: int, gap: int) -> int:
    """Months from a month after the cut to its counterpart before. Widths that are not whole years are paired with the same
    calendar months a whole year (or years) back (docs/methods.md)."""
    return months + gap if months % 12 == 0 else 12 * math.ceil(months / 12)


def whole_cuts(held: Iterable[dt.date], months: int, gap: int) -> list[dt.date]:
    """The cut months, in order, at which both windows of `months` with `gap` months left out lie between the first and the last month
    of `held`, and five sixths of the pairs of the same calendar month are in it."""
    known = {months_from_epoch(day) for day in held}
    reach = reach_of(months, gap)
    # where the gap takes months out of a window before, those after that they are paired with go, too
    pairs = months if months % 12 == 0 else max(0, min(months, reach - gap))
    if not known or not pairs:
        return []
    return [
        month_after(_EPOCH, cut)
        for cut in range(min(known) + reach, max(known) - pairs + 2)
        if 6 * sum(cut + n in known and cut + _before(n, months, gap) - reach in known for n in range(pairs))
        >= 5 * pairs
    ]


def _before(place: int, months: int, gap: int) -> int:
    """The place in the window before of the same calendar month as at `place` of the window after."""
    return place if months % 12 else place - place % 12 + (place + gap) % 12


def months_from_epoch(day: dt.date) -> int:
    """Months from January 1900 to the month of `day`."""
    return (day.year - _EPOCH.year) * 12 + day.month - _EPOCH.month
