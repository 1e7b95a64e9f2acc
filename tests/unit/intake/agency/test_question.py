"""A question to an agency: asked conditionally the second time, and answers that say the same are known as such."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.base.settings import Settings
from orchestration.intake.agency import question as live
from orchestration.store.archive import Archive
from tests.replay.server import (
    ReplayServer,
)
from tests.support.refresh_case import API, Agency, everything_written, one, run, serve_agency, settings_at
from tests.support.stored import rows


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


@pytest.mark.slow
def test_an_answer_that_says_the_same_costs_nothing_but_the_request(settings, agency, monkeypatch) -> None:
    """BLS tells in each answer how long it took: compared byte by byte, nothing would ever be unchanged."""
    run(settings)
    before = (Archive(settings).payloads(), everything_written(settings.home / "archive" / "objects"))
    monkeypatch.setattr("transforms.parse.bls.parse_reply", lambda *a, **k: pytest.fail("parsed again"))
    outcome = run(settings)
    found = one(outcome)
    assert (found.state, found.unchanged, found.fetched, found.appended) == ("done", 1, 0, 0)
    assert not outcome.changed
    after = Archive(settings).payloads()
    assert [replace(p, last_seen_at=None) for p in after] == [
        replace(p, last_seen_at=None) for p in before[0]
    ]
    assert everything_written(settings.home / "archive" / "objects") == before[1]
    assert rows(settings, "SELECT count(*) FROM raw.load") == [(1,)]


@pytest.mark.slow
def test_the_second_time_is_asked_conditionally(settings, agency, replay) -> None:
    agency.etag = True
    run(settings)
    outcome = run(settings)
    first, second = replay.calls("BLS")
    assert "if-none-match" not in first.headers and second.headers["if-none-match"].startswith('"')
    assert (one(outcome).unchanged, one(outcome).fetched) == (1, 0)


def test_rows_in_another_order_say_the_same() -> None:
    """Census gives its rows in any order: each answer would be archived and loaded again, 20 MB at a time."""
    api = replace(API, volatile=b"", row_separator=b"],")
    one, other = b'[["a","b"],\n["1","2"],\n["3","4"]]', b'[["a","b"],["3","4"],["1","2"]]'
    assert live.digest(api, one) == live.digest(api, other)
    for changed in (
        b'[["a","b"],["3","4"],["1","5"]]',
        b'[["a","b"],["3","4"]]',
        b'[["a","b"],["1","2"],["3","4"],["3","4"]]',
    ):
        assert live.digest(api, changed) != live.digest(api, one)
