"""Freight totals that somebody else added up: they add up, agree with our own cells, and break where modes begin."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from orchestration.intake.figures.collected import transborder
from orchestration.sources.registry import load_series_catalogue
from tests.support.bundled import as_of, read


@pytest.fixture(scope="module")
def freight() -> pl.DataFrame:
    return read("observation_bts")


@pytest.mark.parametrize("flow", ["imports", "exports"])
def test_groups_of_goods_add_up_to_all_modes(freight: pl.DataFrame, flow: str) -> None:
    """22 groups of goods and the modes are two partitions of the same trade with Mexico."""
    prefix = f"usa_freight_{flow}_mex"
    modes = {f"{prefix}_{mode}" for mode in ("vessel", "air", "truck", "rail", "other", "ftz", "pipeline")}
    groups = freight.filter(
        pl.col("series_id").str.starts_with(f"{prefix}_"),
        ~pl.col("series_id").is_in(modes),
        ~pl.col("series_id").str.ends_with("_annual"),
    )
    assert groups["series_id"].n_unique() == 22
    summed = dict(groups.group_by("period_start").agg(pl.col("value").sum()).iter_rows())
    total = as_of(freight, prefix)
    assert len(summed) == 228 and all(total[month] == value for month, value in summed.items())


def test_months_of_vehicles_equal_the_cells_of_the_freight_table(freight: pl.DataFrame) -> None:
    """Chapter 87 in a year is the sum of our own cells of its months (2021-2023, another copy of the raw files)."""
    cells = read("freight_flow_").filter(
        pl.col("hs2") == "87", pl.col("period_start").dt.year().is_between(2021, 2023)
    )
    for flow in ("imports", "exports"):
        for partner in ("CAN", "MEX"):
            annual = as_of(freight, f"usa_freight_{flow}_{partner.lower()}_hs87_annual")
            ours = cells.filter(flow=flow, partner_iso3=partner)
            for year in (2021, 2022, 2023):
                summed = ours.filter(pl.col("period_start").dt.year() == year)["value_usd"].sum()
                assert annual[date(year, 1, 1)] == summed, (flow, partner, year)


def test_air_and_vessel_begin_with_november_2003_and_no_total_is_made_without_trucks(
    freight: pl.DataFrame,
) -> None:
    assert min(as_of(freight, "usa_freight_imports_mex_vessel")) == date(2003, 11, 1)
    assert min(as_of(freight, "usa_freight_imports_mex")) == date(1993, 4, 1)
    assert date(1993, 5, 1) not in as_of(freight, "usa_freight_imports_can")
    assert date(1996, 9, 1) not in as_of(freight, "usa_freight_exports_can")


@pytest.mark.recorded
def test_every_row_of_the_file_is_a_series_or_in_a_total(shared_data) -> None:
    item = transborder.by_mode(shared_data / "newer", load_series_catalogue())
    left = sum(rows for rows, _ in item.left_out)
    added = sum(rows for rows, _ in item.added)
    assert item.frame.height == item.rows - left + added
    assert item.frame["value"].min() >= 0
