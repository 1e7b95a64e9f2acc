"""Panels of exposed against less exposed goods: each design of a family of measures, worked out.

Belongs here: which cells, rates, episodes and designs. Does not belong here: what a run is and its file of results
(orchestration/build/panel_results.py), the estimate and its gates (transforms/statistics/panel.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from orchestration.build.panel_results import panel_results


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    return panel_results(
        "panels",
        dbt.ref("int_panel_cell").pl(),
        dbt.ref("int_panel_rate").pl(),
        dbt.ref("int_panel_design").pl(),
        dbt.ref("stg_episode").pl(),
    )
