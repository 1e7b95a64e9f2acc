"""`headway doctor --online` against a server in place of every agency: reachable, accepted, titles as expected."""

from __future__ import annotations

import json

import pytest

from orchestration.operations.doctor_sources import SourceFinding, examine_sources
from orchestration.sources import datasets
from orchestration.sources.datasets import APIS
from tests.replay.agencies import KEYS, Agencies
from tests.replay.inegi import NO_RESULTS
from tests.replay.server import ReplayServer, html_page, json_reply, redirect, server_error, text_reply
from tests.support.command_case import command
from tests.support.source_case import holds, settings_at, unpaced


@pytest.fixture(scope="module")
def holdings() -> Agencies:
    """What all agencies hold: a second and a half to put together, and no test but one changes it."""
    return Agencies()


@pytest.fixture
def agencies(holdings: Agencies, replay: ReplayServer, monkeypatch) -> Agencies:
    return holdings.serve(replay, monkeypatch.setenv)


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


def examined(settings) -> dict[str, SourceFinding]:
    """API -> its finding."""
    found = examine_sources(settings, unpaced(datasets.DATASETS))
    return {finding.what.partition("(")[2].rstrip(")"): finding for finding in found}


def test_where_everything_works_each_source_is_asked_one_question(settings, agencies, replay):
    found = examined(settings)
    assert set(found) == set(APIS)
    assert {f.state for f in found.values()} == {"ok"}, [f for f in found.values() if f.state != "ok"]
    asked = [call.api for call in replay.calls()]
    assert sorted(asked) == sorted(set(APIS) - {"COMTRADE"}), "one each, and none of what is off"
    assert all(f.reachable and f.accepted for name, f in found.items() if name != "COMTRADE")
    assert found["COMTRADE"].reachable is None and "off" in found["COMTRADE"].detail
    assert found["STATCAN"].titles and found["BANXICO"].titles == 1 and found["BANK_OF_CANADA"].titles == 2
    assert not any(holds(settings.home, key) for name, key in KEYS.items() if name.endswith("_KEY"))


def test_a_code_with_another_title_is_wrong_and_named(settings, agencies, monkeypatch):
    monkeypatch.setitem(agencies.statcan.titles, "v79310780", "Canada;Employment for all employees;Mining")
    found = examined(settings)["STATCAN"]
    assert found.state == "wrong" and found.reachable and found.accepted
    assert list(found.other_titles) == ["v79310780"] and "Mining" in found.detail


FAILURES = {
    "BTS": (text_reply("Access Denied", 403, "text/html"), (True, False), "HEADWAY_REFERER_BTS"),
    "BLS_FLAT": (text_reply("Access Denied", 403, "text/html"), (True, False), "HEADWAY_CONTACT_EMAIL"),
    "CENSUS": (
        redirect("https://api.census.gov/data/invalid_key.html"),
        (True, False),
        "HEADWAY_CENSUS_KEY",
    ),
    "INEGI": (json_reply(NO_RESULTS, 400), (True, False), ""),
    "STATCAN": (server_error(503), (True, False), "again later"),
    "TREASURY": (html_page(), (True, False), "again later"),
    "BANK_OF_CANADA": (json_reply({"message": "gone"}, 404), (True, False), ""),
}


@pytest.mark.parametrize("api", FAILURES)
def test_each_failure_is_wrong_and_says_what_to_do(settings, agencies, replay, api):
    reply, (reachable, accepted), remedy = FAILURES[api]
    replay.fail_next(api, reply, times=9)
    found = examined(settings)
    assert found[api].state == "wrong", found[api]
    assert (found[api].reachable, found[api].accepted) == (reachable, accepted), found[api]
    assert remedy in found[api].remedy
    assert len(replay.calls(api)) == 1, "one request, not four"
    assert {f.state for name, f in found.items() if name != api} == {"ok"}


def test_a_server_that_is_not_there_is_not_reachable(settings, agencies, monkeypatch):
    monkeypatch.setenv("HEADWAY_BASE_URL_FED", "http://127.0.0.1:9")
    found = examined(settings)["FED"]
    assert (found.state, found.reachable, found.accepted) == ("wrong", False, None)
    assert "no connection" in found.detail and "network" in found.remedy


def test_a_spent_quota_accepts_us_and_a_missing_key_is_not_asked(settings, agencies, replay, monkeypatch):
    spent = {"error": {"mensaje": "Límite de consultas superado.", "secondsToReset": 60}}
    replay.fail_next("BANXICO", json_reply(spent, 400))
    monkeypatch.delenv("HEADWAY_CENSUS_KEY")
    found = examined(settings)
    assert found["BANXICO"].state == "note" and "quota is spent" in found["BANXICO"].detail
    assert found["CENSUS"].state == "note" and "HEADWAY_CENSUS_KEY" in found["CENSUS"].detail
    assert replay.calls("CENSUS") == []


def test_the_command_prints_it_as_json_and_fails_where_one_source_fails(
    tmp_path, agencies, replay, monkeypatch
):
    monkeypatch.setattr(datasets, "DATASETS", tuple(unpaced(datasets.DATASETS)))
    replay.fail_next("FED", server_error(503), times=9)
    done = command(settings_at(tmp_path / "home"), "doctor", "--online", "--json")
    assert done.returncode == 1
    fed = next(f for f in json.loads(done.stdout) if f["what"] == "fed (FED)")
    assert (fed["state"], fed["reachable"], fed["accepted"]) == ("wrong", True, False)
