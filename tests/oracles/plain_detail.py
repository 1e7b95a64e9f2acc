"""The detail tables worked out by polars from the lines themselves: another program, for comparison with the models.

Belongs here: what each table should hold. Does not belong here: reading what was made, assertions.
"""

from __future__ import annotations

import csv
from datetime import date

import polars as pl

from orchestration.base.settings import PROJECT

SEEDS = PROJECT / "dbt_project" / "seeds"
_IMPORTS = ["consumption_value", "dutiable_value", "calculated_duty", "general_value", "general_cif_value"]


def tables(lines: dict[str, pl.DataFrame], partners: set[str]) -> dict[str, pl.DataFrame]:
    """Name -> rows, from the lines of each flow (one vintage a month). partners: Schedule C codes that the panel compares."""
    imports = lines["imports"].with_columns(hs6=pl.col("hs10").str.head(6), hs8=pl.col("hs10").str.head(8))
    exports = lines["exports"].with_columns(hs6=pl.col("hs10").str.head(6))
    by_country = _rated(imports.group_by("hs6", "country_code", "month").agg(pl.col(_IMPORTS).sum()))
    domestic = pl.col("export_value").filter(pl.col("domestic_foreign") == "1").sum().alias("domestic_value")
    sold = [pl.col("export_value").sum(), domestic]
    freight = [
        pl.col("value").sum().alias("value_usd"),
        pl.col("shipping_weight").sum().alias("shipping_weight_kg"),
        pl.col("freight_charges").sum().alias("freight_charges_usd"),
    ]
    listed = list_lines(set(imports["hs10"]))
    of_product = imports.group_by("hs6").agg(pl.col("hs10").n_unique().cast(pl.Int64).alias("lines"))
    on_list = (
        imports.join(listed.select("list_id", "hs10"), on="hs10")
        .group_by("list_id", "country_code", "month")
        .agg(
            pl.col("consumption_value").sum().alias("listed_value"),
            pl.col("calculated_duty").sum().alias("listed_duty"),
        )
    )
    whole = imports.group_by("country_code", "month").agg(pl.col("consumption_value").sum())
    cells = by_country.filter(
        pl.col("country_code").is_in(partners)
        & ~pl.col("hs6").str.head(2).is_in(["98", "99"])
        & (pl.col("consumption_value") > 0)
    )
    return {
        "fct_detail_duty_rate": _rated(
            imports.group_by("hs6", "country_code", "month", "rate_provision").agg(pl.col(_IMPORTS).sum())
        ),
        "fct_detail_import": by_country,
        "fct_detail_export": exports.group_by("hs6", "country_code", "month").agg(sold),
        "fct_detail_import_district": imports.group_by("hs6", "month", district="district_entry").agg(
            pl.col("consumption_value", "calculated_duty", "general_value").sum()
        ),
        "fct_detail_export_district": exports.group_by("hs6", "district", "month").agg(sold),
        "fct_detail_state": lines["transborder_state_commodity"]
        .group_by("usa_state", "country_code", "trade_type", "month", hs2="commodity_2")
        .agg(freight),
        "fct_detail_port": lines["transborder_port_commodity"]
        .group_by("port_code", "country_code", "trade_type", "month", hs2="commodity_2")
        .agg(freight),
        "fct_detail_list_line": listed,
        "fct_detail_list_coverage": listed.group_by("list_id", "hs6")
        .agg(pl.len().cast(pl.Int64).alias("lines_on_list"))
        .join(of_product, on="hs6")
        .with_columns(coverage=pl.col("lines_on_list") / pl.col("lines")),
        "fct_detail_list_exposure": on_list.join(whole, on=["country_code", "month"]).with_columns(
            listed_share_pct=_percent("listed_value", "consumption_value")
        ),
        "fct_detail_panel_cell": cells.select(
            product_code="hs6",
            partner_iso3=pl.col("country_code").replace_strict(iso_codes()),
            period_start="month",
            classification_version=pl.when(pl.col("month") < date(2017, 1, 1))
            .then(pl.lit("HS 2012"))
            .when(pl.col("month") < date(2022, 1, 1))
            .then(pl.lit("HS 2017"))
            .otherwise(pl.lit("HS 2022")),
            value_usd="consumption_value",
            duty_usd="calculated_duty",
        ),
    }


def list_lines(lines: set[str]) -> pl.DataFrame:
    """Lines on lists, each code tried on each line; a line on several stages of Section 301 is told on the first of them."""
    with (SEEDS / "exposure" / "seed_tariff_list_code.csv").open(encoding="utf-8") as file:
        lists = {row["list_id"]: tuple(row["hs_codes"].split(";")) for row in csv.DictReader(file)}
    stages = ["s301_1", "s301_2", "s301_3", "s301_4a"]
    rows = []
    for line in sorted(lines):
        on = [name for name, codes in lists.items() if line.startswith(codes)]
        first = next((stage for stage in stages if stage in on), None)
        rows += [(name, line, line[:8], line[:6]) for name in on if name not in stages or name == first]
    return pl.DataFrame(rows, schema=["list_id", "hs10", "hs8", "hs6"], orient="row")


def iso_codes() -> dict[str, str]:
    """Schedule C code -> ISO code."""
    with (SEEDS / "reference" / "seed_geography.csv").open(encoding="utf-8") as file:
        return {
            row["schedule_c_code"]: row["iso3"] for row in csv.DictReader(file) if row["kind"] == "country"
        }


def _rated(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(collected_rate_pct=_percent("calculated_duty", "consumption_value"))


def _percent(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) != 0).then(100 * pl.col(part).cast(pl.Float64) / pl.col(whole))
