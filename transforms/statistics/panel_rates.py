"""Rates by law of a panel's cells by month: lists of goods, days of measures and what holds for a partner, put together.

Belongs here: that arithmetic, for goods of any number of digits. Does not belong here: which lists, measures and families there are (seeds
of dbt_project), how much of a product is on a list (seed_panel_coverage by chapter, fct_detail_list_coverage by six digits), what an
exposure is made of the rates (panel_cells.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

#: what `rates` gives; rate is a fraction of the value, is_own whether it is of the family's measures
RATE_SCHEMA: dict[str, pl.DataType] = {
    "family_id": pl.String(),
    "panel_id": pl.String(),
    "is_own": pl.Boolean(),
    "product_code": pl.String(),
    "partner_iso3": pl.String(),
    "period_start": pl.Date(),
    "rate": pl.Float64(),
}
#: a measure on all countries names this one
WORLD = "WLD"


@dataclass(frozen=True)
class Measures:
    """What the rates come from.

    listed: measure_id, list_id (which list of goods a measure is on). measures: measure_id, partners (a list of ISO codes), rate_pct,
    effective_on, ended_on (the first day after it, null for none). spells: measure_id, partner_iso3, rate_pct, effective_from, day_after:
    what holds for a partner in place of the measure's own rate and days.
    """

    listed: pl.DataFrame
    measures: pl.DataFrame
    spells: pl.DataFrame


def by_month(known: Measures, partners: pl.Series, months: pl.Series) -> pl.DataFrame:
    """The rate of each measure on each partner by month: measure_id, list_id, partner_iso3, period_start, rate.

    partners: ISO codes; months: first days. A rate counts by the days of the month on which it held; months without have no row.
    """
    first_day = pl.coalesce("effective_from", "effective_on").alias("first_day")
    day_after = pl.coalesce("day_after", "ended_on").alias("day_after")
    rate_pct = pl.coalesce("own_rate_pct", "rate_pct").cast(pl.Float64).alias("rate_pct")
    spells = (
        known.listed.join(known.measures, on="measure_id")
        .join(pl.DataFrame({"partner_iso3": partners.unique()}), how="cross")
        .filter(
            pl.col("partners").list.contains(pl.col("partner_iso3")) | pl.col("partners").list.contains(WORLD)
        )
        .join(
            known.spells.rename({"rate_pct": "own_rate_pct"}), on=["measure_id", "partner_iso3"], how="left"
        )
        .select("measure_id", "list_id", "partner_iso3", rate_pct, first_day, day_after)
        .filter((pl.col("rate_pct") > 0) & pl.col("first_day").is_not_null())
    )
    spine = pl.DataFrame({"period_start": months.unique().sort()}).with_columns(
        next_month=pl.col("period_start").dt.offset_by("1mo")
    )
    begins = pl.max_horizontal("period_start", "first_day")
    ends = pl.min_horizontal("next_month", "day_after")  # a null, an open end, is left out
    length = (pl.col("next_month") - pl.col("period_start")).dt.total_days()
    return (
        spells.join(spine, how="cross")
        .with_columns(days=(ends - begins).dt.total_days())
        .filter(pl.col("days") > 0)
        .select(
            "measure_id",
            "list_id",
            "partner_iso3",
            "period_start",
            rate=pl.col("rate_pct") / 100 * pl.col("days") / length,
        )
    )


def rates(
    families: pl.DataFrame, cells: pl.DataFrame, coverage: pl.DataFrame, monthly: pl.DataFrame
) -> pl.DataFrame:
    """What each cell of a panel bore in each month, from a family's own measures and from the others: RATE_SCHEMA, sorted.

    families: family_id, panel_id, measures (a list of ids); cells: panel_id, classification, product_code, partner_iso3, each once;
    coverage: product_system, product_code, list_id, coverage (0 to 1); monthly: as by_month gives it.
    """
    on_family = families.select("family_id", "panel_id", "measures").unique(["family_id", "panel_id"])
    own = pl.col("measures").list.contains(pl.col("measure_id")).alias("is_own")
    # few lists and partners, many products: measures of a list are added up before a product is looked at
    of_list = (
        on_family.join(monthly, how="cross")
        .with_columns(own)
        .group_by("family_id", "panel_id", "is_own", "list_id", "partner_iso3", "period_start")
        .agg(pl.col("rate").sum())
    )
    covered = cells.join(
        coverage, left_on=["classification", "product_code"], right_on=["product_system", "product_code"]
    ).select("panel_id", "product_code", "partner_iso3", "list_id", "coverage")
    key = list(RATE_SCHEMA)[:-1]
    return (
        covered.join(of_list, on=["panel_id", "list_id", "partner_iso3"])
        .with_columns(rate=pl.col("coverage") * pl.col("rate"))
        .group_by(key)
        .agg(pl.col("rate").sum())
        .cast(pl.Schema(RATE_SCHEMA))
        .sort(key)
    )
