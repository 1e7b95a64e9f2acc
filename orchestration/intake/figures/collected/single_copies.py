"""Collected files of several publishers that came in one copy or a few, all with the same columns.

Belongs here: which of their rows are series, what is left out and why, monthly means of daily rates.
Does not belong here: files with a layout or rule of their own (the modules beside this one).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.observed import ids_by, observed, of_publisher
from orchestration.intake.figures.collected.shared import Input, left_out, read_as_text, read_text

_FIX = "fx_usd_mxn_banxico"

#: codes whose figures of the same day stand in us_monthly.csv
_REPEATED = ("GMF", "M3 DGORDER")

_PAYROLL = {
    "Industrial aggregate excluding unclassified businesses": "can_payroll_employment_total",
    "Goods producing industries": "can_payroll_employment_goods",
    "Service producing industries": "can_payroll_employment_services",
    "Mining, quarrying, and oil and gas extraction": "can_payroll_employment_mining",
    "Construction": "can_payroll_employment_construction",
    "Manufacturing": "can_payroll_employment_manufacturing",
    "Transportation and warehousing": "can_payroll_employment_transportation_warehousing",
}

_REGISTRATIONS = {
    "20-10-0025-01/all vehicles": "can_registrations_new_vehicles",
    "20-10-0025-01/battery electric": "can_registrations_electric_vehicles",
    "20-10-0024-01/all vehicles": "can_registrations_new_vehicles_until_2024",
}

_QUOTED_SALES = {
    "20-10-0001/total": "can_sales_new_vehicles_quoted",
    "20-10-0001/North America": "can_sales_new_vehicles_north_american_quoted",
    "20-10-0001/overseas": "can_sales_new_vehicles_overseas_quoted",
}
#: the one month that is quoted and stands in table 20-10-0085 as well
_IN_THE_TABLE = "2024-12"


def metals_and_machinery(folder: Path, catalogue: pl.DataFrame) -> Input:
    """US employment, output, prices and orders of metals and machinery: outcome and control series of the duties on metals."""
    file = "us_metals_machinery_monthly.parquet"
    raw = read_as_text(folder / file)
    ids: dict[str, str] = {}
    for publisher in ("bls", "fed", "census"):
        ids |= ids_by(of_publisher(catalogue, publisher), "source_code")
    code = pl.col("publisher_code")
    repeated = raw.filter(code.is_in(_REPEATED))
    kept = raw.filter(~code.is_in(_REPEATED))
    return Input(
        file,
        observed(file, kept, code.replace_strict(ids, return_dtype=pl.String)),
        raw.height,
        left_out(
            repeated,
            "output of manufacturing and orders of durable goods stand in us_monthly.csv on the same day",
        ),
    )


def fix_rate(folder: Path) -> Input:
    """Banco de México's FIX rate: the mean of the days of each month, for months of which every day is there.

    The first month begins on the day the rate began (12 November 1991) and the last was cut off by the copy.
    """
    file = "banxico_fix_daily.parquet"
    raw = read_as_text(folder / file)
    month = pl.col("period").str.head(7)
    days = raw.with_columns(month=month)
    partial = pl.col("month").is_in([days["month"].min(), days["month"].max()])
    means = (
        days.filter(~partial)
        .group_by("month")
        .agg(pl.col("value").cast(pl.Float64).mean().cast(pl.String), pl.col("observed_by").first())
        .rename({"month": "period"})
        .sort("period")
    )
    return Input(
        file,
        observed(file, means, pl.lit(_FIX)),
        raw.height,
        (
            *left_out(days.filter(partial), "days of a month that is not whole"),
            *left_out(days.filter(~partial), "days: their monthly means are the series"),
        ),
        ((means.height, "monthly means"),),
    )


def mexican_prices(folder: Path, catalogue: pl.DataFrame) -> Input:
    """INEGI: consumer prices (all items, core, core goods) and producer prices of final goods."""
    file = "inegi_inpc_inpp_monthly.csv"
    raw = read_text(folder / file)
    ids = ids_by(of_publisher(catalogue, "inegi"), "source_code")
    series = pl.col("publisher_code").replace_strict(ids, return_dtype=pl.String)
    return Input(file, observed(file, raw, series), raw.height)


def payroll_employment(folder: Path) -> Input:
    """Statistics Canada, Survey of Employment, Payrolls and Hours (14-10-0201): employees by sector, Canada."""
    file = "statcan_seph_14100201_canada.csv"
    raw = read_text(folder / file)
    sector = pl.col("publisher_code").str.split("/").list.last()
    kept = raw.filter(sector.is_in(list(_PAYROLL)))
    return Input(
        file,
        observed(file, kept, sector.replace_strict(_PAYROLL, return_dtype=pl.String)),
        raw.height,
        left_out(
            raw.filter(~sector.is_in(list(_PAYROLL))), "sectors that no measure of the timelines reaches"
        ),
    )


def registrations(folder: Path) -> Input:
    """Statistics Canada: registrations of new vehicles in eight copies, of two tables that are two series.

    Table 20-10-0025 replaced 20-10-0024 in 2025 and differs from it in every quarter, by at most 0.4 %.
    """
    file = "statcan_new_registrations_quarterly_vintages.csv"
    raw = read_text(folder / file)
    code = pl.col("publisher_code")
    kept = raw.filter(code.is_in(list(_REGISTRATIONS)))
    rows = kept.with_columns(pl.col("period").str.replace(r"^(\d{4})Q", "${1}-Q"))
    return Input(
        file,
        observed(file, rows, code.replace_strict(_REGISTRATIONS, return_dtype=pl.String)),
        raw.height,
        left_out(
            raw.filter(~code.is_in(list(_REGISTRATIONS))),
            "electric vehicles of the earlier table: 32 quarters",
        ),
    )


def quoted_sales(folder: Path) -> Input:
    """Canadian vehicle sales as a trade paper quoted the releases: 25 months of 2020-2024, first figures.

    Series of their own, most of whose months are holes; December 2024 is the first vintage of the published series too.
    """
    file = "statcan_new_vehicle_sales_press.csv"
    raw = read_text(folder / file)
    series = pl.col("publisher_code").replace_strict(_QUOTED_SALES, return_dtype=pl.String)
    frame = observed(file, raw, series)
    first = observed(
        file,
        raw.filter(pl.col("publisher_code") == "20-10-0001/total", pl.col("period") == _IN_THE_TABLE),
        pl.lit("can_sales_new_vehicles"),
    )
    return Input(
        file,
        pl.concat([frame, first]),
        raw.height,
        added=((first.height, "the month that table 20-10-0085 holds too, as its first vintage"),),
        kind="press",
    )
