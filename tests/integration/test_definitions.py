"""Dagster's view of the warehouse: assets, checks, lineage, jobs; and a failed check that stops the release.

Belongs here: what Dagster's page would show. Does not belong here: what the assets do (tests of their functions).
"""

from __future__ import annotations

import os
import subprocess
import sys

import dagster as dg
import pytest

from orchestration.base.settings import PROJECT
from orchestration.definitions import build_definitions
from orchestration.defs.jobs import WRITER_POOL


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


def test_jobs_and_schedules_exist(definitions):
    assert {"build", "refresh"} <= {job.name for job in definitions.resolve_all_job_defs()}
    repository = definitions.get_repository_def()
    running = [s for s in repository.schedule_defs if s.default_status == dg.DefaultScheduleStatus.RUNNING]
    assert running


def test_steps_of_the_daemon_share_a_pool_and_those_of_a_command_take_no_slot(home, definitions):
    """Without the pool two runs of the daemon would write at a time; with it a command that holds the writer lock waits for a step that
    waits for the lock."""

    def pools(of: dg.Definitions) -> set[str | None]:
        return {step.pool for job in ("build", "refresh") for step in of.resolve_job_def(job).graph.node_defs}

    assert pools(definitions) == {WRITER_POOL}
    assert pools(build_definitions(home, pool=None)) == {None}


def test_loading_definitions_parses_nothing_and_asks_nobody(home):
    """Dagster loads definitions in every process; a dbt parse or a request at import would make each take 20 s more.
    How long it takes is measured in tests/bench/bench_budget.py."""
    code = (
        "import socket; socket.socket.connect = None\n"
        "from orchestration.definitions import defs\n"
        "import dagster; dagster.repository; defs().get_repository_def()\n"
        "import sys; assert not any(m.startswith('dbt.parser') for m in sys.modules)\n"
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
