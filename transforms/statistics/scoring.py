"""The minimum of a smooth function of a few bounded parameters, for many sets of data at once.

Belongs here: the search. Does not belong here: any particular function (moving_average.py).

scipy's search is called for one set of data at a time; with four parameters its own steps then take longer than the function.
Here each step is an array operation over all searches that are still under way, and each search goes its own way: which
others run beside it does not matter. A search is that of Levenberg and Marquardt with the matrix of Broyden, Fletcher, Goldfarb and
Shanno, kept positive as Powell (1978) proposed; bounds are held by leaving out the parameters that press against one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transforms.statistics.forecasts import Floats

#: gives the function (searches,) and its derivatives (parameters, searches) at (parameters, searches) for the searches with
#: these numbers
Function = Callable[[Floats, np.ndarray], tuple[Floats, Floats]]

#: a search ends when the next step promises to lower the function by less than this
TOLERANCE = 1e-10
#: steps of a search at most, and how far one may go in each parameter
MAX_STEPS, MAX_REACH = 100, 4.0
#: damping of the first step, and that with which a search that finds nothing lower ends
_FIRST_DAMPING, _LAST_DAMPING = 1e-3, 1e8
#: a parameter that is nearer to a bound than this is at the bound
_AT_BOUND = 1e-12


def minimise(
    function: Function, start: Floats, curvature: Floats, bounds: tuple[float, float]
) -> tuple[Floats, Floats]:
    """The best parameters (parameters, searches) and the function there (searches,).

    start: (parameters, searches), within `bounds`, which hold for every parameter; curvature: a positive semidefinite
    guess of the second derivatives at `start` (parameters, parameters, searches).
    """
    best, lowest = start.copy(), np.empty(start.shape[1])
    running: np.ndarray = np.arange(start.shape[1])
    point, matrix = start, curvature
    damping: Floats = np.full(start.shape[1], _FIRST_DAMPING)
    value, slope = function(point, running)
    for _ in range(MAX_STEPS):
        step, promised = _step(point, slope, matrix, damping, bounds)
        done = ((promised >= 0) & (promised * (1 + damping) < TOLERANCE)) | (damping > _LAST_DAMPING)
        if done.any():
            best[:, running[done]], lowest[running[done]] = point[:, done], value[done]
            running = running[~done]
            point, slope, matrix, damping, value, step, promised = (
                part[..., ~done] for part in (point, slope, matrix, damping, value, step, promised)
            )
            if not len(running):
                break
        there = point + step
        # rounding may carry the sum over a bound, or leave it a little before
        there = np.where(there < bounds[0] + _AT_BOUND, bounds[0], there)
        there = np.where(there > bounds[1] - _AT_BOUND, bounds[1], there)
        new_value, new_slope = function(there, running)
        kept = (value - new_value) / np.where(promised > 0, promised, np.inf)
        damping = np.where(kept > 0.75, damping / 10, damping)
        damping = np.where(~(kept >= 0.25), np.maximum(damping, 1e-3) * 6, damping)
        lower = new_value < value
        matrix = _updated(matrix, step, new_slope - slope, lower)
        point, value = np.where(lower, there, point), np.where(lower, new_value, value)
        slope = np.where(lower, new_slope, slope)
    best[:, running], lowest[running] = point, value
    return best, lowest


def _step(
    point: Floats, slope: Floats, matrix: Floats, damping: Floats, bounds: tuple[float, float]
) -> tuple[Floats, Floats]:
    """The damped Newton step within the bounds, and by how much the quadratic model says it lowers the function."""
    low = np.maximum(bounds[0] - point, -MAX_REACH)
    high = np.minimum(bounds[1] - point, MAX_REACH)
    own = np.arange(len(point))
    diagonal = matrix[own, own]
    damped = matrix.copy()
    damped[own, own] += damping * diagonal + 1e-9 * diagonal.max(axis=0) + np.finfo(float).tiny
    fixed = ((point <= bounds[0]) & (slope > 0)) | ((point >= bounds[1]) & (slope < 0))
    step = np.zeros_like(point)
    # parameters that reach a limit stay there, and the step of the others is found again with them in their place
    for _ in range(len(point)):
        free = ~fixed
        system = np.where(free[:, None] & free[None, :], damped, 0.0)
        system[own, own] += fixed
        pull = np.einsum("pqs,qs->ps", damped, np.where(fixed, step, 0.0))
        right = np.where(free, -slope - pull, step)
        wanted = np.linalg.solve(system.transpose(2, 0, 1), right.T[:, :, None])[:, :, 0].T
        step = np.clip(wanted, low, high)
        reached = (wanted < low) | (wanted > high)
        if not reached.any():
            break
        fixed = fixed | reached
    promised = -(slope * step).sum(axis=0) - np.einsum("ps,pqs,qs->s", step, matrix, step) / 2
    return step, promised


def _updated(matrix: Floats, step: Floats, change: Floats, lower: np.ndarray) -> Floats:
    """The matrix that explains the `change` of the slope along `step`, as far as it stays positive.

    lower: whether the step lowered the function. Where it did not, the matrix may only grow: if it shrank as well, a search
    in front of a bend the other way would damp its steps and lengthen them by as much, and stay where it is.
    """
    moved = np.einsum("pqs,qs->ps", matrix, step)
    expected, found = (step * moved).sum(axis=0), (step * change).sum(axis=0)
    usable = np.isfinite(change).all(axis=0) & (expected > 0) & (lower | (found > expected))
    change = np.where(usable, change, moved)
    found = np.where(usable, found, expected)
    share = np.where(found >= 0.1 * expected, 1.0, 0.9 * expected / np.maximum(expected - found, 1e-300))
    change = share * change + (1 - share) * moved
    found = (step * change).sum(axis=0)
    usable &= found > 0
    old, new = (np.where(usable, 1 / np.where(usable, by, 1.0), 0.0) for by in (expected, found))
    return matrix - old * moved[:, None] * moved[None, :] + new * change[:, None] * change[None, :]
