"""Months and clean cuts: dates far enough from everything that happened."""

from __future__ import annotations

from datetime import date

import numpy as np

from tests.support.interrupted_case import frame, noise
from transforms.statistics.months import clean_cuts, monthly_series, number


def test_clean_cuts_keep_their_distance():
    """No event within 12 months, no episode month in the 24 before or the 24 from the cut on, whole windows."""
    series = monthly_series(frame(np.exp(noise(240))))["s"]
    first = series.first
    found = clean_cuts(series, {first + 200}, [(first + 100, first + 101)], before=60, after=60)
    assert min(found) == first + 60
    assert max(found) == first + 180
    assert [c - first for c in found] == [*range(60, 77), *range(126, 181)]
    assert clean_cuts(series, {first + 100}, [(0, number(date(9999, 12, 1)))], before=1, after=1) == []
    assert 112 not in [c - first for c in clean_cuts(series, {first + 100}, [], before=60, after=60)]
