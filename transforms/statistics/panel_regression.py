"""Regression of a panel's cells on an exposure, with effects of products and of partners taken out exactly.

Belongs here: the projection, slopes, errors clustered by product, leaving out one product or partner, many exposures at once.
Does not belong here: windows and exposures (panel_cells.py), dates without an event and permutations (panel_inference.py).

y = beta x + gamma z + a_product + b_partner + e. By Frisch, Waugh and Lovell beta is the slope of what is left of y on what is
left of x once products, partners and z are projected out. A product's effect is a mean, so it is subtracted; the partners, a few
dozen, are then an orthonormal basis. Nothing is iterated, so there is no tolerance: 2,104 cells of 94 products agree with a
regression on all dummies to 1e-12, and a table of thousands of products costs a basis of 30 columns and not of thousands.

With an exposure that is dealt out row by row among the products, every sum of the regression is a sum over products of products of a
row with a product's column. These are made once, for each pair of a row and a product, and a permutation only picks among them: 199
permutations of 2,000 cells take 5 ms and not 18.

Errors are Liang and Zeger's, clustered by product, times G/(G-1) (N-1)/(N-K) with K the effects and z counted (what Stata's reghdfe
calls no adjustment for nesting, and statsmodels gives on dummies). t has G-1 degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

#: a direction that keeps less than this share of its length beside the effects is taken for one of them
_RANK_TOLERANCE = 1e-9
#: the same for partners, in shares of the squared length: partners that products tie together leave one direction of nothing but rounding
_SQUARED_TOLERANCE = 1e-12
#: numbers of a table of rows by products that are held at once, 32 MB
_BLOCK = 4_000_000


@dataclass(frozen=True)
class TwoWay:
    """The projection for one set of cells, ordered by product.

    product, partner: the number of each cell's product and partner; starts: where each product's cells begin;
    root: square root of each cell's weight; basis: orthonormal columns, partners and controls beside products;
    rank: how many parameters the effects and controls take.
    """

    product: np.ndarray
    partner: np.ndarray
    starts: np.ndarray
    root: np.ndarray
    basis: np.ndarray
    rank: int

    @property
    def n_cells(self) -> int:
        """Cells of the panel."""
        return len(self.product)

    @property
    def n_products(self) -> int:
        """Products of the panel, which are the clusters."""
        return len(self.starts)

    def by_product(self, values: np.ndarray) -> np.ndarray:
        """Sums of rows (n_cells, ...) over each product's cells: (n_products, ...)."""
        sums: np.ndarray = np.add.reduceat(values, self.starts, axis=0)
        return sums

    def left_of(self, values: np.ndarray) -> np.ndarray:
        """What is left of columns (n_cells,) or (n_cells, k), weighted, once the effects are taken out."""
        beside = _beside_products(values, self.product, self.starts, self.root)
        left: np.ndarray = beside - self.basis @ (self.basis.T @ beside)
        return left


@dataclass(frozen=True)
class Slopes:
    """Slopes on k exposures, one regression each: beta, se (clustered by product) and t, all of length k."""

    beta: np.ndarray
    se: np.ndarray
    t: np.ndarray
    degrees: int

    def fired(self, level: float = 0.05) -> np.ndarray:
        """Which of them Student's t calls different from zero, two-sided."""
        beyond: np.ndarray = np.abs(self.t) > stdtrit(self.degrees, 1 - level / 2)
        return beyond


def two_way(
    product: np.ndarray,
    partner: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    controls: np.ndarray | None = None,
) -> TwoWay:
    """The projection of cells ordered by product on products, partners and controls (n_cells, k), with weights if given.

    Raises ValueError for cells that are not ordered by product.
    """
    product, partner = _numbered(product), _numbered(partner)
    if (np.diff(product) < 0).any():
        raise ValueError("the cells are not ordered by product")
    starts = np.flatnonzero(np.r_[True, np.diff(product) > 0])
    root = np.ones(len(product)) if weights is None else np.sqrt(weights)
    basis = _partners_beside_products(product, partner, root)
    if controls is not None and controls.size:
        beside = _beside_products(controls, product, starts, root)
        length = np.sqrt((beside**2).sum(axis=0))
        basis = np.c_[basis, _orthonormal(beside - basis @ (basis.T @ beside), length)]
    return TwoWay(product, partner, starts, root, basis, len(starts) + basis.shape[1])


def slopes(effects: TwoWay, y: np.ndarray, x: np.ndarray) -> Slopes:
    """The slopes of y (n_cells,) on each column of x (n_cells, k), both as left_of gave them.

    An exposure of which nothing is left beside the effects has beta, se and t of NaN.
    """
    x = x.reshape(len(y), -1)
    size = (x**2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = np.where(size > 0, (x * y[:, None]).sum(axis=0) / size, np.nan)
        scores = effects.by_product(x * (y[:, None] - x * beta))
        groups, cells = effects.n_products, effects.n_cells
        free = cells - effects.rank - 1
        factor = groups / (groups - 1) * (cells - 1) / free if groups > 1 and free > 0 else np.nan
        se = np.sqrt((scores**2).sum(axis=0) * factor) / size
        return Slopes(beta, se, beta / se, groups - 1)


def dealt_out(
    effects: TwoWay,
    y: np.ndarray,
    table: np.ndarray,
    column: np.ndarray,
    orders: np.ndarray,
    *,
    errors: bool = True,
) -> Slopes:
    """The slopes of y (n_cells,), as left_of gave it, on exposures dealt out anew: product p gets row orders[i, p] of the table.

    table: exposure (products, columns) without a hole; column: that of each cell; orders: (permutations, products). Without `errors`
    se and t are NaN. beta is NaN where nothing is left of an exposure beside the effects.
    """
    n_products, n_columns = table.shape
    # a partner's effect takes out what its column has in common, and what is small loses no digits
    table = table - table.mean(axis=0)
    # partners on whom no product differs, which are most of them where a measure is on one country, add nothing to any sum
    used = np.flatnonzero(table.any(axis=0))
    used = used if used.size else np.array([0])
    table = table[:, used]
    place = (effects.product, column)
    weight = np.zeros((n_products, n_columns))
    weight[place] = effects.root**2
    total = weight.sum(axis=1)
    weight = weight[:, used]
    n_basis = effects.basis.shape[1]
    # of each product and partner, y and the basis by the root of the weight: what a row is multiplied with
    factors = np.zeros((n_products, n_columns, n_basis + 1))
    factors[place] = np.c_[y, effects.basis] * effects.root[:, None]
    factors = factors[:, used]
    whole = (table**2).sum() * max(total.max(initial=0.0) / n_columns, 1e-300)
    if len(orders) < n_products:
        # a table of rows by products would hold more than all permutations need
        return _dealt_directly(effects, y, table, weight, total, factors, orders, whole, errors=errors)
    sums, squares = table @ weight.T, table**2 @ weight.T
    squares -= sums**2 / total
    width = max(1, _BLOCK // (n_products * (n_basis + 1)))
    blocks = [slice(first, min(first + width, n_products)) for first in range(0, n_products, width)]

    def with_rows(block: slice) -> np.ndarray:
        """Sums over partners of each row times y and the basis of each product of the block: (rows, products, 1 + basis)."""
        own = factors[block].transpose(1, 0, 2).reshape(table.shape[1], -1)
        return (table @ own).reshape(n_products, -1, n_basis + 1)

    tables = [with_rows(block) for block in blocks] if len(blocks) == 1 else None
    own_squares = squares[orders, np.arange(n_products)]
    found = np.zeros((len(orders), n_basis + 1))
    for number, block in enumerate(blocks):
        part = tables[number] if tables else with_rows(block)
        for place_in_block, product in enumerate(range(block.start, block.stop)):
            found += part[orders[:, product], place_in_block]
    with_y, with_basis = found[:, 0], found[:, 1:]
    size = own_squares.sum(axis=1) - (with_basis**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = np.where(size > _SQUARED_TOLERANCE * whole, with_y / size, np.nan)
    degrees = n_products - 1
    if not errors:
        unknown = np.full(len(orders), np.nan)
        return Slopes(beta, unknown, unknown, degrees)
    # a product's part of x'y and x'x, of which x is the row less its mean less the basis times its coefficients
    y_by_basis = effects.by_product(effects.basis * y[:, None])
    basis_by_basis = effects.by_product(effects.basis[:, :, None] * effects.basis[:, None, :])
    pairs = (with_basis[:, :, None] * with_basis[:, None, :]).reshape(len(orders), -1)
    x_y = -(with_basis @ y_by_basis.T)
    x_x = own_squares + pairs @ basis_by_basis.reshape(n_products, -1).T
    for number, block in enumerate(blocks):
        part = tables[number] if tables else with_rows(block)
        for place_in_block, product in enumerate(range(block.start, block.stop)):
            row = part[orders[:, product], place_in_block]
            x_y[:, product] += row[:, 0]
            x_x[:, product] -= 2 * np.einsum("nb,nb->n", with_basis, row[:, 1:])
    free = effects.n_cells - effects.rank - 1
    factor = n_products / degrees * (effects.n_cells - 1) / free if degrees > 0 and free > 0 else np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.sqrt(((x_y - beta[:, None] * x_x) ** 2).sum(axis=1) * factor) / size
        return Slopes(beta, se, beta / se, degrees)


def _dealt_directly(
    effects: TwoWay,
    y: np.ndarray,
    table: np.ndarray,
    weight: np.ndarray,
    total: np.ndarray,
    factors: np.ndarray,
    orders: np.ndarray,
    whole: float,
    *,
    errors: bool,
) -> Slopes:
    """dealt_out where there are more products than permutations: each permutation's rows are laid beside the products, a block of
    permutations at a time. Takes permutations x products x columns, not products squared: of 5,300 products that is a fortieth."""
    n_products, n_columns = table.shape
    flat = factors.reshape(n_products * n_columns, -1)
    if errors:
        y_by_basis = effects.by_product(effects.basis * y[:, None])
        basis_by_basis = effects.by_product(effects.basis[:, :, None] * effects.basis[:, None, :])
    degrees = n_products - 1
    free = effects.n_cells - effects.rank - 1
    factor = n_products / degrees * (effects.n_cells - 1) / free if degrees > 0 and free > 0 else np.nan
    beta, se = np.full(len(orders), np.nan), np.full(len(orders), np.nan)
    height = max(1, _BLOCK // (n_products * n_columns))
    for first in range(0, len(orders), height):
        block = slice(first, first + height)
        rows = table[orders[block]]
        found = rows.reshape(len(rows), -1) @ flat
        with_y, with_basis = found[:, 0], found[:, 1:]
        own = np.einsum("ipc,pc->ip", rows**2, weight) - np.einsum("ipc,pc->ip", rows, weight) ** 2 / total
        size = own.sum(axis=1) - (with_basis**2).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            beta[block] = np.where(size > _SQUARED_TOLERANCE * whole, with_y / size, np.nan)
        if not errors:
            continue
        pairs = (with_basis[:, :, None] * with_basis[:, None, :]).reshape(len(rows), -1)
        along = (with_basis @ flat[:, 1:].T).reshape(rows.shape)
        x_y = np.einsum("ipc,pc->ip", rows, factors[:, :, 0]) - with_basis @ y_by_basis.T
        x_x = own + pairs @ basis_by_basis.reshape(n_products, -1).T - 2 * (rows * along).sum(axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            se[block] = np.sqrt(((x_y - beta[block, None] * x_x) ** 2).sum(axis=1) * factor) / size
    with np.errstate(invalid="ignore", divide="ignore"):
        return Slopes(beta, se, beta / se, degrees)


def without_single_cells(kept: np.ndarray) -> np.ndarray:
    """`kept` (products, partners) without products and partners that have one cell, which their own effect explains."""
    kept = kept.copy()
    while True:
        lone = kept & ((kept.sum(axis=1) == 1)[:, None] | (kept.sum(axis=0) == 1)[None, :])
        if not lone.any():
            return kept
        kept &= ~lone


def varies(left: np.ndarray, whole: np.ndarray) -> bool:
    """Whether an exposure `whole` has anything `left` beside the effects, more than rounding gives."""
    return bool((left**2).sum() > _RANK_TOLERANCE**2 * max((whole**2).sum(), 1e-300))


def effective_products(effects: TwoWay, x: np.ndarray) -> float:
    """From how many products, if all counted alike, the slope would come: (sum s)^2 / sum s^2, s a product's part of x'x."""
    parts = effects.by_product(x**2)
    return float(parts.sum() ** 2 / (parts**2).sum())


def leave_one_out(
    y: np.ndarray, x: np.ndarray, product: np.ndarray, partner: np.ndarray, z: np.ndarray | None
) -> np.ndarray:
    """The slope without each product, then without each partner, from cells as they were (unweighted); NaN where none is left.

    A product is taken out of the sums that its cells went into: beside their means the products do not know of each other.
    """
    effects = two_way(product, partner)
    dummies = (effects.partner[:, None] == np.arange(effects.partner.max() + 1)).astype(float)
    columns = [dummies, *([] if z is None else [z[:, None]]), x[:, None], y[:, None]]
    whole = _beside_products(np.hstack(columns), effects.product, effects.starts, effects.root)
    total = whole.T @ whole
    ends = np.r_[effects.starts[1:], len(y)]
    rests = np.array([total - whole[a:b].T @ whole[a:b] for a, b in zip(effects.starts, ends, strict=True)])
    betas = _slopes_of_sums(rests).tolist()
    for one in range(effects.partner.max() + 1):
        rest = effects.partner != one
        kept = two_way(product[rest], partner[rest], controls=None if z is None else z[rest][:, None])
        left = kept.left_of(np.c_[x[rest], y[rest]])
        betas.append(
            float(left[:, 0] @ left[:, 1] / (left[:, 0] @ left[:, 0]))
            if varies(left[:, 0], x[rest])
            else float("nan")
        )
    return np.array(betas)


def _slopes_of_sums(sums: np.ndarray) -> np.ndarray:
    """For each of m tables of products of columns (m, k, k), the slope on the last but one column of the last, the others
    partialled out."""
    others, size = sums[:, :-2, :-2], sums[:, -2, -2]
    inverse = np.linalg.pinv(others, rcond=1e-10, hermitian=True)
    left = sums[:, -2:, -2:] - sums[:, -2:, :-2] @ inverse @ sums[:, :-2, -2:]
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = np.where(left[:, 0, 0] > 1e-12 * size, left[:, 0, 1] / left[:, 0, 0], np.nan)
    return found


def _numbered(values: np.ndarray) -> np.ndarray:
    """Whole numbers from 0 on as the numbers from 0 on without a gap, in the same order."""
    numbers: np.ndarray = (np.cumsum(np.bincount(values) > 0) - 1)[values]
    return numbers


def _partners_beside_products(product: np.ndarray, partner: np.ndarray, root: np.ndarray) -> np.ndarray:
    """An orthonormal basis (n_cells, k) of the dummies of partners, weighted, beside those of products.

    The dummies themselves are never written down: their products with each other are sums over a table of products and partners,
    and an eigenvector of these, less its mean in each product, is a column of the basis.
    """
    n_products, n_partners = product[-1] + 1, partner.max() + 1
    weight = np.bincount(product * n_partners + partner, root**2, n_products * n_partners).reshape(
        n_products, n_partners
    )
    share = weight / weight.sum(axis=1, keepdims=True)
    length = np.sqrt(weight.sum(axis=0))
    squared, vectors = np.linalg.eigh((np.diag(length**2) - weight.T @ share) / (length[:, None] * length))
    kept = squared > _SQUARED_TOLERANCE * n_partners
    of_partner = vectors[:, kept] / np.sqrt(squared[kept]) / length[:, None]
    basis: np.ndarray = (of_partner[partner] - (share @ of_partner)[product]) * root[:, None]
    return basis


def _beside_products(
    values: np.ndarray, product: np.ndarray, starts: np.ndarray, root: np.ndarray
) -> np.ndarray:
    """Weighted columns less each product's weighted mean."""
    shape = (-1,) + (1,) * (values.ndim - 1)
    weight = np.add.reduceat(root**2, starts).reshape(shape)
    mean = np.add.reduceat(values * (root**2).reshape(shape), starts, axis=0) / weight
    beside: np.ndarray = (values - mean[product]) * root.reshape(shape)
    return beside


def _orthonormal(columns: np.ndarray, length: np.ndarray) -> np.ndarray:
    """An orthonormal basis of columns, without directions that keep nearly nothing of their `length`."""
    scaled = columns / np.where(length > 0, length, 1)
    left, size, _ = np.linalg.svd(scaled, full_matrices=False)
    basis: np.ndarray = left[:, size > _RANK_TOLERANCE * np.sqrt(max(columns.shape))]
    return basis
