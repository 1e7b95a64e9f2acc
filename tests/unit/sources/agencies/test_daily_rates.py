"""Daily rates of both central banks: in January, before a month has ended, nothing is asked."""

from __future__ import annotations

from datetime import date

from orchestration.sources.agencies import bank_of_canada, daily_rates
from orchestration.sources.spec import PlanContext

USD, MXN = "fx_usd_cad_bank_of_canada", "fx_mxn_cad_bank_of_canada"


def test_in_january_before_a_month_has_ended_nothing_is_asked():
    ctx = PlanContext(date(2026, 1, 20), date(2026, 1, 1), False, False)
    assert daily_rates.window(ctx, [USD], bank_of_canada.BEGINS) is None
    assert bank_of_canada.plan(ctx) == []
