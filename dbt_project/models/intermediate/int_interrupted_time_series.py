"""Interrupted time series of every monthly series at every cut of the report's events.

Belongs here: which series, cuts and other clusters. Does not belong here: the regression (transforms/statistics).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from orchestration.build.statistics_cache import fingerprint, remembered, version_of
from transforms.statistics import interrupted, interrupted_design, months, regression


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    monthly = dbt.ref("int_series_compared").pl().sort("series_id", "period_start")
    episodes = dbt.ref("int_series_episode").pl().sort("series_id", "first_month", "last_month")
    starts = dbt.ref("int_cluster_start").pl().sort("start_month", "cluster_id").rows()
    requests = (
        dbt.ref("int_event_design").project("design_id, cut_month, dropped_months, cluster_id").distinct()
    )
    designs = pl.DataFrame(
        [
            (design, cut, dropped, [start for cluster, start in starts if cluster != own])
            for design, cut, dropped, own in requests.pl().sort("design_id").iter_rows()
        ],
        schema=interrupted.DESIGN_SCHEMA,
        orient="row",
    )
    if monthly.is_empty() or designs.is_empty():
        return pl.DataFrame(schema=interrupted.RESULT_SCHEMA)
    touching = episodes.partition_by("series_id", as_dict=True, include_key=False)
    # what every series has in common is read once
    version = fingerprint(version_of(interrupted, interrupted_design, regression, months), designs)
    # a series is a piece of work: a new month of it, a new event or episode changes its regressions
    units = {
        fingerprint(
            version,
            key[0],
            values["scale"][0],
            values["period_start"],
            values["value"],
            touching.get(key, pl.DataFrame()),
        ): key[0]
        for key, values in monthly.partition_by("series_id", as_dict=True, maintain_order=True).items()
    }

    compute = partial(interrupted.of_each, monthly, episodes, designs)
    return remembered("interrupted_time_series", units, compute)
