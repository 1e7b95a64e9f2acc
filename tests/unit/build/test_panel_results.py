"""Runs of panels: each is worked out once, and again exactly where what it reads has changed.

Prevents: a run that keeps the result of other cells, rates or episodes; an episode of some goods that confounds a panel of all.
"""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from orchestration.build import panel_results as module
from orchestration.build.panel_results import panel_results
from tests.support.panel_case import made_up, rates_of, wanted
from transforms.statistics.months import day
from transforms.statistics.panel_designs import RESULT_SCHEMA

WANTED = wanted(is_primary=False)


def episodes(applies_to: str) -> pl.DataFrame:
    whole = {"starts_on": [date(2015, 3, 1)], "ends_on": [date(2015, 4, 30)], "title": ["a strike"]}
    return pl.DataFrame(whole | {"applies_to": [applies_to]})


@pytest.fixture(scope="module")
def inputs() -> tuple[pl.DataFrame, pl.DataFrame]:
    """(cells, rates) of a small panel."""
    table, exposure = made_up(3, products=8, partners=4)
    cells = [
        ("p", code, partner, day(table.first + month), "HS 2012", float(table.value[p, c, month]), 0.0)
        for p, code in enumerate(table.products)
        for c, partner in enumerate(table.partners)
        for month in range(table.value.shape[2])
    ]
    columns = ["panel_id", "product_code", "partner_iso3", "period_start", "classification_version"]
    own = rates_of(table, exposure).select(
        pl.lit("f").alias("family_id"), pl.lit("p").alias("panel_id"), pl.lit(True).alias("is_own"), pl.all()
    )
    return pl.DataFrame(cells, schema=[*columns, "value_usd", "duty_usd"], orient="row"), own


def test_a_run_is_worked_out_again_only_where_something_of_it_changed(tmp_path, inputs, monkeypatch):
    cells, rates = inputs
    worked = []
    compute = module.work_out_all
    monkeypatch.setattr(module, "work_out_all", lambda units: worked.append(len(units)) or compute(units))

    def run(cells=cells, rates=rates, wanted=WANTED, applies_to="metals"):
        return panel_results("p", cells, rates, wanted, episodes(applies_to), where=tmp_path)

    first = run()
    assert first["beta"].null_count() == 0 and first["verdict"][0] != "confounded"
    assert run().equals(first) and worked == [1]
    # an episode of all goods lies in the window after the cut
    assert run(applies_to="metals;all")["verdict"][0] == "confounded"
    other = cells.with_columns(
        value_usd=pl.when(pl.col("product_code") == "03").then(5e6).otherwise("value_usd")
    )
    assert run(other)["beta"][0] != first["beta"][0]
    assert run(rates=rates.with_columns(pl.col("rate") * 2))["beta"][0] != first["beta"][0]
    both = pl.concat([WANTED, WANTED.with_columns(gap_months=pl.lit(6, pl.Int64))])
    assert run(wanted=both).height == 2
    assert worked == [1, 1, 1, 1, 2]


def test_without_designs_there_are_the_columns_and_no_rows(tmp_path, inputs):
    nothing = panel_results("p", *inputs, WANTED.clear(), episodes("all"), where=tmp_path)
    assert nothing.schema == pl.Schema(RESULT_SCHEMA) and nothing.is_empty()
