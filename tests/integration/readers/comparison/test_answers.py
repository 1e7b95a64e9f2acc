"""Every method of a comparison answers or says why it does not."""

from __future__ import annotations

import duckdb

from orchestration.readers.comparison.compare import compare
from orchestration.readers.comparison.methods import METHODS

JOBS = "usa_employment_motor_vehicles_parts"


def test_every_method_answers_or_says_why_not(con: duckdb.DuckDBPyConnection):
    """A method that is silently left out looks as if it had nothing to say; a p-value alone is believed."""
    rows = compare(con, "nafta-round6-end", JOBS, method="all").methods
    assert list(dict.fromkeys(r.method for r in rows)) == list(METHODS)
    assert all(r.difference is not None or r.note for r in rows)
    only = compare(con, "nafta-round6-end", JOBS, method="difference_in_differences").methods
    assert {r.method for r in only} == {"difference_in_differences"}
    did = {r.variant: r.difference for r in only}
    wanted = con.execute(
        """select control_set_id, did from rpt_difference_in_differences where event_id = 'nafta-round6-end'
           and treated_series_id = ? and window_months = 12 and is_default_gap""",
        [JOBS],
    ).fetchall()
    assert did == dict(wanted)
    odd = compare(con, "nafta-round6-end", JOBS, months=9, method="difference_in_differences").methods
    assert "there are --months 6, 12 or 24 with --gap 0, 1, 3 or 6" in odd[0].note
    bare = compare(con, "2018-01-29", JOBS, method="all").methods
    assert all(r.note for r in bare if r.method != "before_after")
