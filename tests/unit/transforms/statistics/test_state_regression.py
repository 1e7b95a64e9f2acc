"""The regression over states: many exposures at once, and the deals of permutations.

Prevents: a permutation that changes between builds, slopes of many exposures that are not those of each alone.
"""

from __future__ import annotations

import numpy as np
import pytest

from transforms.statistics import state_regression as sr


def test_slopes_on_many_exposures_are_those_of_each_alone():
    rng = np.random.default_rng(1)
    change, exposure = rng.normal(size=40), rng.exponential(size=40)
    change[3], exposure[7] = np.nan, np.nan
    one = sr.fit(change, exposure)
    assert one is not None and one.kept.sum() == 38
    dealt = sr.dealt_out(one, exposure, 5)
    for place, other in enumerate(sr.permutations(exposure[one.kept], 5).T):
        spread = np.full(40, np.nan)
        spread[one.kept] = other
        alone = sr.fit(change, spread)
        assert alone is not None
        assert dealt.beta[place] == pytest.approx(alone.beta, abs=1e-12)
        assert dealt.se[place] == pytest.approx(alone.slope.se[0], abs=1e-12)


def test_permutations_keep_the_exposures_and_are_the_same_every_time():
    exposure = np.arange(30.0)
    dealt = sr.permutations(exposure, 4)
    assert np.array_equal(np.sort(dealt, axis=0), np.repeat(exposure[:, None], 4, axis=1))
    assert np.array_equal(dealt, sr.permutations(exposure, 4))
    assert not np.array_equal(dealt[:, 0], dealt[:, 1])


def test_too_few_states_and_an_exposure_that_does_not_differ_have_no_slope():
    assert sr.fit(np.ones(19), np.arange(19.0)) is None
    assert sr.fit(np.arange(30.0), np.ones(30)) is None
