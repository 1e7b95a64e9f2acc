"""The measurements of docs/methods.md are those of the release: rates of all dates, without a gap, and no method left out in silence."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.documentation.method_tables import (
    FALSE_ALARMS,
    false_alarms_table,
    forecasts_table,
    gates_of_donors,
    misses_of_forecasts,
    rate_of_trends,
    worked_controls,
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The columns that the page reads, with two series a method, and rows that must not count: of a gap and of one era alone."""
    with duckdb.connect() as connection:
        connection.execute(
            """create table rpt_method_calibration (method varchar, series_id varchar, era varchar, window_months int, gap_months int,
                   nominal_rate double, n_pseudo_events int, fired int);
               create table rpt_counterfactual_effect (series_id varchar, model varchar, window_months int, gap_months int, mde95 double);
               create table rpt_synthetic_control (event_id varchar, series_id varchar, n_donors int, rmspe_ratio double, rank double,
                   misfit double, gate_passed boolean);
               create table rpt_difference_in_differences (event_id varchar, treated_series_id varchar, control_set_id varchar,
                   window_months int, gap_months int, did double, pretrend_bias double, breakdown_m double, mde95 double)"""
        )
        for _, method, months in FALSE_ALARMS:
            for series, gap, era, dates, fired in (
                ("a", 0, "all", 100, 10),
                ("b", 0, "all", 300, 10),
                ("a", 1, "all", 100, 100),
                ("a", 0, "2018", 100, 100),
            ):
                connection.execute(
                    "insert into rpt_method_calibration values (?, ?, ?, ?, ?, 0.05, ?, ?)",
                    [method, series, era, months, gap, dates, fired],
                )
        yield connection


def test_a_rate_is_that_of_all_dates_without_a_gap(con):
    """A mean of the rates of series would weigh ten dates like three hundred; a gap or an era would be counted twice."""
    lines = false_alarms_table(con).splitlines()
    assert len(lines) == 2 + len(FALSE_ALARMS)
    assert all(line.endswith("| 5.0 % | 5.0 % | 400 |") for line in lines[2:])
    con.execute("delete from rpt_method_calibration where method = 'welch'")
    with pytest.raises(ValueError, match="no dates of welch with 12 months"):
        false_alarms_table(con)


def test_the_intervals_of_forecasts_are_compared_on_the_same_series(con):
    """A series without a calibrated interval would move the share that the nominal one holds, and the difference would be no calibration."""
    con.execute(
        "insert into rpt_method_calibration values ('forecast_arima_nominal', 'short', 'all', 12, 0, 0.05, 20, 20)"
    )
    assert "| ARIMA | 12 | 2 | 400 | 95.0 % | 95.0 % | 91 % |" in forecasts_table(con)


def test_series_without_a_calibrated_interval_are_counted(con):
    con.execute(
        "insert into rpt_method_calibration values ('forecast_arima_nominal', 'short', 'all', 12, 0, 0.05, 20, 1)"
    )
    with pytest.raises(ValueError, match="no calibrated forecast of mex_production_vehicles"):
        misses_of_forecasts(con)
    con.execute(
        """insert into rpt_counterfactual_effect
           select unnest(['usa_imports_goods_can', 'usa_imports_goods_chn', 'usa_employment_motor_vehicles_parts', 'mex_production_vehicles']),
               'arima_110_drift_month', 12, 0, 0.13"""
    )
    found = misses_of_forecasts(con)
    assert "13 for imports from Canada" in found and "of 3 series" in found and "2 have one" in found


def test_a_sentence_says_what_the_rows_say(con):
    con.execute(
        """insert into rpt_synthetic_control values ('nafta-round6-end', 'usa_imports_goods_mex', 25, 1.01, 0.69, 0.24, true),
               ('other', 'usa_imports_goods_can', 25, 2.0, 0.1, 0.9, false), ('late', 'usa_imports_goods_can', null, null, null, null, null)"""
    )
    found = gates_of_donors(con)
    assert (
        "1 of 2 fits pass" in found and "misfit 0.24 to 0.90" in found and "which passes the gates" in found
    )
    con.execute(
        """insert into rpt_difference_in_differences values
               ('nafta-round6-end', 'usa_employment_motor_vehicles_parts', 'manufacturing_total', 12, 0, 0.0156, -0.0223, 0.262, 0.0466),
               ('nafta-round6-end', 'usa_employment_motor_vehicles_parts', 'manufacturing_total', 12, 1, 9, 9, 9, 9)"""
    )
    assert "`did` +0.0156" in worked_controls(con) and "have made -0.0223" in worked_controls(con)
    assert "5.0 % of 400 dates, from 3.3 % to 10 %" in rate_of_trends(con)
