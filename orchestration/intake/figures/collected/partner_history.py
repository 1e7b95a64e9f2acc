"""US trade in goods by partner since 1985: the Census Bureau's country table as copied in 2018.

Belongs here: the layout of the table, partners to codes, which partners join the totals of 2013 on as earlier vintages and which
precede them across a break.
Does not belong here: those totals (flows.py), the declared breaks themselves (seed_declared_flow_break.csv, which a test of this
module compares with `differing`).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.flows import trade_flows
from orchestration.intake.figures.collected.shared import Input, left_out, midnight
from transforms.codes import ISO3_OF_SCHEDULE_C, WORLD
from transforms.schema import OBSERVATION

_FILE = "census_country_table_1985_2016.parquet"
_COPIED_ON = "2018-06-08"
#: the table's own number of the world, not adjusted
_WORLD = "0015"
#: in 1987 the countries add up to 88 to 107 % of the world, later to 92 to 100 %
_WORLD_FROM = "1988-01"
#: exclusive: a total is an earlier vintage of the later figures of the same partner where they agree within this share over common
#: months
_TOLERANCE = 0.01
_BASES = {"imports": "general", "exports": "total_exports"}
#: partners whose monthly release (USD million) is a series of its own, older than the totals by partner
_RELEASED = {"1220": "can", "2010": "mex", "5700": "chn"}


def cells(folder: Path, later: pl.DataFrame) -> Input:
    """Totals by partner, flow and month as cells of raw.trade_flow, known from the day of the copy.

    later: the totals of 2013 on, whose earlier vintage these become. A partner and flow whose sum over the common months
    differs by 1 % or more (another territory, or figures that were corrected since), or that has no month in common, has its months
    before the later figures only: a series with a break at the first of those, and no month is a revision of another
    territory. Groups of partners are left out: their members changed, and their numbers are not those of today's list.
    """
    table = _read(folder)
    code = pl.col("partner_code")
    doubtful = (code == WORLD) & (pl.col("period") < _WORLD_FROM)
    raw = table.filter(~doubtful)
    countries = raw.filter(code.is_in([WORLD, *ISO3_OF_SCHEDULE_C]))
    apart = differing(countries, later)
    newer = _by_month(later)
    both_from = newer.select(pl.col("period").min()).item()
    early = pl.col("period") < both_from
    joined = countries.filter(early | ~_among(apart))
    # a partner that did not exist yet stands in the table with zeros before its first month of trade
    traded = joined.filter(
        (pl.col("value_usd") != 0).cum_max().over("partner_code", "flow", order_by="period")
    )
    # in the months of both, what the later figures no longer hold would stand beside them as if it were known still
    begun = pl.concat(
        [
            traded.filter(early),
            traded.filter(~early).join(newer, on=["partner_code", "flow", "period"], how="semi"),
        ]
    )
    frame = trade_flows(
        begun.with_columns(basis=pl.col("flow").replace_strict(_BASES, return_dtype=pl.String)),
        classification="TOTAL",
        level=0,
        known_from=midnight(_COPIED_ON),
    )
    return Input(
        _FILE,
        frame,
        table.height,
        (
            *left_out(table.filter(doubtful), "the world of 1987, which its countries exceed"),
            *left_out(
                raw.filter(~code.is_in([WORLD, *ISO3_OF_SCHEDULE_C])),
                "groups of partners, the seasonally adjusted world, and codes of countries that no longer exist in that shape",
            ),
            *left_out(
                countries.join(joined, on=countries.columns, how="anti", nulls_equal=True),
                f"months since {both_from} of {apart.height} partners and flows that differ there from the later figures by 1 % or "
                "more, or have no month in common with them: they have the months before and a declared break",
            ),
            *left_out(
                joined.join(begun, on=joined.columns, how="anti", nulls_equal=True),
                "zeros before the first trade, and cells that the later figures of their month do not hold",
            ),
        ),
    )


def released(folder: Path) -> Input:
    """The same table for Canada, Mexico and China, in USD million as the monthly release prints them."""
    raw = _read(folder).filter(pl.col("partner_code").is_in(list(_RELEASED)))
    frame = raw.select(
        series_id=pl.format(
            "usa_{}_goods_{}",
            pl.col("flow"),
            pl.col("partner_code").replace_strict(_RELEASED, return_dtype=pl.String),
        ),
        period_start=pl.col("period").str.to_date("%Y-%m"),
        value=pl.col("value_usd_million"),
        status=pl.lit("normal"),
        known_from=midnight(_COPIED_ON),
        known_from_basis=pl.lit("observed_by"),
    )
    return Input(
        f"{_FILE} (Canada, Mexico, China)", frame.select(list(OBSERVATION.polars_schema)), raw.height
    )


def differing(countries: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """partner_code and flow of what no later figure revises: the sums over the common months differ, or there is no common month.

    countries: partner_code, flow, period, value_usd; later: rows of raw.trade_flow.
    """
    keys = ["partner_code", "flow"]
    sums = (
        countries.join(_by_month(later), on=[*keys, "period"], suffix="_later")
        .group_by(keys)
        .agg(pl.col("value_usd", "value_usd_later").sum())
        .filter(
            (pl.col("value_usd") - pl.col("value_usd_later")).abs() < _TOLERANCE * pl.col("value_usd_later")
        )
    )
    return countries.select(keys).unique().join(sums, on=keys, how="anti").sort(keys)


def _among(pairs: pl.DataFrame) -> pl.Expr:
    """Whether a row's partner and flow are a row of `pairs`."""
    return pl.struct("partner_code", "flow").is_in(
        pairs.select(pl.struct("partner_code", "flow")).to_series().implode()
    )


def _by_month(later: pl.DataFrame) -> pl.DataFrame:
    """partner_code, flow, period (2025-01) and value_usd of rows of raw.trade_flow."""
    return later.select(
        "partner_code", "flow", "value_usd", period=pl.col("period_start").dt.strftime("%Y-%m")
    )


def _read(folder: Path) -> pl.DataFrame:
    """partner_code, flow, period, value_usd_million, value_usd of every row of the table."""
    return pl.read_parquet(folder / _FILE).select(
        "flow",
        "value_usd_million",
        partner_code=pl.col("cty_code").replace({_WORLD: WORLD}),
        period=pl.col("month").dt.strftime("%Y-%m"),
        value_usd=(pl.col("value_usd_million") * 1_000_000).round().cast(pl.Int64),
    )
