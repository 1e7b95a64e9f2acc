"""Months, ranks and clean cuts: dates far enough from everything that happened."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from tests.support.interrupted_case import frame, noise
from transforms.statistics.months import (
    clean_cuts,
    day,
    days,
    episodes_by_series,
    first_reason,
    monthly_series,
    number,
    placebo_rank,
    placebo_ranks,
)


def test_a_rank_counts_the_value_itself_and_what_differs_by_rounding_only():
    assert placebo_rank(2.0, np.array([1.0, 2.0 - 1e-15, 3.0])) == pytest.approx(3 / 4)
    assert placebo_rank(9.0, np.arange(9.0)) == pytest.approx(1 / 10)
    assert placebo_rank(1.0, np.array([])) == 1


def test_episodes_of_a_series_are_month_numbers():
    episodes = pl.DataFrame(
        {
            "series_id": ["a", "b", "a"],
            "first_month": [date(2020, 3, 1), date(2001, 9, 1), date(2008, 9, 1)],
            "last_month": [date(2020, 6, 1), date(9999, 12, 1), date(2009, 6, 1)],
        }
    )
    assert episodes_by_series(episodes) == {
        "a": [
            (number(date(2020, 3, 1)), number(date(2020, 6, 1))),
            (number(date(2008, 9, 1)), number(date(2009, 6, 1))),
        ],
        "b": [(number(date(2001, 9, 1)), number(date(9999, 12, 1)))],
    }


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


def test_many_ranks_and_reasons_are_those_of_each():
    """A rank among the placebo dates of another cut would be a rank of nothing."""
    random = np.random.default_rng(3)
    values, others = random.normal(size=20), random.normal(size=50)
    counted = random.random((20, 50)) < 0.4
    found = placebo_ranks(values, others, counted)
    assert found.tolist() == [placebo_rank(v, others[own]) for v, own in zip(values, counted, strict=True)]
    first, second = random.random(30) < 0.5, random.random(30) < 0.5
    reasons = first_reason({"a": first, "b": second})
    assert reasons.tolist() == ["a" if a else "b" if b else None for a, b in zip(first, second, strict=True)]
    assert days(np.array([12, 23630, 24000])).to_list() == [day(12), day(23630), day(24000)]
