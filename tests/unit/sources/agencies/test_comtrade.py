"""UN Comtrade: one question for a year of two reporters, and rows that were not asked for."""

from __future__ import annotations

import json
from datetime import date

import pytest

from orchestration.intake.agency import question as live
from orchestration.sources.agencies import comtrade
from tests.replay.comtrade import row
from tests.support.source_case import answer, context, question
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError

(DATASET,) = comtrade.DATASETS
TODAY = date(2026, 11, 20)


def test_a_year_of_two_reporters_is_one_question_and_its_address_is_short():
    requests = DATASET.plan(context(TODAY))
    assert [r.context["year"] for r in requests] == [2026, 2025]
    assert len(DATASET.plan(context(TODAY, full=True))) == 17
    url = live.request_url(comtrade.API, requests[0])
    assert len(url) < 4_096 and "subscription" not in url
    params = dict(requests[0].params)
    assert len(params["period"].split(",")) == 12 and params["reporterCode"] == "124,484"


def test_rows_that_were_not_asked_for_are_refused():
    cells = [row("484", "842", "X", "8703", "202409", 1.0)]
    content = json.dumps({"elapsedTime": "0", "count": 1, "data": cells, "error": ""}).encode()
    with pytest.raises(SchemaChangedError, match="not asked for"):
        DATASET.parse(content, question({"year": 2025}), answer(content))


@pytest.mark.recorded
def test_the_recorded_empty_answer_is_an_empty_one(shared_data):
    content = (shared_data / "payloads" / "comtrade" / "services_empty_200.json").read_bytes()
    with pytest.raises(EmptyReplyError):
        DATASET.parse(content, question({"year": 2025}), answer(content))
