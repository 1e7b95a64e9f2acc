"""The bundled figures as committed: intact, complete, reproducible, and refused when damaged."""

from __future__ import annotations

import math
from datetime import date

import duckdb
import polars as pl
import pytest

from tests.support.bundled import FIGURES, as_of, read


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    return read("observation_")


def log_change(values: dict[date, float], pre: tuple[date, date], post: tuple[date, date]) -> float:
    """100 * (exp(mean log after - mean log before) - 1)."""
    means = [
        sum(logs) / len(logs)
        for first, last in (pre, post)
        if (logs := [math.log(value) for period, value in values.items() if first <= period <= last])
    ]
    return 100 * math.expm1(means[1] - means[0])


# --- worked figures


def test_worked_figure_round_six_imports_from_mexico(observations):
    change = log_change(
        as_of(observations, "usa_imports_goods_mex"),
        (date(2017, 2, 1), date(2018, 1, 1)),
        (date(2018, 2, 1), date(2019, 1, 1)),
    )
    assert round(change, 2) == 9.66


@pytest.mark.parametrize(
    ("known_on", "expected"),
    [(date(2026, 1, 9), -2.07), (date(2026, 2, 15), -3.14), (date(2026, 8, 9), -3.18)],
)
def test_worked_figure_the_benchmark_of_february_2026_and_not_the_tariff(observations, known_on, expected):
    change = log_change(
        as_of(observations, "usa_employment_motor_vehicles_parts", known_on),
        (date(2024, 5, 1), date(2025, 4, 1)),
        (date(2025, 5, 1), date(2025, 12, 1)),
    )
    assert round(change, 2) == expected


@pytest.mark.recorded
def test_what_is_left_out_as_a_repetition_is_in_the_snapshot_to_the_dollar(shared_data):
    """206 rows of HS 87 that the Census chapter file already holds: value and duty, Canada and Mexico."""
    con = duckdb.connect()
    counted = con.execute(
        f"""
        select count(*), count(t.value_usd)
        from read_csv('{shared_data}/figures/hs87_us_ca_mx_monthly_stitched.csv', header = true, all_varchar = true) r
        left join '{FIGURES}/trade_flow_census_hs2.parquet' t
            on t.partner_code = r.CTY_CODE and t.period_start = (r.ym || '-01')::date and t.product_code = '87'
            and t.value_usd = r.usd::bigint and t.duty_usd = r.duty_usd::bigint and t.known_from = '2021-09-30'
        where r.src like 'census_hs2 2021%'
        """
    ).fetchone()
    assert counted == (206, 206)
