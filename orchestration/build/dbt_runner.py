"""One build of the models from the store: dbt makes seeds and models, then the data tests run on them.

Belongs here: what of dbt a build runs, and its result as data.
Does not belong here: calling dbt (dbt_call.py), parsing (dbt_project.py), how tests are run (data_tests.py), Dagster
(defs/assets/dbt.py turns the result into assets and checks), SQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.base import collector, progress
from orchestration.base.duck import NO_MEMORY
from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.build import data_tests, quick_calls, update, worker
from orchestration.build.data_tests import TestResult
from orchestration.build.dbt_call import invoke
from orchestration.build.dbt_project import ensure_tests, parsed
from orchestration.build.fingerprint import code_fingerprint
from orchestration.release.contract import CheckResult

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

#: what dbt makes; data tests come after it, and unit tests use fixed inputs, so they belong to the test suite
_BUILD = (
    "build",
    "--exclude-resource-type",
    "unit_test",
    "--exclude-resource-type",
    "test",
    "--no-write-json",
)
#: the event by which dbt says that a model or seed is made
_FINISHED = "NodeFinished"
#: the results of dbt in the folder of its artefacts
_RUN_RESULTS = "run_results.json"


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


def build(settings: Settings, *, anew: bool = False) -> DbtResult:
    """Bring build/headway.duckdb up to date with the store, or make it anew, and run the data tests on it.

    What the last build made is kept where the same code, models and seeds made it (update.py). anew: make all of it again. Raises
    ReleaseError where dbt could not run at all.
    """
    if not anew and (updated := _updated(settings)) is not None:
        return updated
    return _built_anew(settings)


def _updated(settings: Settings) -> DbtResult | None:
    """Only what a change of the store reaches. None where that is not possible: then all is made anew."""
    whole = (settings.dbt_target / _RUN_RESULTS, settings.dbt_target / data_tests.COMPILED)
    if not all(path.exists() for path in whole) or not update.is_possible(settings):
        return None
    ensure_tests(settings)
    results = data_tests.results_path(settings)
    kept = {r.unique_id: r for r in data_tests.read_results(settings)} if results.exists() else {}
    # a run that is killed before the tests have run must not be released
    results.unlink(missing_ok=True)
    say = progress.listener()
    try:
        done = update.apply(settings, lambda name, number, total: say("transform", name, number, total))
    except duckdb.InterruptException:  # Ctrl-C
        raise
    except Exception as error:  # whatever it is: a whole build makes all of it again, and says what is wrong
        progress.report("transform", f"making everything again ({type(error).__name__})")
        return None
    if done is None:
        return None
    tests = data_tests.read(settings)
    known = set(kept) - set(done.tests)
    everything = {need for test in tests for need in test.needs}
    again = [test for test in tests if test.unique_id not in known]
    slices = {
        test.unique_id: part
        for test in again
        if (part := done.tests.get(test.unique_id)) is not None
        # of rows that did not change, a test that passed passes again
        and test.unique_id in kept
        and kept[test.unique_id].status == "pass"
        and data_tests.can_be_asked_of(test, part)
    }
    fresh = data_tests.run(settings, again, everything, write=False, slices=slices)
    by_test = {r.unique_id: r for r in (*(kept[name] for name in known), *fresh)}
    results_of_all = [by_test[test.unique_id] for test in tests]
    data_tests.write_results(settings, results_of_all)
    if all(r.status in ("pass", "warn") for r in results_of_all):
        update.tested(settings)
    built = [
        Built(unique_id, name, "success", None, done.seconds.get(unique_id, 0.0))
        for unique_id, name in done.names.items()
    ]
    return DbtResult(built, results_of_all)


def _built_anew(settings: Settings) -> DbtResult:
    """Build every seed and model into a fresh build/headway.duckdb and run every data test on it.

    The file is made anew, so that nothing of an earlier run can stay behind. Where a model fails, those that read it are
    skipped and the tests of what was made are run all the same: they may say why. A model for which there was no memory is made
    again, alone.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult

    started, code = datetime.now(UTC), code_fingerprint(settings)
    manifest = parsed(settings)
    settings.build.mkdir(parents=True, exist_ok=True)
    for stale in (
        settings.build_database,
        settings.build_database.with_suffix(".duckdb.wal"),
        data_tests.results_path(settings),
        settings.dbt_target / _RUN_RESULTS,
    ):
        stale.unlink(missing_ok=True)
    total, finished = sum(n.resource_type in ("model", "seed") for n in manifest.nodes.values()), 0
    say = progress.listener()  # dbt calls back in threads of its own, which know no listener

    def listen(event: EventMsg) -> None:
        nonlocal finished
        if event.info.name == _FINISHED:
            finished += 1
            say("transform", event.data.node_info.node_name, finished, total)

    known = _kept_nodes(manifest)
    with worker.working(), collector.rarely(), quick_calls.used(told={_FINISHED}):
        outcome = invoke(settings, _BUILD, manifest=_to_build(manifest), callbacks=[listen])
        if isinstance(outcome.result, RunExecutionResult) and (again := _without_memory(outcome.result)):
            progress.report("transform", f"making {len(again)} models again, one at a time: memory ran out")
            finished -= len(again)
            alone = (*_BUILD, "--threads", "1", "--select", *again)
            second = invoke(settings, alone, manifest=_to_build(parsed(settings)), callbacks=[listen])
            if isinstance(second.result, RunExecutionResult):
                _put_in_place(outcome.result, second.result)
    if not isinstance(outcome.result, RunExecutionResult):
        raise ReleaseError(f"dbt could not run: {str(outcome.exception) or type(outcome.exception).__name__}")
    outcome.result.write(str(settings.dbt_target / _RUN_RESULTS))
    built = [
        Built(r.node.unique_id, r.node.name, str(r.status), r.message, r.execution_time)
        for r in outcome.result.results
        if str(r.status)
        != "no-op"  # exposures: they say who reads the marts, and nothing of them runs or can fail
    ]
    made = {b.unique_id for b in built if b.status == "success"}
    ensure_tests(settings)
    result = DbtResult(built, data_tests.run(settings, data_tests.read(settings), made))
    # of a part of the models (a test that builds only these) there is nothing that a later build could go on from
    if result.success and made == {
        n for n, node in manifest.nodes.items() if node.resource_type in ("model", "seed")
    }:
        compiled = {
            r.node.unique_id: r.node.compiled_code
            for r in outcome.result.results
            if hasattr(r.node, "compiled_code")
        }
        update.remember(settings, known, compiled, started, code)
    return result


def _without_memory(result: RunExecutionResult) -> list[str]:
    """The names of the models for which DuckDB found no memory (NO_MEMORY), and of those that were skipped for it; none where another
    one failed. With other programs on both processors that was 3 of 7 builds while a model read its input in batches.
    """
    failed = [r for r in result.results if str(r.status) == "error"]
    if not failed or not all(NO_MEMORY in (r.message or "") for r in failed):
        return []
    return [r.node.name for r in result.results if str(r.status) in ("error", "skipped")]


def _put_in_place(result: RunExecutionResult, second: RunExecutionResult) -> None:
    """Put what a second run made of some nodes in the place of what the first one says of them."""
    made = {r.node.unique_id: r for r in second.results}
    result.results = [made.get(r.node.unique_id, r) for r in result.results]


def _to_build(manifest: Manifest) -> Manifest:
    """The manifest without its tests, which a build leaves to data_tests.py: dbt would order them among the models and take them out again.

    Nor does a build write JSON (`--no-write-json`) but for its results: the graph with all nodes before the first model and the manifest
    once more at the end took some 3 s. The manifest that readers look for is the one of the parse.
    """
    for name in [name for name, node in manifest.nodes.items() if node.resource_type == "test"]:
        del manifest.nodes[name]
    manifest.unit_tests.clear()
    return manifest


def _kept_nodes(manifest: Manifest) -> dict[str, Any]:
    """What the journal of changes knows: models, seeds, data tests and the tables of the store."""
    return {
        **{name: n for name, n in manifest.nodes.items() if n.resource_type in ("model", "seed", "test")},
        **manifest.sources,
    }


def check_results(settings: Settings) -> list[CheckResult]:
    """The results of the last build's models and data tests, as checks of a release.

    One check for each model or test that failed or warned, and one, named dbt, for all of them.
    """
    built, tested = settings.dbt_target / _RUN_RESULTS, data_tests.results_path(settings)
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
