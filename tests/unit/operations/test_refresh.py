"""`headway refresh` as a user sees it: plan, account, exit status. The build behind it is another test's matter."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from orchestration.base.errors import ReleaseError
from orchestration.cli import main
from orchestration.documentation.source_pages import source_page
from orchestration.intake.agency.account import RefreshOutcome
from orchestration.intake.agency.plan import plan_refresh
from orchestration.operations import build, refresh
from orchestration.operations.build import BuildOutcome
from orchestration.sources import datasets
from orchestration.sources.registry import SOURCES_BY_ID
from tests.replay.server import ReplayServer, json_reply
from tests.support.refresh_case import MANUFACTURING as CODE
from tests.support.refresh_case import (
    NEEDY,
    TODAY,
    Agency,
    dataset,
    months,
    question,
    serve_agency,
    settings_at,
    with_budget,
)

OFF = dataset(name="mirror", enabled=False, disabled_reason="its licence does not allow handing on")


@pytest.fixture
def headway(tmp_path, monkeypatch, replay: ReplayServer):
    """Runs the command on three datasets: one that works, one without its key, one that is off."""
    replay.serve("BLS", Agency({CODE: months("2025-01", range(20))}))
    builds = []
    monkeypatch.setenv("HEADWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        datasets,
        "DATASETS",
        (dataset(question(CODE), api=with_budget(25)), dataset(name="hs", api=NEEDY), OFF),
    )
    # the command builds once itself where nothing was built yet, and the refresh builds after it
    for module in (build, refresh):
        monkeypatch.setattr(
            module, "run_build", lambda *a, **k: builds.append(1) or BuildOutcome(False, None)
        )

    def run(*arguments: str):
        return CliRunner(env={"COLUMNS": "300"}).invoke(main, ["refresh", *arguments])

    run.builds, run.settings = builds, settings_at(tmp_path / "home")
    return run


def test_the_plan_says_requests_quota_and_keys_and_asks_nothing(headway, replay) -> None:
    done = headway("--dry-run")
    assert done.exit_code == 0
    assert replay.calls() == [] and headway.builds == [] and not headway.settings.home.exists()
    for text in (
        "0 of 25 a day",
        "HEADWAY_CENSUS_KEY is missing",
        "https://bls.example/key",
        "its licence",
        "1 requests",
    ):
        assert text in done.stdout
    plan = json.loads(headway("--dry-run", "--json").stdout)
    assert [d["dataset"] for d in plan["datasets"]] == ["ces", "hs", "mirror"]
    assert plan["requests"] == [{"source": "bls", "dataset": "ces", "request": CODE}]


@pytest.mark.slow
def test_partial_success_is_visible_in_words_and_status(headway) -> None:
    done = headway()
    assert (
        done.exit_code == 3 and len(headway.builds) == 2
    )  # the figures first, then what the refresh brought
    assert "! bls/hs: skipped, it needs a key: set HEADWAY_CENSUS_KEY" in done.stdout
    again = json.loads(headway("--json").stdout)
    assert again["exit_code"] == 3 and not again["changed"]
    (ces,) = [d for d in again["datasets"] if d["dataset"] == "ces"]
    assert (ces["state"], ces["unchanged"], ces["appended"]) == ("done", 1, 0)


def test_all_failed_is_another_status(headway, replay) -> None:
    replay.serve("BLS", json_reply({"state": "of another shape"}))
    done = headway()
    assert done.exit_code == 1 and "reply without the field status" in done.stdout


@pytest.mark.slow
def test_a_build_that_fails_is_told_after_the_account(headway, monkeypatch) -> None:
    headway()

    def fail(*_: object, **__: object) -> None:
        raise ReleaseError("a check failed; the last release stays current")

    for module in (build, refresh):
        monkeypatch.setattr(module, "run_build", fail)
    done = headway()
    assert done.exit_code == 1 and "! build: a check failed" in done.stdout and "unchanged" in done.stdout


def test_what_a_failed_build_left_is_released_by_the_next_refresh(tmp_path, monkeypatch, replay) -> None:
    """Loaded figures would wait for a release until an agency has other news: the next refresh sees no change of its own."""
    settings, agency = settings_at(tmp_path / "home"), serve_agency(replay)
    builds: list[str] = []

    def release(name: str) -> BuildOutcome:
        builds.append(name)
        (settings.releases / name).mkdir(parents=True)
        (settings.releases / name / "release.json").write_text(
            json.dumps(
                {
                    **{"run_id": name, "created_at": datetime.now(UTC).isoformat(), "fingerprint": None},
                    **{"rows": {}, "files": {}, "checks": [], "inputs": {}, "versions": {}, "code": "x"},
                }
            )
        )
        settings.current.unlink(missing_ok=True)
        settings.current.symlink_to(settings.releases / name)
        return BuildOutcome(True, None)

    def fail() -> BuildOutcome:
        raise ReleaseError("no memory for a model")

    def run(built) -> RefreshOutcome:
        monkeypatch.setattr(refresh, "run_build", lambda *a, **k: built())
        plan = plan_refresh(settings, datasets=[dataset()], today=TODAY)
        return refresh.run_refresh(settings, plan, sleep=lambda _: None)

    assert run(lambda: release("first")).released
    assert not run(lambda: release("of no change")).released
    agency.values[CODE]["2026-10"] = "20000"
    failed = run(fail)
    assert failed.changed and failed.build_problem
    after = run(lambda: release("second"))
    assert after.released and not after.changed
    assert not run(lambda: release("of no change")).released
    # who went back to the release before is not brought forward again by a refresh without news
    settings.current.unlink()
    settings.current.symlink_to(settings.releases / "first")
    assert not run(lambda: release("of no change")).released
    assert builds == ["first", "second"]


def test_wrong_arguments_are_said_before_anything_is_asked(headway, replay) -> None:
    done = headway("--source", "fred", "--dry-run")
    assert done.exit_code == 2 and "there is no live source fred; there are bls" in done.stderr
    assert headway("--since", "last year").exit_code == 2
    assert replay.calls() == []


def test_the_page_of_a_source_is_made_of_its_spec() -> None:
    """A limit or trap that is in the code and not in the documentation surprises users."""
    page = source_page(
        SOURCES_BY_ID["bls"],
        (dataset(api=with_budget(25), revisions="Revised twice."), replace(OFF, api=with_budget(25))),
        defaultdict(lambda: "2026-01"),
    )
    for text in (
        "Source: US Bureau of Labor Statistics.",
        "key: optional, `HEADWAY_BLS_KEY`, free from https://bls.example/key",
        "25 requests a day (of America/New_York) without it",
        "`HEADWAY_BASE_URL_BLS`",
        "revisions: Revised twice.",
        "off: its licence does not allow handing on (`HEADWAY_ENABLE_BLS=1` turns it on)",
        "Employment Situation",
    ):
        assert text in page


def test_what_an_agency_says_is_no_markup_for_the_terminal(headway, replay) -> None:
    """Its brackets would vanish from the message, or turn the rest of the output red."""
    said = "[bold red]year[/] 2027 is invalid"
    replay.serve("BLS", json_reply({"status": "REQUEST_FAILED_INVALID_PARAMETERS", "message": [said]}))
    assert said in headway().stdout
