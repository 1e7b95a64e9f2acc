"""US states by what they trade in vehicles with Canada and Mexico: each run of each event, worked out.

Belongs here: which states, episodes and runs. Does not belong here: the estimate and its gates (transforms/statistics/state_panel.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from orchestration.build.statistics_cache import fingerprint, remembered, version_of
from transforms.statistics import (
    months,
    panel_calibration,
    panel_cells,
    panel_inference,
    panel_lead_lag,
    panel_regression,
    panel_verdict,
    state_designs,
    state_panel,
    state_regression,
)


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    monthly = dbt.ref("int_state_month").pl()
    wanted = dbt.ref("stg_state_design").pl()
    episodes = dbt.ref("stg_episode").pl()
    # a strike at car makers moves the jobs of the very states that are exposed
    touches = pl.col("applies_to").str.split(";")
    episodes = episodes.filter(touches.list.contains("all") | touches.list.contains("employment"))
    version = version_of(
        months,
        panel_calibration,
        panel_cells,
        panel_inference,
        panel_lead_lag,
        panel_regression,
        panel_verdict,
        state_designs,
        state_panel,
        state_regression,
    )
    tables = {
        basis: state_designs.states(own)
        for (basis,), own in monthly.partition_by("as_of_basis", as_dict=True, maintain_order=True).items()
    }
    units = {
        fingerprint(version, repr(design), table.codes, table.first, table.jobs, table.freight): (
            design,
            table,
        )
        for basis, table in tables.items()
        for design in state_designs.designs(wanted, episodes, basis)
    }
    if not units:
        return pl.DataFrame(schema=state_designs.RESULT_SCHEMA)
    return remembered("state_panels", units, state_designs.work_out_all)
