"""Collected trade and freight flows: two sources of one month must agree cell by cell."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from orchestration.intake.figures.collected import flows
from tests import FIXTURE_FOLDER


def test_a_month_of_freight_with_other_cells_in_its_second_source_is_refused(tmp_path):
    """The load table and a month's zip must hold the same cells; otherwise one of them is damaged."""
    text = (FIXTURE_FOLDER / "bts" / "dot2_0924.csv").read_text(encoding="utf-8")
    table = pl.read_csv(io.StringIO(text), infer_schema=False).with_columns(
        pl.col("VALUE", "SHIPWT", "FREIGHT_CHARGES").cast(pl.Int64), ym=pl.lit("2024-09")
    )
    table.drop("MONTH", "YEAR").write_parquet(tmp_path / "dot2_2020-01_2024-09.parquet")

    def month(content: str) -> Path:
        with zipfile.ZipFile(tmp_path / "transborder_0924.zip", "w") as archive:
            archive.writestr("dot2_0924.csv", content)
        return tmp_path / "transborder_0924.zip"

    bundled, repeated = flows.freight(tmp_path, [month(text)])
    assert (bundled.frame.height, repeated.frame.height) == (56, 0)
    with pytest.raises(ValueError, match=r"transborder_0924\.zip and dot2_.* different cells of 2024-09"):
        flows.freight(tmp_path, [month(text.replace(",1220,21206,", ",1220,21207,", 1))])
