"""Imports by product: claims are parts, chapters are the sums of headings, earlier figures are the same, industries add up."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from orchestration.intake.figures.collected import products
from tests.support.bundled import read
from transforms.schema import TRADE_FLOW


@pytest.mark.parametrize("basis", ["consumption", "usmca_claimed"])
def test_headings_add_up_to_their_chapter(basis: str) -> None:
    keys = ["partner_code", "period_start", "chapter"]
    level4 = read("trade_flow_usitc_hs4").filter(
        pl.col("known_from").dt.date() == date(2026, 4, 25), basis=basis
    )
    summed = (
        level4.with_columns(chapter=pl.col("product_code").str.head(2))
        .group_by(keys)
        .agg(pl.col("value_usd").sum())
    )
    chapters = (
        read("trade_flow_usitc_hs2").filter(pl.col("basis") == basis).rename({"product_code": "chapter"})
    )
    both = chapters.join(summed, on=keys)
    assert both.height == chapters.height == 2716
    assert (both["value_usd"] == both["value_usd_right"]).all()


def test_the_claimed_share_of_goods_that_are_free_anyway_breaks_in_july_2025() -> None:
    """Special purpose vehicles from Canada: recording changed, which a series shows and a comparison may not."""
    cells = read("trade_flow_usitc_hs4").filter(
        pl.col("product_code") == "8705", pl.col("partner_code") == "1220"
    )
    share = {
        month: cells.filter(pl.col("period_start") == month).group_by("basis").agg(pl.col("value_usd").max())
        for month in (date(2025, 6, 1), date(2025, 7, 1))
    }
    shares = [dict(rows.iter_rows()) for rows in share.values()]
    assert [round(s["usmca_claimed"] / s["consumption"], 1) for s in shares] == [0.0, 1.0]


def test_six_digit_industries_add_up_to_the_subsector() -> None:
    keys = ["period_start"]
    detailed = read("trade_flow_census_naics6").filter(pl.col("product_code").str.starts_with("336"))
    summed = detailed.group_by(keys).agg(pl.col("value_usd", "duty_usd").sum())
    subsector = read("trade_flow_census_naics3").filter(product_code="336", partner_code="-")
    both = subsector.join(summed, on=keys)
    assert both.height == 71
    assert (both["value_usd"] == both["value_usd_right"]).all() and (
        both["duty_usd"] == both["duty_usd_right"]
    ).all()


@pytest.mark.recorded
def test_a_cell_that_differs_from_the_earlier_copy_is_refused(shared_data) -> None:
    bundled = read("trade_flow_census_hs2")
    earlier = bundled.filter(pl.col("partner_code") == "1220").head(50)
    folder = shared_data / "product"
    assert products.chapters(folder, earlier).frame.columns == list(TRADE_FLOW.polars_schema)
    changed = earlier.with_columns(pl.col("value_usd") + 1, known_from=pl.lit(None, dtype=pl.Datetime("us")))
    changed = changed.with_columns(known_from=bundled["known_from"].max())
    with pytest.raises(ValueError, match="differ: HS"):
        products.chapters(folder, changed)
