"""Where the difference at a cut stands among the same difference of the same series at dates without a known event.

Belongs here: which rows are a group. Does not belong here: which cuts there are (int_cut_candidate), the rank
(transforms/statistics/standing.py). Not kept between builds: all of it takes about three seconds.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from orchestration.build.relation_frame import frame_with_categories
from transforms.statistics import standing


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table", meta={"by_series": ["int_cut_candidate"]})
    # differences in log points and in units are not ranked among each other
    groups = ["series_id", "as_of_basis", "window_months", "gap_months", "scale"]
    return standing.standings(frame_with_categories(dbt.ref("int_cut_candidate")), groups).with_columns(
        standing.blocks("n_placebo")
    )
