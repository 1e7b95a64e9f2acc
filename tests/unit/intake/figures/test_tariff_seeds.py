"""The seeds of tariff lists and of the trade on them: made from the collected files, and whole."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from orchestration.intake.figures import tariff_seeds

NAMES = ("seed_tariff_list_code.csv", "seed_import_weight.csv")


@pytest.fixture(scope="module")
def seeds() -> dict[str, pl.DataFrame]:
    return {name: pl.read_csv(tariff_seeds.SEEDS / name, infer_schema=False) for name in NAMES}


@pytest.mark.slow
@pytest.mark.recorded
def test_the_committed_seeds_are_what_the_collected_files_give(shared_data: Path, tmp_path: Path) -> None:
    """A line edited by hand in 20,000 would be noticed by nobody."""
    tariff_seeds.main(shared_data, tmp_path)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (tariff_seeds.SEEDS / name).read_bytes(), name


@pytest.mark.recorded
def test_weights_hold_all_trade_of_a_partner(shared_data: Path, seeds: dict[str, pl.DataFrame]) -> None:
    """Lines that fall out of a join would leave the rest with too much weight."""
    trade = pl.read_parquet(shared_data / "product" / "us_imports_hs10_country_year_2024.parquet")
    summed = (
        seeds["seed_import_weight.csv"].group_by("partner_iso3").agg(pl.col("value_usd").cast(pl.Int64).sum())
    )
    here = dict(summed.iter_rows())
    for code, partner in {"1220": "CAN", "2010": "MEX", "5700": "CHN", "5880": "JPN", "4120": "GBR"}.items():
        assert here[partner] == trade.filter(pl.col("cty_code") == code)["con_val_usd"].sum()
    # Germany's chapters are general imports of 160.2 billion, of which all but those the EU has no line of are here
    assert here["DEU"] == pytest.approx(160.2e9, rel=0.01)


def test_codes_are_digits_and_every_list_in_the_weights_is_declared(seeds: dict[str, pl.DataFrame]) -> None:
    declared = {
        row["list_id"] for row in csv.DictReader((tariff_seeds.SEEDS / "seed_tariff_list.csv").open())
    }
    codes = seeds["seed_tariff_list_code.csv"]
    assert set(codes["list_id"]) == declared
    assert all(
        code.isdigit() and 2 <= len(code) <= 10 for row in codes["hs_codes"] for code in row.split(";")
    )
    weighted = {
        name
        for row in seeds["seed_import_weight.csv"]["lists"].fill_null("")
        for name in row.split(";")
        if name
    }
    assert weighted <= declared
