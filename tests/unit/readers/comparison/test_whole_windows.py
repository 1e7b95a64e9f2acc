"""Cuts that are said to fit must fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.comparison.whole_windows import reach_of, whole_cuts
from tests.oracles import plain_comparison as plain
from tests.support.examples import examples

START = plain.number(plain.month(2010 * 12))


@pytest.mark.slow
@examples(150)
@given(
    st.sets(st.integers(START, START + 80), max_size=81),
    st.integers(1, 26),
    st.integers(0, 14),
)
def test_a_cut_that_fits_has_both_windows_whole_and_none_is_missed(months: set[int], width: int, gap: int):
    """A refusal named cuts around which a month was missing, and sent the reader from one refusal to the next."""
    wanted = []
    for cut in range(START - 5, START + 90):
        before, after = plain.windows(cut, width, gap)
        in_life = bool(months) and min(months) <= before.start and after.stop - 1 <= max(months)
        partner = plain.counterparts(before, after)
        if (
            before
            and after
            and in_life
            and plain.left_out(dict.fromkeys(months, 1.0), before, after, partner) is not None
        ):
            wanted.append(plain.month(cut))
    assert whole_cuts(map(plain.month, months), width, gap) == wanted


def test_a_series_with_a_long_hole_loses_the_cuts_around_it():
    held = [plain.month(START + n) for n in range(60) if n not in (30, 31, 32)]
    cuts = whole_cuts(held, 12, 0)
    assert cuts[0] == plain.month(START + 12) and cuts[-1] == plain.month(START + 48)
    # with two of the three months in a window 10 of 12 are left: from 9 months before the hole to 10 months after it none are
    assert len(cuts) == 37 - 22
    short = [plain.month(START + n) for n in range(60) if n != 30]
    assert len(whole_cuts(short, 12, 0)) == 37, "a single month is left out with its counterpart"
    assert whole_cuts([], 12, 0) == []
    assert (reach_of(12, 3), reach_of(6, 3), reach_of(18, 0)) == (15, 12, 24)
