"""Dagster's view of the warehouse: assets, checks, lineage, jobs; and a failed check that stops the release.

Belongs here: what Dagster's page would show. Does not belong here: what the assets do (tests of their functions).
"""

from __future__ import annotations

import os
import subprocess
import sys

import dagster as dg
import duckdb
import pytest

from orchestration.base.settings import PROJECT
from orchestration.definitions import build_definitions


@pytest.fixture(scope="module")
def definitions(home):
    return build_definitions(home)


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def test_lineage_runs_from_source_to_report(graph):
    """A user could not see which bundled file a report depends on."""
    upstream, todo = set(), [dg.AssetKey(["marts", "rpt_before_after"])]
    while todo:
        for parent in graph.get(todo.pop()).parent_keys - upstream:
            upstream.add(parent)
            todo.append(parent)
    assert {dg.AssetKey(["figures", "observation_bls"]), dg.AssetKey(["raw", "observation"])} <= upstream
    assert dg.AssetKey(["marts", "rpt_before_after"]) in graph.get(dg.AssetKey("release")).parent_keys


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


def test_jobs_and_schedules_exist(definitions):
    assert {"build", "refresh"} <= {job.name for job in definitions.resolve_all_job_defs()}
    repository = definitions.get_repository_def()
    running = [s for s in repository.schedule_defs if s.default_status == dg.DefaultScheduleStatus.RUNNING]
    assert running


def test_definitions_load_in_seconds(home):
    """Dagster reloads definitions in every process; a dbt parse or a request at import would make each take 20 s."""
    code = (
        "import time; t = time.process_time()\n"
        "import socket; socket.socket.connect = None\n"
        "from orchestration.definitions import defs\n"
        "import dagster; dagster.repository; defs().get_repository_def()\n"
        "import sys; assert not any(m.startswith('dbt.parser') for m in sys.modules)\n"
        "print(time.process_time() - t)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HEADWAY_HOME": str(home.home)},
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 5


def test_a_failed_check_leaves_the_last_release_current(home, tmp_path):
    """A release with a value nobody can defend would reach readers."""
    import shutil

    from orchestration.base.errors import ReleaseError
    from orchestration.base.settings import Settings
    from orchestration.operations.build import run_build

    own = Settings(PROJECT, tmp_path / "home")
    shutil.copytree(home.home, own.home, symlinks=True)
    before = own.current.resolve()
    with duckdb.connect(str(own.store)) as con:
        # two current rows for one key: something wrote to the store behind the loader's back
        con.execute(
            "INSERT INTO raw.observation_current SELECT * REPLACE (value + 1 AS value) FROM raw.observation_current LIMIT 1"
        )
    with pytest.raises(ReleaseError, match="stays current"):
        run_build(own)
    assert own.current.resolve() == before
    shutil.rmtree(own.home)
