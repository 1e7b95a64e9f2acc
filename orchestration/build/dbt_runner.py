"""One build of the models from the store: dbt makes seeds and models, then the data tests run on them.

Belongs here: what of dbt a build runs, and its result as data.
Does not belong here: calling dbt (dbt_call.py), parsing (dbt_project.py), how tests are run (data_tests.py), Dagster
(defs/assets/dbt.py turns the result into assets and checks), SQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestration.base import progress
from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.build import data_tests, worker
from orchestration.build.data_tests import TestResult
from orchestration.build.dbt_call import invoke
from orchestration.build.dbt_project import ensure_tests, parsed
from orchestration.release.contract import CheckResult

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

#: what dbt makes; data tests come after it, and unit tests use fixed inputs, so they belong to the test suite
_BUILD = ("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")


@dataclass(frozen=True)
class Built:
    """A model or seed that dbt made. status: success, error or skipped. seconds: how long it took."""

    unique_id: str
    name: str
    status: str
    message: str | None
    seconds: float


@dataclass
class DbtResult:
    """What a build did: its models and seeds, and its data tests."""

    built: list[Built] = field(repr=False)
    tests: list[TestResult] = field(repr=False)

    @property
    def failures(self) -> list[str]:
        """One line for each model, seed or test that failed."""
        bad = [b for b in self.built if b.status == "error"]
        failed = [t for t in self.tests if t.status in ("fail", "error")]
        return [
            *(f"{b.unique_id.partition('.')[0]} {b.name}: {b.message}" for b in bad),
            *(f"test {t.name}: {t.message}" for t in failed),
        ]

    @property
    def success(self) -> bool:
        """Whether all was made and every test passed, or only warned."""
        return not self.failures and all(b.status == "success" for b in self.built)


def build(settings: Settings) -> DbtResult:
    """Build every seed and model into a fresh build/headway.duckdb and run every data test on it.

    The file is made anew, so that nothing of an earlier run can stay behind. Where a model fails, those that read it are
    skipped and the tests of what was made are run all the same: they may say why. Raises ReleaseError where dbt could not run
    at all.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult

    manifest = parsed(settings)
    settings.build.mkdir(parents=True, exist_ok=True)
    for stale in (
        settings.build_database,
        settings.build_database.with_suffix(".duckdb.wal"),
        data_tests.results_path(settings),
        settings.dbt_target / "run_results.json",
    ):
        stale.unlink(missing_ok=True)
    total, finished = sum(n.resource_type in ("model", "seed") for n in manifest.nodes.values()), 0
    say = progress.listener()  # dbt calls back in threads of its own, which know no listener

    def listen(event: EventMsg) -> None:
        nonlocal finished
        if event.info.name == "NodeFinished":
            finished += 1
            say("transform", event.data.node_info.node_name, finished, total)

    with worker.working():
        outcome = invoke(settings, _BUILD, manifest=manifest, callbacks=[listen])
    if not isinstance(outcome.result, RunExecutionResult):
        raise ReleaseError(f"dbt could not run: {str(outcome.exception) or type(outcome.exception).__name__}")
    built = [
        Built(r.node.unique_id, r.node.name, str(r.status), r.message, r.execution_time)
        for r in outcome.result.results
        if str(r.status)
        != "no-op"  # exposures: they say who reads the marts, and nothing of them runs or can fail
    ]
    made = {b.unique_id for b in built if b.status == "success"}
    ensure_tests(settings)
    return DbtResult(built, data_tests.run(settings, data_tests.read(settings), made))


def check_results(settings: Settings) -> list[CheckResult]:
    """The results of the last build's models and data tests, as checks of a release.

    One check for each model or test that failed or warned, and one, named dbt, for all of them.
    """
    built, tested = settings.dbt_target / "run_results.json", data_tests.results_path(settings)
    if not built.exists() or not tested.exists():
        return [
            CheckResult("dbt", "fail", "dbt has not been run to its end: there are no results to release")
        ]
    # dbt lists the exposures as "no-op": they say who reads the marts, and nothing of them runs or can fail
    results = [r for r in json.loads(built.read_bytes())["results"] if r["status"] != "no-op"]
    results += json.loads(tested.read_bytes())
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
