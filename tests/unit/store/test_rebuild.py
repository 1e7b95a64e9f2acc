"""The store made again from the archive alone."""

from __future__ import annotations

import pytest

from orchestration.base.settings import Settings
from orchestration.intake.agency import question as live
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.replay.server import (
    ReplayServer,
)
from tests.support.refresh_case import (
    MANUFACTURING,
    Agency,
    dataset,
    rows,
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


def test_the_archive_alone_makes_the_same_store_again(settings, agency) -> None:
    run(settings)
    agency.values[MANUFACTURING]["2026-10"] = "12600"
    run(settings)
    query = "SELECT series_id, period_start, value, known_from, payload_id FROM raw.observation ORDER BY ALL"
    before = rows(settings, query)
    settings.store.unlink()
    rebuild_store_from_archive(
        settings,
        lambda payload: live.parser_of_live(payload, [dataset()]),
        lambda con: None,
    )
    assert rows(settings, query) == before and len(before) == 45
