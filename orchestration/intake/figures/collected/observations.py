"""Collected files of observations: one function a file, each to rows of `raw.observation`.

Belongs here: the layout of each file, what is left out of it and why, copies whose date has to be corrected.
Does not belong here: trade and freight flows (flows.py), checks across files and writing (../make.py).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.observed import from_wide, ids_by, observed, of_publisher
from orchestration.intake.figures.collected.shared import UNDATED, Input, left_out, midnight, read_text
from transforms.parse import statcan
from transforms.schema import OBSERVATION

STATCAN_PRODUCT = "20100001"
#: the file time inside the StatCan zip, 16 minutes before the release of that day
STATCAN_ZIP_BUILT = "2020-06-12"

#: the series of the industrial product price index on its base of 2010, which later copies do not continue
_IPPI_2010 = "can_producer_prices_motor_vehicles_parts_2010"
#: the month without price surveys in the United States, because appropriations had lapsed
_LAPSE = date(2025, 10, 1)


def us_monthly(folder: Path, catalogue: pl.DataFrame) -> Input:
    """US monthly series of BLS, Census, BEA and the Federal Reserve, by their FRED alias."""
    file = "us_monthly.csv"
    raw = read_text(folder / file)
    ids = ids_by(catalogue.filter(pl.col("fred_alias").is_not_null()), "fred_alias")
    chosen = raw.filter(pl.col("fred_code").is_in(list(ids)))
    frame = observed(file, chosen, pl.col("fred_code").replace_strict(ids, return_dtype=pl.String))
    lapse = _lapse_rows(frame, catalogue)
    return Input(
        file,
        pl.concat([frame, lapse]),
        raw.height,
        left_out(
            raw.filter(~pl.col("fred_code").is_in(list(ids))),
            "EXCAUSx joins the Federal Reserve's rate to earlier figures of others; the Federal Reserve's is fx_usd_cad",
        ),
        (
            (
                lapse.height,
                "October 2025 does not exist at the publisher (lapse in appropriations): status missing",
            ),
        ),
    )


def canada_levels(folder: Path, catalogue: pl.DataFrame) -> Input:
    """Statistics Canada vectors. The price index was rebased between the two copies, so each base is a series."""
    file = "canada_levels.csv"
    raw = read_text(folder / file)
    ids = ids_by(of_publisher(catalogue, "statcan").filter(pl.col("series_id") != _IPPI_2010), "source_code")
    chosen = raw.filter(pl.col("source_code").is_in(list(ids)))
    series = (
        pl.when((pl.col("source_code") == "v1230996000") & (pl.col("observed_by") == "2020-11"))
        .then(pl.lit(_IPPI_2010))
        .otherwise(pl.col("source_code").replace_strict(ids, default=None, return_dtype=pl.String))
    )
    return Input(
        file,
        observed(file, chosen, series),
        raw.height,
        left_out(
            raw.filter(~pl.col("source_code").is_in(list(ids))),
            "a US dollar rate joined from two publishers' rates; fx_usd_cad and fx_usd_cad_bank_of_canada keep them apart",
        ),
    )


def mexico(folder: Path, file: str, catalogue: pl.DataFrame) -> Input:
    """INEGI: vehicles, trade in goods or industrial activity; the three files have one layout."""
    raw = read_text(folder / file)
    ids = ids_by(of_publisher(catalogue, "inegi"), "source_code")
    prefix = pl.lit("IMAI ") if file == "mexico_industrial_activity.csv" else pl.lit("")
    return Input(
        file,
        observed(file, raw, (prefix + pl.col("source_code")).replace_strict(ids, return_dtype=pl.String)),
        raw.height,
    )


def customs_duties(folder: Path) -> Input:
    """US Treasury: customs duties in billions of US dollars, gross, refunds, net. Net may be negative."""
    file = "us_customs_duties.csv"
    raw = read_text(folder / file)
    ids = {
        "customs_duties_gross_usd_bn": "usa_customs_duties_gross",
        "customs_duties_refund_usd_bn": "usa_customs_duties_refunds",
        "customs_duties_net_usd_bn": "usa_customs_duties_net",
    }
    return Input(
        file,
        observed(file, raw, pl.col("source_code").replace_strict(ids, return_dtype=pl.String)),
        raw.height,
    )


def bank_of_canada(folder: Path) -> Input:
    """Monthly means of the Bank of Canada's daily rates; the file is not dated."""
    file = "boc_monthly_fx.csv"
    raw = read_text(folder / file)
    wide = raw.select(
        period="month", fx_usd_cad_bank_of_canada="FXUSDCAD_avg", fx_mxn_cad_bank_of_canada="FXMXNCAD_avg"
    )
    return from_wide(file, wide, UNDATED)


def oica(folder: Path) -> Input:
    """OICA: vehicles made in a year, by country and kind."""
    file = "oica_annual_production.csv"
    raw = read_text(folder / file)
    kinds = {
        "passenger": "passenger_cars",
        "commercial": "commercial_vehicles",
        "total": "vehicles",
    }
    long = raw.unpivot(list(kinds), index=["source_code", "period", "observed_by"], variable_name="kind")
    series = pl.format(
        "{}_production_{}_annual",
        pl.col("source_code").str.to_lowercase(),
        pl.col("kind").replace_strict(kinds, return_dtype=pl.String),
    )
    present = long.filter(pl.col("value").is_not_null())
    return Input(
        file,
        observed(file, present, series),
        long.height,
        left_out(
            long.filter(pl.col("value").is_null()),
            "the copy is damaged (Canada 2021); absent, because the publisher did state a number",
        ),
    )


def statcan_sales(folder: Path) -> Input:
    """Statistics Canada table 20-10-0085: new vehicle sales, Canada; the file is not dated."""
    file = "statcan_20100085_canada_monthly_2024-07_2026-06.csv"
    wide = read_text(folder / file).select(
        period="ref_date",
        can_sales_zero_emission_vehicles="zero_emission_units",
        can_sales_new_vehicles="all_new_vehicles_units",
    )
    return from_wide(file, wide, UNDATED)


def statcan_registrations(folder: Path) -> Input:
    """Statistics Canada table 20-10-0025: new vehicle registrations, quarterly; the file is not dated."""
    file = "open_ev_charts_CA_total_registrations_quarterly.csv"
    wide = read_text(folder / file).select(
        period="quarter", can_registrations_new_vehicles="all_new_registrations_units"
    )
    return from_wide(file, wide, UNDATED)


def statcan_table(path: Path, catalogue: pl.DataFrame) -> Input:
    """Statistics Canada table 20-10-0001: the vectors of it that are in the catalogue."""
    table = statcan.full_table(path.read_bytes(), STATCAN_PRODUCT)
    wanted = of_publisher(catalogue, "statcan").filter(
        pl.col("source_code").is_in(table["vector"].unique().implode())
    )
    chosen = statcan.select_vectors(table, ids_by(wanted, "source_code"))
    declared = wanted.select("series_id", declared=pl.col("unit_multiplier"))
    printed = chosen.join(declared, on="series_id").with_columns(factor=10 ** pl.col("scalar_exponent"))
    wrong = printed.filter(pl.col("factor") != pl.col("declared"))["series_id"].unique().sort().to_list()
    if wrong:
        raise ValueError(f"{path.name}: the multiplier of {wrong} is not the one in series.csv")
    frame = chosen.with_columns(
        known_from=midnight(STATCAN_ZIP_BUILT), known_from_basis=pl.lit("observed_by")
    )
    return Input(
        path.name,
        frame.select(list(OBSERVATION.polars_schema)),
        table.height,
        ((table.height - chosen.height, "provinces and origins that are not in the catalogue"),),
    )


def _lapse_rows(frame: pl.DataFrame, catalogue: pl.DataFrame) -> pl.DataFrame:
    """A `missing` row for October 2025 in every copy of a BLS price series that has months on both sides of it."""
    prices = catalogue.filter((pl.col("source_id") == "bls") & (pl.col("measure") == "price_index"))[
        "series_id"
    ]
    period = pl.col("period_start")
    return (
        frame.filter(pl.col("series_id").is_in(prices.implode()))
        .group_by("series_id", "known_from", "known_from_basis")
        .agg(spans=(period.min() < _LAPSE) & (period.max() > _LAPSE), present=(period == _LAPSE).any())
        .filter(pl.col("spans") & ~pl.col("present"))
        .with_columns(
            period_start=pl.lit(_LAPSE), value=pl.lit(None, dtype=pl.Float64), status=pl.lit("missing")
        )
        .select(list(OBSERVATION.polars_schema))
    )
