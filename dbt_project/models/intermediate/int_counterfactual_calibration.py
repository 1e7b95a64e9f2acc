"""How often the intervals of int_counterfactual held what came at dates without an event, and the scale that mends them.

Belongs here: reading and writing tables. Does not belong here: the calibration (transforms/statistics/conformal.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from orchestration.build.relation_frame import frame_with_categories
from transforms.statistics import counterfactual


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table", meta={"by_series": ["int_counterfactual"]})
    compared = frame_with_categories(
        dbt.ref("int_counterfactual")
        .filter("is_origin")
        .project(
            "model, series_id, gap_months, span, months, cut_month, is_origin, actual, expected, half_width"
        )
    )
    return counterfactual.calibrations(compared, by=("model",))
