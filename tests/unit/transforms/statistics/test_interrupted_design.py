"""Windows and regressors of interrupted time series: many cuts at once against month by month."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.statistics import interrupted_design as design
from transforms.statistics.months import REASON_MISSING, REASON_NOT_POSITIVE, MonthlySeries


def reason_of(series: MonthlySeries, cut: int, dropped: int) -> tuple[int, int, str | None]:
    """The window of one cut, written month by month."""
    first = max(series.first, cut - dropped - 60)
    last = min(series.last, cut + 59)
    used = [m for m in range(first, last + 1) if not cut - dropped <= m < cut]
    if cut - dropped - first < 12:
        return first, last, design.REASON_BEFORE
    if last - cut + 1 < 12:
        return first, last, design.REASON_AFTER
    if len(used) < 60:
        return first, last, design.REASON_SHORT
    if not all(series.positive[m - series.first] for m in used):
        return first, last, REASON_NOT_POSITIVE
    if any(np.isnan(series.y[m - series.first]) for m in used):
        return first, last, REASON_MISSING
    return first, last, None


@examples(40)
@given(
    st.integers(0, 2**32 - 1), st.integers(5, 200), st.sets(st.integers(0, 199), max_size=2), st.booleans()
)
def test_windows_of_many_cuts_are_those_of_each(seed, length, places, negative):
    """Cuts before, in and after the life of a series; one month that is missing or not positive, also among those left out."""
    random = np.random.default_rng(seed)
    y, positive = random.normal(size=length), np.ones(length, dtype=bool)
    for place in (p for p in places if p < length):
        y[place], positive[place] = np.nan, not negative
    series = MonthlySeries(24000, y, "log", positive)
    cuts, dropped = random.integers(23900, 24300, 80), random.integers(0, 7, 80)
    first, last, reasons = design.windows_of(series, cuts, dropped)
    for j in range(80):
        expected = reason_of(series, int(cuts[j]), int(dropped[j]))
        assert reasons[j] == expected[2]
        if reasons[j] is None:
            assert (first[j], last[j]) == expected[:2]
    assert set(design.windows_of(None, cuts, dropped)[2]) == {design.REASON_SERIES}


@examples(40)
@given(
    st.lists(st.tuples(st.integers(0, 119), st.integers(0, 30)), max_size=4),
    st.lists(st.integers(0, 119), max_size=4),
    st.integers(0, 4),
)
def test_a_column_stays_where_it_tells_something_new(spans, starts, dropped):
    """Against the rank of the matrix, column by column: a column too many has no coefficient, and one too few leaves an episode
    in the errors."""
    cut = 24060
    episodes = [(24000 + a, min(24000 + a + n, 24119)) for a, n in spans]
    joint = [24000 + s for s in starts]
    made = design.regressors(24000, 24119, cut, dropped, episodes, joint)
    t = np.arange(24000, 24120)
    base = [np.ones(120), (t - cut) / 12.0]
    base += [(t % 12 == m) * 1.0 for m in range(1, 12)] + [(t == m) * 1.0 for m in range(cut - dropped, cut)]
    extra = [((t >= a) & (t <= b)) * 1.0 for a, b in episodes]
    extra += [(t >= s) * 1.0 for s in joint if s > 24000 and not cut - dropped <= s <= cut]
    kept = list(base)
    n_joint = 0
    for place, column in enumerate(extra):
        if np.linalg.matrix_rank(np.column_stack([*kept, column])) > len(kept):
            kept.append(column)
            n_joint += place >= len(episodes)
    core = [(t >= cut) * 1.0, (t >= cut) * (t - cut) / 12.0]
    whole = np.column_stack([*kept, *core])
    if np.linalg.matrix_rank(whole) < whole.shape[1]:
        assert made == design.REASON_SAME
    elif whole.shape[1] - dropped > (120 - dropped) / 3:
        assert made == design.REASON_CROWDED
    else:
        assert not isinstance(made, str)
        np.testing.assert_array_equal(made[0], whole)
        assert made[1] == n_joint
