"""US imports by product of newer copies: chapters by partner with duty, chapters and headings with USMCA claims, NAICS-6.

Belongs here: the layout of each file, its basis and classification, what repeats an earlier file.
Does not belong here: the earlier files (flows.py), totals by partner (partner_history.py).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.intake.figures.collected.flows import trade_flows
from orchestration.intake.figures.collected.shared import Input, corrected_label, left_out, midnight
from transforms.codes import SCHEDULE_C_OF_ISO3
from transforms.schema import TRADE_FLOW

_CHAPTERS = "us_imports_hs2_partner_month_2013_2021.parquet"
#: the label of the copy in the earlier file that this one is the whole of
_CHAPTERS_FILE, _CHAPTERS_LABEL = "us_imports_hs2_by_partner.parquet", "2021-08"


def chapters(folder: Path, earlier: pl.DataFrame) -> Input:
    """Census imports for consumption and duty by chapter, 30 partners and the world, as copied in September 2021.

    earlier: rows of raw.trade_flow of the file with seven of the partners. Raises ValueError where a cell of both differs.
    """
    raw = pl.read_parquet(folder / _CHAPTERS)
    frame = trade_flows(
        raw.select(
            partner_code="cty_code",
            period=pl.col("month").dt.strftime("%Y-%m"),
            product_code="hs2",
            value_usd="con_val_usd",
            duty_usd="cal_dut_usd",
        ),
        flow="imports",
        basis="consumption",
        classification="HS",
        level=2,
        known_from=midnight(corrected_label(_CHAPTERS_FILE, _CHAPTERS_LABEL)),
    )
    vintage = [*TRADE_FLOW.key, "known_from"]
    both = frame.join(earlier.select(*vintage, "value_usd", "duty_usd"), on=vintage, suffix="_earlier")
    same = (pl.col("value_usd") == pl.col("value_usd_earlier")) & (
        pl.col("duty_usd") == pl.col("duty_usd_earlier")
    )
    if (other := both.filter(~same)).height:
        cell = other.row(0, named=True)
        raise ValueError(
            f"{_CHAPTERS} and {_CHAPTERS_FILE} differ: HS {cell['product_code']} of {cell['period_start']:%Y-%m}, "
            f"partner {cell['partner_code']}"
        )
    fresh = frame.join(both, on=vintage, how="anti")
    return Input(_CHAPTERS, fresh, raw.height, left_out(both, f"the same figures as {_CHAPTERS_FILE}"))


def usmca_claims(folder: Path, level: int) -> Input:
    """USITC: imports for consumption by chapter (level 2) or heading (level 4), and the part under a USMCA claim."""
    file = f"usitc_imports_hs{level}_can_mex_2025_2026.parquet"
    raw = pl.read_parquet(folder / file)
    bases = {"imports_consumption": "consumption", "usmca_claimed": "usmca_claimed"}
    frame = trade_flows(
        raw.select(
            partner_code=pl.col("partner_iso3").replace_strict(SCHEDULE_C_OF_ISO3, return_dtype=pl.String),
            period="period",
            product_code="hs",
            basis=pl.col("measure").replace_strict(bases, return_dtype=pl.String),
            value_usd="value",
        ),
        flow="imports",
        classification="HS",
        level=level,
        publisher="usitc",
        known_from=midnight("2026-04-25"),
    )
    return Input(file, frame, raw.height)


def industries(folder: Path) -> Input:
    """Census imports for consumption and calculated duty by six-digit NAICS industry, all countries together.

    In 2023 the codes of NAICS 2022 replaced those of 2017 (336111 and 336112 became 336110), so some begin or end there.
    """
    file = "census_imports_duty_naics6_world.parquet"
    raw = pl.read_parquet(folder / file)
    wide = raw.with_columns(product_code=pl.col("publisher_code").str.extract(r"^NAICS (\w{6})/-$")).pivot(
        on="measure", index=["product_code", "period"], values="value"
    )
    frame = trade_flows(
        wide.rename({"imports_consumption": "value_usd", "calculated_duty": "duty_usd"}).with_columns(
            partner_code=pl.lit("-")
        ),
        flow="imports",
        basis="consumption",
        classification="NAICS",
        level=6,
        known_from=midnight("2026-03-07"),
    )
    merged = raw.height - frame.height
    return Input(file, frame, raw.height, ((merged, "value and duty are two rows in the file and one here"),))
