"""What dbt said becomes checks of a release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from orchestration.build import data_tests
from orchestration.build.dbt_runner import Built, DbtResult, check_results
from tests.support import release_case


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    home = release_case.settings(tmp_path)
    home.dbt_target.mkdir(parents=True)
    return home


def results(home: Settings, *, tests: dict[str, str] | None = None, **statuses: str) -> None:
    """What dbt and the data tests leave behind; without `tests` the build ended before them."""

    def listed(found: dict[str, str]) -> list[dict[str, str]]:
        return [
            {"unique_id": name, "status": status, "message": f"{name} said so"}
            for name, status in found.items()
        ]

    (home.dbt_target / "run_results.json").write_text(json.dumps({"results": listed(statuses)}))
    if tests is not None:
        data_tests.results_path(home).write_text(json.dumps(listed(tests)))


def test_no_results_are_no_release(home: Settings):
    assert [(check.name, check.outcome) for check in check_results(home)] == [("dbt", "fail")]


def test_models_without_their_tests_are_no_release(home: Settings):
    """A build that was killed between dbt and the tests has run_results.json, in which nothing failed."""
    results(home, model="success")
    assert [(check.name, check.outcome) for check in check_results(home)] == [("dbt", "fail")]


def test_an_exposure_is_no_failure(home: Settings):
    """dbt lists exposures as "no-op"; taken for failures, they would stop every release."""
    results(home, model="success", dashboard="no-op", tests={"test": "pass"})
    (whole,) = check_results(home)
    assert (whole.outcome, whole.detail) == ("pass", "2 of 2 models and tests passed")


@pytest.mark.parametrize("status", ["fail", "error", "skipped"])
def test_what_did_not_pass_stops_the_release_by_name(status: str, home: Settings):
    results(home, model="success", tests={"good": "pass", "bad": status, "doubtful": "warn"})
    checks = {check.name: check.outcome for check in check_results(home)}
    assert checks == {"bad": "fail", "doubtful": "warn", "dbt": "fail"}


def test_a_failed_model_and_a_failed_test_are_both_named():
    """The test of a seed may say why a model could not be made."""
    result = DbtResult(
        [
            Built("seed.headway.seed_event", "seed_event", "success", None, 0.1),
            Built("model.headway.dim_event", "dim_event", "error", "duplicate key", 0.1),
            Built("model.headway.rpt_revision", "rpt_revision", "skipped", None, 0.0),
        ],
        [
            data_tests.TestResult(
                "test.headway.u", "u", "seed.headway.seed_event", "fail", "Got 1 results", 0.1
            )
        ],
    )
    assert not result.success
    assert result.failures == ["model dim_event: duplicate key", "test u: Got 1 results"]
