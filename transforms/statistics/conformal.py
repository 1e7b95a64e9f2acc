"""How wide an interval must be to keep its nominal coverage, measured on dates at which nothing is known to have happened.

Belongs here: the scale of an interval from its own past errors, and its coverage on dates held out from that scale.
Does not belong here: making forecasts, deciding which dates are without an event (counterfactual.py).

The method is split conformal prediction with normalised errors (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018), with
origins that roll through time. Its guarantee needs exchangeable errors, and errors of neighbouring origins are alike. So
the coverage is measured instead, on stretches of time that the scale was not taken from. Large errors of a mean over w
months come in runs of about w / 3 dates; in the correction for their number a monthly date therefore counts as 3 / w of a
separate error. With every date counted as one, the intervals held 93.2 to 94.1 % of held-out dates at 12 months and 91.3
to 92.4 % at 24; with this correction they hold 94.5 to 95.9 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: with fewer origins, or fewer blocks of time with an origin, there is no calibrated interval; months in such a block
MIN_ORIGINS, MIN_BLOCKS, BLOCK_MONTHS = 36, 6, 24
#: with fewer errors than this there is no 95th percentile with the correction for their number
_MIN_OTHERS = 19
#: forecasts that are worked on together, which bounds the memory at about 50 MB
_CHUNK = 512


Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Calibrations:
    """What the past errors of some forecasts (series, gap and window) say about their intervals, one number each.

    n_origins:         dates without an event; n_blocks: blocks of 24 calendar months with such a date
    inside_nominal:    origins whose error is inside the nominal interval
    enough:            whether there is enough history for the following three, which otherwise mean nothing
    scale:             by what half of the nominal interval is to be multiplied
    inside_calibrated: origins inside the interval whose scale comes from other blocks
    error95:           95th percentile of |error|, in the unit of the errors
    """

    n_origins: Integers
    n_blocks: Integers
    inside_nominal: Integers
    enough: NDArray[np.bool_]
    scale: Floats
    inside_calibrated: Integers
    error95: Floats


def calibrate(
    error: Floats,
    half_width: Floats,
    month: Integers,
    first: Integers,
    window: Integers,
    level: float = 0.95,
) -> Calibrations:
    """Calibrate each of some forecasts from the errors and nominal half widths, in one unit, of its origins.

    error, half_width and month (month numbers, in order) have one place an origin, one forecast after the other; `first` is
    the first place of each forecast, which has at least one, `window` the months of the mean that it forecasts.

    Whether the origins of a block are inside is measured with the scale of all other blocks, without origins less than
    `window` months from the block, whose windows share months with it.
    """
    parts = []
    ends = np.append(first[1:], len(error))
    for begin in range(0, len(first), _CHUNK):
        own = slice(begin, begin + _CHUNK)
        here = slice(int(first[own][0]), int(ends[own][-1]))
        parts.append(
            _calibrated(
                np.abs(error[here]),
                half_width[here],
                month[here],
                first[own] - here.start,
                window[own],
                level,
            )
        )
    if not parts:
        none, flags = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
        return Calibrations(none, none, none, flags, none.astype(float), none, none.astype(float))
    return Calibrations(
        *(np.concatenate(values) for values in zip(*(vars(p).values() for p in parts), strict=True))
    )


def ranks(level: float, count: Integers, separate: Floats) -> Integers:
    """Which order statistic of `count` values a new exchangeable value exceeds with a probability of 1 - level at most:
    number ceil(level (n + 1)), counted from 1, which is above `count` where there is no such value.

    separate: how many separate values they are worth, if that is fewer. The statistic is then the one at the share
    level (separate + 1) / separate of the values, or the largest.
    """
    plain = np.ceil(level * (count + 1) - 1e-9)
    worth = np.ceil(np.minimum(1.0, level * (separate + 1) / separate) * count - 1e-9)
    return np.where(separate >= count, plain, worth).astype(np.int64)


def separate_errors(count: Integers, spacing: Floats, window: Integers) -> Floats:
    """How many separate errors `count` errors of means over `window` months are worth, at least as many as a 95th percentile
    needs. spacing: the median of the months between neighbouring ones."""
    return np.maximum(float(_MIN_OTHERS), count * np.minimum(1.0, 3 * spacing / window))


def _calibrated(
    size: Floats, half_width: Floats, month: Integers, first: Integers, window: Integers, level: float
) -> Calibrations:
    """`calibrate` for forecasts that are worked on together; size: |error|."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(size > 0, size / half_width, np.where(half_width > 0, 0.0, np.inf))
    count = np.diff(np.append(first, len(size)))
    of = np.repeat(np.arange(len(first)), count)
    # runs of origins in one block of one forecast
    block = month // BLOCK_MONTHS
    begins = np.flatnonzero(np.r_[True, (np.diff(block) != 0) | (np.diff(of) != 0)])
    stops, owner = np.append(begins[1:], len(size)), of[begins]
    n_blocks = np.bincount(owner, minlength=len(first))
    enough = (count >= MIN_ORIGINS) & (n_blocks >= MIN_BLOCKS)
    # the places from `low` on and before `high` are too near to the block; a key orders months within forecasts
    # (month numbers and windows are far below 2^31)
    key = of * np.int64(1 << 32) + month
    base = owner * np.int64(1 << 32)
    low = np.searchsorted(key, base + month[begins] - window[owner] + 1)
    high = np.searchsorted(key, base + month[stops - 1] + window[owner])
    others = count[owner] - (high - low)
    np.logical_and.at(enough, owner, others >= _MIN_OTHERS)

    steps = _Steps.of(month, first, count)
    worth = separate_errors(count, steps.median(), window)
    by_ratio, by_size = (_largest_first(values, first, count) for values in (ratio, size))
    scale = _from_top(ratio, by_ratio, first, count, count - ranks(level, count, worth))
    error95 = _from_top(size, by_size, first, count, count - ranks(level, count, count.astype(float)))

    held = np.flatnonzero(enough[owner])
    owner, begins, stops, low, high, others = (
        values[held] for values in (owner, begins, stops, low, high, others)
    )
    worth = separate_errors(others, steps.median_without(owner, low, high), window[owner])
    above = others - ranks(level, others, worth)
    limit = _from_top_without(ratio, by_ratio, first[owner], count[owner], low, high, above)
    limit_at = np.full(len(size), -1.0)
    limit_at[_places(begins, stops)] = np.repeat(limit, stops - begins)
    return Calibrations(
        count,
        n_blocks,
        np.bincount(of, ratio <= 1, minlength=len(first)).astype(np.int64),
        enough,
        scale,
        np.bincount(of, ratio <= limit_at, minlength=len(first)).astype(np.int64),
        error95,
    )


@dataclass(frozen=True)
class _Steps:
    """The months between neighbouring origins of each forecast.

    month, first, count: as in `calibrate`; shortest: the smallest step of each forecast (1 where it has fewer than two
    origins); running: how many of the steps before each place are as short as that
    """

    month: Integers
    first: Integers
    count: Integers
    shortest: Integers
    running: Integers

    @classmethod
    def of(cls, month: Integers, first: Integers, count: Integers) -> _Steps:
        step = np.diff(month, append=month[-1:] if len(month) else 0)
        step[first[1:] - 1] = np.iinfo(np.int64).max  # from one forecast to the next there is no step
        step[-1:] = np.iinfo(np.int64).max
        shortest = np.minimum.reduceat(step, first) if len(step) else step
        is_shortest = step == np.repeat(shortest, count)
        return cls(month, first, count, shortest, np.concatenate([[0], np.cumsum(is_shortest)]))

    def median(self) -> Floats:
        """Of each forecast, the median step; with fewer than two origins the number does not matter."""
        short = self.running[self.first + np.maximum(self.count - 1, 0)] - self.running[self.first]
        return self._median(short, self.count - 1, self.shortest, lambda place: self._own(place))

    def median_without(self, owner: Integers, low: Integers, high: Integers) -> Floats:
        """The same for forecasts `owner` without the origins from the places `low` on and before `high`."""
        first, end = self.first[owner], self.first[owner] + self.count[owner]
        before, after = np.maximum(low - 1, first), np.minimum(high, end - 1)
        short = self.running[before] - self.running[first] + self.running[end - 1] - self.running[after]
        # the step over the gap is longer than the shortest one, because an origin lies in it

        def steps(place: int) -> Integers:
            own = np.r_[first[place] : low[place], high[place] : end[place]]
            return np.diff(self.month[own])

        return self._median(short, self.count[owner] - (high - low) - 1, self.shortest[owner], steps)

    def _own(self, forecast: int) -> Integers:
        return np.diff(self.month[self.first[forecast] : self.first[forecast] + self.count[forecast]])

    @staticmethod
    def _median(
        short: Integers, count: Integers, shortest: Integers, steps: Callable[[int], Integers]
    ) -> Floats:
        """The shortest step where more than half of `count` steps are so short; else the median of all of them."""
        found = shortest.astype(float)
        for place in np.flatnonzero((2 * short <= count) & (count > 0)):
            found[place] = np.median(steps(int(place)))
        return found


def _largest_first(values: Floats, first: Integers, count: Integers) -> Integers:
    """The places of all values, ordered by forecast and within a forecast from the largest value down."""
    # a few hundred values at a time sort four times faster than all of them by two keys
    order = np.empty(len(values), dtype=np.int64)
    for begin, end in zip(first.tolist(), (first + count).tolist(), strict=True):
        order[begin:end] = begin + np.argsort(-values[begin:end])
    return order


def _from_top(values: Floats, order: Integers, first: Integers, count: Integers, above: Integers) -> Floats:
    """Of each forecast, the value that `above` others precede from the largest down; infinite where that is negative."""
    place = np.clip(above, 0, np.maximum(count - 1, 0))
    found = values[order[np.minimum(first + place, len(values) - 1)]] if len(values) else np.zeros(len(first))
    return np.where(above < 0, np.inf, found)


def _from_top_without(
    values: Floats,
    order: Integers,
    first: Integers,
    count: Integers,
    low: Integers,
    high: Integers,
    above: Integers,
) -> Floats:
    """The same without the values from the places `low` on and before `high`, for one choice a row."""
    found = np.full(len(first), np.inf)
    # no more than these values from the top need be looked at, even if all that are left out are among them
    depth = np.minimum(above + 1 + high - low, count)
    for begin in range(0, len(first), _CHUNK):
        own = np.arange(begin, min(begin + _CHUNK, len(first)))
        rank = np.arange(int(depth[own].max()))
        place = order[np.minimum(first[own, None] + rank, len(order) - 1)]
        left_out = (place >= low[own, None]) & (place < high[own, None]) | (rank >= count[own, None])
        passed = np.cumsum(~left_out, axis=1, dtype=np.int32)
        at = np.argmax(passed > above[own, None], axis=1)
        found[own] = values[place[np.arange(len(own)), at]]
    return np.where(above < 0, np.inf, found)


def _places(begins: Integers, stops: Integers) -> Integers:
    """All places of the runs from `begins` on and before `stops`, one run after the other."""
    lengths = stops - begins
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(begins - ends + lengths, lengths)
