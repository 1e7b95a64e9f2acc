"""What the detail models read: the files of the chosen vintages, lists of goods and countries as the seeds have them."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.settings import PROJECT, Settings
from orchestration.build.detail.relations import IN_STAGES, countries, list_codes, relations
from tests.support.derived_case import small_lake
from transforms.detail_tables import DETAIL_TABLES


@pytest.mark.slow
def test_each_flow_is_the_files_of_the_vintages_known_by_the_day(tmp_path):
    small_lake(tmp_path / "detail", rows=20)
    settings = Settings(PROJECT, tmp_path)
    catalogue = Catalogue.load(settings.detail)
    (tmp_path / "inputs").mkdir()
    for day, newest in ((None, "2026-11-05"), (date(2026, 11, 4), "2026-10-05")):
        read = {r.name: r for r in relations(settings, catalogue, day, tmp_path / "inputs")}
        assert set(read) == {*DETAIL_TABLES, "tariff_list_code", "country"}
        for flow in DETAIL_TABLES:
            files = read[flow].files
            assert len(files) == 3 and all(path.is_absolute() and path.is_file() for path in files)
            assert f"vintage={newest}" in str(files[0])


@pytest.mark.slow
def test_small_tables_are_written_with_the_types_that_engines_are_told(tmp_path):
    """A schema that differs from the file would be read as nulls by Spark without a word."""
    small_lake(tmp_path / "detail", rows=20)
    settings = Settings(PROJECT, tmp_path)
    kinds = {"VARCHAR": pl.String, "BIGINT": pl.Int64, "BOOLEAN": pl.Boolean}
    for relation in relations(settings, Catalogue.load(settings.detail), None, tmp_path):
        if relation.name not in DETAIL_TABLES:
            schema = pl.read_parquet_schema(relation.files[0])
            assert dict(schema) == {name: kinds[kind] for name, kind in relation.columns.items()}


def test_lists_in_stages_have_an_order_and_others_stand_alone():
    codes = list_codes(PROJECT / "dbt_project")
    assert codes.height == codes.n_unique() > 10_000
    assert codes["hs_code"].str.contains(r"^\d{2,10}$").all()
    staged = codes.filter(pl.col("one_of").is_not_null())
    order = staged.select("list_id", "priority").unique().sort("priority")["list_id"].to_list()
    assert order == list(IN_STAGES)
    assert codes.filter(pl.col("one_of").is_null())["priority"].unique().to_list() == [0]


def test_the_panel_compares_the_thirty_partners_of_the_chapters(tmp_path):
    frame = countries(Settings(PROJECT, tmp_path))
    compared = frame.filter("in_panel")
    assert compared.height == 30 and {"CHN", "CAN", "MEX", "DEU"} <= set(compared["partner_iso3"])
    assert frame["country_code"].n_unique() == frame.height > 200
