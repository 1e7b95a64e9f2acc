"""Intervals that are measured: the quantile is an order statistic, and what is claimed to hold 95 per cent does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.statistics.conformal import MIN_BLOCKS, MIN_ORIGINS, calibrate, quantile


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=400))
def test_quantile_is_the_order_statistic(values):
    """Against the definition: the smallest value that at least 95 % of n + 1 do not exceed."""
    found = quantile(np.array(values), 0.95)
    wanted = [v for v in sorted(values) if sum(x <= v for x in values) >= 0.95 * (len(values) + 1) - 1e-9]
    assert found == (wanted[0] if wanted else math.inf)


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
        held, total = held + found.inside_calibrated, total + found.n_origins
        assert found.scale * width == pytest.approx(1.96, rel=0.4)
    assert 0.935 < held / total < upper
    assert calibrate(*origins(480, 1, 20.0), 12).inside_nominal == 480


def test_a_block_is_judged_by_the_others_only():
    """One block with errors ten times as large: judged by a scale it had a part in, it would look covered."""
    error, half, month = origins(240, 3)
    error[48:72] *= 10
    found = calibrate(error, half, month, 6)
    others = np.delete(np.abs(error), np.arange(42, 78))
    wanted = int((np.abs(error[48:72]) <= quantile(others, 0.95)).sum())
    plain = 0
    for first in range(0, 240, 24):
        away = (month <= first - 6) | (month >= first + 23 + 6)
        plain += int((np.abs(error[first : first + 24]) <= quantile(np.abs(error[away]), 0.95)).sum())
    assert found.inside_calibrated == plain
    assert wanted <= 6, "most of the wild block lies outside of what the calm ones allow"


@pytest.mark.parametrize(
    ("count", "step"), [(MIN_ORIGINS - 1, 12), (24 * (MIN_BLOCKS - 1), 1), (MIN_ORIGINS, 1), (0, 1)]
)
def test_too_little_history_is_no_calibration(count, step):
    """A 95th percentile of a few neighbouring dates would be published as if it had been measured."""
    error, half, month = origins(count, 4)
    found = calibrate(error, half, month * step, 6)
    assert (found.scale, found.inside_calibrated, found.error95) == (None, None, None)
    assert found.n_origins == count
