"""Panels from cells to the row of the report: reasons for bad input, planted effects found, and the first runs made again.

Prevents: a number where there can be none, an effect of twice the detectable size missed, an estimate that moved away from the runs
that the design was decided on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from tests.support import panel_case
from tests.support.examples import first_of
from tests.support.panel_case import CUT, made_up, rates_of
from transforms.statistics import panel
from transforms.statistics import panel_cells as pc
from transforms.statistics.months import number
from transforms.statistics.panel import Design, Rates
from transforms.statistics.panel_cells import Cube

NO_RATES = panel_case.statutory_rates(set(), panel_case.made_up(0)[0])
DESIGN = Design("family", "made_up", 2, CUT, 12, 3, "statutory", "none", CUT - 4)
#: columns that say which run it is; all others are results
NAMED = {
    *("family_id", "panel_id", "product_level", "cut_month", "window_months", "gap_months", "weighting"),
    *("exposure_kind", "is_primary", "verdict", "reason"),
}


def run(
    design: Design,
    table: Cube | None,
    own: pl.DataFrame = NO_RATES,
    others: pl.DataFrame = NO_RATES,
    **options,
):
    return panel.work_out(design, table, Rates(own, others), **options)


def row(design: Design, table: Cube | None, own: pl.DataFrame = NO_RATES, **options) -> dict:
    return run(design, table, own, **options).row.row(0, named=True)


def given_up(worked: panel.Worked) -> str:
    """The reason of a run that has no number anywhere."""
    values = worked.row.row(0, named=True)
    assert values["verdict"] == "not_computable"
    assert {name: value for name, value in values.items() if name not in NAMED and value is not None} == {}
    assert worked.path.is_empty()
    assert worked.cells.is_empty()
    assert worked.calibration.is_empty()
    return values["reason"]


def test_a_whole_run_has_every_number_and_its_cells_give_the_slope_back():
    table, exposure = made_up(1, moved=lambda x: -2 * x)
    worked = run(DESIGN, table, rates_of(table, exposure))
    values = worked.row.row(0, named=True)
    assert all(value is not None for name, value in values.items() if name != "reason")
    x, y = worked.cells["exposure_left"].to_numpy(), worked.cells["change_left"].to_numpy()
    assert x @ y / (x @ x) == pytest.approx(values["beta"], rel=1e-12)
    assert values["loo_min"] <= values["beta"] <= values["loo_max"]
    assert values["effect_typical"] == pytest.approx(values["beta"] * values["exposure_typical"])
    assert values["n_cells"] == len(worked.cells) == 240
    assert worked.calibration["method"].to_list() == ["panel_t", "panel_permutation", "panel_verdict"]
    assert (worked.calibration["n_pseudo_events"] == values["n_placebo"]).all()


def test_only_the_primary_run_is_calibrated():
    table, exposure = made_up(1)
    worked = run(replace(DESIGN, is_primary=False), table, rates_of(table, exposure))
    assert worked.calibration.is_empty()


def test_a_family_without_a_cut_in_the_life_of_the_figures_has_a_reason():
    table, exposure = made_up(1)
    rates = rates_of(table, exposure)
    for cut in (table.first + 5, table.last - 3, table.last + 60):
        assert given_up(run(replace(DESIGN, cut=cut), table, rates)) == panel.REASON_DATA
    assert given_up(run(DESIGN, None, rates)) == panel.REASON_DATA


def test_a_measure_whose_goods_and_rates_are_not_held_has_that_reason():
    table, _ = made_up(1)
    assert given_up(run(replace(DESIGN, cannot=panel.REASON_RATES), table)) == panel.REASON_RATES


def test_a_declared_break_between_the_windows_has_a_reason():
    table, exposure = made_up(1)
    broken = replace(DESIGN, breaks=((CUT + 2, "another way of counting"),))
    assert "another way of counting" in given_up(run(broken, table, rates_of(table, exposure)))
    before = replace(DESIGN, breaks=((table.first, "long ago"),))
    assert row(before, table, rates_of(table, exposure))["beta"] is not None


def test_codes_that_were_redefined_between_the_windows_have_a_reason():
    table, exposure = made_up(1)
    rates = rates_of(table, exposure)
    later = replace(
        table,
        products=tuple(f"87{code}" for code in table.products),
        editions=("HS 2012",) * (CUT - table.first) + ("HS 2017",) * (table.last + 1 - CUT),
    )
    codes = {code: f"87{code}" for code in table.products}
    own = rates.with_columns(pl.col("product_code").replace_strict(codes, return_dtype=pl.String))
    assert given_up(run(DESIGN, later, own)) == panel.REASON_CODES


@pytest.mark.parametrize("kind", ["same everywhere", "by partner", "by product", "none at all"])
def test_an_exposure_that_does_not_differ_has_a_reason(kind):
    table, exposure = made_up(1)
    exposure[:] = {
        "same everywhere": np.full_like(exposure, 0.1),
        "by partner": np.arange(exposure.shape[1])[None, :] * 0.01 + np.zeros_like(exposure),
        "by product": np.arange(len(exposure))[:, None] * 0.01 + np.zeros_like(exposure),
        "none at all": np.zeros_like(exposure),
    }[kind]
    assert given_up(run(DESIGN, table, rates_of(table, exposure))) == panel.REASON_CONSTANT


def test_one_exposed_product_has_a_reason():
    table, exposure = made_up(1)
    exposure[:] = 0
    exposure[3, 0] = 0.2
    assert given_up(run(DESIGN, table, rates_of(table, exposure))) == panel.REASON_TREATED


def test_too_few_products_or_partners_have_a_reason():
    table, exposure = made_up(1)
    for few in (table.value[:2], table.value[:, :1]):
        small = replace(
            table,
            products=table.products[: few.shape[0]],
            partners=table.partners[: few.shape[1]],
            value=few,
            duty=None,
        )
        assert given_up(run(DESIGN, small, rates_of(table, exposure))) == panel.REASON_FEW


def test_partners_that_are_missing_in_one_window_leave_too_few():
    table, exposure = made_up(1, partners=3)
    value = table.value.copy()
    value[:, 1:, CUT - table.first + 2] = 0
    assert given_up(run(DESIGN, replace(table, value=value), rates_of(table, exposure))) == panel.REASON_FEW


def test_a_realised_exposure_without_duty_has_a_reason():
    table, _ = made_up(1)
    realised = replace(DESIGN, exposure_kind="realised")
    assert given_up(run(realised, replace(table, duty=None))) == panel.REASON_DUTY


def test_without_earlier_dates_nothing_is_said():
    table, exposure = made_up(1)
    soon = replace(DESIGN, quiet_until=table.first + 27)
    assert given_up(run(soon, table, rates_of(table, exposure))) == panel.REASON_DATES


def test_zero_cells_are_left_out_and_counted_and_the_rest_is_estimated():
    table, exposure = made_up(1, moved=lambda x: -2 * x)
    value = table.value.copy()
    value[5, 2, CUT - table.first :] = 0
    value[6, 3] = 0
    found = row(DESIGN, replace(table, value=value), rates_of(table, exposure))
    assert found["n_cells"] == 238
    assert found["zero_exit_share"] == pytest.approx(1 / 239)
    assert found["beta"] == pytest.approx(row(DESIGN, table, rates_of(table, exposure))["beta"], abs=0.2)


def test_an_episode_in_a_window_confounds_and_keeps_earlier_dates_away():
    table, exposure = made_up(1)
    rates = rates_of(table, exposure)
    inside = replace(DESIGN, episodes=((CUT + 3, CUT + 4, "a strike"),))
    assert row(inside, table, rates)["verdict"] == "confounded"
    # months of the gap are compared with nothing
    in_gap = replace(DESIGN, episodes=((CUT - 2, CUT - 1, "a strike"),))
    assert row(in_gap, table, rates)["verdict"] != "confounded"
    earlier = replace(DESIGN, episodes=((table.first + 20, table.first + 20, "a strike"),))
    assert row(earlier, table, rates)["n_placebo"] < row(DESIGN, table, rates)["n_placebo"]


def test_an_exposure_that_goes_with_other_measures_is_the_same_measure():
    table, exposure = made_up(1)
    own = rates_of(table, exposure)
    noisy = exposure * np.random.default_rng(1).uniform(0.9, 1.1, exposure.shape)
    worked = panel.work_out(DESIGN, table, Rates(own, rates_of(table, noisy)))
    values = worked.row.row(0, named=True)
    assert values["verdict"] == "same_measure"
    assert values["exposure_r2"] > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [first_of(range(60))])
def test_effects_of_the_detectable_size_are_found_half_the_time_and_of_twice_that_nearly_always(seeds):
    """60 panels without an effect say their mde; the same with an effect of it are found about half the time, of twice it 90 %.

    The mde is a 95th percentile of |slope|, and a slope scatters around a planted one of that size to both sides evenly. Four standard
    errors are let pass. Whether a gate lets it through is another question: here only whether both rulers call it unusual.
    """
    found = {1: 0, 2: 0}
    design = replace(DESIGN, is_primary=False)
    for seed in seeds:
        quiet, exposure = made_up(seed, products=40, partners=6)
        rates = rates_of(quiet, exposure)
        without = row(design, quiet, rates)
        mde = max(without["mde_dates"], without["mde_perm"]) / without["exposure_typical"]
        for times in found:
            moved, _ = made_up(seed, products=40, partners=6, moved=lambda x, size=times * mde: -size * x)
            planted = row(design, moved, rates)
            beyond = abs(planted["beta"] - planted["placebo_median"]) * planted["exposure_typical"]
            found[times] += planted["perm_p"] <= 0.05 and beyond > planted["mde_dates"]
    n = len(seeds)
    assert found[1] / n == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / n))
    assert found[2] / n >= 0.9 - 4 * np.sqrt(0.09 / n)


class TestFirstRuns:
    """The runs on which the design was decided (2026-11), made again from the bundled figures.

    They took means of ln with trade in every month, the cut of October 2018 and a gap of three months: 2,104 cells. What was given then is
    in the comments. Coverage was counted anew here, so that slopes by law are compared within .05.
    """

    CUT = number(date(2018, 10, 1))
    QUIET = number(date(2018, 1, 1))
    DESIGN = Design("f", "us_imports_hs2", 2, CUT, 12, 3, "statutory", "none", QUIET, is_primary=False)

    @staticmethod
    def rates(family: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        table, own = panel_case.chapters(), panel_case.measures_of(family)
        others = panel_case.all_measures() - own
        return panel_case.statutory_rates(own, table), panel_case.statutory_rates(others, table)

    def row(self, design: Design, family: str) -> dict:
        own, others = self.rates(family)
        return run(design, panel_case.chapters(), own, others, outcome="mean_log").row.row(0, named=True)

    @pytest.mark.slow
    def test_duties_collected(self):
        """-2.17 (.54) with 2,104 cells, worked out twice by others then."""
        found = self.row(replace(self.DESIGN, exposure_kind="realised"), "us_duties_2018")
        assert found["n_cells"] == 2104
        assert found["beta"] == pytest.approx(-2.17, abs=0.005)
        assert found["se_product"] == pytest.approx(0.54, abs=0.005)
        assert found["placebo_false_alarm"] == 0
        assert found["n_placebo"] == 35

    @pytest.mark.slow
    def test_duties_by_law(self):
        """-1.66 (.36), rank .003, no alarm at 35 dates, alarms of 4 % of permutations."""
        found = self.row(self.DESIGN, "us_duties_2018")
        assert found["n_cells"] == 2104
        assert found["beta"] == pytest.approx(-1.66, abs=0.05)
        assert found["se_product"] == pytest.approx(0.36, abs=0.02)
        assert found["perm_p"] <= 0.003
        assert found["n_placebo"] == 35
        assert found["placebo_false_alarm"] == 0
        # Two counts of 999 permutations, each with an error of .007, differ by .03 at three errors of their difference.
        assert found["perm_false_alarm"] == pytest.approx(0.04, abs=0.03)
        assert found["verdict"] == "exposed_goods_moved"

    @pytest.mark.slow
    def test_lists_1_to_3_alone_say_the_same(self):
        found = self.row(self.DESIGN, "s301_lists_1_3")
        assert found["n_cells"] == 2104
        assert found["beta"] == pytest.approx(-1.66, abs=0.25)
        assert found["verdict"] == "exposed_goods_moved"

    @pytest.mark.slow
    def test_metals_are_too_few_products(self):
        """-0.31 (1.26), rank .82, 1.2 products in effect, alarms at 31 to 37 % of dates: no answer.

        The slope of so few products hangs on how their coverage is counted (from -1.3 to .6 here, with errors of .3 to 1.9), so that only
        what makes it no answer is compared.
        """
        found = self.row(replace(self.DESIGN, cut=number(date(2018, 6, 1))), "s232_metals_2018")
        assert found["effective_products"] == pytest.approx(1.2, abs=0.15)
        assert abs(found["beta"]) < 2 * found["se_product"]
        assert found["perm_p"] > 0.5
        assert found["placebo_false_alarm"] > 0.2
        assert found["verdict"] == "too_few_products"

    def test_duties_of_2025(self):
        """-1.82 (.60), rank .004, no alarm in 8 years, 7 % of permutations; here -1.57 (.78), within half of either's error.

        Which industries and cells those runs held is not known; with all 32 industries it is -1.65.
        """
        covid = (number(date(2020, 2, 1)), number(date(2021, 6, 1)), "COVID-19")
        design = Design(
            *("f", "us_imports_naics3", 3, number(date(2025, 6, 1)), 6, 0, "realised", "none"),
            number(date(2024, 12, 1)),
            episodes=(covid,),
        )
        worked = run(design, panel_case.industries())
        found = worked.row.row(0, named=True)
        assert found["beta"] == pytest.approx(-1.82, abs=0.3)
        assert found["perm_p"] <= 0.02
        assert found["perm_false_alarm"] == pytest.approx(0.07, abs=0.035)
        assert found["verdict"] == "exposed_goods_moved"
        years = [2014, 2015, 2016, 2017, 2018, 2019, 2023, 2024]
        table = panel_case.industries()
        spans = pc.windows(design.cut, 6, 0)
        exposure = pc.realised(table, spans)
        cuts = [number(date(year, 6, 1)) for year in years]
        dates, _ = panel.panel_inference.earlier_dates(
            table, cuts, [pc.windows(cut, 6, 0) for cut in cuts], exposure, None
        )
        assert len(dates.cuts) == 8
        assert not dates.fired.any()

    @pytest.mark.slow
    @pytest.mark.recorded
    def test_retaliation_of_china(self, shared_data):
        """-0.50 (.77), rank .19; here -0.01 (.70), rank .98, by sums, as the report takes them.

        Means of ln, for which a cell needs exports in each of 24 months, keep two thirds of the cells and give -1.15 (.67), rank .02: what
        is found hangs on which cells are held. China's own figures begin in 2017, so that no earlier date can be tried, and the run has a
        reason in place of a verdict. The rates are a compilation that may not be passed on, so that the release has no such run.
        """
        table = panel_case.exports_to_five(shared_data)
        rates = panel_case.rates_of_china(shared_data, table)
        spans = pc.windows(self.CUT, 12, 6)
        exposure = pc.statutory(table, rates, spans)
        found = {}
        for outcome in ("sum", "mean_log"):
            one = panel.panel_inference.fit(pc.changes(table, spans, outcome=outcome), exposure)
            assert one is not None
            rank = panel.panel_inference.permutation_rank(
                one.beta, panel.panel_inference.permuted(one, exposure, 999)
            )
            found[outcome] = (one.effects.n_cells, one.beta, rank)
            assert abs(one.beta - -0.5) < 0.77
        assert found["sum"] == (2656, pytest.approx(-0.01, abs=0.005), pytest.approx(0.98, abs=0.03))
        assert found["mean_log"] == (1762, pytest.approx(-1.15, abs=0.005), pytest.approx(0.02, abs=0.015))
        design = replace(self.DESIGN, gap=6, panel_id="us_exports_hs6", product_level=6)
        assert given_up(run(design, table, rates)) == panel.REASON_DATES
