"""UN Comtrade: off unless someone turns it on; then what Canada and Mexico report, beside the US figures."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.sources.agencies import comtrade
from tests.replay.comtrade import Comtrade, refused, row
from tests.replay.server import ReplayServer, html_page, json_reply, server_error, text_reply, too_many
from tests.support.source_case import holds, one, refresh, settings_at
from tests.support.stored import rows

(DATASET,) = comtrade.DATASETS
TODAY = date(2026, 11, 20)
KEY = "e" * 32
CELLS = [
    row("484", "842", "X", "8703", "202509", 3_456_789_012.0),
    row("484", "0", "X", "8703", "202509", 4_100_000_000.5),
    row("124", "842", "M", "TOTAL", "202509", 20_000_000_000.0),
    row("124", "842", "M", "87", "202510", 2_500_000_000.0, customsCode="C01"),
]


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer, monkeypatch) -> Comtrade:
    found = Comtrade(list(CELLS))
    replay.serve("COMTRADE", found)
    monkeypatch.setenv("HEADWAY_COMTRADE_KEY", KEY)
    monkeypatch.setenv("HEADWAY_ENABLE_COMTRADE", "1")
    return found


def ask(settings, **more):
    return refresh(settings, [DATASET], today=TODAY, since=date(2025, 1, 1), until=date(2025, 12, 31), **more)


def test_it_is_off_by_default_and_says_that_the_licence_is_why(settings, replay, monkeypatch):
    """Even with a key: what is loaded would be handed on with the release."""
    monkeypatch.setenv("HEADWAY_COMTRADE_KEY", KEY)
    outcome = ask(settings)
    found = one(outcome)
    assert (outcome.exit_code, found.state) == (0, "skipped")
    assert "permission" in found.skip and "HEADWAY_ENABLE_COMTRADE=1" in found.skip
    assert replay.calls() == []


def test_partners_get_the_codes_of_our_tables_and_split_rows_stay_out(settings, agency, replay):
    found = one(ask(settings))
    assert (found.state, found.appended) == ("done", 3)
    assert rows(
        settings,
        "SELECT reporter_iso3, partner_code, flow, basis, product_code, value_usd FROM raw.trade_flow ORDER BY ALL",
    ) == [
        ("CAN", "1000", "imports", "customs", "00", 20_000_000_000),
        ("MEX", "-", "exports", "total_exports", "8703", 4_100_000_000),
        ("MEX", "1000", "exports", "total_exports", "8703", 3_456_789_012),
    ]
    assert any("split by mode" in note for note in found.notes)
    assert replay.calls()[0].headers["ocp-apim-subscription-key"] == KEY
    assert holds(settings.home, KEY) == []


def test_asked_again_nothing_changes_though_it_tells_another_time(settings, agency):
    ask(settings)
    agency.elapsed = "1.44 secs"
    again = one(ask(settings))
    assert (again.unchanged, again.appended) == (1, 0)
    agency.rows[0] = row("484", "842", "X", "8703", "202509", 3_456_789_013.0)
    assert one(ask(settings)).revised == 1


def test_nothing_reported_is_no_failure(settings, agency):
    agency.rows = []
    outcome = ask(settings)
    assert outcome.exit_code == 0 and "count 0" in one(outcome).notes[0]


FAULTS = {
    "quota": (
        refused(403, "Out of call volume quota. Quota will be replenished in 05:12:33."),
        "Out of call volume quota",
        1,
    ),
    "policy": (refused(403, "All calls are rejected by policy."), "rejected by policy", 1),
    "key": (refused(401, "Access denied due to invalid subscription key."), "HEADWAY_COMTRADE_KEY", 1),
    "rate": (too_many(2), "HTTP 429", 4),
    "503": (server_error(), "HTTP 503", 4),
    "page": (html_page(), "HTML page", 4),
    "too long": (text_reply("<html>Request URL Too Long</html>", 200, "text/html"), "too long", 1),
    "cut off by a limit": (
        json_reply({"elapsedTime": "9", "count": 100_000, "data": [{}] * 100_000, "error": ""}),
        "the limit of one reply",
        1,
    ),
    "rows lost": (
        json_reply({"elapsedTime": "9", "count": 2, "data": CELLS[:1], "error": ""}),
        "1 of 2 rows came",
        1,
    ),
    "error told": (
        json_reply({"elapsedTime": "9", "count": 0, "data": [], "error": "no such period"}),
        "no such period",
        1,
    ),
    "annual": (
        json_reply({"count": 1, "data": [{**CELLS[0], "freqCode": "A"}], "error": ""}),
        "frequency A",
        1,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_and_repeated_only_if_that_can_help(settings, agency, replay, name):
    reply, said, attempts = FAULTS[name]
    replay.fail_next("COMTRADE", reply, times=9)
    found = one(ask(settings))
    assert found.state == "failed" and said in found.problems[0], found.problems
    assert len(replay.calls()) == attempts
    assert rows(settings, "SELECT count(*) FROM raw.trade_flow") == [(0,)]


def test_a_spent_quota_is_not_asked_before_it_is_replenished(settings, agency, replay):
    replay.fail_next("COMTRADE", FAULTS["quota"][0])
    ask(settings)
    skipped = one(ask(settings))
    assert skipped.state == "skipped" and "quota of COMTRADE is spent until" in skipped.skip
    assert len(replay.calls()) == 1


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("error_403_quota.json", 403, "Out of call volume quota"),
        ("error_preview_rejected_by_policy.json", 403, "rejected by policy"),
        ("goods_annual_CHN_pretty.json", 200, "frequency A"),
    ],
)
def test_recorded_answers_that_are_not_ours_fail_the_dataset(
    settings, agency, replay, shared_data, name, status, said
):
    body = (shared_data / "payloads" / "comtrade" / name).read_bytes()
    replay.serve("COMTRADE", lambda _: type(text_reply(""))(body, status, "application/json"))
    found = one(ask(settings))
    assert found.state == "failed" and said in found.problems[0]
