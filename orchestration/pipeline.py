"""One run of the warehouse: figures into the store, dbt, release. The plain functions that assets and commands call.

Belongs here: the order of the steps, what a run returns, skipping what did not change.
Does not belong here: how a step works (ingest.py, dbt_runner.py, release.py), Dagster's objects (assets/, definitions.py).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from orchestration import dbt_runner, release
from orchestration.archive import Archive, ArchivedPayload
from orchestration.contract import declared_keys
from orchestration.errors import HeadwayError, PayloadError, ReleaseError
from orchestration.figures import read_manifest
from orchestration.fingerprint import input_fingerprint
from orchestration.ingest import (
    Quarantined,
    ingest,
    rebuild_store_from_archive,
    register_series,
    register_sources,
)
from orchestration.loading import LoadAccount
from orchestration.lock import writer_lock
from orchestration.progress import report
from orchestration.settings import Settings
from orchestration.sources import live
from orchestration.sources.registry import SOURCES, load_series_catalogue
from orchestration.store import open_store
from transforms.schema import Parsed

FIGURES = "figures"
#: tag of Dagster runs that live in the process of a command, not in one that the daemon launched
IN_PROCESS = "headway/in_process"
#: tag of runs whose release may lose more than a tenth of a table
ALLOW_SHRINK = "headway/allow_shrink"


@dataclass(frozen=True)
class BuildOutcome:
    """What a run did. `released` is False when nothing had changed; `release` is then the one that stays current."""

    released: bool
    release: release.Release
    accounts: tuple[LoadAccount, ...] = ()
    seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)


def run_build(
    settings: Settings,
    *,
    force: bool = False,
    from_archive: bool = False,
    allow_shrink: bool = False,
    wait: float = 0.0,
) -> BuildOutcome:
    """Build and release, through Dagster's job `build`, so that the run shows in its page like a scheduled one.

    Raises WriterBusyError, or ReleaseError naming the step that failed; the last release stays current.
    """
    started = time.monotonic()
    with writer_lock(settings, wait=wait):
        if from_archive:
            report("load", "rebuilding the store from the archive")
            rebuild_store_from_archive(settings, parser_of_archived, partial(register, settings))
        if not force and is_current(settings):
            return BuildOutcome(False, release.current_release(settings), seconds=time.monotonic() - started)
        run_job(settings, "build", tags={ALLOW_SHRINK: "true"} if allow_shrink else {})
    return BuildOutcome(True, release.current_release(settings), seconds=time.monotonic() - started)


def is_current(settings: Settings) -> bool:
    """Whether a build would make the release that is current already: every bundled figure is in the store, and
    store, models and code are what that release was made from."""
    if not settings.store.exists() or not figures_loaded(settings):
        return False
    current = release.current_release(settings)
    return bool(current and not current.problem and current.fingerprint == input_fingerprint(settings))


def run_job(settings: Settings, name: str, tags: Mapping[str, str] | None = None) -> None:
    """Execute a Dagster job in this process, recorded with `tags` in the home's own instance. Raises ReleaseError on
    failure."""
    import logging

    os.environ["HEADWAY_HOME"] = str(settings.home)
    os.environ["DAGSTER_HOME"] = str(prepare_dagster_home(settings))
    dbt_runner.ensure_manifest(settings)

    from dagster import DagsterInstance

    from orchestration.definitions import build_definitions

    # the run's log is in Dagster's page; on the terminal a failure is told below, in one line
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    _without_fsync()
    job = build_definitions(settings).resolve_job_def(name)
    with DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        _end_dead_runs(instance)
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config=quiet,
            tags={**(tags or {}), IN_PROCESS: "true"},
        )
    if not result.success:
        raise ReleaseError(_first_failure(result))


def _end_dead_runs(instance: Any) -> None:
    """Give back the pool slots of runs that were killed: Dagster keeps them, and the next run would wait for ever.

    The caller holds the writer lock, as every run in a process of our own does from its first to its last step; so none
    of those that Dagster believes to be running is.
    """
    from dagster import DagsterRunStatus, RunsFilter

    unfinished = [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED]
    for run in instance.get_runs(RunsFilter(statuses=unfinished, tags={IN_PROCESS: "true"})):
        instance.report_run_failed(run, "the process that ran it ended before the run did")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _without_fsync() -> None:
    """Let SQLite leave writing Dagster's event log to disk to the operating system.

    A build logs about 1,500 events, each in a connection and a transaction of its own: with an fsync for each that took
    longer than the build itself. A power cut may lose the log of a run; the warehouse does not depend on it.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", _relax):
        event.listen(Engine, "connect", _relax)


def _relax(connection: Any, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def _first_failure(result: Any) -> str:
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE":
            error = event.step_failure_data.error
            while error.cause is not None:
                error = error.cause
            # "package.module.SomeError: message": the class is for programmers
            message = error.message.strip().partition(": ")[2] or error.message.strip()
            return f"{event.step_key}: {message.splitlines()[0]}; the last release stays current"
    return "the run failed before its first step; the last release stays current"


def prepare_dagster_home(settings: Settings) -> Path:
    """The instance folder with our dagster.yaml in it."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), settings.dagster_home / "dagster.yaml")
    return settings.dagster_home


# --- the steps, in order ---------------------------------------------------------------------------------------------


def ingest_figures(settings: Settings, dataset: str) -> LoadAccount:
    """Archive and load one file of the bundled figures. A damaged or unusable file raises: it is part of the code."""
    manifest = read_manifest(settings.figures)
    entry = next((f for f in manifest["files"] if f["dataset"] == dataset), None)
    if entry is None:
        raise PayloadError(
            f"the manifest of the bundled figures has no dataset {dataset!r}; run `headway figures verify`"
        )
    content = (settings.figures / entry["path"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise PayloadError(
            f"{entry['path']} is not the file the manifest describes; restore it: git checkout -- warehouse/figures"
        )
    extra = {"table": entry["table"], "complete": entry["complete"]}
    with writer_lock(settings, wait=600), open_store(settings.store) as con:
        register(settings, con)
        outcome = ingest(
            con,
            Archive(settings),
            content=content,
            parse=partial(parse_figures, extra=extra),
            source_id=FIGURES,
            dataset=dataset,
            request_url=f"figures:{entry['path']}",
            retrieved_at=datetime.fromisoformat(entry["compiled_on"]),
            media_type="application/vnd.apache.parquet",
            extra=extra,
        )
    if isinstance(outcome, Quarantined):
        raise PayloadError(f"figures/{dataset}: {outcome.reason}")
    report("load", f"{dataset}: {outcome.rows_in:,} rows, {outcome.rows_appended:,} new")
    return outcome


def parse_figures(content: bytes, *, extra: Mapping[str, Any]) -> Parsed:
    from transforms.parse.figures import parse

    return parse(content, table=extra["table"], series=load_series_catalogue(), complete=extra["complete"])


def figures_loaded(settings: Settings) -> bool:
    """Whether the store has loaded exactly the bundled files as they are now."""
    wanted = {f["sha256"] for f in read_manifest(settings.figures)["files"]}
    with open_store(settings.store, read_only=True) as con:
        rows = con.execute(
            "select distinct p.sha256 from raw.payload p join raw.load l using (payload_id) where p.source_id = ?",
            [FIGURES],
        ).fetchall()
    return wanted <= {sha for (sha,) in rows}


def register(settings: Settings, con: Any) -> None:
    """The registry's sources, those of imports, and the catalogue's series into the store."""
    from orchestration.user_import import imported_sources

    con.begin()  # one transaction: fifteen of their own take 130 ms
    register_sources(con, [*SOURCES, *imported_sources(Archive(settings))])
    register_series(con, load_series_catalogue())
    con.commit()


def parser_of_archived(payload: ArchivedPayload) -> Callable[[bytes], Parsed]:
    """The parser for an archived payload, by its source; sidecar hints say what the source alone does not."""
    if payload.source_id == FIGURES:
        return partial(parse_figures, extra=payload.extra)
    if live.is_live(payload):
        from orchestration.sources.datasets import DATASETS

        return live.parser_of_live(payload, DATASETS)
    from orchestration.user_import import parser_for

    return parser_for(payload)


def transform(settings: Settings) -> dbt_runner.DbtResult:
    """dbt into build/headway.duckdb, under the writer lock."""
    with writer_lock(settings, wait=600):
        return dbt_runner.build(settings)


def publish(settings: Settings, *, allow_shrink: bool = False) -> release.Release:
    """Make the release from the build and dbt's results. Raises ReleaseError if a check fails.

    allow_shrink: a fact or dimension may lose more than a tenth of its rows, this once; the check is then a warning.
    """
    report("release", "checking the finished file")
    manifest = read_manifest(settings.figures)
    with writer_lock(settings, wait=600):
        with open_store(settings.store, read_only=True) as con:
            payloads = con.execute("select count(*) from raw.payload").fetchall()[0][0]
        return release.publish(
            settings,
            run_id=release.new_run_id(),
            inputs={"payloads": payloads, "figures": {f["dataset"]: f["sha256"] for f in manifest["files"]}},
            checks=dbt_runner.check_results(settings),
            fingerprint=input_fingerprint(settings),
            keys=declared_keys(dbt_runner.manifest_path(settings)),
            allow_shrink=allow_shrink,
        )


def serve(settings: Settings, port: int) -> None:
    """Dagster's page and daemon on 127.0.0.1 until interrupted. Raises HeadwayError when they end by themselves."""
    os.environ["HEADWAY_HOME"] = str(settings.home)
    os.environ["DAGSTER_HOME"] = str(prepare_dagster_home(settings))
    dbt_runner.ensure_manifest(settings)
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
        status = subprocess.run(command, cwd=settings.project, check=False).returncode
    except KeyboardInterrupt:
        return
    if status:
        raise HeadwayError(
            f"dagster dev ended with status {status}; is port {port} taken? Try --port {port + 1}"
        )
