"""The runs of the state panel from their table, states as arrays, and what a run gives as one row that a table can hold.

Belongs here: reading runs, months and episodes, nesting results. Does not belong here: working a run out (state_panel.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from transforms.statistics.months import month_numbers, number
from transforms.statistics.panel_calibration import CALIBRATION_SCHEMA
from transforms.statistics.state_panel import (
    EXPOSURE_SCHEMA,
    STATE_SCHEMA,
    StateDesign,
    States,
    work_out,
)

#: every run is made for both, dollars first
EXPOSURE_KINDS = ("dollars", "log")
#: a row of the report with what each state is in it, and how often its rules fire, as lists
RESULT_SCHEMA: dict[str, pl.DataType] = EXPOSURE_SCHEMA | {
    "states": pl.List(pl.Struct(STATE_SCHEMA)),
    "calibration": pl.List(pl.Struct(CALIBRATION_SCHEMA)),
}


def states(monthly: pl.DataFrame) -> States:
    """The arrays of `monthly`: us_state_code, period_start, jobs, freight_usd, at most one row for a state and month.

    Raises ValueError for no rows, and for two rows of a state and month.
    """
    if monthly.is_empty():
        raise ValueError("no month of any state")
    codes = monthly["us_state_code"].unique().sort()
    months = monthly.select(month_numbers("period_start")).to_series().to_numpy()
    first = int(months.min())
    shape = (len(codes), int(months.max()) - first + 1)
    state = monthly["us_state_code"].cast(pl.Enum(codes)).to_physical().to_numpy()
    place = np.ravel_multi_index((state, months - first), shape)
    if len(np.unique(place)) != len(place):
        raise ValueError("a state has two rows for a month")

    def filled(column: str) -> np.ndarray:
        whole = np.full(shape[0] * shape[1], np.nan)
        whole[place] = monthly[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return whole.reshape(shape)

    return States(tuple(codes), first, filled("jobs"), filled("freight_usd"))


def designs(wanted: pl.DataFrame, episodes: pl.DataFrame, as_of_basis: str) -> list[StateDesign]:
    """The runs of `wanted` (stg_state_design) for vintages of one basis, in order; all share the `episodes`."""
    touched = tuple(
        (number(first), number(last), title)
        for title, first, last in episodes.select("title", "starts_on", "ends_on")
        .sort("starts_on", "title")
        .iter_rows()
    )
    return [
        StateDesign(
            family_id=row["family_id"],
            panel_id="us_state_manufacturing",
            cut=number(row["cut_month"]),
            window=row["window_months"],
            gap=row["gap_months"],
            exposure_kind=kind,
            as_of_basis=as_of_basis,
            quiet_until=number(row["quiet_until"]),
            is_primary=row["is_primary"] and kind == EXPOSURE_KINDS[0] and as_of_basis == "latest",
            episodes=touched,
        )
        for row in wanted.sort("family_id", "cut_month", "window_months").iter_rows(named=True)
        for kind in EXPOSURE_KINDS
    ]


def work_out_all(units: Sequence[tuple[StateDesign, States]]) -> list[pl.DataFrame]:
    """One frame of one row for each unit: RESULT_SCHEMA."""
    frames = []
    for design, table in units:
        run = work_out(design, table)
        lists = {"states": run.states, "calibration": run.calibration}
        frames.append(
            run.row.with_columns(
                pl.Series(name, [frame.to_dicts()], dtype=RESULT_SCHEMA[name])
                for name, frame in lists.items()
            )
        )
    return frames
