"""How unusual a panel's slope is: at dates without the event, and with the exposures of products dealt out anew.

Belongs here: dates before the event, permutations of product rows, how often both fire where nothing happened.
Does not belong here: the regression (panel_regression.py), the verdict and the row of the report (panel.py).

Two rulers, because each misses something. At an earlier date the same exposure meets other shocks: what it gives there is what
exposed goods do anyway. With the rows of the exposure dealt out to other products, the shocks of the event's own months stay
and their tie to the exposure is gone. A row keeps its pattern over partners, or a duty on one country would be spread over all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from transforms.statistics import panel_cells, panel_regression
from transforms.statistics.panel_cells import Changes, Cube, Windows
from transforms.statistics.panel_regression import Slopes, TwoWay

#: permutations of the event's own estimate, and of each date without an event, of which there are many
PERMUTATIONS, PERMUTATIONS_ELSEWHERE = 999, 199
#: the seed of the permutations, declared so that a rank can be worked out again
SEED = 20_180_706
#: the level that all rules here aim at
LEVEL = 0.05
#: without this many earlier dates nothing can be said about what is usual
MIN_DATES = 12
#: dates of one stretch share most of their months: rates rest on the number of stretches, in months
STRETCH = 24


@dataclass(frozen=True)
class Fit:
    """A panel at one cut: the projection, what is left of y and x beside it, and the slope.

    kept: the cells (products, partners) in it; exposure: x as it was, all cells, NaN where not known.
    """

    effects: TwoWay
    y: np.ndarray
    x: np.ndarray
    kept: np.ndarray
    slope: Slopes

    @property
    def beta(self) -> float:
        """The slope on the exposure."""
        return float(self.slope.beta[0])


@dataclass(frozen=True)
class Dates:
    """The slope of the same exposure at earlier cuts: cuts (months' numbers), betas, and which ones Student's t calls unusual."""

    cuts: np.ndarray
    betas: np.ndarray
    fired: np.ndarray

    @property
    def median(self) -> float:
        """The middle of the slopes, the centre of what is usual; NaN without dates."""
        return float(np.median(self.betas)) if len(self.betas) else float("nan")

    @property
    def n_blocks(self) -> int:
        """About how many separate stretches they are: a 24th of their number, as of every method. Their span would count the
        months of COVID between two of them."""
        return len(self.cuts) // STRETCH

    def distance(self, chosen: np.ndarray | None = None) -> float:
        """The 95th percentile of distances to the median, of all dates or the `chosen` ones; NaN without dates."""
        betas = self.betas if chosen is None else self.betas[chosen]
        return float(np.quantile(np.abs(betas - self.median), 1 - LEVEL)) if len(betas) else float("nan")

    def rank(self, beta: float) -> float:
        """The share of dates, the event's own among them, that are at least as far from the median."""
        far = np.abs(self.betas - self.median) >= abs(beta - self.median)
        return float((1 + far.sum()) / (1 + len(self.betas)))


def fit(
    change: Changes,
    exposure: np.ndarray,
    others: np.ndarray | None = None,
    *,
    weighted: bool = False,
) -> Fit | None:
    """The panel of `change` on `exposure` beside `others` (products, partners), or None where it can't be estimated.

    weighted: by the square root of the trade before. None: fewer than 3 products or 2 partners, no more cells than effects,
    or an exposure that is the same in all cells or nothing beside the effects.
    """
    known = change.kept & np.isfinite(exposure)
    if others is not None:
        known &= np.isfinite(others)
    kept = panel_regression.without_single_cells(known)
    product, partner = np.nonzero(kept)
    if kept.any(axis=1).sum() < 3 or kept.any(axis=0).sum() < 2:
        return None
    controls = None if others is None or not np.ptp(others[kept]) else others[kept][:, None]
    effects = panel_regression.two_way(
        product, partner, weights=np.sqrt(change.base_usd[kept]) if weighted else None, controls=controls
    )
    if effects.n_cells <= effects.rank + 1:
        return None
    x = effects.left_of(exposure[kept])
    if not panel_regression.varies(x, exposure[kept] * effects.root):
        return None
    y = effects.left_of(change.y[kept])
    return Fit(effects, y, x, kept, panel_regression.slopes(effects, y, x))


def earlier_dates(
    table: Cube,
    cuts: Sequence[int],
    spans: Sequence[Windows],
    exposure: np.ndarray,
    others: np.ndarray | None,
    *,
    outcome: str = "sum",
    weighted: bool = False,
) -> tuple[Dates, list[Fit]]:
    """The same exposure at earlier cuts (months' numbers) with their windows; a cut that can't be estimated is left out."""
    found = [
        (cut, one)
        for cut, span in zip(cuts, spans, strict=True)
        if (
            one := fit(panel_cells.changes(table, span, outcome=outcome), exposure, others, weighted=weighted)
        )
        is not None
    ]
    fits = [one for _, one in found]
    return (
        Dates(
            np.array([cut for cut, _ in found], dtype=int),
            np.array([one.beta for one in fits]),
            np.array([bool(one.slope.fired(LEVEL)[0]) for one in fits], dtype=bool),
        ),
        fits,
    )


def permuted(one: Fit, exposure: np.ndarray, n: int, seed: int = SEED, *, errors: bool = True) -> Slopes:
    """Slopes with the exposure's rows dealt out among the panel's products `n` times; without `errors` the betas alone.

    A cell whose new row has no exposure for the partner (no trade, so no duty was collected) takes the partner's mean.
    """
    rows = np.flatnonzero(one.kept.any(axis=1))
    table = exposure[rows]
    known = np.isfinite(table)
    means = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    table = np.where(known, table, means)
    _, partner = np.nonzero(one.kept[rows])
    return panel_regression.dealt_out(
        one.effects, one.y, table, partner, _orders(len(rows), n, seed), errors=errors
    )


@lru_cache(maxsize=8)
def _orders(rows: int, n: int, seed: int) -> np.ndarray:
    """`n` permutations of that many rows (n, rows), the same for the same seed."""
    generator = np.random.default_rng(seed)
    return np.array([generator.permutation(rows) for _ in range(n)])


def permutation_rank(beta: float, slopes: Slopes) -> float:
    """(1 + permutations at least as far from zero) / (1 + permutations). Permutations without a slope count as far."""
    return float((1 + (~(np.abs(slopes.beta) < abs(beta))).sum()) / (1 + len(slopes.beta)))


def halves(cuts: np.ndarray) -> np.ndarray:
    """0 or 1 for each cut: stretches of STRETCH months by turns, so that what is chosen on one half is tried on the other."""
    turns: np.ndarray = (cuts // STRETCH) % 2
    return turns


def beyond_other_half(dates: Dates) -> np.ndarray:
    """Which dates lie beyond the 95th percentile of the distances of the other half's dates.

    Where all dates are of one half the two parts are the earlier and the later ones.
    """
    half = halves(dates.cuts)
    if len(dates.cuts) and len(np.unique(half)) < 2:
        half = (dates.cuts > np.median(dates.cuts)).astype(int)
    beyond = np.zeros(len(dates.cuts), dtype=bool)
    for own in (0, 1):
        limit = dates.distance(half != own)
        beyond[half == own] = np.abs(dates.betas[half == own] - dates.median) > limit
    return beyond
