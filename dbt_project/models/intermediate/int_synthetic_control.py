"""Synthetic controls of the series that a pool of donors serves, at every cut of the report's events.

Belongs here: which series, donors and cuts. Does not belong here: weights, gates and ranks (transforms/statistics/synthetic.py).
Not kept between builds: all of it takes about two seconds.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.statistics import synthetic


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    monthly = dbt.ref("int_donor_monthly").pl().sort("donor_pool_id", "unit_id", "period_start")
    donors = dbt.ref("int_donor").project("donor_pool_id, unit_id, exposed_from").pl()
    treated = dbt.ref("stg_donor_pool_series").project("donor_pool_id, treated_series_id as series_id").pl()
    designs = dbt.ref("int_event_design").project("cut_month, dropped_months").distinct().pl()
    return synthetic.synthetic_controls(monthly, donors, treated, designs)
