"""dbt in this process: the manifest, and one build of the models from the store.

Belongs here: calling dbt-core's runner, where its artefacts live, closing its connections, its result as data.
Does not belong here: Dagster (defs/assets/dbt.py turns the events into assets and checks), SQL.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.errors import ReleaseError
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.release.contract import CheckResult

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt_common.events.base_types import EventMsg

#: what a build runs; unit tests use fixed inputs, so they belong to the test suite and not to every build
_BUILD = ("build", "--exclude-resource-type", "unit_test")


def target_path(settings: Settings) -> Path:
    """dbt's artefacts, one folder a home: two homes never share a partial parse."""
    return settings.dbt_target


def manifest_path(settings: Settings) -> Path:
    """Where dbt writes its manifest; the file exists after the first `ensure_manifest`."""
    return settings.dbt_manifest


def project_hash(settings: Settings) -> str:
    """sha256 over names and contents of everything in dbt_project that dbt reads."""
    digest = hashlib.sha256()
    for path in sorted(settings.dbt_project.rglob("*")):
        relative = path.relative_to(settings.dbt_project)
        if path.is_file() and relative.parts[0] not in ("target", "logs") and relative.name != ".user.yml":
            digest.update(str(relative).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@dataclass
class DbtResult:
    """What a dbt invocation did.

    counts:   status (success, pass, warn, fail, error, skipped) -> number of models, seeds and tests.
    failures: one line for each model or test that failed.
    events:   dbt's log events of finished nodes as dictionaries; their shape is dbt's, hence Any.
    """

    success: bool
    counts: dict[str, int]
    failures: list[str]
    events: list[dict[str, Any]] = field(repr=False)


def ensure_manifest(settings: Settings) -> Path:
    """The manifest of the project as it is now; parses only when a file of the project changed since the last parse.

    Raises ReleaseError where the project cannot be parsed.
    """
    path, stamp = manifest_path(settings), target_path(settings) / "project.sha256"
    current_hash = project_hash(settings)
    if path.exists() and stamp.exists() and stamp.read_text() == current_hash:
        return path
    report("transform", "reading the dbt project")
    outcome = _invoke(settings, ["parse"])
    if not outcome.success:
        raise ReleaseError(f"the dbt project cannot be parsed: {outcome.exception}")
    stamp.write_text(current_hash)
    return path


def build(settings: Settings, *, on_node: Callable[[str], None] | None = None) -> DbtResult:
    """Build every seed, model and data test into a fresh build/headway.duckdb; a failed test fails the result.

    The file is made anew, so that nothing of an earlier run can stay behind. on_node: called with the id of every node
    that is finished. Raises ReleaseError where dbt could not run at all.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult

    ensure_manifest(settings)
    settings.build.mkdir(parents=True, exist_ok=True)
    for stale in (settings.build_database, settings.build_database.with_suffix(".duckdb.wal")):
        stale.unlink(missing_ok=True)
    events: list[dict[str, Any]] = []
    total, finished = _node_count(settings), 0

    def listen(event: EventMsg) -> None:
        nonlocal finished
        name = event.info.name
        if name in ("LogSeedResult", "LogModelResult", "LogTestResult", "LogSnapshotResult"):
            events.append(_as_dict(event))
        if name == "NodeFinished":
            finished += 1
            report("transform", event.data.node_info.node_name, finished, total)
            if on_node is not None:
                on_node(event.data.node_info.unique_id)

    outcome = _invoke(settings, list(_BUILD), callbacks=[listen])
    if not isinstance(outcome.result, RunExecutionResult):
        raise ReleaseError(f"dbt could not run: {str(outcome.exception) or type(outcome.exception).__name__}")
    counts: dict[str, int] = {}
    failures = []
    for result in outcome.result.results:
        counts[str(result.status)] = counts.get(str(result.status), 0) + 1
        if str(result.status) in ("error", "fail"):
            failures.append(f"{result.node.resource_type} {result.node.name}: {result.message}")
    return DbtResult(bool(outcome.success), counts, failures, events)


def check_results(settings: Settings) -> list[CheckResult]:
    """The results of the last build's models and data tests, as checks of a release.

    One check for each model or test that failed or warned, and one, named dbt, for all of them.
    """
    path = target_path(settings) / "run_results.json"
    if not path.exists():
        return [CheckResult("dbt", "fail", "dbt has not been run: there are no results to release")]
    # dbt lists the exposures as "no-op": they say who reads the marts, and nothing of them runs or can fail
    results = [r for r in json.loads(path.read_bytes())["results"] if r["status"] != "no-op"]
    bad = [r for r in results if r["status"] not in ("success", "pass", "warn")]
    warned = [r for r in results if r["status"] == "warn"]
    return [
        *(CheckResult(r["unique_id"], "fail", str(r["message"])) for r in bad),
        *(CheckResult(r["unique_id"], "warn", str(r["message"])) for r in warned),
        CheckResult(
            "dbt",
            "fail" if bad else "pass",
            f"{len(results) - len(bad)} of {len(results)} models and tests passed",
        ),
    ]


def _node_count(settings: Settings) -> int:
    """How many models, seeds and tests a build runs, for showing progress."""
    manifest = json.loads(manifest_path(settings).read_bytes())
    kinds = [
        n["resource_type"] for n in manifest["nodes"].values() if n.get("config", {}).get("enabled", True)
    ]
    return sum(k in ("model", "seed", "test") for k in kinds)


def _as_dict(event: EventMsg) -> dict[str, Any]:
    """The event as dbt writes it to its own JSON log, which is what dagster-dbt reads."""
    from dbt_common.events.functions import msg_to_dict

    return dict(msg_to_dict(event))


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """Inside the block, the environment variables that profiles.yml and the Python models read: dbt offers its profiles no
    other way to be given a path. They are put back afterwards, so that two homes can build in one process."""
    before = {name: os.environ.get(name) for name in ("HEADWAY_HOME", "DO_NOT_TRACK")}
    os.environ["HEADWAY_HOME"] = str(settings.home)
    os.environ.setdefault("DO_NOT_TRACK", "1")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _invoke(
    settings: Settings, arguments: list[str], callbacks: list[Callable[[EventMsg], None]] | None = None
) -> dbtRunnerResult:
    """One dbt invocation. Afterwards dbt's connections are closed: it keeps them open, and they would hold the lock of the
    database file."""
    from dbt.cli.main import dbtRunner

    target_path(settings).mkdir(parents=True, exist_ok=True)
    runner = dbtRunner(callbacks=callbacks or [])
    try:
        with _environment(settings):
            outcome = runner.invoke(
                [
                    *arguments,
                    *("--project-dir", str(settings.dbt_project)),
                    *("--profiles-dir", str(settings.dbt_project)),
                    *("--target-path", str(target_path(settings))),
                    *("--log-path", str(settings.home / "dbt" / "logs")),
                    *("--log-level", "none", "--log-level-file", "info"),
                ]
            )
    finally:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None and not isinstance(outcome.exception, Exception):
        raise outcome.exception  # Ctrl-C, which dbt hands back like any error
    return outcome
