"""Panels of exposed against less exposed goods: each design of a family of measures, worked out.

Belongs here: which cells, rates, episodes and designs. Does not belong here: the estimate and its gates (transforms/statistics/panel.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from orchestration.build.statistics_cache import fingerprint, remembered, version_of
from transforms.statistics import (
    months,
    panel,
    panel_calibration,
    panel_cells,
    panel_designs,
    panel_inference,
    panel_lead_lag,
    panel_regression,
    panel_verdict,
)
from transforms.statistics.panel_designs import RESULT_SCHEMA, Unit, designs, work_out_all


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    cells = dbt.ref("int_panel_cell").pl()
    rates = dbt.ref("int_panel_rate").pl()
    wanted = dbt.ref("int_panel_design").pl()
    episodes = dbt.ref("stg_episode").pl()
    # what touches only some goods or figures is for the effects of products and partners to take out
    episodes = episodes.filter(pl.col("applies_to").str.split(";").list.contains("all"))
    version = version_of(
        months,
        panel,
        panel_calibration,
        panel_cells,
        panel_designs,
        panel_inference,
        panel_lead_lag,
        panel_regression,
        panel_verdict,
    )
    cubes = {
        panel_id: panel_cells.cube(own.drop("panel_id"))
        for (panel_id,), own in cells.partition_by("panel_id", as_dict=True, maintain_order=True).items()
    }
    of_cube = {
        panel_id: fingerprint(
            table.products, table.partners, table.first, table.value, table.duty, table.editions
        )
        for panel_id, table in cubes.items()
    }
    of_rates = {
        key: (own, fingerprint(own))
        for key, own in rates.partition_by("family_id", "panel_id", as_dict=True, maintain_order=True).items()
    }
    nothing = (rates.clear(), "")
    units = {}
    for design in designs(wanted, episodes):
        own, of_own = of_rates.get((design.family_id, design.panel_id), nothing)
        key = fingerprint(version, repr(design), of_cube.get(design.panel_id), of_own)
        units[key] = Unit(design, cubes.get(design.panel_id), own)

    if not units:
        return pl.DataFrame(schema=RESULT_SCHEMA)
    return remembered("panels", units, work_out_all)
