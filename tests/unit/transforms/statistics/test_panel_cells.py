"""Cubes of trade, windows and changes: what is counted, what is left out, and what is never taken for a number.

Prevents: a month without a row taken for missing or a withheld figure for zero, a partner that was not collected taken for one that
stopped trading, a code that ended taken for trade that ended, seasons compared with other seasons, a rate counted for days it did not hold.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.panel_case import CUT, made_up, rates_of
from transforms.statistics import panel_cells as pc
from transforms.statistics.months import day, number

JANUARY = number(date(2016, 1, 1))


def rows(*cells: tuple[str, str, date, int | None], edition: str = "HS 2012") -> pl.DataFrame:
    """Rows of a panel without duty."""
    return pl.DataFrame(
        [(*cell, None, edition) for cell in cells],
        schema={
            "product_code": pl.String,
            "partner_iso3": pl.String,
            "period_start": pl.Date,
            "value_usd": pl.Int64,
            "duty_usd": pl.Int64,
            "classification_version": pl.String,
        },
        orient="row",
    )


def full(months: int = 24, products: int = 4, partners: int = 3, value: float = 1e6) -> pc.Cube:
    """A cube in which every cell trades the same in every month from January 2016 on."""
    shape = (products, partners, months)
    codes = tuple(f"{place:02d}" for place in range(products))
    return pc.Cube(
        codes,
        tuple("ABCDEFG"[:partners]),
        JANUARY,
        np.full(shape, value),
        np.zeros(shape),
        ("HS 2012",) * months,
    )


def test_a_month_without_a_row_has_no_trade_and_a_row_without_value_is_withheld():
    table = pc.cube(
        rows(
            ("01", "CAN", day(JANUARY), 5),
            ("01", "MEX", day(JANUARY + 2), None),
            ("02", "MEX", day(JANUARY), 7),
        )
    )
    assert table.products == ("01", "02")
    assert table.partners == ("CAN", "MEX")
    assert table.value[0, 0].tolist() == [5, 0, 0]
    assert np.isnan(table.value[0, 1, 2])
    assert table.value[0, 1, 0] == 0
    assert table.duty is None


def test_two_rows_of_a_cell_and_no_rows_are_refused():
    twice = ("01", "CAN", day(JANUARY), 5)
    with pytest.raises(ValueError, match="two rows"):
        pc.cube(rows(twice, twice))
    with pytest.raises(ValueError, match="without cells"):
        pc.cube(rows())


@given(st.integers(24_000, 24_300), st.sampled_from([1, 4, 6, 9, 12, 24]), st.integers(0, 6))
@examples(60)
def test_windows_hold_the_same_months_of_the_year_and_never_the_gap(cut, width, gap):
    if width < 12 and width > 12 - gap:
        with pytest.raises(ValueError, match="gap"):
            pc.windows(cut, width, gap)
        return
    spans = pc.windows(cut, width, gap)
    assert len(spans.before) == len(spans.after) == width
    assert sorted(month % 12 for month in spans.before) == sorted(month % 12 for month in spans.after)
    assert spans.after[0] == cut
    assert spans.before[-1] < cut - gap


def test_the_change_is_that_of_sums_or_of_means_of_logarithms():
    table = full()
    table.value[0, 0, 12:] *= 2
    table.value[0, 0, 12] = 0
    spans = pc.windows(JANUARY + 12, 12, 0)
    change = pc.changes(table, spans)
    assert change.y[0, 0] == pytest.approx(np.log(22 / 12))
    assert change.y[1, 1] == 0
    means = pc.changes(table, spans, outcome="mean_log")
    # a month without trade has no logarithm, so that the cell is not compared
    assert not means.kept[0, 0]
    assert means.kept.sum() == change.kept.sum() - 1


def test_small_cells_are_left_out_and_cells_without_trade_after_are_counted_as_exits():
    table = full()
    table.value[0, 0] = pc.MIN_BASE_USD - 1
    table.value[1, 0, 12:] = 0
    change = pc.changes(table, pc.windows(JANUARY + 12, 12, 0))
    assert not change.eligible[0, 0]
    assert change.exited[1, 0]
    assert not change.kept[1, 0]
    assert change.exited.sum() == 1


def test_a_withheld_month_takes_its_cell_out_and_is_no_exit():
    table = full()
    table.value[0, 0, 3] = np.nan
    table.value[1, 0, 15] = np.nan
    change = pc.changes(table, pc.windows(JANUARY + 12, 12, 0))
    assert not change.kept[0, 0]
    assert not change.kept[1, 0]
    assert not change.exited.any()


def test_a_partner_that_was_not_collected_in_a_month_is_left_out_whole():
    table = full()
    table.value[:, 1, 14] = 0
    change = pc.changes(table, pc.windows(JANUARY + 12, 12, 0))
    assert not change.eligible[:, 1].any()
    assert change.kept[:, [0, 2]].all()
    assert not change.exited.any()


def test_a_code_that_nobody_trades_in_a_window_began_or_ended_and_is_no_exit():
    table = full()
    table.value[2, :, 12:] = 0
    table.value[3, :, :12] = 0
    change = pc.changes(table, pc.windows(JANUARY + 12, 12, 0))
    assert not change.eligible[[2, 3]].any()
    assert not change.exited.any()


def test_codes_of_four_digits_and_more_do_not_cross_an_edition():
    spans = pc.windows(JANUARY + 12, 12, 0)
    editions = ("HS 2012",) * 12 + ("HS 2017",) * 12
    chapters = full()
    headings = pc.Cube(
        tuple(f"870{place}" for place in range(4)),
        chapters.partners,
        JANUARY,
        chapters.value,
        None,
        editions,
    )
    assert pc.codes_revised(headings, spans)
    assert not pc.codes_revised(pc.Cube(**{**vars(chapters), "editions": editions}), spans)
    assert not pc.codes_revised(pc.Cube(**{**vars(headings), "editions": ("HS 2017",) * 24}), spans)


def test_the_realised_exposure_is_duty_over_value_and_unknown_without_trade():
    table = full()
    assert table.duty is not None
    table.duty[0, 0, 12:] = 0.1e6
    table.value[1, 1, 12:] = 0
    spans = pc.windows(JANUARY + 12, 12, 0)
    change = pc.realised(table, spans)
    assert change[0, 0] == pytest.approx(np.log(1.1))
    assert change[2, 2] == 0
    assert np.isnan(change[1, 1])
    with pytest.raises(ValueError, match="no duty"):
        pc.realised(pc.Cube(**{**vars(table), "duty": None}), spans)


def test_the_statutory_exposure_is_the_difference_of_means_over_the_months_of_the_windows():
    table, exposure = made_up(1)
    # in force from four months after the cut: eight of twelve months
    rates = rates_of(table, exposure, CUT + 4)
    found = pc.statutory(table, rates, pc.windows(CUT, 12, 3))
    assert found == pytest.approx(exposure * 8 / 12)
    assert not pc.statutory(table, rates, pc.windows(CUT - 24, 12, 3)).any()


def test_a_typical_exposure_is_that_of_exposed_cells():
    assert pc.typical(np.array([0, 0.001, 0.1, 0.2, 0.3])) == pytest.approx(0.2)
    assert np.isnan(pc.typical(np.array([0, 0.005])))
