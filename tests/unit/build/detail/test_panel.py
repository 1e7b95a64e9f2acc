"""The panel of products of six digits: which runs there are, what they are made of, that the table keeps its contract.

Prevents: a design of the warehouse that the detail is not asked, rates of other lists or days than the seeds say, an effect that is there
and is not found, rows that break what rpt_panel_exposure promises.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from orchestration.base.errors import DetailError
from orchestration.base.settings import PROJECT, Settings
from orchestration.build.detail import panel
from orchestration.build.detail.derived import DerivedTable, described_files

SEEDS = PROJECT / "dbt_project" / "seeds"
PARTNERS = ["CHN", "DEU", "JPN", "MEX", "CAN", "VNM"]
#: on list 3 with all their lines, with half of them, and on none
LISTED = {f"8708{n:02d}": share for n, share in enumerate([1.0, 0.5] * 9)}
OTHERS = [f"6203{n:02d}" for n in range(12)]
#: how much trade moves for each unit of ln(1 + rate)
SLOPE = -3.0


@pytest.fixture(scope="module")
def made() -> dict[str, pl.DataFrame]:
    """Cells from 2013 to 2019 in which listed goods from China fell by SLOPE, and the coverage of their lists."""
    rng = np.random.default_rng(5)
    months = [date(year, month, 1) for year in range(2013, 2020) for month in range(1, 13)]
    rows = []
    for product in (*LISTED, *OTHERS):
        for partner in PARTNERS:
            level, walk = rng.normal(15, 1), np.cumsum(rng.normal(0, 0.01, len(months)))
            for month, wander in zip(months, walk, strict=True):
                rate = 0.0
                if partner == "CHN" and month >= date(2018, 10, 1):
                    rate = LISTED.get(product, 0.0) * (0.1 if month < date(2019, 5, 1) else 0.25)
                value = int(np.exp(level + wander + rng.normal(0, 0.05) + SLOPE * np.log1p(rate)))
                edition = "HS 2012" if month.year < 2017 else "HS 2017"
                rows.append((product, partner, month, edition, value, int(rate * value)))
    schema = [
        "product_code",
        "partner_iso3",
        "period_start",
        "classification_version",
        "value_usd",
        "duty_usd",
    ]
    coverage = [("s301_3", product, share) for product, share in LISTED.items()]
    return {
        "fct_detail_panel_cell": pl.DataFrame(rows, schema=schema, orient="row"),
        "fct_detail_list_coverage": pl.DataFrame(
            coverage, schema=["list_id", "hs6", "coverage"], orient="row"
        ),
    }


def written(out, made) -> list[DerivedTable]:
    tables = []
    for name, frame in made.items():
        (out / name).mkdir(parents=True)
        frame.write_parquet(out / name / "part-0000.parquet")
        tables.append(DerivedTable(name, "", (), {}, True, frame.height, described_files(out, name)))
    return tables


def test_every_design_of_us_imports_is_asked_once_and_each_family_has_one_primary_run():
    wanted = panel.designs(SEEDS)
    asked = ["family_id", "cut_month", "window_months", "gap_months", "exposure_kind"]
    of_warehouse = pl.read_csv(SEEDS / "panels" / "seed_panel_design.csv", try_parse_dates=True).filter(
        pl.col("panel_id").is_in(["us_imports_hs2", "us_imports_naics3", "us_imports_hs4_can_mex"])
    )
    assert set(wanted.select(asked).iter_rows()) == set(of_warehouse.select(asked).iter_rows())
    assert not wanted.select(asked).is_duplicated().any()
    assert (
        wanted.filter("is_primary")["family_id"].to_list()
        == wanted["family_id"].unique(maintain_order=True).to_list()
    )
    assert set(wanted["weighting"]) == {"none"} and set(wanted["product_level"]) == {6}


def test_rates_are_those_of_the_seeds_by_day_and_by_share_of_the_product(made):
    """List 3 paid 10 % from 24 September 2018 and 25 % from 10 May 2019, in China's column alone."""
    cells = made["fct_detail_panel_cell"].with_columns(panel_id=pl.lit(panel.PANEL))
    found = panel.rates(SEEDS, panel.designs(SEEDS), cells, made["fct_detail_list_coverage"])
    own = found.filter((pl.col("family_id") == "s301_lists_1_3") & pl.col("is_own"))
    assert set(own["partner_iso3"]) == {"CHN"} and set(own["product_code"]) == set(LISTED)
    rate = {
        (code, month): value
        for code, month, value in own.select("product_code", "period_start", "rate").iter_rows()
    }
    for code, share in LISTED.items():
        assert rate[code, date(2018, 12, 1)] == pytest.approx(share * 0.10)
        assert rate[code, date(2019, 5, 1)] == pytest.approx(share * (0.10 * 9 + 0.25 * 22) / 31)
    # of another family the same list is among the others
    metals = found.filter(pl.col("family_id") == "s232_metals_2018")
    assert set(metals["is_own"]) == {False}


def test_a_fall_of_exposed_goods_is_found_and_what_cannot_be_run_has_its_reason(tmp_path, made):
    settings = Settings(PROJECT, tmp_path / "home")
    out = tmp_path / "out"
    table = panel.add_panel(settings, out, written(out, made))
    rows = pl.read_parquet(out / table.files[0].path)
    contract = panel.read_contract(PROJECT / "dbt_project")
    assert table.released and table.rows == rows.height == panel.designs(SEEDS).height
    assert rows.columns == list(contract.columns) == list(table.columns)
    run = rows.filter((pl.col("family_id") == "s301_lists_1_3") & pl.col("is_primary")).row(0, named=True)
    assert run["n_products"] == len(LISTED) + len(OTHERS) and run["n_partners"] == len(PARTNERS)
    assert run["beta"] == pytest.approx(SLOPE, abs=4 * run["se_product"]) and run["se_product"] < 0.5
    assert run["verdict"] == "exposed_goods_moved" and run["perm_p"] <= 0.05
    # windows of earlier dates that reach over the new edition of codes in 2017 are none: 12 + 3 + 12 months within 2013 to 2016
    assert run["n_placebo"] == 48 - 27 + 1
    later = rows.filter(pl.col("family_id") == "us_duties_2025")
    assert set(later["verdict"]) == {"not_computable"} and later["reason"].null_count() == 0
    # the same cells again take nothing but the file of results
    again = tmp_path / "again"
    kept = panel.add_panel(settings, again, written(again, made))
    assert pl.read_parquet(again / kept.files[0].path).equals(rows)


def test_rows_that_break_the_contract_are_refused(tmp_path, made):
    contract = panel.read_contract(PROJECT / "dbt_project")
    settings = Settings(PROJECT, tmp_path / "home")
    out = tmp_path / "out"
    empty = {name: frame.clear() for name, frame in made.items()}
    table = panel.add_panel(settings, out, written(out, empty))
    rows = pl.read_parquet(out / table.files[0].path)
    assert set(rows["verdict"]) == {"not_computable"}
    path = tmp_path / "wrong.parquet"
    for wrong, said in (
        (pl.concat([rows, rows.head(1)]), "twice"),
        (rows.with_columns(beta=pl.lit(-1.0)), "verdict = 'not_computable'"),
        (rows.with_columns(pl.col("n_cells").cast(pl.Int64)), "n_cells is bigint"),
        (rows.drop("reason"), "reason is None"),
    ):
        wrong.write_parquet(path)
        with pytest.raises(DetailError, match=said.replace("(", r"\(")):
            panel.check(path, contract, tmp_path / "spill")
