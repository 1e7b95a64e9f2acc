"""TransBorder Freight Data as somebody else added it up: by mode, by group of goods, by chapter and year.

Belongs here: the layout of these three files, which totals are made of them, what is left out and why.
Does not belong here: freight by state, region and chapter (flows.py), other publishers.

Flow, partner and mode of a series are read off its code: `TransBorder <1 exports, 2 imports>/<Schedule C>/<mode>/<goods>`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.observed import ids_by, observed, of_publisher
from orchestration.intake.figures.collected.shared import Input, left_out, read_as_text

#: without trucks a month was not read at all (Canada, May 1993 and exports of September 1996): what is left is no total
_TRUCK = "5"


def by_mode(folder: Path, catalogue: pl.DataFrame) -> Input:
    """Freight of all goods by month, partner, flow and mode, 1993-04 on, and its total over the modes."""
    file = "bts_transborder_monthly_by_mode.parquet"
    raw = read_as_text(folder / file)
    month = ["flow", "partner_iso3", "period"]
    with_trucks = raw.filter(disagmot=_TRUCK).select(month)
    totals = _summed(
        raw.join(with_trucks, on=month, how="semi"), month, pl.col("publisher_code").str.head(18)
    )
    ids = ids_by(of_publisher(catalogue, "bts"), "source_code")
    kept = raw.filter(pl.col("publisher_code").is_in(list(ids)))
    rows = pl.concat([kept.select(totals.columns), totals])
    return Input(
        file,
        observed(file, rows, pl.col("publisher_code").replace_strict(ids, return_dtype=pl.String)),
        raw.height,
        left_out(
            raw.filter(~pl.col("publisher_code").is_in(list(ids))),
            "mail, and pipelines with Mexico: many months without a row, which may be none or lost; they are in the totals",
        ),
        ((totals.height, "totals over the modes"),),
    )


def by_group(folder: Path, catalogue: pl.DataFrame) -> Input:
    """Freight with Mexico by group of goods (sections of the HS), all modes together, 2007 on."""
    file = "bts_transborder_mexico_monthly_by_commodity_group.parquet"
    raw = read_as_text(folder / file)
    code = pl.format("{}/{}", pl.col("publisher_code").str.head(18), pl.col("hs_section_group"))
    totals = _summed(raw, ["flow", "hs_section_group", "period"], code)
    ids = ids_by(of_publisher(catalogue, "bts"), "source_code")
    return Input(
        file,
        observed(file, totals, pl.col("publisher_code").replace_strict(ids, return_dtype=pl.String)),
        raw.height,
        left_out(raw, "modes one by one: only their total by group is a series"),
        ((totals.height, "totals over the modes"),),
    )


def by_chapter(folder: Path, catalogue: pl.DataFrame) -> Input:
    """Freight by chapter of the HS and year, for the chapters of the catalogue: all modes, and the main ones."""
    file = "bts_transborder_annual_by_hs2_mode.parquet"
    raw = read_as_text(folder / file)
    ids = ids_by(of_publisher(catalogue, "bts").filter(frequency="annual"), "source_code")
    code = pl.format("{}/HS{}", pl.col("publisher_code").str.head(18), pl.col("hs2"))
    totals = _summed(raw, ["flow", "partner_iso3", "hs2", "period"], code)
    totals = totals.filter(pl.col("publisher_code").is_in(list(ids)))
    kept = raw.filter(pl.col("publisher_code").is_in(list(ids)))
    rows = pl.concat([kept.select(totals.columns), totals])
    return Input(
        file,
        observed(file, rows, pl.col("publisher_code").replace_strict(ids, return_dtype=pl.String)),
        raw.height,
        left_out(
            raw.filter(~pl.col("publisher_code").is_in(list(ids))),
            "chapters and modes that are not in the catalogue",
        ),
        ((totals.height, "totals over the modes"),),
    )


def _summed(rows: pl.DataFrame, keys: list[str], code: pl.Expr) -> pl.DataFrame:
    """publisher_code, period, value and observed_by, as text, of the sum of the rows of each of `keys`."""
    return (
        rows.with_columns(publisher_code=code)
        .group_by(keys)
        .agg(
            pl.col("publisher_code").first(),
            pl.col("value").cast(pl.Int64).sum().cast(pl.String),
            pl.col("observed_by").first(),
        )
        .select("publisher_code", "period", "value", "observed_by")
        .sort("publisher_code", "period")
    )
