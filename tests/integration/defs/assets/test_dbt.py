"""dbt models as Dagster's assets: every data test a check, every column described."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.definitions import build_definitions


@pytest.fixture(scope="module")
def definitions(home):
    return build_definitions(home)


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def test_every_dbt_data_test_is_an_asset_check(graph, home):
    """A failing test would not be seen where people look."""
    import json

    from orchestration.build.dbt_runner import manifest_path

    nodes = json.loads(manifest_path(home).read_bytes())["nodes"].values()
    tests = {n["name"] for n in nodes if n["resource_type"] == "test"}
    shown = {key.name for key in graph.asset_check_keys}
    assert tests - shown == set()


def test_columns_of_public_tables_are_described(definitions):
    specs = {
        s.key.path[-1]: s for a in definitions.assets if isinstance(a, dg.AssetsDefinition) for s in a.specs
    }
    for name in ("dim_series", "fct_observation", "rpt_before_after"):
        columns = specs[name].metadata["dagster/column_schema"].columns
        assert columns and all(c.description for c in columns), name
