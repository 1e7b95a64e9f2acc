"""Statistics Canada: full tables whose series are picked by the names of their members."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.sources.agencies import statcan
from orchestration.sources.agencies.statcan_tables import TABLES
from tests.replay.server import ReplayServer, Reply, cut, html_page, server_error
from tests.replay.statcan import Wds, table_zip
from tests.support.live_case import everything, home, prepared, quarantined, refreshed, values, vintages
from tests.support.source_case import unpaced

DATASETS = {d.name: d for d in unpaced(statcan.DATASETS)}


@pytest.fixture
def wds(replay: ReplayServer) -> Wds:
    agency = Wds()
    replay.serve("STATCAN", agency)
    return agency


TRADE = DATASETS["table_12100163"]


def trade_rows(months: list[str], *, without: str = "", coded: bool = True) -> list[dict]:
    """The declared series of the table, and others beside them that must not be taken."""
    rows = []
    for number, series in enumerate(TABLES["12100163"].series):
        for basis in ("Balance of payments", "Customs"):
            if series.series_id == without:
                continue
            members = {("GEO" if k == "geography" else k): v for k, v in series.members.items()}
            product = "North American Product Classification System (NAPCS)"
            if coded:
                members[product] += f" [C{number // 2 + 1}]"
            for place, month in enumerate(months):
                rows.append(
                    {
                        **members,
                        "REF_DATE": month,
                        "Basis": basis,
                        "UOM": "Dollars",
                        "SCALAR_FACTOR": "millions",
                        "SCALAR_ID": "6",
                        "VECTOR": f"v15669{number}{basis[0]}",
                        "VALUE": f"{7000 + 10 * number + place}.5",
                    }
                )
    return rows


def trade_zip(rows: list[dict]) -> bytes:
    return table_zip(
        "12100163",
        ("Trade", "Basis", "Seasonal adjustment", "North American Product Classification System (NAPCS)"),
        rows,
    )


SPAN = [f"2026-{m:02}" for m in range(1, 10)]


def test_a_table_is_read_by_the_names_of_its_members(tmp_path, wds):
    wds.tables["12100163"] = trade_zip(trade_rows(SPAN))
    settings = home(tmp_path)
    outcome = refreshed(settings, TRADE)
    assert (outcome.state, outcome.appended) == ("done", 9 * 8)
    assert values(settings, "can_exports_motor_vehicles_parts")["2026-01"] == 7000.5
    assert values(settings, "can_imports_vehicle_parts")["2026-09"] == 7078.5
    assert vintages(settings, "can_exports_motor_vehicles_parts", "2026-01")[0][3] == "retrieved"


def test_a_name_that_is_gone_is_told_and_the_other_series_are_loaded(tmp_path, wds):
    wds.tables["12100163"] = trade_zip(trade_rows(SPAN, without="can_imports_heavy_vehicles"))
    outcome = refreshed(home(tmp_path), TRADE)
    assert outcome.state == "partial" and outcome.appended == 9 * 7
    assert "can_imports_heavy_vehicles was refused: 0 vectors have the members" in outcome.problems[0]


def test_a_table_is_asked_for_when_a_month_may_be_out_and_only_then(tmp_path, wds, replay):
    """It has some 10 to 100 MB: not every day of the month."""
    wds.tables["12100163"] = trade_zip(trade_rows(SPAN))
    settings = home(tmp_path)
    refreshed(settings, TRADE)
    # September is stored; October ends on the 31st and comes out 33 days later
    assert refreshed(settings, TRADE, today=date(2026, 12, 2)).requests == 0
    outcome = refreshed(settings, TRADE, today=date(2026, 12, 3))
    assert (outcome.requests, outcome.unchanged) == (1, 1)
    assert "if-modified-since" in replay.calls("STATCAN")[-1].headers
    assert refreshed(settings, TRADE, full=True).requests == 1


def test_a_name_that_never_was_there_does_not_make_every_run_ask(tmp_path, wds):
    wds.tables["12100163"] = trade_zip(trade_rows(SPAN, without="can_imports_heavy_vehicles"))
    settings = home(tmp_path)
    refreshed(settings, TRADE)
    assert refreshed(settings, TRADE, today=date(2026, 11, 21)).requests == 0


RENAMED = table_zip(
    "12100163",
    ("Trade", "Basis", "Seasonal adjustment", "Product"),
    [
        {("Product" if k.startswith("North American") else k): v for k, v in r.items()}
        for r in trade_rows(SPAN)
    ],
)
TABLE_FAULTS = {
    "the table is gone": (Reply(b"<html><body>Not found</body></html>", 404, "text/html"), 1, "HTTP 404"),
    "HTML with status 200": (html_page(), 4, "an HTML page instead of data"),
    "maintenance": (server_error(503), 4, "HTTP 503 after 4 attempts"),
    "a broken zip": (Reply(trade_zip(trade_rows(SPAN))[:-50]), 4, "not a zip file"),
    "cut": (cut(Reply(trade_zip(trade_rows(SPAN)))), 4, "cut in the middle"),
    "another table": (Reply(table_zip("20100001", (), [])), 1, "no member '12100163.csv'"),
    "a dimension has another name": (Reply(RENAMED), 1, "no columns"),
    "no declared name": (
        Reply(trade_zip([{**trade_rows(SPAN)[0], "Trade": "Re-export"}])),
        1,
        "12100163.csv has no rows",
    ),
    "a number that is none": (
        Reply(trade_zip([{**r, "VALUE": "7.000,5"} for r in trade_rows(SPAN)])),
        1,
        "not a number",
    ),
    "history cut off": (Reply(trade_zip(trade_rows(["2020-01", "2020-02"]))), 1, "end too early"),
}


@pytest.mark.parametrize("fault", TABLE_FAULTS)
def test_a_broken_table_leaves_the_store_as_it_was(tmp_path, wds, replay, fault):
    wds.tables["12100163"] = trade_zip(trade_rows(SPAN))
    settings = prepared(tmp_path, "statcan_trade", lambda made: refreshed(made, TRADE))
    before = everything(settings)
    reply, asked, said = TABLE_FAULTS[fault]
    replay.forget()
    replay.fail_next("STATCAN", reply, times=4)
    outcome = refreshed(settings, TRADE, full=True)
    assert outcome.state == "failed" and said in " ".join(outcome.problems), outcome.problems
    assert len(replay.calls("STATCAN")) == asked
    assert everything(settings) == before


@pytest.mark.recorded
def test_the_recorded_table_is_the_bundled_one(tmp_path, wds, replay, shared_data):
    """20-10-0001 as it was downloaded: ten series by vector, 74 years, nothing new and nothing revised."""
    wds.tables["20100001"] = (shared_data / "payloads" / "statcan" / "20100001-eng.zip").read_bytes()
    settings = home(tmp_path, "observation_statcan")
    ended = DATASETS["table_20100001"]
    assert refreshed(settings, ended).requests == 0  # it gets no new months
    outcome = refreshed(settings, ended, full=True)
    assert (outcome.state, outcome.fetched, outcome.appended, outcome.revised, outcome.withdrawn) == (
        "done",
        1,
        0,
        0,
        0,
    )
    assert not quarantined(settings)
