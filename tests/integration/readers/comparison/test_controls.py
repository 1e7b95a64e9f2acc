"""Controls of a comparison come with the assumption that they stand for."""

from __future__ import annotations

import duckdb

from orchestration.readers.comparison.compare import compare
from orchestration.readers.release_file import records

JOBS = "usa_employment_motor_vehicles_parts"


def test_controls_come_with_their_assumption(con: duckdb.DuckDBPyConnection):
    found = compare(con, "nafta-round6-end", JOBS, control="manufacturing-total")
    [row] = records(
        con,
        """from rpt_difference_in_differences where event_id = 'nafta-round6-end' and treated_series_id = ?
           and control_set_id = 'manufacturing_total' and window_months = 12 and is_default_gap""",
        [JOBS],
    )
    assert found.control == row
    assumption = con.execute(
        "select assumption from dim_control_set where control_set_id = 'manufacturing_total' and treated_series_id = ?",
        [JOBS],
    ).fetchall()[0][0]
    assert assumption in found.text and "drift of the 36 months before" in found.text
