"""Where a difference in differences stands among the same difference at dates without a known event.

Belongs here: which rows are ranked and what a group is. Does not belong here: the rank (transforms/statistics/standing.py).
It holds the cuts of the report's events and those dates themselves.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.statistics import standing


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    differences = dbt.ref("int_control_difference").pl()
    cuts = dbt.ref("int_event_cut").pl().filter("in_report")["cut_month"].unique()
    groups = ["control_set_id", "treated_series_id", "window_months", "gap_months"]
    is_event = pl.col("cut_month").is_in(cuts.implode())
    ranked = standing.standings(
        differences.filter(pl.col("did").is_not_null()).select(
            *groups,
            "cut_month",
            "is_placebo",
            pl.col("did").alias("statistic"),
            is_event.alias("is_event"),
            (pl.col("is_placebo") | is_event).alias("is_wanted"),
        ),
        groups,
    )
    return ranked.drop("statistic", "z_mad").with_columns(standing.blocks("n_placebo"))
