"""Panels of goods and states in the release, worked out again from its public tables.

Prevents: rates by law that the SQL counts otherwise than the law's days, a slope of other cells than those published, an exposure of
states from after the event, a run without number and without reason.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from tests.support import panel_case
from tests.support.late import Late
from tests.support.read_only import reading

sm = Late("statsmodels.api")

CHAPTERS = "us_imports_hs2"


@pytest.fixture(scope="module")
def con(home):
    with reading(home.current_database) as connection:
        yield connection


def clustered(frame: pl.DataFrame, columns: list[str]) -> tuple[float, float]:
    """Slope and clustered error of the first column by a regression on all dummies."""
    product, partner = frame["product_code"].to_numpy(), frame["partner_iso3"].to_numpy()
    dummies = [
        (product[:, None] == np.unique(product)).astype(float),
        (partner[:, None] == np.unique(partner)[1:]).astype(float),
    ]
    design = np.column_stack([*(frame[name].to_numpy() for name in columns), *dummies])
    fitted = sm.OLS(frame["change_log"].to_numpy(), design).fit(
        cov_type="cluster", cov_kwds={"groups": np.unique(product, return_inverse=True)[1]}
    )
    return fitted.params[0], fitted.bse[0]


def test_every_family_has_a_run_and_each_run_a_number_or_a_reason(con):
    missing = con.execute(
        """select family_id from dim_panel_family where compares = 'goods'
           except select family_id from rpt_panel_exposure where is_primary"""
    ).fetchall()
    assert missing == []
    rows = con.execute("select verdict, beta, reason from rpt_panel_exposure").fetchall()
    assert rows
    for verdict, beta, reason in rows:
        assert (beta is None) == (verdict == "not_computable")
        assert reason or verdict == "exposed_goods_moved"


def test_what_was_expected_of_the_gates_before_the_runs(con):
    """Metals are too few products. List 4A was expected to be the same measure as lists 1 to 3: .46 of it is, where .5 shuts the gate."""
    said = dict(
        con.execute(
            """select family.family_id, run.verdict from dim_panel_family family
               inner join rpt_panel_exposure run using (family_id)
               where family.expected_verdict is not null and run.is_primary"""
        ).fetchall()
    )
    assert said["s232_metals_2018"] == "too_few_products"
    [(r2,)] = con.execute(
        "select exposure_r2 from rpt_panel_exposure where family_id = 's301_list_4a' and is_primary"
    ).fetchall()
    assert (said["s301_list_4a"] == "same_measure") == (r2 > 0.5)
    assert r2 == pytest.approx(0.46, abs=0.03)


@pytest.mark.parametrize("family", ["us_duties_2018", "s301_lists_1_3", "s301_list_4a", "s232_metals_2018"])
def test_exposures_by_law_are_those_of_the_laws_days(con, family):
    """int_panel_rate counts days and coverage in SQL; here they are counted day by day from the seeds."""
    table = panel_case.chapters()
    rates = panel_case.statutory_rates(panel_case.measures_of(family), table)
    cut, width, gap = con.execute(
        """select cut_month, window_months, gap_months from rpt_panel_exposure
           where family_id = ? and is_primary""",
        [family],
    ).fetchone()
    from transforms.statistics import panel_cells
    from transforms.statistics.months import number

    exposure = panel_cells.statutory(table, rates, panel_cells.windows(number(cut), width, gap))
    cells = con.execute(
        "select product_code, partner_iso3, exposure from rpt_panel_cell where family_id = ? and panel_id = ?",
        [family, CHAPTERS],
    ).fetchall()
    assert len(cells) > 2000
    for code, country, found in cells:
        wanted = exposure[table.products.index(code), table.partners.index(country)]
        assert found == pytest.approx(wanted, abs=1e-12)


def test_the_change_of_each_cell_is_that_of_the_trade_flows(con):
    differing = con.execute(
        """
        with run as (select * from rpt_panel_exposure where family_id = 'us_duties_2018' and is_primary),
        sums as (
            select flow.product_code, flow.partner_iso3,
                sum(flow.value_usd) filter (flow.period_start >= run.cut_month
                    and flow.period_start < run.cut_month + to_months(run.window_months)) as after,
                sum(flow.value_usd) filter (flow.period_start < run.cut_month - to_months(run.gap_months)
                    and flow.period_start >= run.cut_month - to_months(run.gap_months + run.window_months)) as before
            from fct_trade_flow flow, run
            where flow.flow = 'imports' and flow.basis = 'consumption' and flow.classification = 'HS'
                and flow.product_level = 2 and flow.source_id = 'census'
            group by all
        )
        select count(*), count(*) filter (abs(cell.change_log - ln(sums.after / sums.before)) < 1e-9)
        from rpt_panel_cell cell left join sums using (product_code, partner_iso3)
        where cell.family_id = 'us_duties_2018'
        """
    ).fetchone()
    assert differing[0] == differing[1] > 2000


@pytest.mark.parametrize("family", ["us_duties_2018", "us_duties_2025"])
def test_slope_and_error_are_those_of_statsmodels_on_the_published_cells(con, family):
    """Of families without other measures beside them, whose exposure is not published."""
    [(panel, beta, se, cells)] = con.execute(
        """select panel_id, beta, se_product, n_cells from rpt_panel_exposure
           where family_id = ? and is_primary and beta is not null""",
        [family],
    ).fetchall()
    frame = con.sql(
        "select * from rpt_panel_cell where family_id = ? and panel_id = ?", params=[family, panel]
    ).pl()
    assert frame.height == cells
    found = clustered(frame.sort("product_code", "partner_iso3"), ["exposure"])
    assert beta == pytest.approx(found[0], abs=1e-8)
    assert se == pytest.approx(found[1], abs=1e-8)


def test_paths_are_zero_on_the_window_before(con):
    rows = con.execute(
        """select family_id, panel_id, avg(estimate), count(*), min(month_offset)
           from rpt_panel_lead_lag where is_reference group by all"""
    ).fetchall()
    assert len(rows) == 5
    for family, panel, mean, n, first in rows:
        width, gap = con.execute(
            """select window_months, gap_months from rpt_panel_exposure
               where family_id = ? and panel_id = ? and is_primary""",
            [family, panel],
        ).fetchone()
        assert mean == pytest.approx(0, abs=1e-12)
        assert n == width
        assert first == (-gap - width if width % 12 == 0 else -12)


def test_the_rules_of_panels_are_calibrated_and_the_verdict_fires_at_its_rate(con):
    rates = con.execute(
        """select family_id, method, n_pseudo_events, fired, last_cut, cut_month, calibration.window_months
           from rpt_method_calibration calibration
           inner join rpt_panel_exposure run using (family_id, panel_id)
           where run.is_primary and method like 'panel_%'"""
    ).fetchall()
    assert {method for _, method, *_ in rates} == {"panel_t", "panel_permutation", "panel_verdict"}
    verdicts = [(n, fired) for _, method, n, fired, *_ in rates if method == "panel_verdict"]
    assert sum(fired for _, fired in verdicts) / sum(n for n, _ in verdicts) <= 0.05
    for _, _, _, _, last, cut, width in rates:
        assert (cut - last).days >= 28 * width


def test_the_rules_of_the_state_panel_are_calibrated_and_its_answers_carry_the_rate(con):
    """'Not measured' beside an answer would leave a reader with a verdict of unknown worth."""
    rates = con.execute(
        """select method, exposure_kind, n_pseudo_events, calibration.n_blocks, fired, false_alarm_rate, false_alarm_high, run.n_placebo
           from rpt_method_calibration calibration
           inner join rpt_state_exposure run using (family_id, panel_id, exposure_kind, window_months, gap_months)
           where method like 'state_%' and run.as_of_basis = 'latest'"""
    ).fetchall()
    assert {method for method, *_ in rates} == {
        "state_t",
        "state_permutation",
        "state_verdict",
        "state_shuffled",
    }
    for method, _, n, blocks, fired, rate, high, n_placebo in rates:
        assert rate == fired / n and rate <= high
        if method == "state_shuffled":
            assert (n, blocks) == (999, 1) and rate <= 0.05
        else:
            assert (n, blocks) == (n_placebo, n_placebo // 24)
    judged = [row for row in rates if row[0] == "state_verdict" and row[1] == "log" and row[3] > 1]
    assert judged and sum(row[4] for row in judged) / sum(row[2] for row in judged) <= 0.05
    silent = con.execute(
        """select count(*) from rpt_answer_design
           where design in ('panel', 'state_panel') and is_available and (false_alarm_rate is null or false_alarm_high is null)"""
    ).fetchall()
    assert silent == [(0,)]


def test_states_are_compared_by_freight_of_before_and_jobs_of_the_series(con):
    runs = con.sql(
        "select * from rpt_state_exposure where exposure_kind = 'log' and as_of_basis = 'latest'"
    ).pl()
    assert set(runs["family_id"]) == {"nafta_talks_2017", "usmca_entry_2020", "us_duties_2025"}
    talks = runs.filter((pl.col("family_id") == "nafta_talks_2017") & (pl.col("window_months") == 12)).row(
        0, named=True
    )
    states = con.sql(
        """
        with jobs as (
            select place.bts_code as state, observed.period_start, ln(observed.value) as y, observed.value * 1000 as jobs
            from fct_observation observed
            inner join dim_series series using (series_id)
            inner join dim_geography place using (geography_id)
            where series.measure = 'state_employment' and series.industry_code = '31-33'
                and series.seasonal_adjustment = 'SA' and place.kind = 'state'
        ),
        freight as (
            select us_state_code as state, sum(value_usd) as freight from fct_freight_flow
            where hs2 = '87' and period_start = date '2015-01-01' group by all
        )
        select state, freight / avg(jobs) filter (period_start < date '2017-09-01') / 1000 as exposure,
            avg(y) filter (period_start >= date '2017-09-01') - avg(y) filter (period_start < date '2017-09-01') as change
        from jobs inner join freight using (state)
        where period_start between date '2016-09-01' and date '2018-08-01'
        group by state, freight having count(*) = 24
        """
    ).pl()
    assert talks["exposure_first"] == talks["exposure_last"] == date(2015, 1, 1)
    assert talks["n_states"] == states.height
    design = sm.add_constant(np.log(states["exposure"].to_numpy()))
    fitted = sm.OLS(states["change"].to_numpy(), design).fit(cov_type="HC1")
    assert talks["beta"] == pytest.approx(fitted.params[1], abs=1e-8)
    assert talks["se_state"] == pytest.approx(fitted.bse[1], abs=1e-8)


def test_what_the_article_asks_of_states_is_answered_or_has_its_reason(con):
    said = {
        (row[0], row[1]): row[2:]
        for row in con.execute(
            """select family_id, exposure_kind, verdict, reason, effective_states from rpt_state_exposure
               where as_of_basis = 'latest' and (window_months = 12 or family_id = 'us_duties_2025' and window_months = 9)"""
        ).fetchall()
    }
    # by dollars a job Michigan decides
    assert said["nafta_talks_2017", "dollars"][0] == said["us_duties_2025", "dollars"][0] == "too_few_states"
    assert said["nafta_talks_2017", "dollars"][2] < 2
    assert said["usmca_entry_2020", "log"][0] == "confounded"
    assert "COVID" in said["usmca_entry_2020", "log"][1]
    for family in ("nafta_talks_2017", "us_duties_2025"):
        assert said[family, "log"][0] == "no_difference_seen"
        assert "would not show" in said[family, "log"][1]
