"""Windows and regressors of interrupted time series.

Belongs here: which months a series is fitted on around a cut, why it cannot be, the columns of the regression.
Does not belong here: the regression and its result (interrupted.py), the algebra (regression.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from transforms.statistics.autoregression import MAX_ORDER
from transforms.statistics.months import (
    REASON_MISSING,
    REASON_NOT_POSITIVE,
    MonthlySeries,
    first_reason,
)

#: months of the window on each side of a cut at most and at least, and on both sides together at least
WINDOW, MIN_SIDE, MIN_MONTHS = 60, 12, 60
#: regressors for each month at most: with more of them the standard errors of 60 to 120 months mean little
MAX_SHARE = 1 / 3
#: the part of a regressor that the others must leave unexplained, so that it can have a coefficient of its own
_TOLERANCE = 1e-6
#: a larger part than this is seen from inner products, whose rounding errors may look like a part of 1e-7
_CLEARLY = 1e-3

REASON_SERIES = "the series has no value"
REASON_BEFORE = f"fewer than {MIN_SIDE} months before the cut"
REASON_AFTER = f"fewer than {MIN_SIDE} months after the cut"
REASON_SHORT = f"fewer than {MIN_MONTHS} months in all"
REASON_SAME = "an episode or another event cannot be told apart from the cut"
REASON_CROWDED = "too many episodes and other events for the months there are"


@dataclass(frozen=True)
class Design:
    """Where series are cut, in month numbers: `dropped` months before `cut` are left out; `joint` are the starts of other
    clusters of events."""

    design_id: str
    cut: int
    dropped: int
    joint: tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """What the regressors of a series at a design depend on, so that series with the same window are fitted together, and a
    series once for all designs that have it.

    cut, dropped: as in Design; first, last, episodes, joint: month numbers within the window
    """

    cut: int
    dropped: int
    first: int
    last: int
    episodes: tuple[tuple[int, int], ...]
    joint: tuple[int, ...]


def window(design: Design, first: int, last: int, episodes: tuple[tuple[int, int], ...]) -> Window:
    """The window of a design between the months `first` and `last`, with what is known of it within these months."""
    inside = {(max(a, first), min(b, last)) for a, b in episodes if a <= last and b >= first}
    joint = tuple(month for month in design.joint if first < month <= last)
    return Window(design.cut, design.dropped, first, last, tuple(sorted(inside)), joint)


def windows_of(
    series: MonthlySeries | None, cuts: np.ndarray, dropped: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last month (numbers) of the windows around `cuts`, and why each cannot be used, or None if it can.

    The `dropped` months before a cut are left out of its window and may lack a value.
    """
    if series is None:
        nothing = np.zeros_like(cuts)
        return nothing, nothing, np.full(len(cuts), REASON_SERIES, dtype=object)
    first, last = (
        np.maximum(series.first, cuts - dropped - WINDOW),
        np.minimum(series.last, cuts + WINDOW - 1),
    )
    end = cuts - dropped
    # running sums of flags, so that a part of the window holds one where two of them differ
    bad = [np.concatenate([[0], np.cumsum(flags)]) for flags in (~series.positive, np.isnan(series.y))]

    def holds(sums: np.ndarray) -> np.ndarray:
        places = (np.clip(month - series.first, 0, len(series.y)) for month in (first, end, cuts, last + 1))
        begin, stop, again, finish = (sums[place] for place in places)
        return (stop > begin) | (finish > again)

    reasons = first_reason(
        {
            REASON_BEFORE: end - first < MIN_SIDE,
            REASON_AFTER: last - cuts + 1 < MIN_SIDE,
            REASON_SHORT: last - first + 1 - dropped < MIN_MONTHS,
            REASON_NOT_POSITIVE: holds(bad[0]),
            REASON_MISSING: holds(bad[1]),
        }
    )
    return first, last, reasons


def regressors(
    first: int, last: int, cut: int, dropped: int, episodes: Iterable[tuple[int, int]], joint: Iterable[int]
) -> tuple[np.ndarray, int] | str:
    """The regressors (months `first` to `last` x columns; the last two are the step and the change of slope), and how many
    starts of other clusters are among them. Or the reason why the cut can have no coefficient.

    An episode or start that other columns already explain is left out: two starts in one month are one step, and an
    episode that fills the window is the constant. A start in the month of the cut, or in a month left out before it, is
    left out too, because it cannot be told apart from the cut.
    """
    t = np.arange(first, last + 1)
    post = t >= cut
    spans = np.array([*episodes], dtype=np.int64).reshape(-1, 2)
    starts = np.array(
        [s for s in joint if first < s <= last and not cut - dropped <= s <= cut], dtype=np.int64
    )
    n_base = 13 + dropped
    columns = np.empty((len(t), n_base + len(spans) + len(starts) + 2))
    columns[:, 0], columns[:, 1] = 1.0, (t - cut) / 12.0
    columns[:, 2:13] = (t % 12)[:, None] == np.arange(1, 12)
    columns[:, 13:n_base] = t[:, None] == np.arange(cut - dropped, cut)
    n_extra = len(spans) + len(starts)
    columns[:, n_base : n_base + len(spans)] = (t[:, None] >= spans[:, 0]) & (t[:, None] <= spans[:, 1])
    columns[:, n_base + len(spans) : -2] = t[:, None] >= starts
    columns[:, -2], columns[:, -1] = post, post * (t - cut) / 12.0
    n_joint = len(starts)
    if not _are_independent(columns):
        chosen = _independent(columns, n_base, n_base + n_extra)
        n_joint = sum(j >= n_base + len(spans) for j in chosen)
        columns = columns[:, [*range(n_base), *chosen, -2, -1]]
        if (_unexplained(columns)[-2:] < _TOLERANCE).any():
            return REASON_SAME
    if columns.shape[1] - dropped > MAX_SHARE * (len(t) - dropped):
        return REASON_CROWDED
    return columns, n_joint


def _independent(columns: np.ndarray, begin: int, end: int) -> list[int]:
    """Of the columns from `begin` on and before `end`, those that the columns before `begin` and the ones already chosen do
    not explain."""
    basis = np.zeros((len(columns), end))
    basis[:, :begin], _ = np.linalg.qr(columns[:, :begin])
    size, chosen = begin, []
    for j in range(begin, end):
        rest = columns[:, j]
        length = float(np.linalg.norm(rest))
        for _ in range(2):  # once more, because rounding leaves a part of what was taken out
            rest = rest - basis[:, :size] @ (basis[:, :size].T @ rest)
        left = float(np.linalg.norm(rest))
        if length > 0 and left / length >= _TOLERANCE:
            basis[:, size] = rest / left
            size += 1
            chosen.append(j)
    return chosen


def trimmed(around: Window) -> tuple[Window, np.ndarray, int] | str:
    """The window with its regressors and the number of starts among them, or why there are none.

    AR(p) errors cost the first p months. If an episode or start changes only these, no month is left to estimate its
    coefficient from, and the estimates would depend on rounding; the window then begins later.
    """
    for first in range(around.first, around.first + 2 * MIN_SIDE):
        if around.cut - around.dropped - first < MIN_SIDE:
            return REASON_BEFORE
        if around.last - first + 1 - around.dropped < MIN_MONTHS:
            return REASON_SHORT
        made = regressors(first, around.last, around.cut, around.dropped, around.episodes, around.joint)
        if isinstance(made, str):
            return made
        x, n_joint = made
        if _are_independent(x[MAX_ORDER:]):
            return replace(around, first=first), x, n_joint
    return REASON_SAME


def _are_independent(columns: np.ndarray) -> bool:
    """Whether each column has at least _TOLERANCE of its length that the columns before it do not explain.

    Mostly much more is left, which the Cholesky factor of the inner products shows in a third of the time of the columns' own.
    """
    length = np.linalg.norm(columns, axis=0)
    if length.all():
        try:
            factor = np.linalg.cholesky(columns.T @ columns / np.multiply.outer(length, length))
        except np.linalg.LinAlgError:  # so little is left that rounding makes it negative
            pass
        else:
            if factor.diagonal().min() > _CLEARLY:
                return True
    return bool((_unexplained(columns) >= _TOLERANCE).all())


def _unexplained(columns: np.ndarray) -> np.ndarray:
    """Of each column, the share of its length that the columns before it do not explain."""
    length = np.linalg.norm(columns, axis=0)
    packed, _ = np.linalg.qr(columns, mode="raw")
    r = np.abs(packed.diagonal())
    return r / np.where(length > 0, length, 1)
