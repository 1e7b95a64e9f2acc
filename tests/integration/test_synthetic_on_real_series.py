"""Synthetic control of imports from Mexico, with the partners of the warehouse: the weights of pysyncon."""

from __future__ import annotations

import math

import numpy as np

from tests.oracles.synthetic_weights import loss, reference
from tests.support.read_only import reading
from transforms.statistics import synthetic as sc


def test_weights_equal_pysyncon_on_real_partners(warehouse):
    """Imports of Mexico against the partners of the warehouse, 2013-2017."""
    with reading(warehouse) as con:
        rows = con.execute(
            "select unit_id, period_start, value from intermediate.int_donor_monthly where donor_pool_id = 'partners_all_goods' "
            "and period_start between '2013-01-01' and '2017-12-01' and unit_id <> 'usa_imports_consumption_can'"
        ).fetchall()
    units = sorted({u for u, _, _ in rows})
    at = {m: i for i, m in enumerate(sorted({m for _, m, _ in rows}))}
    y = np.zeros((len(at), len(units)))
    for unit, month, value in rows:
        y[at[month], units.index(unit)] = math.log(value)
    y -= y.mean(axis=0)
    mexico = units.index("usa_imports_consumption_mex")
    donors = np.delete(y, mexico, axis=1)
    assert donors.shape[1] >= 20
    w = sc.simplex_weights(y[:, mexico], donors)
    theirs = reference(y[:, mexico], donors)
    np.testing.assert_allclose(w, theirs, atol=2e-3)
    assert loss(y[:, mexico], donors, w) <= loss(y[:, mexico], donors, np.clip(theirs, 0, None)) * (1 + 1e-6)
