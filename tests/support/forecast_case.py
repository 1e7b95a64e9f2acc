"""Real series for the tests of the forecasting models.

Belongs here: which series, and their logarithms by month. Does not belong here: assertions about a model.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.support.bundled import as_of, read

SERIES = ["usa_imports_goods_mex", "usa_employment_motor_vehicles_parts", "mex_production_vehicles"]


@cache
def real_logarithms() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Months without a hole and the logarithms of their figures, by series."""
    frame = read("observation_")
    logarithms = {}
    for series_id in SERIES:
        values = as_of(frame, series_id)
        months = np.array(sorted(values), dtype="datetime64[M]")
        assert (np.diff(months).astype(int) == 1).all(), f"{series_id} has a hole"
        logarithms[series_id] = (months, np.log([values[day] for day in sorted(values)]))
    return logarithms
