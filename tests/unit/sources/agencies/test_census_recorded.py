"""Census trade: the recorded answers have the layout that the replay server gives."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest

from orchestration.sources.agencies import census
from tests.support.bundled import FIGURES
from tests.support.source_case import answer, question
from transforms.parse.outcome import SchemaChangedError, TruncatedError

BY_NAME = {dataset.name: dataset for dataset in census.DATASETS}


@pytest.mark.recorded
def test_recorded_chapters_are_read_into_the_cells_of_the_figures(shared_data):
    content = (shared_data / "payloads" / "census" / "imports_hs2_2023-01_TRIMMED.json").read_bytes()
    asked = question({"year": 2023, "expected": ["I_COMMODITY", "CTY_CODE", "GEN_VAL_MO"], "known_to": None})
    parsed = BY_NAME["imports_hs2"].parse(content, asked, answer(content))
    assert parsed.frame.height == 708 and parsed.complete
    figures = duckdb.sql(
        f"""SELECT partner_code, value_usd FROM read_parquet('{FIGURES}/trade_flow_census_hs87_general.parquet')
            WHERE period_start = '2023-01-01' ORDER BY 1"""
    ).fetchall()
    live_cells = parsed.frame.filter(
        pl.col("partner_code").is_in(["1220", "2010"]) & (pl.col("product_code") == "87")
    )
    assert live_cells.select("partner_code", "value_usd").sort("partner_code").rows() == figures


@pytest.mark.recorded
def test_the_recorded_layout_of_ten_digit_exports_is_read(shared_data):
    content = (
        shared_data / "payloads" / "census" / "layouts" / "census_exports_hs_hs10_ireland_reconstructed.json"
    ).read_bytes()
    asked = question({"year": 2018, "expected": ["ALL_VAL_MO"], "known_to": None})
    with pytest.raises(TruncatedError, match="partner -"):
        BY_NAME["exports_hs10"].parse(content, asked, answer(content))
    with pytest.raises(SchemaChangedError, match="QTY_1_MO"):
        asked = question({"year": 2018, "expected": ["ALL_VAL_MO", "QTY_1_MO"], "known_to": None})
        BY_NAME["exports_hs10"].parse(content, asked, answer(content))
