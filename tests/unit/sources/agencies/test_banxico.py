"""Banxico: how many series one request asks for."""

from __future__ import annotations

from orchestration.sources.agencies import banxico
from orchestration.sources.spec import PlanContext
from tests.support.live_case import TODAY


def test_more_than_twenty_series_are_asked_in_several_requests(monkeypatch):
    monkeypatch.setattr(banxico, "CODES", tuple(f"SF{n}" for n in range(45)))
    monkeypatch.setattr(banxico, "declared_series", lambda source, codes: {c: c for c in codes})
    requests = banxico.plan(PlanContext(TODAY, None, True, True))
    assert [len(r.context["codes"]) for r in requests] == [20, 20, 5]
    assert requests[0].path.split("/")[5].count(",") == 19
