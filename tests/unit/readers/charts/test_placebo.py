"""The placebo chart: every date counted once, the usual range marked, a withheld rank said to be withheld."""

from __future__ import annotations

import json
import math
from statistics import median

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from orchestration.readers.charts.placebo import placebo_chart
from tests.support.chart_case import AGENCY, SERIES, pool, result, rows_of
from tests.support.examples import examples


def test_placebo_chart_counts_every_date_once_and_marks_the_usual_range():
    """Bars that lose the dates at an edge, or a range around 0 in place of the middle."""
    spec = placebo_chart(pool(), result(), SERIES, agency=AGENCY).to_dict()
    bins = rows_of(spec, "low", "high", "n")
    values = [100 * math.expm1(v) for v in pool()["statistic"]]
    assert sum(b["n"] for b in bins) == len(values)
    for b in bins:
        inside = sum(b["low"] - 1e-9 <= v < b["high"] - 1e-9 for v in values)
        assert b["n"] == inside
    middle = median(pool()["statistic"].to_list())
    marks = sorted(r["at"] for r in rows_of(spec, "at"))
    for wanted in (
        100 * math.expm1(middle - 0.082),
        100 * math.expm1(middle + 0.082),
        100 * math.expm1(result()["d_log"]),
    ):
        assert any(math.isclose(m, wanted, abs_tol=1e-9) for m in marks), (wanted, marks)
    said = " ".join(spec["usermeta"]["headway"]["subtitle"])
    assert "0.46" in said and "118" in said and "within the usual range" in said


def test_a_withheld_rank_is_said_to_be_withheld():
    changed = result(
        placebo_rank=None, n_placebo=None, mde95=None, verdict="confounded", reason="COVID in a window"
    )
    said = json.dumps(placebo_chart(pool(), changed, SERIES, agency=AGENCY).to_dict()["usermeta"])
    assert "Not ranked: COVID in a window" in said and "No usual range" in said


@examples(25)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=60), st.floats(-2, 2))
def test_any_pool_can_be_drawn(statistics: list[float], this: float):
    """Equal values, one value, far outliers: a bin width of zero or a value beside the last bin."""
    spec = placebo_chart(
        pl.DataFrame({"statistic": statistics}), result(d_log=this), SERIES, agency=AGENCY
    ).to_dict()
    assert sum(b["n"] for b in rows_of(spec, "low", "high", "n")) == len(statistics)
