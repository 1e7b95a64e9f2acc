"""Who is told that a refresh was not complete: a command, a webhook, and neither ends a run."""

from __future__ import annotations

import json
import shlex
import sys

import pytest

from orchestration.base.settings import Settings
from tests.replay.server import (
    ReplayServer,
    html_page,
    no_content,
)
from tests.support.refresh_case import (
    Agency,
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
def test_what_was_not_complete_is_told_by_command_and_webhook(
    settings, agency, replay, monkeypatch, tmp_path
) -> None:
    file = tmp_path / "told"
    code = f"import sys; open({str(file)!r}, 'w').write(sys.argv[1] + chr(10) + sys.stdin.read())"
    monkeypatch.setenv("HEADWAY_NOTIFY_COMMAND", f'{shlex.quote(sys.executable)} -c "{code}" "{{subject}}"')
    replay.serve("HOOK", no_content())
    monkeypatch.setenv("HEADWAY_NOTIFY_WEBHOOK", replay.url("HOOK") + "/secret-part")
    run(settings)
    assert not file.exists() and not replay.calls("HOOK")
    replay.serve("BLS", html_page())
    run(settings)
    text = file.read_text()
    assert text.startswith("Headway: a refresh was not complete\n0 of 1 datasets are up to date.")
    assert "bls/ces: CES3000000001, CES3133600101: " in text
    assert json.loads(replay.calls("HOOK")[0].body)["text"] == text.rstrip("\n")


def test_a_dead_webhook_or_command_does_not_end_a_run(settings, agency, replay, monkeypatch) -> None:
    monkeypatch.setenv("HEADWAY_NOTIFY_WEBHOOK", "http://127.0.0.1:9/secret-part")
    monkeypatch.setenv("HEADWAY_NOTIFY_COMMAND", "no-such-command-here")
    replay.serve("BLS", html_page())
    assert run(settings).exit_code == 1
