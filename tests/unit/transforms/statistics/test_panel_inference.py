"""Dates without an event and dealt-out exposures: ranks counted by hand, a fair share of alarms, and rows that keep their pattern.

Prevents: an event counted among its own dates, a permutation that spreads a duty on one partner over all, ranks that fire at another rate
than they say where nothing happened.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.examples import first_of
from tests.support.panel_case import CUT, made_up
from transforms.statistics import panel_cells as pc
from transforms.statistics import panel_inference as pi


def fitted(seed: int, **options) -> tuple[pi.Fit, np.ndarray, pc.Cube]:
    table, exposure = made_up(seed, **options)
    one = pi.fit(pc.changes(table, pc.windows(CUT, 12, 0)), exposure)
    assert one is not None
    return one, exposure, table


def test_ranks_are_those_counted_by_hand():
    dates = pi.Dates(np.arange(5), np.array([0.0, 1, 2, 3, 10]), np.zeros(5, dtype=bool))
    assert dates.median == 2
    # 0, 3 and 10 are no farther from 2 than 0.5 is? distances 2 1 0 1 8 against 1.5: two are at least as far
    assert dates.rank(0.5) == pytest.approx(3 / 6)
    assert dates.rank(100) == pytest.approx(1 / 6)
    assert dates.distance() == pytest.approx(np.quantile([2, 1, 0, 1, 8], 0.95))
    slopes = pi.Slopes(np.array([0.1, -0.5, np.nan, 0.2]), np.ones(4), np.ones(4), 9)
    # -0.5 is as far as 0.5, and a permutation without a slope counts against
    assert pi.permutation_rank(0.5, slopes) == pytest.approx(3 / 5)


def test_no_dates_say_nothing():
    none = pi.Dates(np.array([], dtype=int), np.array([]), np.array([], dtype=bool))
    assert np.isnan(none.median)
    assert np.isnan(none.distance())
    assert none.n_blocks == 0


def test_permutations_are_the_same_every_time_and_keep_each_row_on_its_partners():
    one, exposure, _ = fitted(1)
    first, again = pi.permuted(one, exposure, 50), pi.permuted(one, exposure, 50)
    assert (first.beta == again.beta).all()
    assert (pi.permuted(one, exposure, 50, seed=1).beta != first.beta).any()
    # the exposure is on the first partner alone: were it spread over partners, one dealt out would differ in size beside the effects
    sizes = (one.effects.left_of(exposure[one.kept]) ** 2).sum()
    rng = np.random.default_rng(pi.SEED)
    for _ in range(5):
        dealt = exposure[rng.permutation(len(exposure))]
        assert (one.effects.left_of(dealt[one.kept]) ** 2).sum() == pytest.approx(sizes)
        assert (dealt[:, 1:] == 0).all()


def test_a_product_without_an_exposure_for_a_partner_takes_the_partners_mean():
    table, exposure = made_up(2)
    exposure[4, 0] = np.nan
    one = pi.fit(pc.changes(table, pc.windows(CUT, 12, 0)), exposure)
    assert one is not None
    assert not one.kept[4, 0]
    assert np.isfinite(pi.permuted(one, exposure, 20).beta).all()


@pytest.mark.parametrize("seeds", [first_of(list(range(100, 300)))])
def test_where_nothing_happened_the_rank_fires_as_often_as_it_says(seeds):
    """5 % of panels without an effect: of 200, 10 +- 3; four standard errors to either side are let pass."""
    fired = 0
    for seed in seeds:
        one, exposure, _ = fitted(seed, products=20, partners=5)
        fired += pi.permutation_rank(one.beta, pi.permuted(one, exposure, 199)) <= pi.LEVEL
    share = fired / len(seeds)
    assert abs(share - 0.05) <= 4 * np.sqrt(0.05 * 0.95 / len(seeds))


def test_placebo_partners_and_shuffled_exposures_are_silent_where_the_true_ones_are_not():
    """An effect on the goods of one partner: the same goods of another partner, and other goods of that partner, show nothing.

    Nothing means within what the permutations give 95 % of the time; of 40 such tries 2 are expected beyond, 8 would be a fault.
    """
    table, exposure = made_up(7, moved=lambda x: -2 * x)
    change = pc.changes(table, pc.windows(CUT, 12, 0))
    true = pi.fit(change, exposure)
    assert true is not None
    assert pi.permutation_rank(true.beta, pi.permuted(true, exposure, 999)) == pytest.approx(0.001)
    fired = 0
    rng = np.random.default_rng(1)
    tries = [np.roll(exposure, place, axis=1) for place in range(1, 8)]
    tries += [exposure[rng.permutation(len(exposure))] for _ in range(33)]
    for tried in tries:
        one = pi.fit(change, tried, exposure)
        assert one is not None
        fired += pi.permutation_rank(one.beta, pi.permuted(one, tried, 199)) <= pi.LEVEL
    assert fired <= 7


def test_what_cannot_be_estimated_is_none():
    table, exposure = made_up(3)
    change = pc.changes(table, pc.windows(CUT, 12, 0))
    assert pi.fit(change, np.full_like(exposure, 0.25)) is None
    assert pi.fit(change, np.arange(len(exposure))[:, None] + np.zeros_like(exposure)) is None
    assert pi.fit(change, exposure, exposure) is None
    only = np.where(np.arange(exposure.shape[1]) == 0, exposure, np.nan)
    assert pi.fit(change, only) is None
    unknown = np.full_like(exposure, np.nan)
    assert pi.fit(change, unknown) is None


def test_a_date_is_held_against_the_dates_of_the_other_half():
    cuts = np.arange(pi.STRETCH * 4)
    betas = np.where(cuts % 2 == 0, -1.0, 1.0)
    # in the first half one date far out; its own half's distance would take it in, the other half's does not
    betas[:6], betas[7] = 5.0, 0.4
    dates = pi.Dates(cuts, betas, np.zeros(len(cuts), dtype=bool))
    beyond = pi.beyond_other_half(dates)
    assert beyond[:6].all()
    assert not beyond[7]
    assert dates.distance(pi.halves(cuts) == 0) > 3
    one_half = pi.Dates(np.arange(20), np.r_[np.zeros(10), 9.0, np.zeros(9)], np.zeros(20, dtype=bool))
    assert pi.beyond_other_half(one_half).tolist() == [place == 10 for place in range(20)]
