"""What is printed: nothing an agency says is markup for the terminal."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.operations import build, refresh
from orchestration.operations.build import BuildOutcome
from orchestration.sources import datasets
from tests.replay.server import ReplayServer, json_reply
from tests.support.refresh_case import MANUFACTURING as CODE
from tests.support.refresh_case import NEEDY, Agency, dataset, months, question, settings_at, with_budget

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


def test_what_an_agency_says_is_no_markup_for_the_terminal(headway, replay) -> None:
    """Its brackets would vanish from the message, or turn the rest of the output red."""
    said = "[bold red]year[/] 2027 is invalid"
    replay.serve("BLS", json_reply({"status": "REQUEST_FAILED_INVALID_PARAMETERS", "message": [said]}))
    assert said in headway().stdout
