"""What dbt said becomes checks of a release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from orchestration.build.dbt_runner import check_results, target_path
from tests.support import release_case


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    home = release_case.settings(tmp_path)
    target_path(home).mkdir(parents=True)
    return home


def results(home: Settings, **statuses: str) -> None:
    listed = [
        {"unique_id": name, "status": status, "message": f"{name} said so"}
        for name, status in statuses.items()
    ]
    (target_path(home) / "run_results.json").write_text(json.dumps({"results": listed}))


def test_no_results_are_no_release(home: Settings):
    assert [(check.name, check.outcome) for check in check_results(home)] == [("dbt", "fail")]


def test_an_exposure_is_no_failure(home: Settings):
    """dbt lists exposures as "no-op"; taken for failures, they would stop every release."""
    results(home, model="success", test="pass", dashboard="no-op")
    (whole,) = check_results(home)
    assert (whole.outcome, whole.detail) == ("pass", "2 of 2 models and tests passed")


@pytest.mark.parametrize("status", ["fail", "error", "skipped"])
def test_what_did_not_pass_stops_the_release_by_name(status: str, home: Settings):
    results(home, good="pass", bad=status, doubtful="warn")
    checks = {check.name: check.outcome for check in check_results(home)}
    assert checks == {"bad": "fail", "doubtful": "warn", "dbt": "fail"}
