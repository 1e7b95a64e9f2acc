"""Real-time tables: each release of a table is a vintage, known from the morning of its day."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from orchestration.sources.agencies.statcan_realtime import REAL_TIME_TABLES
from tests.replay.statcan import table_zip
from tests.support.source_case import answer, context, question
from transforms.parse.outcome import SchemaChangedError, UnreadableError

TRADE, PAYROLLS = REAL_TIME_TABLES
EXPORTS = "can_exports_motor_vehicles_parts"
FIRST, SECOND = "February 5, 2020", "July 2, 2020"


def row(series_id: str, release: str, month: str, value: str, **changes: str) -> dict[str, str]:
    members = {k: v for k, v in TRADE.series[series_id].items() if k != "geography"}
    vector = f"v{abs(hash((series_id, release))) % 10**9}"
    return {
        "GEO": "Canada", **members, "Release": release, "REF_DATE": month, "VALUE": value, "SCALAR_ID": "6",
        "VECTOR": vector, "COORDINATE": "1.1", **changes,
    }  # fmt: skip


def parsed(*rows: dict[str, str]):
    dimensions = [*(name for name in TRADE.series[EXPORTS] if name != "geography"), "Release"]
    content = table_zip("12100165", dimensions, rows)
    return TRADE.parse(content, question({}), answer(content))


def test_each_release_is_a_vintage_known_from_half_past_eight_in_ottawa():
    got = parsed(
        row(EXPORTS, FIRST, "2019-12", "7500"),
        row(EXPORTS, SECOND, "2019-12", "7600"),
        row(EXPORTS, SECOND, "2020-05", "2100"),
    )
    rows = got.frame.filter(series_id=EXPORTS).sort("known_from", "period_start")
    assert rows.select("period_start", "value", "known_from", "known_from_basis").rows() == [
        (date(2019, 12, 1), 7500.0, datetime(2020, 2, 5, 13, 30), "release"),
        (date(2019, 12, 1), 7600.0, datetime(2020, 7, 2, 12, 30), "release"),
        (date(2020, 5, 1), 2100.0, datetime(2020, 7, 2, 12, 30), "release"),
    ]
    assert not got.complete, "a release may show the newest months only"
    assert set(got.refused) == set(TRADE.series) - {EXPORTS}


def test_a_release_that_is_no_day_and_a_table_without_releases_are_refused():
    with pytest.raises(SchemaChangedError, match="'2020-02' is not a day"):
        parsed(row(EXPORTS, "2020-02", "2019-12", "7500"))
    content = table_zip("12100165", ["Trade"], [{"REF_DATE": "2019-12", "GEO": "Canada", "Trade": "Export"}])
    with pytest.raises(SchemaChangedError):
        TRADE.parse(content, question({}), answer(content))
    with pytest.raises(UnreadableError):
        TRADE.parse(content[:50], question({}), answer(content[:50]))


def test_it_is_asked_for_with_everything_only():
    """The zip holds hundreds of releases; from now on each comes by itself."""
    today = date(2026, 11, 20)
    assert TRADE.plan(context(today)) == [] == PAYROLLS.plan(context(today, since=date(2020, 1, 1)))
    (request,) = PAYROLLS.plan(context(today, full=True))
    assert request.path == "/n1/tbl/csv/14100332-eng.zip"
