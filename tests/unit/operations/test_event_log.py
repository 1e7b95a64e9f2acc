"""Dagster's event log with connections that are kept: the same events, and nothing left changed."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.context.system import StepExecutionContext

from orchestration.operations.event_log import kept_open


@dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="made")])
def made() -> dg.MaterializeResult:
    return dg.MaterializeResult(
        metadata={"rows": 3}, check_results=[dg.AssetCheckResult(passed=True, check_name="whole")]
    )


def events_of(folder: Path, *, kept: bool) -> list[str]:
    """The events of a run as another process would read them."""
    folder.mkdir()
    look_up = StepExecutionContext.get_output_asset_keys
    job = dg.Definitions(assets=[made], jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        before = instance.event_log_storage._connect
        if kept:
            with kept_open(instance):
                run = job.execute_in_process(instance=instance).run_id
        else:
            run = job.execute_in_process(instance=instance).run_id
        assert instance.event_log_storage._connect == before
        assert StepExecutionContext.get_output_asset_keys is look_up
    with dg.DagsterInstance.local_temp(str(folder)) as again:
        assert again.get_latest_materialization_event(dg.AssetKey("made")) is not None
        return [r.event_log_entry.dagster_event_type.value for r in again.get_records_for_run(run).records]


@pytest.mark.slow
def test_every_event_is_stored(tmp_path: Path):
    """A run would show as unfinished in Dagster's page, its pool slot would stay taken."""
    plain = events_of(tmp_path / "plain", kept=False)
    assert events_of(tmp_path / "kept", kept=True) == plain
    assert "ASSET_CHECK_EVALUATION" in plain and plain[-1] in (
        "PIPELINE_SUCCESS",
        "RUN_SUCCESS",
        "ENGINE_EVENT",
    )


def test_another_storage_is_left_alone():
    with dg.DagsterInstance.ephemeral() as instance, kept_open(instance):
        assert dg.materialize([made], instance=instance).success
