"""Collected observations against the figures made of them: unchanged, and means those of the daily rates."""

from __future__ import annotations

import json
from datetime import date

import duckdb
import polars as pl
import pytest

from orchestration.sources.registry import load_series_catalogue
from tests.support.bundled import FIGURES, as_of, read


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    return read("observation_")


@pytest.mark.recorded
def test_every_us_monthly_figure_is_in_the_snapshot_unchanged(shared_data):
    """Read again by DuckDB: 44,054 figures of 46 series; only the compiled rate EXCAUSx is left out."""
    con = duckdb.connect()
    con.register("catalogue", load_series_catalogue().select("series_id", "fred_alias").to_arrow())
    counted = con.execute(
        f"""
        with given as (
            select fred_alias, series_id, (period || '-01')::date as period_start, value::double as value
            from read_csv('{shared_data}/figures/us_monthly.csv', header = true, quote = '"', all_varchar = true)
            left join catalogue on fred_code = fred_alias
        )
        select
            count(*) filter (series_id is null),
            count(*) filter (series_id is not null),
            count(*) filter (series_id is not null and exists (
                select 1 from '{FIGURES}/observation_*.parquet' f
                where f.series_id = given.series_id and f.period_start = given.period_start and f.value = given.value))
        from given
        """
    ).fetchone()
    assert counted == (1576, 44_054, 44_054)


@pytest.mark.recorded
@pytest.mark.parametrize("year", [2018, 2020, 2025])
def test_monthly_means_of_the_bank_of_canada_are_those_of_its_daily_rates(shared_data, observations, year):
    """The collected means are rounded to six decimals (MXN: eight)."""
    days = json.loads(
        (shared_data / "payloads" / "valet" / f"observations_fx_daily_{year}.json").read_text()
    )["observations"]
    for code, series_id, tolerance in (
        ("FXUSDCAD", "fx_usd_cad_bank_of_canada", 1e-6),
        ("FXMXNCAD", "fx_mxn_cad_bank_of_canada", 1e-8),
    ):
        monthly = as_of(observations, series_id)
        for month in range(1, 13):
            rates = [
                float(day[code]["v"])
                for day in days
                if day["d"].startswith(f"{year}-{month:02}") and code in day
            ]
            assert monthly[date(year, month, 1)] == pytest.approx(sum(rates) / len(rates), abs=tolerance)
