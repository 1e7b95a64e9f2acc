"""Keys of agencies: a missing or refused one is one clear line, and none is ever written or told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.base.settings import Settings
from orchestration.intake.agency.plan import plan_refresh
from orchestration.store.archive import Archive
from tests.replay.server import (
    ReplayServer,
    cut,
    html_page,
    json_reply,
    redirect,
)
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    NEEDY,
    TODAY,
    VEHICLES,
    Agency,
    dataset,
    everything_written,
    question,
    run,
    serve_agency,
    settings_at,
    values,
)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


def test_a_refused_key_names_its_variable_and_ends_that_api_only(
    settings, agency, replay, monkeypatch
) -> None:
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", "0" * 32)
    wrong = {"status": "REQUEST_NOT_PROCESSED", "message": ["The key:0 provided by the User is invalid."]}
    replay.serve("CENSUS", json_reply(wrong))
    first, second, other = run(
        settings, dataset(api=NEEDY), dataset(api=NEEDY, name="hs"), dataset(name="cpi")
    ).datasets
    assert len(replay.calls("CENSUS")) == 1
    assert (
        first.state == "failed" and "check HEADWAY_CENSUS_KEY (https://bls.example/key)" in first.problems[0]
    )
    assert second.state == "skipped" and other.state == "done"


def test_a_missing_key_is_one_clear_line_and_the_rest_goes_on(settings, agency, replay) -> None:
    outcome = run(settings, dataset(api=NEEDY), dataset(name="cpi"))
    assert outcome.exit_code == 3
    assert outcome.datasets[0].skip == (
        "it needs a key: set HEADWAY_CENSUS_KEY (free, from https://bls.example/key)"
    )
    assert replay.calls("CENSUS") == []


PLANTED = "5ec4e7" + "0123456789abcdef" * 2


@pytest.mark.parametrize("place", ["query", "header", "body", "path"])
def test_planted_keys_are_in_nothing_that_is_written_or_told(
    settings, agency, replay, monkeypatch, capfd, caplog, place
) -> None:
    """Good answers, answers that repeat the key, refusals, broken connections: then every file is searched."""
    caplog.set_level("DEBUG")
    monkeypatch.setenv("HEADWAY_BLS_KEY", PLANTED)
    secret = replace(API.secret, place=place, name="token", pattern=r"[0-9a-f]{38}")
    api = replace(API, secret=secret)
    path = "/data/{token}" if place == "path" else "/data/"
    asked = dataset(*(replace(question(c), path=path) for c in (MANUFACTURING, VEHICLES)), api=api)
    told = []
    for fault in (
        None,
        redirect(f"/elsewhere?token={PLANTED}"),
        html_page(PLANTED),
        cut(html_page(PLANTED)),
        0,
    ):
        if fault:
            replay.fail_next("BLS", fault, times=3)
        agency.messages = [f"The key {PLANTED} is fine"]
        if fault == 0:
            monkeypatch.setenv("HEADWAY_BASE_URL_BLS", "http://127.0.0.1:9")
        told.append(run(settings, asked))
    assert PLANTED in str(replay.calls()), "the agency got the key"
    assert values(settings) and Archive(settings).quarantined()
    output = "".join(capfd.readouterr())
    for text in (str(told), output, caplog.text, str(plan_refresh(settings, datasets=[asked], today=TODAY))):
        assert "5ec4e7" not in text
    for file, content in everything_written(settings.home).items():
        assert b"5ec4e7" not in content, file
