"""The rate by law that a cell of a panel bore in a month, as a fraction of its value: from measures of a family (is_own) or from the other
measures whose lists are held. The rate of a list counts by the days of the month and by how much of the group is on the list.

Belongs here: which families, cells, measures and months. Does not belong here: the arithmetic, which the panel of six digits takes as well
(transforms/statistics/panel_rates.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.statistics import panel_rates


def model(dbt: Any, session: Any) -> pl.DataFrame:
    dbt.config(materialized="table")
    panels = dbt.ref("stg_panel").pl().select("panel_id", "classification")
    # the months and measures of the panel's cells are millions of rows: only which cells there are is taken out of DuckDB
    cells = dbt.ref("int_panel_cell").project("panel_id, product_code, partner_iso3").distinct().pl()
    families = (
        dbt.ref("stg_panel_design")
        .pl()
        .filter(pl.col("exposure_kind") == "statutory")
        .select("panel_id", "family_id")
        .unique()
        .join(dbt.ref("stg_panel_family").pl().select("family_id", "measures"), on="family_id")
    )
    known = panel_rates.Measures(
        dbt.ref("stg_panel_measure").pl(),
        dbt.ref("stg_tariff_measure")
        .pl()
        .select("measure_id", "partners", "rate_pct", "effective_on", "ended_on"),
        dbt.ref("stg_panel_spell").pl(),
    )
    months = dbt.ref("int_month").pl()["month_start"]
    monthly = panel_rates.by_month(known, cells["partner_iso3"], months)
    return panel_rates.rates(
        families, cells.join(panels, on="panel_id"), dbt.ref("stg_panel_coverage").pl(), monthly
    )
