"""The runs of panels worked out, those that were worked out before taken from the file of results.

Belongs here: what the panels of a build (int_panel_result) and the panel of six digits (build/detail/panel.py) have in common: cubes, what
identifies a run, the file. Does not belong here: which cells, rates, episodes and designs there are, the estimate (transforms/statistics).
"""

from __future__ import annotations

from pathlib import Path

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


def panel_results(
    method: str,
    cells: pl.DataFrame,
    rates: pl.DataFrame,
    wanted: pl.DataFrame,
    episodes: pl.DataFrame,
    *,
    where: Path | None = None,
) -> pl.DataFrame:
    """One row for each run of `wanted`: RESULT_SCHEMA.

    method: name of the file of results, where: its folder (statistics_cache.py). cells: panel_id and what panel_cells.cube takes; rates:
    panel_rates.RATE_SCHEMA; wanted: rows of int_panel_design; episodes: rows of stg_episode.
    """
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
    return remembered(method, units, work_out_all, where=where)
