"""Collected files of trade and freight flows: one function a file, each to rows of `raw.trade_flow` or `raw.freight_flow`.

Belongs here: the layout of each file, its basis and classification, what is left out of it and why.
Does not belong here: observations (observations.py), checks across files and writing (../make.py).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.shared import (
    UNDATED,
    Input,
    copy_dates,
    left_out,
    midnight,
    read_text,
)
from transforms import periods
from transforms.codes import hs_edition, partner_code_of_name
from transforms.parse import bts
from transforms.schema import FREIGHT_FLOW, TRADE_FLOW

#: machinery, electrical machinery, vehicles: the chapters of the HS that the collection holds freight of
FREIGHT_CHAPTERS = ("84", "85", "87")


def partner_totals(folder: Path, file: str, flow: str, basis: str) -> Input:
    """Census totals of goods trade by partner and partner group. The copies carry no date; February 2026 is the bound."""
    raw = pl.read_parquet(folder / file)
    return Input(
        file,
        trade_flows(
            raw,
            flow=flow,
            basis=basis,
            classification="TOTAL",
            level=0,
            known_from=midnight("2026-02"),
        ),
        raw.height,
    )


def imports_by_chapter(folder: Path) -> Input:
    """Census imports for consumption and calculated duty by HS chapter and partner, in two copies."""
    file = "us_imports_hs2_by_partner.parquet"
    raw = pl.read_parquet(folder / file)
    frame = raw.rename({"hs2": "product_code", "con_val_usd": "value_usd"})
    return Input(
        file,
        trade_flows(
            frame,
            flow="imports",
            basis="consumption",
            classification="HS",
            level=2,
            known_from=copy_dates(file, pl.col("observed_by"), raw["observed_by"]),
        ),
        raw.height,
    )


def imports_by_industry(folder: Path) -> Input:
    """Census imports for consumption and calculated duty by NAICS-3 industry and partner; industry '00' is the total."""
    file = "us_imports_naics3_by_partner.parquet"
    raw = pl.read_parquet(folder / file)
    codes = {name: partner_code_of_name(name) for name in raw["partner_name"].unique()}
    total = pl.col("naics3") == "00"
    frame = raw.with_columns(
        partner_code=pl.col("partner_name").replace_strict(codes, return_dtype=pl.String),
        product_code=pl.col("naics3"),
        value_usd=pl.col("con_val_usd"),
        classification=pl.when(total).then(pl.lit("TOTAL")).otherwise(pl.lit("NAICS")),
        product_level=pl.when(total).then(0).otherwise(3),
    )
    return Input(
        file,
        trade_flows(
            frame,
            flow="imports",
            basis="consumption",
            known_from=copy_dates(file, pl.col("observed_by"), raw["observed_by"]),
        ),
        raw.height,
    )


def chapter_87(folder: Path) -> dict[str, Input]:
    """HS 87 with Canada and Mexico, as one input a publisher: figures on different bases are never joined.

    USITC's "consumption (CONS_CUSTOMS_VALUE)" is the customs value of imports for consumption, which DataWeb takes
    from the statistics of the Census Bureau: the same basis as Census CON_VAL_MO. No month is in both files; the ratio
    of HS 87 to NAICS 336 for Mexico is nearly the same on both sides of the gap (0.770 in July 2021, 0.786 in January 2025).
    """
    file = "hs87_us_ca_mx_monthly_stitched.csv"
    raw = read_text(folder / file)
    source = pl.col("src")
    census_2021 = raw.filter(source.str.starts_with("census_hs2 2021"))
    flows = raw.select(
        partner_code="CTY_CODE",
        period="ym",
        product_code=pl.lit("87"),
        flow=pl.col("flow") + "s",
        value_usd=pl.col("usd").cast(pl.Int64),
        src="src",
    )
    parts = {}
    for name, publisher, prefix, bases, observed_by in (
        ("census", "census", "census_hs2 all countries 2025-08", {"imports": "general"}, "2025-08"),
        ("usitc", "usitc", "usitc_dataweb", {"imports": "consumption"}, UNDATED),
        ("bts", "bts", "bts_transborder", {"imports": "customs", "exports": "total_exports"}, UNDATED),
    ):
        part = flows.filter(source.str.starts_with(prefix))
        frame = trade_flows(
            part.with_columns(basis=pl.col("flow").replace_strict(bases, return_dtype=pl.String)),
            classification="HS",
            level=2,
            publisher=publisher,
            known_from=midnight(observed_by),
        )
        parts[name] = Input(f"{file} ({name})", frame, part.height)
    parts["repeated"] = Input(
        f"{file} (census 2021)",
        pl.DataFrame(schema=TRADE_FLOW.polars_schema),
        census_2021.height,
        left_out(census_2021, "the same figures as us_imports_hs2_by_partner.parquet"),
    )
    return parts


def usmca_claims(folder: Path) -> Input:
    """USITC: imports for consumption by automotive HS heading, and the part entered under a USMCA claim."""
    file = "hs4_auto_usmca_claims_2025_2026.csv"
    raw = read_text(folder / file)
    columns = {"consumption": "cons_customs_value_usd", "usmca_claimed": "usmca_claimed_usd"}
    frames = [
        trade_flows(
            raw.select(
                partner_code="cty_code",
                period="ym",
                product_code="hs4",
                value_usd=pl.col(column).cast(pl.Int64),
            ),
            flow="imports",
            basis=basis,
            classification="HS",
            level=4,
            publisher="usitc",
            known_from=midnight(UNDATED),
        )
        for basis, column in columns.items()
    ]
    return Input(file, pl.concat(frames), 2 * raw.height)


def freight(load: Path, zips: list[Path]) -> list[Input]:
    """BTS freight flows of HS 84, 85 and 87: the months of the load table, and of the zips where it has none.

    A month that is in both must hold the same cells: raises ValueError naming the first difference.
    """
    file = "dot2_2020-01_2024-09.parquet"
    raw = (
        pl.scan_parquet(load / file)
        .filter(pl.col("COMMODITY2").is_in(FREIGHT_CHAPTERS))
        .with_columns(period_start=pl.col("ym").str.to_date("%Y-%m"))
        .collect()
    )
    known_from = midnight(UNDATED)
    cells = bts.at_grain(bts.typed(raw, file), None)
    rows = pl.scan_parquet(load / file).select(pl.len()).collect().item()
    other_chapters = ((rows - raw.height, f"HS chapters other than {', '.join(FREIGHT_CHAPTERS)}"),)
    inputs = [Input(file, _freight_flows(cells, known_from), rows, other_chapters)]
    months = set(cells["period_start"].unique())
    for path in zips:
        parsed = bts.parse(
            path.read_bytes(), known_from=periods.known_from(UNDATED), chapters=FREIGHT_CHAPTERS
        )
        month = parsed.frame["period_start"][0]
        from_zip = parsed.frame.select(list(FREIGHT_FLOW.columns))
        if month not in months:
            inputs.append(Input(path.name, _freight_flows(from_zip, known_from), from_zip.height))
            continue
        if not from_zip.equals(cells.filter(pl.col("period_start") == month)):
            raise ValueError(f"{path.name} and {file} hold different cells of {month:%Y-%m}")
        no_rows = pl.DataFrame(schema=FREIGHT_FLOW.polars_schema)
        inputs.append(
            Input(path.name, no_rows, from_zip.height, left_out(from_zip, f"the same cells as {file}"))
        )
    return inputs


def trade_flows(
    raw: pl.DataFrame,
    *,
    known_from: pl.Expr,
    flow: str | None = None,
    basis: str | None = None,
    classification: str | None = None,
    level: int | None = None,
    publisher: str = "census",
) -> pl.DataFrame:
    """Rows of raw.trade_flow from a frame with partner_code, period (2025-01) and value_usd.

    flow, basis, classification, level and, for totals, the product code are either columns of the frame or constants.
    """
    start = pl.col("period").str.to_date("%Y-%m")
    constants = {
        "flow": flow,
        "basis": basis,
        "classification": classification,
        "product_level": level,
        "product_code": "00" if level == 0 else None,
    }
    frame = raw.with_columns(
        **{name: pl.lit(value) for name, value in constants.items() if value is not None}
    )
    duty = pl.col("duty_usd") if "duty_usd" in raw.columns else pl.lit(None)
    edition = pl.when(pl.col("classification") == "HS").then(hs_edition(start))
    return frame.select(
        reporter_iso3=pl.lit("USA"),
        partner_code="partner_code",
        flow="flow",
        basis="basis",
        classification="classification",
        classification_version=edition,
        product_level=pl.col("product_level").cast(pl.Int16),
        product_code="product_code",
        period_start=start,
        value_usd="value_usd",
        duty_usd=duty.cast(pl.Int64),
        quantity=pl.lit(None, dtype=pl.Float64),
        quantity_unit=pl.lit(None, dtype=pl.String),
        source_id=pl.lit(publisher),
        status=pl.lit("normal"),
        known_from=known_from,
        known_from_basis=pl.lit("observed_by"),
    )


def _freight_flows(cells: pl.DataFrame, known_from: pl.Expr) -> pl.DataFrame:
    return cells.with_columns(
        status=pl.lit("normal"), known_from=known_from, known_from_basis=pl.lit("observed_by")
    ).select(list(FREIGHT_FLOW.polars_schema))
