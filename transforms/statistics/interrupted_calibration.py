"""How often each kind of standard error of an interrupted time series calls a date unusual at which nothing is known to have
happened.

Belongs here: the dates without an event at which the regression is repeated, and the rates that result.
Does not belong here: the regression itself (interrupted.py), keeping results between builds (the dbt model).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.statistics.interrupted import DESIGN_SCHEMA, interrupted_time_series
from transforms.statistics.interrupted_design import WINDOW
from transforms.statistics.months import (
    clean_cuts,
    cuts_by_series,
    day,
    episodes_by_series,
    monthly_series,
)

#: the p below which a date is called unusual
NOMINAL_RATE = 0.05
#: months of a block of dates without an event
BLOCK_MONTHS = 24

CALIBRATION_SCHEMA: dict[str, pl.DataType] = {
    "method": pl.String(),
    "series_id": pl.String(),
    "window_months": pl.Int32(),
    "gap_months": pl.Int32(),
    "nominal_rate": pl.Float64(),
    "n_pseudo_events": pl.Int32(),
    "n_blocks": pl.Int32(),
    "fired": pl.Int32(),
    "false_alarm_rate": pl.Float64(),
    "first_cut": pl.Date(),
    "last_cut": pl.Date(),
    "mde95": pl.Float64(),
}


def clean_designs(
    monthly: pl.DataFrame, episodes: pl.DataFrame, acts: pl.DataFrame, joint: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Designs (DESIGN_SCHEMA) and pairs (series_id, design_id) for interrupted_time_series at every month without a known
    event, from 1985 on, with whole windows only. monthly and episodes as there; acts: series_id and cut_month of the acts that reach
    each series; joint: series_id and start_month of what else reaches it (first days of months), a step each.

    The month before the cut is left out, as at most events: there it is the month of the event, only a part of which lies
    after the event.
    """
    starts, reaching = cuts_by_series(joint.rename({"start_month": "cut_month"})), cuts_by_series(acts)
    touching = episodes_by_series(episodes)
    # series with the same steps share their designs
    named: dict[str, tuple[int, tuple[int, ...]]] = {}
    pairs = []
    for series_id, series in monthly_series(monthly).items():
        own = sorted(starts.get(series_id, set()))
        for c in clean_cuts(
            series,
            reaching.get(series_id, set()),
            touching.get(series_id, []),
            before=WINDOW + 1,
            after=WINDOW,
        ):
            steps = tuple(s for s in own if c - 1 - WINDOW < s < c + WINDOW)
            name = f"clean {day(c)} with {', '.join(str(day(s)) for s in steps) or 'no step'}"
            named[name] = (c, steps)
            pairs.append((series_id, name))
    designs = [
        {
            "design_id": name,
            "cut_month": day(c),
            "dropped_months": 1,
            "joint_months": [day(s) for s in steps],
        }
        for name, (c, steps) in named.items()
    ]
    frame = pl.DataFrame(pairs, schema={"series_id": pl.String, "design_id": pl.String}, orient="row")
    return pl.DataFrame(designs, schema=DESIGN_SCHEMA), frame


def of_each(
    monthly: pl.DataFrame,
    episodes: pl.DataFrame,
    designs: pl.DataFrame,
    pairs: pl.DataFrame,
    ids: Sequence[str],
) -> list[pl.DataFrame]:
    """The rows of false_alarm_rates of each series in `ids`; the other arguments as clean_designs takes and gives them."""
    fitted = interrupted_time_series(
        monthly.filter(pl.col("series_id").is_in(ids)),
        episodes,
        designs,
        pairs.filter(pl.col("series_id").is_in(ids)),
    )
    rates = false_alarm_rates(fitted)
    by_series = rates.partition_by("series_id", as_dict=True, maintain_order=True)
    return [by_series.get((series_id,), rates.clear()) for series_id in ids]


def false_alarm_rates(results: pl.DataFrame) -> pl.DataFrame:
    """How often each kind of standard error calls level_change unusual at NOMINAL_RATE at dates without an event:
    CALIBRATION_SCHEMA, one row for each method and series.

    results: rows of interrupted_time_series at the designs of clean_designs. n_blocks is the number of these dates divided
    by 24 and rounded down, because neighbouring cuts share most of their months. mde95 is the distance from the median
    level_change within which 95 % of the dates are, in log points or in the unit of the series.
    """
    computed = results.filter(pl.col("reason").is_null())
    methods = {
        "its_gls": ("p_gls", "level_change"),
        "its_ewc": ("p_ewc", "level_change_ols"),
        "its_nw": ("p_nw", "level_change_ols"),
        "its_ols": ("p_ols", "level_change_ols"),
    }
    frames = [
        computed.group_by("series_id").agg(
            pl.lit(method).alias("method"),
            pl.lit(WINDOW).alias("window_months"),
            pl.lit(0).alias("gap_months"),
            pl.lit(NOMINAL_RATE).alias("nominal_rate"),
            pl.len().alias("n_pseudo_events"),
            (pl.len() // BLOCK_MONTHS).alias("n_blocks"),
            (pl.col(p) < NOMINAL_RATE).sum().alias("fired"),
            (pl.col(p) < NOMINAL_RATE).mean().alias("false_alarm_rate"),
            pl.col("cut_month").min().alias("first_cut"),
            pl.col("cut_month").max().alias("last_cut"),
            (pl.col(estimate) - pl.col(estimate).median())
            .abs()
            .quantile(0.95, interpolation="linear")
            .alias("mde95"),
        )
        for method, (p, estimate) in methods.items()
    ]
    rates = pl.concat(frames).select(*CALIBRATION_SCHEMA).cast(pl.Schema(CALIBRATION_SCHEMA))
    return rates.sort("method", "series_id")
