"""Files of several publishers: monthly means of whole months, two tables of registrations apart, the press apart."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from orchestration.sources.registry import load_series_catalogue
from tests.support.bundled import as_of, read


@pytest.fixture(scope="module")
def figures() -> pl.DataFrame:
    return read("observation_")


def test_monthly_means_are_of_whole_months_and_near_the_federal_reserves(figures: pl.DataFrame) -> None:
    fix, fed = as_of(figures, "fx_usd_mxn_banxico"), as_of(figures, "fx_usd_mxn")
    assert (min(fix), max(fix)) == (date(1991, 12, 1), date(2026, 2, 1))
    apart = sorted(abs(fix[month] / fed[month] - 1) for month in set(fix) & set(fed))
    assert apart[len(apart) // 2] < 0.001 and apart[-1] < 0.03  # 2.7 % in the devaluation of December 1994


def test_mexican_inflation_of_2025_is_the_published_one(figures: pl.DataFrame) -> None:
    prices = as_of(figures, "mex_cpi_all_items")
    assert round(100 * (prices[date(2025, 12, 1)] / prices[date(2024, 12, 1)] - 1), 2) == 3.69


def test_registrations_of_two_tables_are_two_series_and_first_figures_were_revised(
    figures: pl.DataFrame,
) -> None:
    old = as_of(figures, "can_registrations_new_vehicles_until_2024")
    new = as_of(figures, "can_registrations_new_vehicles")
    assert max(old) == date(2024, 10, 1) and old[date(2019, 7, 1)] != new[date(2019, 7, 1)]
    quarter = date(2025, 10, 1)
    assert as_of(figures, "can_registrations_new_vehicles", date(2026, 3, 31))[quarter] == 411_663
    assert new[quarter] == 412_746


def test_quoted_sales_are_the_first_vintage_of_the_month_that_the_table_holds(figures: pl.DataFrame) -> None:
    month = date(2024, 12, 1)
    press = as_of(read("observation_statcan_press"), "can_sales_new_vehicles")
    assert press == {month: 135_511}
    assert as_of(figures, "can_sales_new_vehicles")[month] == 135_511
    total = as_of(figures, "can_sales_new_vehicles_quoted")
    parts = [as_of(figures, f"can_sales_new_vehicles_{k}_quoted") for k in ("north_american", "overseas")]
    assert all(parts[0][p] + parts[1][p] == value for p, value in total.items())


def test_payroll_employment_is_in_persons_and_goods_and_services_make_the_total(
    figures: pl.DataFrame,
) -> None:
    december = date(2024, 12, 1)
    total, goods, services = (
        as_of(figures, f"can_payroll_employment_{k}")[december] for k in ("total", "goods", "services")
    )
    assert goods + services == pytest.approx(total, rel=0.001) and total > 15_000_000


def test_the_metals_of_the_releases_and_of_the_whole_copy_are_one_series(figures: pl.DataFrame) -> None:
    rows = figures.filter(
        pl.col("series_id") == "usa_employment_fabricated_metals", pl.col("period_start") == date(2025, 1, 1)
    )
    assert set(rows["known_from_basis"]) == {"release", "observed_by"}
    assert "usa_orders_machinery" in set(load_series_catalogue()["series_id"])
