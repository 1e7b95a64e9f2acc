"""Weights of a synthetic control by pysyncon, and the loss that both minimise.

Belongs here: the independent solution. Does not belong here: assertions.
"""

from __future__ import annotations

import numpy as np


def loss(y, donors, w):
    return float(((y - donors @ w) ** 2).sum())


def reference(y, donors):
    """pysyncon's weights for the same outcomes, every month weighing the same."""
    # here, because it brings matplotlib along: a second for every worker that only collects
    from pysyncon import Synth

    w, _ = Synth.w_optimize(np.eye(len(y)), donors, y, qp_options={"maxiter": 5000, "ftol": 1e-14})
    return w
