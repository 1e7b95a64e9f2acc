"""How often each kind of standard error calls a date unusual at which nothing is known to have happened, series by series.

Belongs here: which dates and series. Does not belong here: the regression and the rates (transforms/statistics).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from orchestration.build.statistics_cache import fingerprint, remembered, version_of
from transforms.statistics import interrupted, interrupted_calibration, months, regression


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    monthly = dbt.ref("int_series_compared").pl().sort("series_id", "period_start")
    episodes = dbt.ref("int_series_episode").pl().sort("series_id", "first_month", "last_month")
    # One dbt.ref a line: dbt reads from the code which models are wanted, and does not look into an expression that is indexed.
    starts = dbt.ref("int_cluster_start").pl()
    acts = dbt.ref("int_series_act").project("series_id, cut_month").pl()
    designs, pairs = interrupted_calibration.clean_designs(
        monthly, episodes, acts, starts["start_month"].sort()
    )
    if pairs.is_empty():
        return pl.DataFrame(schema=interrupted_calibration.CALIBRATION_SCHEMA)
    series = monthly.partition_by("series_id", as_dict=True, maintain_order=True)
    touching = episodes.partition_by("series_id", as_dict=True, maintain_order=True)
    version = version_of(interrupted_calibration, interrupted, regression, months)
    # only the designs of a series count: an event of next year changes none of them
    units = {
        fingerprint(
            version,
            series[key],
            touching.get(key, pl.DataFrame()),
            designs.join(own_pairs, on="design_id", how="semi").sort("cut_month"),
        ): key[0]
        for key, own_pairs in pairs.partition_by("series_id", as_dict=True, maintain_order=True).items()
    }

    def compute(ids: Sequence[str]) -> list[pl.DataFrame]:
        fitted = interrupted.interrupted_time_series(
            monthly.filter(pl.col("series_id").is_in(ids)),
            episodes,
            designs,
            pairs.filter(pl.col("series_id").is_in(ids)),
        ).partition_by("series_id", as_dict=True)
        return [interrupted_calibration.false_alarm_rates(fitted[(series_id,)]) for series_id in ids]

    return remembered("calibration_its", units, compute).sort("method", "series_id")
