"""The catalogue of series and the registry of publishers."""

from __future__ import annotations

import csv

import polars as pl
import pytest

from orchestration.base.errors import CatalogueError
from orchestration.intake.figures.make import TRADE_SERIES
from orchestration.sources.registry import (
    CATALOGUE,
    FIRST_RELEASES,
    SOURCES,
    SOURCES_BY_ID,
    load_series_catalogue,
)
from transforms.codes import ISO3_OF_SCHEDULE_C, WORLD
from transforms.schema import SERIES_SCHEMA

#: the public contract: these ids may not disappear or be renamed without a breaking release
CONTRACT = {
    *("usa_employment_manufacturing", "usa_employment_motor_vehicles_parts", "usa_employment_total_nonfarm"),
    *(f"usa_{flow}_goods_{partner}" for flow in ("imports", "exports") for partner in ("can", "mex", "chn")),
    "usa_balance_goods_services",
    *(f"usa_imports_hs87_{partner}" for partner in ("can", "mex", "wld")),
    *(f"usa_duties_hs87_{partner}" for partner in ("can", "mex")),
    *(
        f"usa_{what}_naics336_{partner}"
        for what in ("imports", "duties")
        for partner in ("can", "mex", "wld")
    ),
    *("usa_production_autos", "usa_industrial_production_motor_vehicles_parts", "usa_sales_light_vehicles"),
    *("usa_import_prices_automotive", "usa_customs_duties_net"),
    *("mex_production_vehicles", "mex_production_cars", "mex_production_trucks"),
    *("mex_exports_goods", "mex_imports_goods", "mex_industrial_production_transport_equipment"),
    *("can_employment_manufacturing", "can_exports_motor_vehicles_parts", "can_imports_motor_vehicles_parts"),
    *("can_sales_motor_vehicles", "fx_usd_cad", "fx_usd_mxn"),
    *(f"{country}_production_vehicles_annual" for country in ("can", "mex", "usa")),
}


def test_every_series_of_the_public_contract_is_in_the_catalogue():
    assert set(load_series_catalogue()["series_id"]) >= CONTRACT


def test_the_catalogue_is_typed_as_declared():
    assert dict(load_series_catalogue().schema) == SERIES_SCHEMA


def test_an_index_states_its_base_and_money_its_currency():
    """'index' alone cannot be compared with anything; a value without currency is not an amount."""
    catalogue = load_series_catalogue()
    indexes = catalogue.filter(pl.col("unit").str.starts_with("index"))
    assert indexes["unit"].str.contains(r"^index \d{4}(-\d{2})?=100$|^index 1982-84=100$").all()
    money = catalogue.filter(pl.col("unit").is_in(["USD", "CAD", "MXN"]))
    assert (money["currency"] == money["unit"]).all()


def test_flow_and_basis_say_what_a_trade_value_is():
    trade = load_series_catalogue().filter(pl.col("measure").is_in(["trade_value", "trade_balance", "duty"]))
    assert trade.height > 100
    assert trade["flow"].null_count() == trade["basis"].null_count() == 0


def test_a_fred_code_is_an_alias_and_never_the_publisher():
    """FRED forbids storing its content; the same series come from the agencies."""
    assert not {"fred", "alfred"} & set(SOURCES_BY_ID)
    aliases = load_series_catalogue()["fred_alias"].drop_nulls()
    assert aliases.n_unique() == len(aliases)


def test_every_publisher_has_licence_attribution_and_a_secure_homepage():
    for source in SOURCES:
        assert source.licence and source.attribution and source.cadence, source.source_id
        assert source.homepage_url.startswith("https://") or source.source_id == "figures"
    assert len(SOURCES_BY_ID) == len(SOURCES)


def test_series_read_off_trade_flows_are_catalogued_with_the_same_flow_basis_and_partner():
    catalogue = {row["series_id"]: row for row in load_series_catalogue().iter_rows(named=True)}
    with TRADE_SERIES.open(encoding="utf-8") as file:
        declared = list(csv.DictReader(file))
    assert len({row["series_id"] for row in declared}) == len(declared)
    for row in declared:
        series = catalogue[row["series_id"]]
        partner = "WLD" if row["partner_code"] == WORLD else ISO3_OF_SCHEDULE_C[row["partner_code"]]
        code = {"HS": series["product_code"], "NAICS": series["industry_code"], "TOTAL": "00"}[
            row["classification"]
        ]
        assert (row["flow"], row["basis"], partner, row["product_code"]) == (
            series["flow"],
            series["basis"],
            series["partner_iso3"],
            code,
        ), row["series_id"]
        assert (series["measure"] == "duty") == (row["measure"] == "duty_usd")


def test_no_cell_makes_two_series():
    with TRADE_SERIES.open(encoding="utf-8") as file:
        cells = [
            tuple(value for name, value in row.items() if name != "series_id") for row in csv.DictReader(file)
        ]
    assert len(set(cells)) == len(cells)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "usa_employment_durable_goods,",
            "usa_employment_manufacturing,",
            "line 4 .*used on an earlier line",
        ),
        ("usa_employment_durable_goods,", "USA-Employment,", "not a slug"),
        (",monthly,SA,bls,CES3100000001", ",weekly,SA,bls,CES3100000001", "frequency weekly is not one of"),
        (
            ",monthly,SA,bls,CES3100000001",
            ",monthly,sa,bls,CES3100000001",
            "seasonal_adjustment sa is not one of",
        ),
        (
            ",monthly,SA,bls,CES3100000001",
            ",monthly,SA,fred,CES3100000001",
            "source_id fred is not a publisher",
        ),
        (
            ",monthly,SA,bls,CES3100000001",
            ",monthly,SA,figures,CES3100000001",
            "source_id figures is not a publisher",
        ),
        (
            ",persons,1000,,monthly,SA,bls,CES3100000001",
            ",,1000,,monthly,SA,bls,CES3100000001",
            "unit must not be empty",
        ),
        ("seasonal_adjustment", "adjustment", "columns are"),
    ],
)
def test_a_mistake_in_the_catalogue_is_named_with_its_line(tmp_path, old, new, message):
    text = CATALOGUE.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "series.csv"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=message):
        load_series_catalogue(broken)


def test_a_first_release_lies_before_the_next_release_can_come():
    """A limit so wide that the second estimate of a month is within it would tell that one as the first release. A monthly figure
    is published again a month after the first time, 28 days at the least, unless only the first release after a long lag counts."""
    sources = {source.source_id for source in SOURCES} - {"figures"}
    assert {row.source_id for row in FIRST_RELEASES} == sources
    for row in FIRST_RELEASES:
        assert row.within_days == row.lag_days + row.margin_days > row.lag_days > 0
        if row.source_id not in (
            "comtrade",
            "oica",
        ):  # a country that reports, a year that is counted: not monthly
            assert row.margin_days < 28, row
    ids = load_series_catalogue()["series_id"]
    for row in FIRST_RELEASES:
        pattern = "^" + row.series.replace("?", ".").replace("*", ".*") + "$"
        assert row.series == "*" or ids.str.contains(pattern).any(), f"{row.series} fits no series"


def test_second_estimates_of_employment_are_no_first_releases():
    """The Employment Situation gives the second estimate of February at least 29 days after it, that of states 50."""
    limits = {
        row.series: row.within_days for row in FIRST_RELEASES if row.source_id == "bls" and row.period is None
    }
    assert limits["*"] < 29 and 46 <= limits["usa_??_employment_*"] < 50
