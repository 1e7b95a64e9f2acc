"""How often each kind of standard error calls a date unusual at which nothing is known to have happened, series by series.

Belongs here: which dates and series. Does not belong here: the regression and the rates (transforms/statistics).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from orchestration.build.statistics_cache import fingerprint, remembered, version_of
from transforms.statistics import (
    autoregression,
    interrupted,
    interrupted_calibration,
    interrupted_design,
    months,
    regression,
)


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(
        materialized="table",
        meta={
            "by_series": [
                "int_series_compared",
                "int_series_episode",
                "int_series_calendar",
                "int_series_act",
            ]
        },
    )
    monthly = dbt.ref("int_series_compared").pl().sort("series_id", "period_start")
    episodes = dbt.ref("int_series_episode").pl().sort("series_id", "first_month", "last_month")
    # One dbt.ref a line: dbt reads from the code which models are wanted, and does not look into an expression that is indexed.
    starts = dbt.ref("int_joint_start").pl()
    calendars = dbt.ref("int_series_calendar").pl()
    acts = dbt.ref("int_series_act").project("series_id, cut_month").pl()
    joint = calendars.join(starts, on="calendar_id").select("series_id", "start_month")
    designs, pairs = interrupted_calibration.clean_designs(monthly, episodes, acts, joint)
    if pairs.is_empty():
        return pl.DataFrame(schema=interrupted_calibration.CALIBRATION_SCHEMA)
    series = monthly.partition_by("series_id", as_dict=True, maintain_order=True)
    touching = episodes.partition_by("series_id", as_dict=True, include_key=False)
    version = version_of(
        interrupted_calibration, interrupted, interrupted_design, regression, autoregression, months
    )
    own_designs = (
        pairs.sort("series_id", "design_id").group_by("series_id", maintain_order=True).agg("design_id")
    )
    read = {row[0]: fingerprint(*row) for row in designs.iter_rows()}
    # only the designs of a series count: an event of next year changes none of them
    units = {
        fingerprint(
            version,
            name,
            series[(name,)]["scale"][0],
            series[(name,)]["period_start"],
            series[(name,)]["value"],
            touching.get((name,), pl.DataFrame()),
            [read[design] for design in own],
        ): name
        for name, own in own_designs.iter_rows()
    }

    compute = partial(interrupted_calibration.of_each, monthly, episodes, designs, pairs)
    return remembered("calibration_its", units, compute).sort("method", "series_id")
