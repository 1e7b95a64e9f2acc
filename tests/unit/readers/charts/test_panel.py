"""The pictures of a panel: the numbers of the report in percent, the usual range from the months before, cells that are counted.

Prevents: a path whose zero or range is not that of the table, cells left out without a word, a picture of a panel that has no number.
"""

from __future__ import annotations

import math

import polars as pl
import pytest

from orchestration.readers.charts import panel
from orchestration.readers.charts.theme import MAX_ROWS, ChartError
from tests.support.chart_case import rows_of
from tests.support.panel_chart_case import FAMILY, SOURCE, cells, panel_row, path


def said(spec: dict) -> str:
    words = spec["usermeta"]["headway"]
    return " ".join(
        [words["title"], *words["subtitle"], *words["notes"], words["source"], spec["description"]]
    )


def test_the_path_is_that_of_the_table_in_percent_of_a_typical_exposure():
    spec = panel.lead_lag_chart(path(), panel_row(), FAMILY, source=SOURCE).to_dict()
    drawn = {r["month_offset"]: r for r in rows_of(spec, "month_offset", "pct")}
    assert sorted(drawn) == path()["month_offset"].to_list()
    for offset, estimate, se in path().select("month_offset", "estimate", "se").iter_rows():
        assert drawn[offset]["pct"] == pytest.approx(100 * math.expm1(0.1 * estimate))
        assert drawn[offset]["high"] == pytest.approx(100 * math.expm1(0.1 * (estimate + 1.96 * se)))
    [band] = rows_of(spec, "from", "to")
    # the leads are all 0.1 away from zero
    assert band["low"] == pytest.approx(100 * math.expm1(-0.01))
    assert band["high"] == pytest.approx(100 * math.expm1(0.01))
    text = said(spec)
    assert "moved apart from other trade" in text and "2018-10" in text and "usual range" in text


def test_a_path_with_few_months_before_has_no_usual_range():
    spec = panel.lead_lag_chart(path(leads=11), panel_row(), FAMILY, source=SOURCE).to_dict()
    assert rows_of(spec, "from", "to") == []
    assert "usual range" not in said(spec)


def test_a_panel_without_numbers_has_no_picture_and_says_why():
    nothing = panel_row(exposure_typical=None, beta=None, verdict="not_computable", reason="no list is held")
    with pytest.raises(ChartError, match="no list is held"):
        panel.lead_lag_chart(path(), nothing, FAMILY, source=SOURCE)
    with pytest.raises(ChartError, match="no list is held"):
        panel.exposure_scatter(cells(), nothing, FAMILY, source=SOURCE)
    with pytest.raises(ChartError, match="no month"):
        panel.lead_lag_chart(path().clear(), panel_row(), FAMILY, source=SOURCE)


def test_the_scatter_draws_the_cells_and_the_slope_and_says_which_it_left_out():
    spec = panel.exposure_scatter(cells(), panel_row(), FAMILY, source=SOURCE).to_dict()
    points = rows_of(spec, "cell", "exposure", "change")
    assert len(points) == 392
    assert max(abs(p["change"]) for p in points) < 100
    line = [r for r in rows_of(spec, "exposure", "change") if "cell" not in r]
    assert all(r["change"] == pytest.approx(-2 * r["exposure"]) for r in line)
    text = said(spec)
    assert "8 cells that changed most" in text
    assert "slope -2.000 (standard error 0.500, 40 cells)" in text


def test_of_too_many_cells_the_most_exposed_are_drawn():
    many = cells(2 * MAX_ROWS)
    spec = panel.exposure_scatter(many, panel_row(), FAMILY, source=SOURCE).to_dict()
    points = rows_of(spec, "cell", "exposure", "change")
    assert len(points) == 2500
    inside = many.filter(pl.col("change_left").abs() <= many["change_left"].abs().quantile(0.98, "linear"))
    least = inside["exposure_left"].abs().sort(descending=True)[2499]
    assert min(abs(p["exposure"]) for p in points) == pytest.approx(100 * least)
    assert "7,300 cells with the least exposure are not drawn" in said(spec)


def test_a_gated_panel_is_drawn_with_its_reason():
    gated = panel_row(verdict="too_few_products", reason="the exposure is that of 1.3 products in effect")
    text = said(panel.lead_lag_chart(path(), gated, FAMILY, source=SOURCE).to_dict())
    assert "Not judged, too few products decide (the exposure is that of 1.3 products in effect)." in text
