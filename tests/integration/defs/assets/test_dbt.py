"""dbt models as Dagster's assets: every data test in a check of its table, every column described."""

from __future__ import annotations

import json
import re

import dagster as dg
import duckdb
import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.definitions import build_definitions
from orchestration.defs.assets.dbt import row_counts
from tests.support.writer_case import other_writer


@pytest.fixture(scope="module")
def definitions(home):
    return build_definitions(home)


def test_every_dbt_data_test_is_named_in_a_check(definitions, home):
    """A failing test would not be seen where people look."""
    nodes = json.loads(home.dbt_manifest.read_bytes())["nodes"].values()
    tests = {n["name"] for n in nodes if n["resource_type"] == "test"}
    specs = [
        spec
        for assets in definitions.assets
        if isinstance(assets, dg.AssetsDefinition)
        for spec in assets.check_specs
    ]
    named = re.findall(r"\w+", " ".join(spec.description or "" for spec in specs))
    assert tests - set(named) == set()
    assert all(named.count(test) == 1 for test in tests)


def test_columns_of_public_tables_are_described(definitions):
    specs = {
        s.key.path[-1]: s for a in definitions.assets if isinstance(a, dg.AssetsDefinition) for s in a.specs
    }
    for name in ("dim_series", "fct_observation", "rpt_before_after"):
        columns = specs[name].metadata["dagster/column_schema"].columns
        assert columns and all(c.description for c in columns), name


def test_the_rows_of_the_build_are_counted_when_another_run_has_written(tmp_path):
    """A run would fail after its models were made, because a build was started by hand at that moment."""
    settings = Settings(PROJECT, tmp_path / "home")
    settings.build.mkdir(parents=True)
    with duckdb.connect(settings.build_database) as con:
        con.execute("CREATE TABLE made AS SELECT unnest([1, 2]) AS row")
    with other_writer(settings, settings.build_database, seconds=0.2):
        assert row_counts(settings) == {"made": 2}
