"""What a refresh tells afterwards, by exit status, command and webhook."""

from __future__ import annotations

import pytest

from orchestration.base.settings import Settings
from tests.replay.server import (
    ReplayServer,
)
from tests.support.refresh_case import (
    Agency,
    dataset,
    run,
    serve_agency,
    settings_at,
)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


@pytest.mark.slow
def test_what_is_off_stays_off_and_does_not_count(settings, agency, replay, monkeypatch) -> None:
    off = dataset(name="mirror", enabled=False, disabled_reason="its licence does not allow handing on")
    outcome = run(settings, off, dataset())
    assert outcome.exit_code == 0 and "its licence" in outcome.datasets[0].skip
    monkeypatch.setenv("HEADWAY_ENABLE_BLS", "1")
    assert [d.state for d in run(settings, off, dataset()).datasets] == ["done", "done"]
