"""Census trade end to end against a server that answers from the bundled figures: packing, what is kept, gaps."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from orchestration.intake.agency.completeness import latest_periods
from orchestration.sources.agencies import census, census_tables
from orchestration.store.loading import load
from orchestration.store.opened import open_store
from tests.replay.census import TradeApi, row
from tests.replay.server import (
    ReplayServer,
)
from tests.support.bundled import FIGURES
from tests.support.parsed import payload_of
from tests.support.source_case import one, refresh, settings_at
from tests.support.stored import rows
from transforms.schema import TRADE_FLOW, Parsed

#: January 2019 is the newest month that can be out: the figures hold both years in full
TODAY = date(2019, 3, 20)
KEY = "c" * 40
BY_NAME = {dataset.name: dataset for dataset in census.DATASETS}
TABLES = {table.name: table for table in census_tables.TABLES}


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer, monkeypatch) -> TradeApi:
    found = TradeApi(chapters=True)
    replay.serve("CENSUS", found)
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", KEY)
    return found


def ask(settings, *names: str, today: date = TODAY, **more):
    return refresh(settings, [BY_NAME[name] for name in names], today=today, **more)


def test_totals_and_chapters_append_to_the_very_cells_of_the_figures(settings, agency, replay):
    outcome = ask(settings, "imports_total", "exports_total", "imports_hs2", "imports_naics3")
    assert [d.state for d in outcome.datasets] == ["done"] * 4 and outcome.exit_code == 0
    with open_store(settings.store, read_only=True) as con:
        con.execute(f"CREATE TEMP VIEW figure AS FROM read_parquet('{FIGURES}/trade_flow_census*.parquet')")
        key = ", ".join(TRADE_FLOW.key)
        other, same = con.execute(
            f"""WITH figure AS (
                    SELECT {key}, arg_max(value_usd, known_from) AS value_usd, arg_max(duty_usd, known_from) AS duty_usd
                    FROM figure WHERE year(period_start) IN (2018, 2019) AND period_start <= '2019-12-01' GROUP BY ALL)
                SELECT count(*) FILTER (live.value_usd IS DISTINCT FROM figure.value_usd
                                        OR coalesce(live.duty_usd, 0) IS DISTINCT FROM coalesce(figure.duty_usd, 0)),
                       count(*)
                FROM figure LEFT JOIN raw.trade_flow_current live USING ({key})"""
        ).fetchall()[0]
    assert other == 0 and same > 30_000
    assert all(call.query["key"] == [KEY] for call in replay.calls("CENSUS"))


def test_live_answers_that_say_what_the_figures_say_add_nothing(settings, agency):
    """The same cell under another key would be counted twice."""
    frame = pl.read_parquet(FIGURES / "trade_flow_census_partner_totals.parquet").filter(
        (pl.col("basis") == "total_exports") & (pl.col("period_start").dt.year() >= 2018)
    )
    with open_store(settings.store) as con:
        known = frame["known_from"].max()
        load(con, payload_of("figures", retrieved_at=known), Parsed(TRADE_FLOW, frame))
    found = one(ask(settings, "exports_total", since=date(2018, 1, 1), until=date(2018, 12, 31)))
    assert (found.state, found.appended, found.withdrawn) == ("done", 0, 0)


def test_asked_again_nothing_changes_and_a_revised_cell_is_a_vintage(settings, agency, replay):
    ask(settings, "imports_hs2")
    again = one(ask(settings, "imports_hs2"))
    assert (again.fetched, again.unchanged, again.appended) == (0, 2, 0)
    agency.replaced[("/imports/hs", "87", "1220", "2018-11")] = {"CON_VAL_MO": "5000000001"}
    revised = one(ask(settings, "imports_hs2"))
    assert (revised.fetched, revised.unchanged, revised.appended, revised.revised) == (1, 1, 1, 1)


def test_detail_is_kept_for_the_chapters_and_headings_of_the_disputes_with_quantities(settings, agency):
    cells = [
        row("/imports/hs", "HS10", code, partner, f"2019-{month:02}", **values)
        for month in (1,)
        for partner in census_tables.PARTNERS
        for code, values in {
            "8703230140": {
                "CON_QY1_MO": "12",
                "CON_QY1_MO_FLAG": None,
                "GEN_QY1_MO": "14",
                "GEN_QY1_MO_FLAG": "N",
            },
            "8716805090": {
                "CON_QY1_MO": "7",
                "CON_QY1_MO_FLAG": None,
                "GEN_QY1_MO": "7",
                "GEN_QY1_MO_FLAG": None,
            },
        }.items()
        for values in [
            {**values, "UNIT_QY1": "NO", "GEN_VAL_MO": "300", "CON_VAL_MO": "250", "CAL_DUT_MO": "6"}
        ]
    ]
    agency.extra = tuple(cells)
    found = one(ask(settings, "imports_hs10", since=date(2019, 1, 1)))
    assert (found.state, found.appended) == ("done", 2 * len(census_tables.PARTNERS))
    assert any("left out 14: products outside 8407" in note for note in found.notes)
    assert any("no such rows" in note for note in found.notes), "840* had nothing, which is not a failure"
    kept = rows(
        settings,
        "SELECT basis, value_usd, duty_usd, quantity, quantity_unit FROM raw.trade_flow "
        "WHERE partner_code = '2010' ORDER BY basis",
    )
    assert kept == [("consumption", 250, 6, 12.0, "NO"), ("general", 300, None, None, None)]


def test_end_use_comes_with_all_its_levels_apart(settings, agency):
    agency.extra = tuple(
        row("/imports/enduse", level, code, partner, "2019-01", GEN_VAL_MO="9", CON_VAL_MO="8")
        for level, code in (("EU1", "3"), ("EU3", "300"), ("EU5", "30000"))
        for partner in census_tables.PARTNERS
    )
    found = one(ask(settings, "imports_enduse3", since=date(2019, 1, 1)))
    assert found.state == "done"
    assert rows(
        settings, "SELECT DISTINCT classification, product_level FROM raw.trade_flow ORDER BY ALL"
    ) == [("BEA end use", 1), ("BEA end use", 3), ("BEA end use", 5)]


def test_the_store_tells_the_next_plan_how_far_it_is(settings, agency):
    ask(settings, "exports_total")
    with open_store(settings.store, read_only=True) as con:
        latest = latest_periods(con)
    assert latest[TABLES["exports_total"].stored[0]] == date(2019, 12, 1)
