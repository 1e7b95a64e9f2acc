"""The row of the warehouse's own data equals statsmodels' GLSAR fitted on the same months."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.support.interrupted_case import one, plain
from tests.support.late import Late
from tests.support.read_only import reading
from transforms.statistics import interrupted as its
from transforms.statistics.autoregression import FITS
from transforms.statistics.months import number

sm = Late("statsmodels.api")


def test_gls_of_the_whole_model_on_real_series(warehouse):
    """The row of the warehouse's own data equals statsmodels' GLSAR fitted on the same months."""
    with reading(warehouse) as con:
        found = con.execute(
            "select period_start, value from intermediate.int_series_monthly "
            "where series_id = 'usa_imports_goods_mex' order by 1"
        ).fetchall()
    values, cut = [v for _, v in found], number(date(2012, 1, 1))
    row = one(values, start=found[0][0])
    first = number(row["first_month"])
    y = np.log(values)[first - number(found[0][0]) :][:120]
    kept, x = plain(y, first, cut, 0)
    p = row["ar_order"]
    fit = sm.GLSAR(kept, x, rho=p).iterative_fit(maxiter=FITS, rtol=0) if p else sm.OLS(kept, x).fit()
    assert row["level_change"] == pytest.approx(fit.params[0], rel=1e-8)
    assert row["slope_change"] == pytest.approx(fit.params[1], rel=1e-8)
    assert row["se_gls"] == pytest.approx(fit.bse[0], rel=1e-8)
    assert row["p_gls"] == pytest.approx(fit.pvalues[0], rel=1e-8)
    for h in its.HORIZONS:
        assert row[f"effect_{h}"] == pytest.approx(fit.params[0] + h * fit.params[1], rel=1e-8)
