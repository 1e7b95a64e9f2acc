"""Where a difference in differences stands among the same difference at dates without a known event.

Belongs here: which rows are ranked and what a group is. Does not belong here: the rank (transforms/statistics/standing.py).
It holds the cuts of the report's events and those dates themselves, as the gate on the drift before is measured there.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.statistics import standing


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table", meta={"by_series": ["int_control_difference"]})
    differences = dbt.ref("int_control_difference").pl()
    events = dbt.ref("int_event_cut").pl()
    cuts = events.filter("in_report")["cut_month"].unique()
    groups = ["control_set_id", "treated_series_id", "window_months", "gap_months"]
    is_report_cut = pl.col("cut_month").is_in(cuts.implode())
    ranked = standing.standings(
        differences.filter(pl.col("did").is_not_null()).select(
            *groups,
            "cut_month",
            "is_placebo",
            pl.col("did").alias("statistic"),
            (pl.col("pretrend_slope") * pl.col("lag_months")).alias("pretrend_bias"),
            pl.lit(True).alias("is_event"),
            pl.col("window_months").is_in(standing.JUDGED_WINDOWS).alias("is_judged"),
            (pl.col("is_placebo") | is_report_cut).alias("is_wanted"),
        ),
        groups,
    )
    return ranked.drop("statistic", "z_mad", "typical_distance").with_columns(standing.blocks("n_placebo"))
