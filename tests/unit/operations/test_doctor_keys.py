"""Whether a key is there and well-formed, said without the key."""

from __future__ import annotations

from dataclasses import replace

from orchestration.operations.doctor_keys import examine_key
from tests.support.refresh_case import API, MANUFACTURING, NEEDY, dataset, question

KEY = "0123456789abcdef" * 2
NEEDS = dataset(question(MANUFACTURING), api=NEEDY)


def test_missing(replay) -> None:
    state, detail, remedy = examine_key(NEEDS)
    assert (state, detail) == ("note", "HEADWAY_CENSUS_KEY is not set: the source is skipped")
    assert "https://bls.example/key" in remedy
    assert examine_key(dataset(api=API))[:2] == (
        "note",
        "HEADWAY_BLS_KEY is not set: smaller quota",
    )
    off = replace(NEEDS, enabled=False, disabled_reason="licence")
    assert examine_key(off)[0] == "ok"


def test_malformed(monkeypatch, replay) -> None:
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", "pasted with a line\nbreak")
    found = examine_key(NEEDS)
    assert found[0] == "wrong" and "pasted" not in str(found) and replay.calls() == []


def test_nothing_is_asked(monkeypatch, replay) -> None:
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", KEY)
    assert examine_key(NEEDS) == (
        "ok",
        "HEADWAY_CENSUS_KEY is set and well-formed",
        "",
    )
    assert replay.calls() == []
