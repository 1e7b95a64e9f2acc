"""INEGI: what is asked of an API without windows, and what its refusal looks like."""

from __future__ import annotations

import json
from datetime import date

import pytest

from orchestration.base.settings import PROJECT
from orchestration.sources.agencies import inegi
from tests.replay.inegi import NO_RESULTS, Bie
from tests.support.source_case import context, unpaced

VEHICLES, TRADE, *_, REGISTER = unpaced(inegi.DATASETS)
TOKEN = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
FIXTURES = PROJECT / "tests" / "fixtures" / "inegi"


@pytest.mark.recorded
def test_the_transcribed_answer_and_refusal_are_what_the_replay_says(shared_data):
    folder = shared_data / "payloads" / "inegi"
    real = json.loads((folder / "bise_6207136901_success.json").read_bytes())
    ours = Bie(TOKEN, {"1": {"2026-07": "109.2"}}).one("1")
    assert set(ours) == set(real["Series"][0])
    assert set(ours["OBSERVATIONS"][0]) == set(real["Series"][0]["OBSERVATIONS"][0])
    assert json.loads((folder / "error_400_no_results.json").read_bytes()) == NO_RESULTS


def test_one_request_a_group_because_the_api_has_no_window():
    today = date(2026, 11, 21)
    for plan, codes in ((VEHICLES.plan, inegi.VEHICLES), (TRADE.plan, inegi.TRADE)):
        (request,) = plan(context(today, since=date(2024, 1, 1)))
        assert request.context["codes"] == list(codes) and "/false/" in request.path
    assert len(REGISTER.plan(context(today))) == 3


def test_the_probe_is_an_indicator_that_is_known_to_exist():
    """A refusal of an unknown indicator reads like one of a wrong token."""
    assert "/910392/es/00/true/BIE-BISE/2.0/{token}" in inegi.API.probe.path
