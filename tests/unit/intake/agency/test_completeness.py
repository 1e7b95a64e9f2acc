"""Cut answers against withdrawals, judged by what the store holds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from orchestration.intake.agency.completeness import latest_periods, refuse_truncated
from orchestration.store.loading import load
from orchestration.store.opened import open_store
from tests.support.parsed import flows, month, observations, payload_of
from transforms.parse.outcome import TruncatedError

KNOWN = datetime(2026, 1, 1)
LATER = KNOWN + timedelta(days=30)


@pytest.fixture
def con(tmp_path):
    with open_store(tmp_path / "store.duckdb") as con:
        load(con, payload_of("series"), observations([("a", month(n), float(n), KNOWN) for n in range(40)]))
        cells = [("2010", f"{p:02}", month(n), p * n, KNOWN) for p in range(1, 21) for n in range(4)]
        load(con, payload_of("flows"), flows(cells, complete=True))
        yield con


def series(numbers, complete=True):
    return observations([("a", month(n), float(n), LATER) for n in numbers], complete=complete)


def test_a_few_holes_are_withdrawals_a_block_is_a_cut(con) -> None:
    refuse_truncated(con, series(n for n in range(40) if n not in (7, 8, 9, 20)), source="x")
    with pytest.raises(TruncatedError, match="5 of 40 values"):
        refuse_truncated(con, series(n for n in range(40) if n not in (7, 8, 9, 20, 21)), source="x")


def test_an_answer_for_a_window_says_nothing_of_the_rest(con) -> None:
    refuse_truncated(con, series(range(30, 40)), source="x")


def test_only_an_answer_that_claims_to_be_whole_is_judged(con) -> None:
    refuse_truncated(con, series([0, 39], complete=False), source="x")


def test_a_series_that_ends_before_what_is_known(con) -> None:
    with pytest.raises(TruncatedError, match="the first a at 2023-03-01, known to 2023-04-01"):
        refuse_truncated(con, series(range(39)), source="x", last_period=date(2026, 1, 1))
    refuse_truncated(con, series(range(39)), source="x", last_period=month(38))
    refuse_truncated(con, series(range(41)), source="x", last_period=date(2026, 1, 1))


def flow(products, months=range(4)):
    return flows(
        [("2010", f"{p:02}", month(n), p * n, LATER) for p in products for n in months], complete=True
    )


def test_flows_are_judged_within_the_months_they_show(con) -> None:
    refuse_truncated(con, flow(range(1, 21), months=[3]), source="x")
    refuse_truncated(con, flow(range(1, 20)), source="x")  # one product of twenty less
    with pytest.raises(TruncatedError, match="40 of 80 values"):
        refuse_truncated(con, flow(range(1, 11)), source="x")


def test_latest_periods_by_series_and_slice(con) -> None:
    assert latest_periods(con) == {
        "a": month(39),
        "USA|2010|imports|consumption|HS|2": month(3),
    }
