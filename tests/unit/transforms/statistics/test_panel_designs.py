"""Designs from their table, and results as rows that a table can hold and give back.

Prevents: a rate of the family counted among the others, a design without its breaks, lists that lose their columns where they are empty.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from tests.support.panel_case import CUT, made_up, rates_of, wanted
from transforms.statistics import panel
from transforms.statistics import panel_designs as pd
from transforms.statistics.months import number

EPISODES = pl.DataFrame(
    {
        "title": ["later", "a strike"],
        "starts_on": [date(2030, 1, 5), date(2012, 3, 4)],
        "ends_on": [date(2030, 2, 1), date(2012, 5, 6)],
    }
)


def test_designs_are_read_with_months_as_numbers_and_episodes_in_order():
    [design] = pd.designs(wanted(), EPISODES)
    assert (design.cut, design.quiet_until) == (CUT, number(date(2014, 9, 1)))
    assert design.episodes == (
        (number(date(2012, 3, 1)), number(date(2012, 5, 1)), "a strike"),
        (number(date(2030, 1, 1)), number(date(2030, 2, 1)), "later"),
    )
    assert design.breaks == ()
    assert design.cannot is None


def test_breaks_and_rates_that_are_not_held_come_with_their_reasons():
    [design] = pd.designs(
        wanted(rates_held=False, break_month=date(2015, 3, 1), break_reason="another way"), EPISODES
    )
    assert design.breaks == ((number(date(2015, 3, 1)), "another way"),)
    assert design.cannot == panel.REASON_RATES


def test_a_unit_gives_one_row_with_its_lists():
    table, exposure = made_up(1)
    rates = rates_of(table, exposure)
    other = rates.with_columns(rate=pl.col("rate") * 0.5).filter(pl.col("product_code") < "09")
    both = pl.concat([rates.with_columns(is_own=pl.lit(True)), other.with_columns(is_own=pl.lit(False))])
    [design] = pd.designs(wanted(), EPISODES)
    [found] = pd.work_out_all([pd.Unit(design, table, both)])
    alone = panel.work_out(design, table, panel.Rates(rates, other))
    assert found.schema == pl.Schema(pd.RESULT_SCHEMA)
    assert found.drop("path", "cells", "calibration").equals(alone.row)
    assert found.select(pl.col("path").explode()).unnest("path").equals(alone.path)
    assert found.select(pl.col("cells").explode()).unnest("cells").equals(alone.cells)


def test_a_run_without_numbers_has_empty_lists_of_the_same_columns():
    [design] = pd.designs(wanted(rates_held=False), EPISODES)
    [found] = pd.work_out_all(
        [pd.Unit(design, None, rates_of(*made_up(1)).with_columns(is_own=pl.lit(True)))]
    )
    assert found.schema == pl.Schema(pd.RESULT_SCHEMA)
    assert found.select(pl.col("path", "cells", "calibration").list.len()).row(0) == (0, 0, 0)
