"""US Treasury: customs duties from table 4 of the Monthly Treasury Statement (format described, not recorded)."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from orchestration.base.settings import PROJECT
from orchestration.sources.agencies import treasury
from tests.replay.server import (
    ReplayServer,
    bad_gzip,
    cut,
    html_page,
    json_reply,
    no_content,
    server_error,
    too_many,
)
from tests.replay.treasury import FiscalData, invalid, row
from tests.support.live_case import everything, home, prepared, refreshed, values, vintages
from tests.support.source_case import unpaced
from transforms.periods import end_of_month

(DATASET,) = unpaced(treasury.DATASETS)
GROSS, REFUNDS, NET = (f"usa_customs_duties_{what}" for what in ("gross", "refunds", "net"))


def bundled() -> list[dict[str, str]]:
    """The table in dollars and cents from which the bundled millions can have been rounded, each of the three alone."""
    figures = pl.read_parquet(PROJECT / "warehouse" / "figures" / "observation_treasury.parquet")
    wide = figures.pivot(on="series_id", index="period_start", values="value").sort("period_start")
    found = []
    for period, *billions in wide.select("period_start", GROSS, REFUNDS, NET).rows():
        gross, refunds, net = (Decimal(repr(v)) * 10**9 for v in billions)
        # 40 of the 138 nets are a million off gross less refunds: rounded apart from them
        apart = (net - (gross - refunds)) * Decimal("0.4")
        gross, refunds = gross + apart + Decimal("0.37"), refunds - apart
        found.append(
            row(end_of_month(period).isoformat(), *(f"{v:.2f}" for v in (gross, refunds, gross - refunds)))
        )
    return found


@pytest.fixture
def agency(replay: ReplayServer) -> FiscalData:
    found = FiscalData([*bundled(), row("2026-08-31", "1.00", "0.00", "1.00", "Excise Taxes")])
    replay.serve("TREASURY", found)
    return found


def test_live_months_are_the_bundled_months_to_the_million(tmp_path, agency):
    """The Statement is printed in millions: more digits would make a revision of each bundled month."""
    settings = home(tmp_path, "observation_treasury")
    outcome = refreshed(settings, DATASET)
    assert (outcome.state, outcome.requests, outcome.appended, outcome.withdrawn) == ("done", 1, 0, 0)
    assert refreshed(settings, DATASET).unchanged == 1


def test_a_new_month_a_restated_one_and_refunds_above_receipts(tmp_path, agency):
    settings = home(tmp_path, "observation_treasury")
    agency.rows[-2] = row("2026-08-31", "23400000000.00", "10541000000.00", "12859000000.00")
    agency.rows.append(row("2026-09-30", "20000000000.00", "25000400000.00", "-5000400000.00"))
    outcome = refreshed(settings, DATASET)
    assert (outcome.appended, outcome.revised) == (5, 2)
    assert (
        values(settings, NET)["2026-09"] == -5.0
    )  # half a million goes to the even one, as in the Statement
    assert values(settings, REFUNDS)["2026-09"] == 25.0
    ((value, status, _, basis),) = vintages(settings, GROSS, "2026-08")
    assert (value, status, basis) == (23.4, "normal", "retrieved")


def test_a_month_without_a_number_is_missing_and_not_zero(tmp_path, agency):
    agency.rows.append(row("2026-09-30", "null", "null", "null"))
    settings = home(tmp_path)
    refreshed(settings, DATASET)
    assert values(settings, NET)["2026-09"] is None


def _reply(*rows: dict, pages: int = 1):
    return json_reply({"data": list(rows), "meta": {"total-pages": pages}})


GOOD = row("2026-09-30", "3.00", "1.00", "2.00")
FAULTS = {
    "invalid field": (invalid("fields", "amount"), 1, "Invalid Query Param"),
    "table is gone": (
        json_reply({"error": "Not Found", "message": "no such table"}, 404),
        1,
        "no such table",
    ),
    "HTML with status 200": (html_page(), 4, "an HTML page instead of data"),
    "maintenance": (server_error(500), 4, "HTTP 500 after 4 attempts"),
    "too many": (too_many(2), 4, "HTTP 429 after 4 attempts"),
    "nothing": (no_content(), 4, "without any bytes"),
    "cut": (cut(_reply(GOOD)), 4, "cut in the middle"),
    "no gzip": (bad_gzip(_reply(GOOD)), 4, "not the gzip"),
    "the first of two pages": (_reply(GOOD, pages=2), 1, "only the first of 2 pages"),
    "another field": (
        _reply({k: v for k, v in GOOD.items() if "net" not in k}),
        1,
        "current_month_net_rcpt_amt",
    ),
    "another classification": (_reply({**GOOD, "classification_desc": "Excise Taxes"}), 1, "Excise Taxes"),
    "net that is not gross less refunds": (
        _reply({**GOOD, "current_month_net_rcpt_amt": "2.50"}),
        1,
        "-0.50 USD away",
    ),
    "a day in the month": (_reply({**GOOD, "record_date": "2026-09-15"}), 1, "not the end of a month"),
    "history cut off": (_reply(row("2016-01-31", "3.00", "1.00", "2.00")), 1, "end too early"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_or_fault_leaves_the_store_as_it_was(tmp_path, agency, replay, fault):
    settings = prepared(tmp_path, "treasury", lambda made: refreshed(made, DATASET))
    before = everything(settings)
    reply, asked, said = FAULTS[fault]
    replay.forget()
    replay.fail_next("TREASURY", reply, times=4)
    outcome = refreshed(settings, DATASET)
    assert outcome.state == "failed" and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("TREASURY")) == asked
    assert everything(settings) == before


def test_a_row_that_cannot_be_read_is_kept_with_its_reason(tmp_path, agency):
    agency.rows.append(row("2026-09-30", "three", "1.00", "2.00"))
    outcome = refreshed(home(tmp_path), DATASET)
    assert (outcome.rejected, outcome.appended) == (1, 3 * 138)


def test_the_request_asks_for_all_months_on_one_page(tmp_path, agency, replay):
    refreshed(home(tmp_path), DATASET)
    (call,) = replay.calls("TREASURY")
    assert call.get("filter") == "classification_desc:eq:Customs Duties"
    assert int(call.get("page[size]")) > 12 * 100
