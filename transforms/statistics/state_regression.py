"""The regression over states, one effect common to all of them, and the exposure dealt out anew among them.

Belongs here: the projection, the slope with its errors, permutations. Does not belong here: what the states' change and exposure are
(state_panel.py), goods and partners (panel_regression.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.statistics import panel_regression
from transforms.statistics.panel_inference import SEED
from transforms.statistics.panel_regression import Slopes, TwoWay

#: with fewer states nothing is compared
MIN_STATES = 20


@dataclass(frozen=True)
class Common(TwoWay):
    """One effect common to all units: each unit is a cluster of its own."""

    def left_of(self, values: np.ndarray) -> np.ndarray:
        """What the common effect does not explain of `values`: (units, ...)."""
        weighted = values * self.root.reshape((-1,) + (1,) * (values.ndim - 1))
        left: np.ndarray = weighted - self.basis @ (self.basis.T @ weighted)
        return left


@dataclass(frozen=True)
class Fit:
    """The states at one cut: the projection, what is left of change and exposure beside it, which states are in it, the slope."""

    effects: Common
    y: np.ndarray
    x: np.ndarray
    kept: np.ndarray
    slope: Slopes

    @property
    def beta(self) -> float:
        """The slope on the exposure."""
        return float(self.slope.beta[0])

    def slopes_on(self, left: np.ndarray) -> Slopes:
        """The slopes of the same changes on other exposures (states in it, exposures), of which the effect is taken out."""
        return panel_regression.slopes(self.effects, self.y, left)


def fit(change: np.ndarray, exposure: np.ndarray) -> Fit | None:
    """change on exposure (states; NaN where not known), or None with fewer than MIN_STATES or an exposure that does not differ."""
    kept = np.isfinite(change) & np.isfinite(exposure)
    if kept.sum() < MIN_STATES:
        return None
    root = np.ones(int(kept.sum()))
    place = np.arange(len(root))
    basis = (root / np.sqrt((root**2).sum()))[:, None]
    effects = Common(place, np.zeros(len(root), dtype=int), place, root, basis, 1)
    x, y = effects.left_of(exposure[kept]), effects.left_of(change[kept])
    if not panel_regression.varies(x, exposure[kept] * root):
        return None
    return Fit(effects, y, x, kept, panel_regression.slopes(effects, y, x))


def permutations(exposure: np.ndarray, n: int) -> np.ndarray:
    """The exposure (states,) dealt out to other states `n` times, the same each time it is asked: (states, n)."""
    generator = np.random.default_rng(SEED)
    return np.column_stack([generator.permutation(exposure) for _ in range(n)])


def dealt_out(one: Fit, exposure: np.ndarray, n: int) -> Slopes:
    """Slopes with the exposure of all states dealt out among those of the fit `n` times."""
    return one.slopes_on(one.effects.left_of(permutations(exposure[one.kept], n)))
