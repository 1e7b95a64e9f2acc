"""Banxico: the token in its header, a spent quota remembered, the FIX rate as monthly means."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from orchestration.intake.agency.quota import Quota
from orchestration.sources.agencies import banxico
from tests.replay.banxico import Sie, bad_token, quota_spent, refused
from tests.replay.server import ReplayServer, cut, html_page, json_reply, server_error, too_many
from tests.support.live_case import everything, home, prepared, quarantined, refreshed, values
from tests.support.source_case import holds, unpaced

(DATASET,) = unpaced(banxico.DATASETS)
FIX = "fx_usd_mxn_banxico"
TOKEN = "f1x" * 21 + "0"


def days(first: str, last: str, rate: float = 17.0) -> dict[str, str]:
    day, end, found = date.fromisoformat(first), date.fromisoformat(last), {}
    while day <= end:
        found[day.isoformat()] = f"{rate:.4f}" if day.weekday() < 5 else "N/E"
        rate += 0.001
        day += timedelta(days=1)
    return {d: v for d, v in found.items() if date.fromisoformat(d).weekday() < 6}


@pytest.fixture
def sie(replay: ReplayServer, monkeypatch) -> Sie:
    monkeypatch.setenv("HEADWAY_BANXICO_KEY", TOKEN)
    agency = Sie(TOKEN, {"SF43718": days("2025-11-03", "2026-11-20")})
    replay.serve("BANXICO", agency)
    return agency


def test_the_mean_is_over_the_days_on_which_the_rate_was_determined(tmp_path, sie, replay):
    settings = home(tmp_path)
    outcome = refreshed(settings, DATASET)
    assert (outcome.state, outcome.requests, outcome.appended) == ("done", 1, 12)
    found = values(settings, FIX)
    assert (min(found), max(found)) == ("2025-11", "2026-10")
    october = [float(v) for d, v in sie.days["SF43718"].items() if d.startswith("2026-10") and v != "N/E"]
    assert found["2026-10"] == pytest.approx(sum(october) / len(october))
    (call,) = replay.calls("BANXICO")
    assert call.path == "/SieAPIRest/service/v1/series/SF43718/datos/1991-11-12/2026-10-31"
    assert call.query == {}  # the token is in its header and nowhere else


def test_the_second_refresh_of_a_month_brings_nothing_new(tmp_path, sie):
    settings = home(tmp_path)
    refreshed(settings, DATASET)
    assert (
        refreshed(settings, DATASET).appended == 0
    )  # the window is shorter now: from the year where the means end
    outcome = refreshed(settings, DATASET)
    assert (outcome.unchanged, outcome.fetched, outcome.appended) == (1, 0, 0)


def test_the_token_is_written_nowhere(tmp_path, sie, replay):
    settings = home(tmp_path)
    replay.fail_next("BANXICO", server_error(500, TOKEN.encode()), times=4)
    refreshed(settings, DATASET)
    refreshed(settings, DATASET)
    assert holds(settings.home, TOKEN) == []


def test_without_a_token_nothing_is_asked_and_the_variable_is_named(tmp_path, sie, replay, monkeypatch):
    monkeypatch.delenv("HEADWAY_BANXICO_KEY")
    outcome = refreshed(home(tmp_path), DATASET)
    assert outcome.state == "skipped" and "HEADWAY_BANXICO_KEY" in outcome.skip
    assert replay.calls("BANXICO") == []


def test_a_wrong_token_is_told_and_not_asked_again(tmp_path, sie, replay):
    sie.token = "another"
    outcome = refreshed(home(tmp_path), DATASET)
    assert outcome.state == "failed" and len(replay.calls("BANXICO")) == 1
    assert "Token inválido" in outcome.problems[0] and "HEADWAY_BANXICO_KEY" in outcome.problems[0]


def test_a_spent_quota_is_not_asked_again_before_it_renews(tmp_path, sie, replay):
    """It comes as HTTP 400, like a wrong token; asking on would only keep it spent."""
    settings = home(tmp_path)
    replay.fail_next("BANXICO", quota_spent(240))
    outcome = refreshed(settings, DATASET)
    assert outcome.state == "failed" and "not asked again before" in outcome.problems[0]
    again = refreshed(settings, DATASET)
    assert again.state == "skipped" and "spent until" in again.skip
    assert len(replay.calls("BANXICO")) == 1
    later = Quota(settings, DATASET.api, has_key=True, now=lambda: datetime.now(UTC) + timedelta(seconds=250))
    assert later.left() == 199


FAULTS = {
    "unknown series": (refused("Serie no encontrada", "x"), 1, "Serie no encontrada"),
    "HTML with status 200": (html_page(), 4, "an HTML page instead of data"),
    "maintenance": (server_error(502), 4, "HTTP 502 after 4 attempts"),
    "too many": (too_many(1), 4, "HTTP 429 after 4 attempts"),
    "cut": (cut(json_reply({"bmx": {"series": []}})), 4, "cut in the middle"),
    "another envelope": (json_reply({"data": []}), 1, "without bmx.series"),
    "another date format": (
        json_reply(
            {"bmx": {"series": [{"idSerie": "SF43718", "datos": [{"fecha": "2026-10-01", "dato": "17"}]}]}}
        ),
        1,
        "1 days cannot be read",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_or_fault_leaves_the_store_as_it_was(tmp_path, sie, replay, fault):
    settings = prepared(tmp_path, "banxico", lambda made: refreshed(made, DATASET))
    before = everything(settings)
    reply, asked, said = FAULTS[fault]
    replay.forget()
    replay.fail_next("BANXICO", reply, times=4)
    outcome = refreshed(settings, DATASET)
    assert outcome.state == "failed" and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("BANXICO")) == asked
    assert everything(settings) == before


def test_a_series_without_values_is_nothing_new(tmp_path, sie):
    sie.days["SF43718"] = {}
    outcome = refreshed(home(tmp_path), DATASET)
    assert (outcome.state, outcome.appended, outcome.problems) == ("done", 0, ())


@pytest.mark.recorded
def test_recorded_answers_are_read_and_the_recorded_refusal_is_about_the_token(
    tmp_path, sie, replay, shared_data
):
    """Two days are no month: nothing is made of them. Recorded: window, newest, refused token."""
    folder = shared_data / "payloads" / "banxico"
    replay.serve("BANXICO", json_reply(json.loads((folder / "SF43718_date_range.json").read_bytes())))
    settings = home(tmp_path)
    outcome = refreshed(settings, DATASET)
    assert (outcome.state, outcome.appended) == ("done", 0) and not quarantined(settings)
    refusal = json.loads((folder / "error_400_token_invalido.json").read_bytes())
    assert json.loads(bad_token().body) == refusal
    replay.serve("BANXICO", json_reply(refusal, 400))
    assert "Token inválido" in refreshed(settings, DATASET).problems[0]
