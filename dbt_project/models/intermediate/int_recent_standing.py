"""Where a date without an event of a long series stands among the dates from 2010 on alone: what a series that began then would
know of itself. The range that short series share is chosen on these rows (int_rank_threshold).

Belongs here: which rows are a group. Does not belong here: which dates those are (int_recent_date), the rank
(transforms/statistics/standing.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.statistics import standing


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table", meta={"by_series": ["int_recent_date"]})
    dates = dbt.ref("int_recent_date").pl().with_columns(is_wanted=True, is_event=True, is_judged=False)
    ranked = standing.standings(dates, ["series_id", "window_months", "gap_months", "scale"])
    return ranked.filter(pl.col("z_mad").is_not_null()).select(
        "series_id", "window_months", "gap_months", "cut_month", "n_placebo", "z_mad"
    )
