"""The clearest level break of every monthly series around every cut of the report's events.

Belongs here: which series and cuts. Does not belong here: the search (transforms/statistics/changepoint.py). Not kept between
builds: all of it takes about a second.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.statistics import changepoint


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(
        materialized="table",
        meta={"by_series": ["int_series_compared", "int_series_episode", "int_series_act"]},
    )
    monthly = dbt.ref("int_series_compared").pl()
    episodes = dbt.ref("int_series_episode").pl()
    designs = dbt.ref("int_event_design").pl()
    acts = dbt.ref("int_series_act").pl()
    return changepoint.change_points(monthly, episodes, designs["cut_month"].unique().sort().to_list(), acts)
