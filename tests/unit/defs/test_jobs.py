"""The two jobs: a build asks nothing of the network, and a refresh that starts by itself releases only what changed."""

from __future__ import annotations

import dagster as dg

from orchestration.defs import jobs


def test_a_build_leaves_out_the_live_datasets_and_a_refresh_holds_everything() -> None:
    @dg.asset
    def live() -> None: ...

    @dg.asset(deps=[live])
    def store() -> None: ...

    definitions = dg.Definitions(
        assets=[live, store], jobs=[jobs.build_job([live.key]), jobs.refresh_job()], executor=jobs.EXECUTOR
    )
    build, refresh = definitions.resolve_job_def("build"), definitions.resolve_job_def("refresh")
    assert {node.name for node in build.nodes} == {"store"}
    assert {node.name for node in refresh.nodes} == {"live", "store"}
    assert jobs.ONLY_IF_CHANGED in refresh.tags and jobs.ONLY_IF_CHANGED not in build.tags
