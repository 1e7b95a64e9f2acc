"""Dagster in this process: executing a job in the home's own instance, and serving Dagster's page.

Belongs here: the instance, runs that died, the first failure in words. Does not belong here: what is run
(definitions.py, defs/), when (operations/build.py, defs/schedules.py).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.errors import HeadwayError, ReleaseError, require_pages
from orchestration.base.settings import Settings
from orchestration.build.dbt_call import import_dbt
from orchestration.build.dbt_project import ensure_manifest, parsing_ahead
from orchestration.operations.event_log import kept_open

if TYPE_CHECKING:
    from dagster import DagsterInstance, ExecuteInProcessResult

#: tag of Dagster runs that live in the process of a command, not in one that the daemon launched
IN_PROCESS = "headway/in_process"


def run_job(
    settings: Settings,
    name: str,
    tags: Mapping[str, str] | None = None,
    *,
    meanwhile: Callable[[], None] | None = None,
) -> None:
    """Execute a Dagster job in this process, recorded with `tags` in the home's own instance.

    meanwhile: work of the job that can be done before Dagster knows the models: another process reads their project about as long, or
    where that was read before, a thread imports Dagster and dbt. Raises ReleaseError on failure, KeyboardInterrupt where Ctrl-C ended it.
    """
    prepare_dagster_home(settings)
    with parsing_ahead(settings) as reads:
        if meanwhile is not None:
            with nullcontext() if reads else _importing_ahead():
                meanwhile()
        _run_job(settings, name, tags)


@contextmanager
def _importing_ahead() -> Iterator[None]:
    """Inside the block a thread imports what the run needs next: 1.5 s of Python, while figures are loaded outside of it for 5 s."""

    def libraries() -> None:
        with suppress(Exception):  # what cannot be imported is said by the run
            import_dbt()
            import orchestration.definitions  # noqa: F401

    thread = threading.Thread(target=libraries, name="imports", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _run_job(settings: Settings, name: str, tags: Mapping[str, str] | None) -> None:
    import logging

    from dagster import DagsterInstance

    from orchestration.definitions import build_definitions

    # the run's log is in Dagster's page; on the terminal a failure is told below, in one line
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    _without_fsync()
    with DagsterInstance.from_config(str(settings.dagster_home)) as instance, kept_open(instance):
        _end_dead_runs(instance)
        ensure_manifest(settings)  # last, because another process may be parsing until now
        # A step of the daemon takes a slot of the pool and then waits for the writer lock, which this process holds already. A run that
        # waited for the slot in turn would end only when that step gives up.
        job = build_definitions(settings, pool=None).resolve_job_def(name)
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config=quiet,
            tags={**(tags or {}), IN_PROCESS: "true"},
        )
    if not result.success:
        if _interrupted(result):
            raise KeyboardInterrupt
        raise ReleaseError(_first_failure(result))


def _interrupted(result: ExecuteInProcessResult) -> bool:
    """Whether Ctrl-C ended the run: Dagster catches it and says so in the event of the run's failure, DuckDB in an error."""
    from dagster._core.events import RunFailureReason

    for event in result.all_events:
        data = event.event_specific_data
        if getattr(data, "failure_reason", None) is RunFailureReason.UNEXPECTED_TERMINATION:
            return True
        if event.is_step_failure and "Query interrupted" in str(event.step_failure_data.error):
            return True
    return False


def _end_dead_runs(instance: DagsterInstance) -> None:
    """End runs of commands that were killed, which Dagster would show as running for ever, and give back the pool slots that an earlier
    version took for them: the daemon would wait for ever.

    Every run in the process of a command holds the writer lock from its first to its last step. The caller holds the lock
    now, so each such run that Dagster believes to be running has ended.
    """
    from dagster import DagsterRunStatus, RunsFilter

    unfinished = [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED]
    for run in instance.get_runs(RunsFilter(statuses=unfinished, tags={IN_PROCESS: "true"})):
        instance.report_run_failed(run, "the process that ran it ended before the run did")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _without_fsync() -> None:
    """Let SQLite leave writing Dagster's event log to disk to the operating system.

    With an fsync for each event that took longer than the build itself. A power cut may lose the log of a run; the warehouse does not depend on it.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", _relax):
        event.listen(Engine, "connect", _relax)


def _relax(connection: object, _record: object) -> None:
    """A listener of SQLAlchemy's event `connect`: takes the new connection and the record of the pool."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def _first_failure(result: ExecuteInProcessResult) -> str:
    """The first step that failed and its innermost error, in one line."""
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE" and (error := event.step_failure_data.error) is not None:
            while error.cause is not None:
                error = error.cause
            # "package.module.SomeError: message": the class tells a user nothing
            message = error.message.strip().partition(": ")[2] or error.message.strip()
            return f"{event.step_key}: {message.splitlines()[0]}; the last release stays current"
    return "the run failed before its first step; the last release stays current"


def prepare_dagster_home(settings: Settings) -> Path:
    """Make the folder of the home's Dagster instance, with our dagster.yaml in it; its path."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), settings.dagster_home / "dagster.yaml")
    return settings.dagster_home


def serve(settings: Settings, port: int) -> None:
    """Run Dagster's page and daemon on 127.0.0.1 until interrupted. Raises HeadwayError when they fail by themselves,
    UsageError where the page is not installed."""
    require_pages("dagster_webserver", "serve")
    # Dagster starts processes of its own, which know the warehouse by these two variables alone
    homes = {"HEADWAY_HOME": str(settings.home), "DAGSTER_HOME": str(prepare_dagster_home(settings))}
    ensure_manifest(settings)
    dagster = Path(sys.executable).with_name("dagster")
    command = [
        str(dagster),
        "dev",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "-m",
        "orchestration.definitions",
    ]
    try:
        status = subprocess.run(
            command, cwd=settings.project, env={**os.environ, **homes}, check=False
        ).returncode
    except KeyboardInterrupt:
        return
    if status:
        raise HeadwayError(
            f"dagster dev ended with status {status}; is port {port} taken? Try --port {port + 1}"
        )
