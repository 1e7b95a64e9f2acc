"""Light vehicles of Mexico: makers add up, the press is a first vintage of what it quoted, and heavy vehicles stay apart."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from orchestration.intake.figures.collected import mexico_vehicles
from tests.support.bundled import as_of, read


@pytest.fixture(scope="module")
def figures() -> pl.DataFrame:
    return read("observation_inegi")


def test_makers_add_up_to_the_total_and_foton_is_the_difference(figures: pl.DataFrame) -> None:
    total = as_of(figures, "mex_production_light_vehicles")
    without = as_of(figures, "mex_production_light_vehicles_without_foton")
    makers = [as_of(figures, f"mex_production_light_vehicles_{m}") for m in mexico_vehicles.MAKERS.values()]
    foton = as_of(figures, "mex_production_light_vehicles_foton")
    assert sum(total.values()) == 14_369_591 and len(total) == 44
    for month, made in total.items():
        assert sum(maker.get(month, 0) for maker in makers) == made
        assert made - foton.get(month, 0) == without[month]


def test_a_month_in_which_a_maker_made_nothing_is_a_zero(figures: pl.DataFrame) -> None:
    assert as_of(figures, "mex_production_light_vehicles_bmw")[date(2024, 12, 1)] == 0
    assert min(as_of(figures, "mex_production_light_vehicles_foton")) == date(2024, 1, 1)


def test_what_the_press_quoted_is_known_before_the_copy_and_equal_in_fourteen_months(
    figures: pl.DataFrame,
) -> None:
    series = "mex_production_light_vehicles_without_foton"
    then, now = as_of(figures, series, date(2026, 3, 31)), as_of(figures, series)
    assert now[date(2026, 1, 1)] - then[date(2026, 1, 1)] == 10_337  # revised up in March 2026
    equal = [month for month in then if month >= date(2024, 1, 1) and then[month] == now[month]]
    assert len(equal) == 13
    assert set(read("observation_inegi_press")["known_from"].dt.year()) <= {2023, 2024, 2025, 2026}


def test_exports_and_sales_of_the_press_have_no_holes(figures: pl.DataFrame) -> None:
    press = read("observation_inegi_press")
    for series, months in (("mex_exports_light_vehicles", 14), ("mex_sales_light_vehicles", 11)):
        assert len(as_of(press, series)) == months
    assert as_of(press, "mex_exports_light_vehicles", date(2025, 3, 31))[date(2025, 1, 1)] == 219_414


@pytest.mark.recorded
def test_cumulative_figures_of_the_bulletins_equal_the_copy_without_foton(
    shared_data, figures: pl.DataFrame
) -> None:
    """They are no months and are left out; January to November and to December 2025 check the copy."""
    raw = pl.read_csv(
        shared_data / "newer" / "inegi_press_release_figures_mexico.csv", infer_schema=False
    ).filter(publisher_code="RAIAVL produccion total", frequency="cumulative")
    stated = dict(raw.select("period", pl.col("value").cast(pl.Int64)).iter_rows())
    made = as_of(figures, "mex_production_light_vehicles_without_foton")
    year = [made[date(2025, month, 1)] for month in range(1, 13)]
    assert stated["2025-01..2025-12"] == sum(year) and stated["2025-01..2025-11"] == sum(year[:-1])
    assert datetime(2026, 9, 7) in set(figures["known_from"])
