"""Census trade end to end against a server that answers from the bundled figures: packing, what is kept, gaps."""

from __future__ import annotations

import json
from datetime import date
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from orchestration.intake.agency import question as live
from orchestration.intake.agency.completeness import latest_periods
from orchestration.sources.agencies import census
from orchestration.store.loading import load
from orchestration.store.tables import open_store
from tests.replay.census import TradeApi, row
from tests.replay.server import (
    ReplayServer,
)
from tests.support.bundled import FIGURES
from tests.support.parsed import payload_of
from tests.support.source_case import answer, context, one, question, refresh, rows, settings_at
from transforms.codes import is_country
from transforms.parse.outcome import TruncatedError
from transforms.schema import TRADE_FLOW, Parsed

#: January 2019 is the newest month that can be out: the figures hold both years in full
TODAY = date(2019, 3, 20)
KEY = "c" * 40
BY_NAME = {dataset.name: dataset for dataset in census.DATASETS}
TABLES = {table.name: table for table in census.TABLES}


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


def years(name: str, today: date, **more) -> list[int]:
    return list(dict.fromkeys(r.context["year"] for r in BY_NAME[name].plan(context(today, **more))))


# --- what is asked -------------------------------------------------------------------------------------------------


def test_a_year_of_everything_takes_22_questions_and_none_holds_a_key():
    requests = [r for d in census.DATASETS for r in d.plan(context(date(2026, 11, 20)))]
    assert len(requests) == 22 and len(census.DATASETS) == 16
    addresses = {live.request_url(census.API, r) for r in requests}
    assert len(addresses) == 22 and not any("key=" in a for a in addresses)


def test_a_question_packs_months_partners_and_products():
    (first, second) = BY_NAME["imports_hs6"].plan(context(date(2026, 11, 20)))
    query = parse_qs(urlsplit(live.request_url(census.API, first)).query)
    assert query == {
        "get": ["GEN_VAL_MO,CON_VAL_MO,CAL_DUT_MO"],
        "COMM_LVL": ["HS6"],
        "I_COMMODITY": ["7*"],
        "CTY_CODE": ["-", "1220", "2010", "5700", "4280", "5880", "5800"],
        "time": ["from 2026-01 to 2026-12"],
    }
    assert dict(second.params)["I_COMMODITY"] == "8*"


def test_the_same_question_is_asked_all_year_so_that_answers_can_be_compared():
    asked = [BY_NAME["exports_total"].plan(context(date(2026, month, 20))) for month in (4, 7, 11)]
    assert len({live.request_url(census.API, r) for requests in asked for r in requests}) == 1


@pytest.mark.parametrize(
    ("today", "wanted"),
    [
        (date(2026, 2, 20), [2025]),  # December is the newest month
        (date(2026, 3, 10), [2026, 2025]),  # January is new, December is revised
        (date(2026, 4, 10), [2026]),
    ],
)
def test_the_current_and_the_month_before_are_asked_whatever_year_they_lie_in(today, wanted):
    assert years("exports_hs2", today) == wanted


def test_every_earlier_year_is_asked_once_after_the_revision_of_each_june():
    stored = "USA|-|exports|total_exports|TOTAL|0"
    every = list(range(2026, 2012, -1))
    assert years("exports_total", date(2026, 5, 31), latest={stored: date(2026, 3, 1)}) == [2026]
    assert years("exports_total", date(2026, 6, 5), latest={stored: date(2026, 3, 1)}) == every
    assert years("exports_total", date(2026, 6, 6), latest={stored: date(2026, 4, 1)}) == [2026]
    # a warehouse that was off in June has missed it
    assert years("exports_total", date(2026, 9, 6), latest={stored: date(2026, 2, 1)}) == every


def test_the_years_since_the_newest_stored_month_are_asked_and_must_come_back():
    """Of two bases the one that is behind says where to begin; the one that is ahead, what must be there again."""
    stored = TABLES["imports_total"].stored
    latest = dict(zip(stored, (date(2024, 12, 1), date(2025, 2, 1)), strict=True))
    requests = BY_NAME["imports_total"].plan(context(date(2025, 5, 20), latest=latest))
    assert [(r.context["year"], r.context["known_to"]) for r in requests] == [
        (2025, "2025-02-01"),
        (2024, "2024-12-01"),
    ]


def test_since_until_and_full_choose_the_years():
    assert years("imports_hs2", date(2026, 11, 20), since=date(2024, 5, 1)) == [2026, 2025, 2024]
    assert years("imports_hs2", date(2026, 11, 20), full=True)[-1] == census.FIRST_YEAR
    one_year = {"since": date(2017, 1, 1), "until": date(2017, 12, 31)}
    assert years("imports_hs2", date(2026, 11, 20), **one_year) == [2017]
    assert {d.first_year for d in census.DATASETS} == {2013}


# --- success -------------------------------------------------------------------------------------------------------


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
        for partner in census.PARTNERS
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
    assert (found.state, found.appended) == ("done", 2 * len(census.PARTNERS))
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
        for partner in census.PARTNERS
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


# --- what is not whole ---------------------------------------------------------------------------------------------


def _reply(name: str, cells: list[tuple[str, str, int]], year: int = 2019) -> bytes:
    """An answer to imports of a table: (product, partner, month) -> value 10."""
    table = TABLES[name]
    header = [table.commodity or "CTY_NAME", "CTY_CODE", "GEN_VAL_MO", "CON_VAL_MO", "CAL_DUT_MO", "time"]
    return json.dumps(
        [header, *([code, partner, "10", "10", "0", f"{year}-{month:02}"] for code, partner, month in cells)]
    ).encode()


def _parse(name: str, content: bytes, known_to: str | None = None):
    asked = question({"year": 2019, "expected": [], "known_to": known_to})
    return BY_NAME[name].parse(content, asked, answer(content))


ALL = [("87", partner, month) for partner in (*census.PARTNERS, "0020") for month in (1, 2, 3)]


def test_a_month_missing_in_the_middle_is_a_cut_answer():
    assert _parse("imports_hs2", _reply("imports_hs2", ALL)).frame.height == 48
    with pytest.raises(TruncatedError, match="no rows of 2019-02"):
        _parse("imports_hs2", _reply("imports_hs2", [c for c in ALL if c[2] != 2]))


def test_an_answer_that_ends_before_what_is_stored_is_a_cut_answer():
    assert _parse("imports_hs2", _reply("imports_hs2", ALL), "2019-03-01").frame.height == 48
    with pytest.raises(TruncatedError, match="no rows of 2019-04, 2019-05"):
        _parse("imports_hs2", _reply("imports_hs2", ALL), "2019-05-01")


def test_a_partner_that_was_asked_for_and_did_not_come_is_a_cut_answer():
    cells = [("8703", partner, 1) for partner in census.PARTNERS]
    assert _parse("imports_hs4", _reply("imports_hs4", cells)).frame.height == 14
    with pytest.raises(TruncatedError, match="partner 5800"):
        _parse("imports_hs4", _reply("imports_hs4", cells[:-1]))


def test_rows_of_another_year_than_asked_for_are_refused():
    with pytest.raises(TruncatedError, match="rows of other years"):
        _parse("imports_hs2", _reply("imports_hs2", ALL, year=2018))


def test_countries_that_do_not_add_up_to_the_world_are_refused():
    """A lost page of countries, or a group that looks like a country."""
    header = ["CTY_CODE", "GEN_VAL_MO", "CON_VAL_MO", "CAL_DUT_MO", "time"]
    table = [header, ["-", "30", "29", "0", "2019-01"], ["1220", "10", "10", "0", "2019-01"]]
    whole = [*table, ["2010", "20", "20", "0", "2019-01"], ["0020", "30", "30", "0", "2019-01"]]
    assert _parse("imports_total", json.dumps(whole).encode()).complete
    with pytest.raises(TruncatedError, match="add up to 10 USD, the world has 30"):
        _parse("imports_total", json.dumps(table).encode())


def test_only_whole_tables_prove_that_a_cell_is_gone():
    """USITC's headings lie in the same slice as ours: an answer for six chapters must not withdraw the others."""
    assert [t.name for t in census.TABLES if t.whole] == [
        f"{flow}_{name}" for flow in ("imports", "exports") for name in ("total", "hs2", "naics3")
    ]


def test_the_parts_of_the_seven_partners_are_countries_or_the_world():
    assert census.PARTNERS[0] == "-" and all(is_country(code) for code in census.PARTNERS[1:])
