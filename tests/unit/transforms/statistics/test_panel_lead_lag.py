"""The path around a cut: zero on the mean of the window before, flat without an effect, stepping where one was planted.

Prevents: a single month as the reference, months of the gap in the reference, a path from a window that the figures do not hold.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.support.panel_case import CUT, made_up
from transforms.statistics import panel_cells as pc
from transforms.statistics import panel_lead_lag as ll


def path(seed: int, gap: int = 0, width: int = 12, **options) -> pl.DataFrame:
    table, exposure = made_up(seed, **options)
    return ll.lead_lag(table, CUT, pc.windows(CUT, width, gap), exposure, None)


@pytest.mark.parametrize(("gap", "first", "last"), [(0, -12, -1), (3, -15, -4)])
def test_the_mean_of_the_window_before_is_zero(gap, first, last):
    found = path(1, gap)
    reference = found.filter("is_reference")
    assert reference["month_offset"].to_list() == list(range(first, last + 1))
    assert reference["estimate"].mean() == pytest.approx(0, abs=1e-12)
    assert reference["estimate"].std() > 0


def test_the_path_spans_what_the_figures_hold():
    found = path(1, 3)
    # the made-up cube has 24 months after the cut, less the one of the cut itself
    assert found["month_offset"].to_list() == list(range(-15 - ll.LEADS, 24))
    assert ll.leads(found)["month_offset"].to_list() == list(range(-39, -15))


def test_a_planted_step_shows_from_the_cut_on_and_not_before():
    found = path(3, products=60, noise=0.05, moved=lambda x: -2 * x)
    after = found.filter(pl.col("month_offset") >= 0)["estimate"]
    before = found.filter(pl.col("month_offset") < 0)["estimate"]
    assert after.mean() == pytest.approx(-2, abs=0.4)
    assert abs(before.mean()) < 0.4
    assert ll.leads(found)["fired"].mean() < 0.3


def test_no_path_where_a_month_of_the_window_before_cannot_be_estimated():
    table, exposure = made_up(5)
    table.value[:, :, CUT - table.first - 3] = np.nan
    found = ll.lead_lag(table, CUT, pc.windows(CUT, 12, 0), exposure, None)
    assert found.is_empty()
    assert ll.leads(found).is_empty()
