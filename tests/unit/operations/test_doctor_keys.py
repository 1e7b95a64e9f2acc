"""Whether a key is there, well-formed and accepted, said without the key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.operations.doctor_keys import examine_key
from tests.replay.server import ReplayServer, html_page, json_reply
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    NEEDY,
    Agency,
    dataset,
    months,
    question,
    settings_at,
)

KEY = "0123456789abcdef" * 2
NEEDS = dataset(question(MANUFACTURING), api=NEEDY)


@pytest.fixture
def settings(tmp_path, replay: ReplayServer):
    replay.serve("CENSUS", Agency({MANUFACTURING: months("2026-01", [1, 2])}))
    return settings_at(tmp_path / "home")


def test_missing(settings) -> None:
    state, detail, remedy = examine_key(settings, NEEDS, online=True)
    assert (state, detail) == ("note", "HEADWAY_CENSUS_KEY is not set: the source is skipped")
    assert "https://bls.example/key" in remedy
    assert examine_key(settings, dataset(api=API), online=True)[:2] == (
        "note",
        "HEADWAY_BLS_KEY is not set: smaller quota",
    )
    off = replace(NEEDS, enabled=False, disabled_reason="licence")
    assert examine_key(settings, off, online=True)[0] == "ok"


def test_malformed(settings, monkeypatch, replay) -> None:
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", "pasted with a line\nbreak")
    found = examine_key(settings, NEEDS, online=True)
    assert found[0] == "wrong" and "pasted" not in str(found) and replay.calls() == []


REFUSED = json_reply(
    {"status": "REQUEST_NOT_PROCESSED", "message": ["The key:x provided by the User is invalid."]}
)
SPENT = json_reply({"status": "REQUEST_NOT_PROCESSED", "message": ["daily threshold reached"]})


@pytest.mark.parametrize(
    ("reply", "state", "said"),
    [
        (None, "ok", "is accepted"),
        (REFUSED, "wrong", "is refused"),
        (SPENT, "ok", "is accepted; daily allowance spent"),
        (
            json_reply({"status": "REQUEST_SUCCEEDED", "Results": {"series": []}}),
            "ok",
            "is accepted (EmptyReplyError",
        ),
        (html_page(), "note", "could not be tried"),
    ],
)
def test_accepted_or_not(settings, monkeypatch, replay, reply, state, said) -> None:
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", KEY)
    if reply:
        replay.fail_next("CENSUS", reply)
    found = examine_key(settings, NEEDS, online=True)
    assert found[0] == state and said in found[1] and KEY not in str(found)
    assert len(replay.calls()) == 1, "one request, not four"


def test_offline_asks_nothing(settings, monkeypatch, replay) -> None:
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", KEY)
    assert examine_key(settings, NEEDS, online=False) == (
        "ok",
        "HEADWAY_CENSUS_KEY is set and well-formed",
        "",
    )
    assert replay.calls() == []
