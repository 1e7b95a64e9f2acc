"""Dagster in this process: the first failure in one line, runs that died ended, its log without waiting for the disk."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import dagster as dg
import pytest

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import PROJECT, Settings
from orchestration.defs.jobs import WRITER_POOL
from orchestration.operations import dagster_run
from orchestration.operations.dagster_run import IN_PROCESS, prepare_dagster_home, run_job
from tests.support.patience import PATIENCE


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(PROJECT, tmp_path / "home")


def served(monkeypatch: pytest.MonkeyPatch, *assets: dg.AssetsDefinition, parses: bool = False) -> None:
    """These assets in place of the warehouse's, in a job `build`, without a manifest of dbt."""
    definitions = dg.Definitions(
        assets=assets, jobs=[dg.define_asset_job("build")], executor=dg.in_process_executor
    )
    monkeypatch.setattr("orchestration.definitions.build_definitions", lambda _settings, **_: definitions)
    monkeypatch.setattr(dagster_run, "ensure_manifest", lambda _settings: None)
    monkeypatch.setattr(dagster_run, "parsing_ahead", lambda _settings: nullcontext(parses))
    # run_job turns Dagster's own log off for its process
    monkeypatch.setattr(logging.getLogger("dagster"), "level", logging.getLogger("dagster").level)


@pytest.mark.slow
def test_the_innermost_error_of_the_first_step_is_told_in_one_line(settings: Settings, monkeypatch) -> None:
    @dg.asset
    def load() -> None:
        try:
            raise ValueError("a table lost rows\nand more lines")
        except ValueError as error:
            raise RuntimeError("step failed") from error

    @dg.asset(deps=[load])
    def release() -> None:
        raise AssertionError("a step after one that failed was run")

    served(monkeypatch, load, release)
    with pytest.raises(ReleaseError) as told:
        run_job(settings, "build")
    assert str(told.value) == "load: a table lost rows; the last release stays current"


@pytest.mark.slow
def test_a_run_that_died_is_ended_by_the_next_one(settings: Settings, monkeypatch) -> None:
    """Dagster would show it as running for ever, and keep the pool slots that an earlier version took for it."""

    @dg.asset
    def load() -> None: ...

    served(monkeypatch, load)
    prepare_dagster_home(settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        job = dg.Definitions(assets=[load], jobs=[dg.define_asset_job("build")]).resolve_job_def("build")
        dead = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={IN_PROCESS: "true"})
    run_job(settings, "build", tags={"why": "a test"})
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE
        (made,) = [run for run in instance.get_runs() if run.run_id != dead.run_id]
        assert made.status == dg.DagsterRunStatus.SUCCESS
        assert made.tags["why"] == "a test" and made.tags[IN_PROCESS] == "true"


@pytest.mark.slow
def test_a_build_does_not_wait_for_a_step_of_the_daemon_that_waits_for_its_lock(
    settings: Settings, monkeypatch
) -> None:
    """The build held the writer lock and waited for the pool slot of the step, which waited for the lock: both stood still for ten
    minutes, and the scheduled run failed."""
    late: list[str] = []

    def definitions(_settings: Settings, *, pool: str | None = WRITER_POOL) -> dg.Definitions:
        @dg.asset(pool=pool)
        def load() -> None:
            assert not late, "it ran when the step of the daemon had given its slot back"

        return dg.Definitions(
            assets=[load], jobs=[dg.define_asset_job("build")], executor=dg.in_process_executor
        )

    served(monkeypatch)
    monkeypatch.setattr("orchestration.definitions.build_definitions", definitions)
    prepare_dagster_home(settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        log = instance.event_log_storage
        log.initialize_concurrency_limit_to_default(WRITER_POOL)
        assert log.claim_concurrency_slot(WRITER_POOL, "run of the daemon", "step").is_claimed

        def give_back() -> None:
            late.append("given back")
            log.free_concurrency_slots_for_run("run of the daemon")

        # only a build that waits lives to see it
        step = threading.Timer(PATIENCE / 10, give_back)
        step.start()
        try:
            run_job(settings, "build")
        finally:
            step.cancel()
            step.join()


def test_only_connections_of_sqlite_are_relaxed() -> None:
    with sqlite3.connect(":memory:") as connection:
        dagster_run._relax(connection, None)
        assert connection.execute("PRAGMA synchronous").fetchall() == [(0,)]
    dagster_run._relax(object(), None)


@pytest.mark.slow
@pytest.mark.parametrize("raised", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_ctrl_c_during_a_step_is_an_interruption_and_no_failed_run(
    settings: Settings, monkeypatch, raised: BaseException
) -> None:
    """Dagster catches Ctrl-C and calls the run failed, and DuckDB makes an error of it: the command ended with status 1."""

    @dg.asset
    def load() -> None:
        raise raised

    served(monkeypatch, load)
    with pytest.raises(KeyboardInterrupt):
        run_job(settings, "build")


@pytest.mark.slow
@pytest.mark.parametrize("parses", [True, False])
def test_figures_are_loaded_while_the_run_is_being_prepared(
    settings: Settings, monkeypatch, parses: bool
) -> None:
    """One processor of two would wait for the other: for the project to be read, or where it is known for Dagster and dbt to be imported."""
    done: list[str] = []

    @contextmanager
    def importing() -> Iterator[None]:
        done.append("importing")
        yield
        done.append("imported")

    @dg.asset
    def load() -> None:
        done.append("step")

    served(monkeypatch, load, parses=parses)
    monkeypatch.setattr(dagster_run, "_importing_ahead", importing)
    run_job(settings, "build", meanwhile=lambda: done.append("ahead"))
    assert done == (["ahead", "step"] if parses else ["importing", "ahead", "imported", "step"])


@pytest.mark.slow
def test_what_cannot_be_imported_ahead_is_said_by_the_run(settings: Settings, monkeypatch) -> None:
    """An error in a thread would be printed with its traceback, and the run go on as if nothing had been."""

    @dg.asset
    def load() -> None: ...

    served(monkeypatch, load, parses=False)
    monkeypatch.setitem(sys.modules, "dbt.cli.main", None)  # importing it raises ImportError
    with pytest.raises(ImportError):
        dagster_run.import_dbt()
    run_job(settings, "build", meanwhile=lambda: None)
    assert "imports" not in {thread.name for thread in threading.enumerate()}
