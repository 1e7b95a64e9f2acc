"""Intervals that are measured: the quantile is an order statistic, and what is claimed to hold 95 per cent does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from transforms.statistics import conformal
from transforms.statistics.conformal import MIN_BLOCKS, MIN_ORIGINS, ranks


def quantile(values: np.ndarray, level: float = 0.95, separate: float | None = None) -> float:
    """The order statistic of the definition, one forecast at a time."""
    count = np.array([len(values)])
    worth = count.astype(float) if separate is None else np.array([separate])
    rank = int(ranks(level, count, worth)[0])
    return float(np.sort(values)[rank - 1]) if rank <= len(values) else math.inf


def calibrate(error, half_width, month, window: int) -> conformal.Calibrations:
    """One forecast alone."""
    return conformal.calibrate(error, half_width, month, np.array([0]), np.array([window]))


def plain(error, half_width, month, window: int) -> tuple[int, float, float] | None:
    """inside_calibrated, scale and error95 written from their definition: a loop over blocks, each with a scale of its own."""

    def limit(chosen: np.ndarray) -> float:
        spacing = float(np.median(np.diff(month[chosen])))
        return quantile(ratio[chosen], 0.95, max(19, chosen.sum() * min(1.0, 3 * spacing / window)))

    ratio, block = np.abs(error) / half_width, month // 24
    if len(ratio) < MIN_ORIGINS or len(np.unique(block)) < MIN_BLOCKS:
        return None
    inside = 0
    for held_out in np.unique(block):
        own = block == held_out
        others = (month <= month[own].min() - window) | (month >= month[own].max() + window)
        if others.sum() < 19:
            return None
        inside += int((ratio[own] <= limit(others)).sum())
    return inside, limit(np.ones(len(ratio), dtype=bool)), quantile(np.abs(error))


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=400))
def test_quantile_is_the_order_statistic(values):
    """Against the definition: the smallest value that at least 95 % of n + 1 do not exceed."""
    found = quantile(np.array(values), 0.95)
    wanted = [v for v in sorted(values) if sum(x <= v for x in values) >= 0.95 * (len(values) + 1) - 1e-9]
    assert found == (wanted[0] if wanted else math.inf)


@examples(30)
@given(st.integers(0, 2**32 - 1))
def test_forecasts_calibrated_together_are_those_of_the_plain_loop(seed):
    """Forecasts with dates a month or three apart, with holes, too few, with ties: a date of the next forecast among the others
    of a block would shift a scale."""
    random = np.random.default_rng(seed)
    cases = []
    for _ in range(12):
        step, size = random.choice([1, 1, 3]), random.integers(1, 320)
        month = 100 + np.cumsum(np.where(random.random(size) < 0.03, random.integers(2, 40), step))
        error = np.round(random.standard_t(3, size), int(random.integers(1, 5)))
        cases.append((error, random.uniform(0.5, 2, size), month, int(random.choice([6, 12, 24]))))
    joined = [np.concatenate([case[part] for case in cases]) for part in range(3)]
    first = np.cumsum([0, *(len(case[0]) for case in cases)])[:-1]
    found = conformal.calibrate(*joined, first, np.array([case[3] for case in cases]))
    for place, case in enumerate(cases):
        wanted = plain(*case)
        assert found.enough[place] == (wanted is not None)
        if wanted is not None:
            assert (found.inside_calibrated[place], found.scale[place], found.error95[place]) == wanted
        assert found.n_origins[place] == len(case[0])
        assert found.n_blocks[place] == len(np.unique(case[2] // 24))
        assert found.inside_nominal[place] == (np.abs(case[0]) <= case[1]).sum()


def origins(count: int, seed: int, width: float = 1.0):
    random = np.random.default_rng(seed)
    return random.normal(size=count), np.full(count, width), np.arange(count)


@pytest.mark.parametrize("width", [0.3, 1.96, 20.0])
@pytest.mark.parametrize(("shared", "upper"), [(1, 0.97), (12, 0.97)])
def test_calibrated_intervals_hold_95_per_cent_whatever_the_model_claims(width, shared, upper):
    """A model that claims a sixth of the right width, the right one, or ten times it; errors of neighbouring dates that share
    eleven of twelve months, as in life, and separate ones, for which the correction is a little too careful."""
    held = total = 0
    for seed in range(60):
        error, half_width, month = origins(480 + shared - 1, seed, width)
        error = np.convolve(error, np.ones(shared) / math.sqrt(shared), "valid")
        found = calibrate(error, half_width[:480], month[:480], 12)
        held, total = held + found.inside_calibrated[0], total + found.n_origins[0]
        assert found.scale[0] * width == pytest.approx(1.96, rel=0.4)
    assert 0.935 < held / total < upper
    assert calibrate(*origins(480, 1, 20.0), 12).inside_nominal[0] == 480


def test_a_block_is_judged_by_the_others_only():
    """One block with errors ten times as large: judged by a scale it had a part in, it would look covered."""
    error, half, month = origins(240, 3)
    error[48:72] *= 10
    found = calibrate(error, half, month, 6)
    others = np.delete(np.abs(error), np.arange(42, 78))
    wanted = int((np.abs(error[48:72]) <= quantile(others, 0.95)).sum())
    loop = 0
    for first in range(0, 240, 24):
        away = (month <= first - 6) | (month >= first + 23 + 6)
        loop += int((np.abs(error[first : first + 24]) <= quantile(np.abs(error[away]), 0.95)).sum())
    assert found.inside_calibrated[0] == loop
    assert wanted <= 6, "most of the wild block lies outside of what the calm ones allow"


@pytest.mark.parametrize(
    ("count", "step"), [(MIN_ORIGINS - 1, 12), (24 * (MIN_BLOCKS - 1), 1), (MIN_ORIGINS, 1), (1, 1)]
)
def test_too_little_history_is_no_calibration(count, step):
    """A 95th percentile of a few neighbouring dates would be published as if it had been measured."""
    error, half, month = origins(count, 4)
    found = calibrate(error, half, month * step, 6)
    assert found.enough.tolist() == [False]
    assert found.n_origins[0] == count


def test_no_forecast_at_all_is_no_error():
    """A build with a store that holds no monthly series yet."""
    none = np.zeros(0)
    found = conformal.calibrate(none, none, none.astype(int), none.astype(int), none.astype(int))
    assert len(found.n_origins) == len(found.scale) == 0
