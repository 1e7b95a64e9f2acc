"""The designs of panels from their table, and what a design gives as one row that a table can hold.

Belongs here: reading designs and episodes, nesting results. Does not belong here: working a design out (panel.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from transforms.statistics.months import number
from transforms.statistics.panel import (
    CELL_SCHEMA,
    EXPOSURE_SCHEMA,
    REASON_RATES,
    Design,
    Rates,
    Worked,
    work_out,
)
from transforms.statistics.panel_calibration import CALIBRATION_SCHEMA
from transforms.statistics.panel_cells import Cube
from transforms.statistics.panel_lead_lag import LEAD_LAG_SCHEMA


def _rows(schema: dict[str, pl.DataType]) -> pl.DataType:
    return pl.List(pl.Struct(schema))


PATH_SCHEMA = {name: kind for name, kind in LEAD_LAG_SCHEMA.items() if name != "fired"}
#: a row of the report with the rows of its path, cells and calibration as lists
RESULT_SCHEMA: dict[str, pl.DataType] = EXPOSURE_SCHEMA | {
    "path": _rows(PATH_SCHEMA),
    "cells": _rows(CELL_SCHEMA),
    "calibration": _rows(CALIBRATION_SCHEMA),
}


@dataclass(frozen=True)
class Unit:
    """A piece of work: a design, the cube of its panel (None where no figure is held) and rates by law with is_own."""

    design: Design
    table: Cube | None
    rates: pl.DataFrame


def designs(wanted: pl.DataFrame, episodes: pl.DataFrame) -> list[Design]:
    """The designs of `wanted` (int_panel_design), in order; all share the `episodes` (title, starts_on, ends_on)."""
    touched = tuple(
        (number(first), number(last), title)
        for title, first, last in episodes.select("title", "starts_on", "ends_on")
        .sort("starts_on", "title")
        .iter_rows()
    )
    order = [
        "family_id",
        "panel_id",
        "cut_month",
        "window_months",
        "gap_months",
        "exposure_kind",
        "weighting",
    ]
    return [
        Design(
            family_id=row["family_id"],
            panel_id=row["panel_id"],
            product_level=row["product_level"],
            cut=number(row["cut_month"]),
            window=row["window_months"],
            gap=row["gap_months"],
            exposure_kind=row["exposure_kind"],
            weighting=row["weighting"],
            quiet_until=number(row["quiet_until"]),
            is_primary=row["is_primary"],
            episodes=touched,
            breaks=() if row["break_month"] is None else ((number(row["break_month"]), row["break_reason"]),),
            cannot=None if row["rates_held"] else REASON_RATES,
        )
        for row in wanted.sort(order).iter_rows(named=True)
    ]


def work_out_all(units: Sequence[Unit]) -> list[pl.DataFrame]:
    """One frame of one row for each unit: RESULT_SCHEMA."""
    return [
        nested(
            work_out(
                unit.design,
                unit.table,
                Rates(unit.rates.filter("is_own"), unit.rates.filter(~pl.col("is_own"))),
            )
        )
        for unit in units
    ]


def nested(worked: Worked) -> pl.DataFrame:
    """The row of a design with its other rows as lists: RESULT_SCHEMA."""
    lists = {
        "path": worked.path,
        "cells": worked.cells,
        "calibration": worked.calibration,
    }
    return worked.row.with_columns(
        pl.Series(name, [frame.to_dicts()], dtype=RESULT_SCHEMA[name]) for name, frame in lists.items()
    )
