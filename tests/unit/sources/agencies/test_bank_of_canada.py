"""Bank of Canada: which window of days is asked of Valet."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.sources.agencies import bank_of_canada
from orchestration.sources.spec import PlanContext
from tests.support.live_case import TODAY

USD, MXN = "fx_usd_cad_bank_of_canada", "fx_mxn_cad_bank_of_canada"


@pytest.mark.parametrize(
    ("latest", "more", "expected"),
    [
        ({USD: date(2026, 9, 1), MXN: date(2026, 9, 1)}, {}, ("2026-01-01", "2026-10-31")),
        ({USD: date(2026, 9, 1), MXN: date(2025, 12, 1)}, {}, ("2025-01-01", "2026-10-31")),
        ({USD: date(2026, 9, 1)}, {}, ("2017-01-03", "2026-10-31")),
        ({USD: date(2026, 9, 1), MXN: date(2026, 9, 1)}, {"full": True}, ("2017-01-03", "2026-10-31")),
        ({}, {"since": date(2020, 5, 1), "until": date(2021, 12, 31)}, ("2020-01-01", "2021-12-31")),
    ],
)
def test_the_window_reaches_back_to_the_year_where_the_shortest_series_ends(latest, more, expected):
    ctx = PlanContext(TODAY, more.pop("since", None), more.pop("full", False), False, latest, **more)
    (request,) = bank_of_canada.plan(ctx)
    assert tuple(value for _, value in request.params) == expected
