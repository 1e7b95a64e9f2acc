"""Census trade: how questions are packed, which years are asked, and what a reply must hold."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from orchestration.intake.agency import question as live
from orchestration.sources.agencies import census, census_tables
from tests.support.bundled import read
from tests.support.source_case import answer, context, question
from transforms.codes import is_country
from transforms.parse.outcome import TruncatedError

BY_NAME = {dataset.name: dataset for dataset in census.DATASETS}
TABLES = {table.name: table for table in census_tables.TABLES}


def years(name: str, today: date, **more) -> list[int]:
    return list(dict.fromkeys(r.context["year"] for r in BY_NAME[name].plan(context(today, **more))))


#: what an answer in June showed with April, and the years since that were answered: all
JUNE = datetime(2026, 6, 5, 13)
ANSWERED = {
    "shown": {date(2026, 4, 1): JUNE, date(2026, 5, 1): JUNE + timedelta(days=30)},
    "answered_at": lambda _: JUNE,
}


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
    assert years("exports_total", date(2026, 5, 31), latest={stored: date(2026, 3, 1)}, **ANSWERED) == [2026]
    assert years("exports_total", date(2026, 6, 5), latest={stored: date(2026, 3, 1)}) == every
    assert years("exports_total", date(2026, 6, 6), latest={stored: date(2026, 4, 1)}, **ANSWERED) == [2026]
    # a warehouse that was off in June has missed it
    assert years("exports_total", date(2026, 9, 6), latest={stored: date(2026, 2, 1)}) == every


def test_years_that_a_cut_short_revision_left_open_are_asked_again():
    """April is stored with the first answer: where the server went down after it, thirteen years would wait for the next June."""
    stored = "USA|-|exports|total_exports|TOTAL|0"

    def answered_at(request) -> datetime | None:
        return {2026: JUNE, 2020: JUNE + timedelta(seconds=9), 2013: None}.get(
            request.context["year"], JUNE - timedelta(days=360)
        )

    left = {"latest": {stored: date(2026, 5, 1)}, **ANSWERED, "answered_at": answered_at}
    for day in (date(2026, 6, 6), date(2027, 5, 20)):
        assert [y for y in years("exports_total", day, **left) if y < 2026] == [
            *range(2025, 2020, -1),
            *range(2019, 2013, -1),
        ], "2013 was never asked for"
    of_figures = {**left, "bundled": {stored: date(2025, 11, 1)}}
    assert years("exports_total", date(2026, 6, 6), **of_figures)[-1] == 2013, "its figures are to be revised"
    # the bundled figures hold what was never asked for
    assert years("exports_total", date(2026, 7, 6), **left, bundled={stored: date(2026, 4, 1)}) == [2026]


def test_a_question_that_was_answered_in_parts_was_answered():
    """Where the server fails at the whole each time, all years would be asked for on each day of the year."""
    stored = TABLES["imports_hs2"].stored

    def answered_at(request) -> datetime | None:
        # a part without rows (chapters 0* here) is never archived
        product = dict(request.params).get("I_COMMODITY", "")
        return JUNE if request.context["is_part"] and not product.startswith("0") else None

    more = {**ANSWERED, "latest": dict.fromkeys(stored, date(2026, 4, 1)), "answered_at": answered_at}
    assert BY_NAME["imports_hs2"].plan(context(date(2026, 6, 6)))[0].smaller
    assert years("imports_hs2", date(2026, 6, 6), **more) == [2026]


def test_the_years_since_the_newest_stored_month_are_asked_and_must_come_back():
    """Of two bases the one that is behind says where to begin; the one that is ahead, what must be there again."""
    stored = TABLES["imports_total"].stored
    latest = dict(zip(stored, (date(2024, 12, 1), date(2025, 2, 1)), strict=True))
    requests = BY_NAME["imports_total"].plan(context(date(2025, 5, 20), latest=latest, **ANSWERED))
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


#: tables whose questions can be divided, for either flow
DIVIDED = ("hs2", "hs4", "hs6", "hs10", "naics3", "naics4")


def test_the_parts_of_a_question_are_all_of_it():
    """A product under none of the parts would be lost without a word wherever the server fails at the whole."""
    held = read("trade_flow").select("classification", "product_code").unique().rows()
    divided = set()
    for dataset in census.DATASETS:
        table = TABLES[dataset.name]
        for whole in dataset.plan(context(date(2026, 11, 20))):
            if not whole.smaller:
                continue
            divided.add(dataset.name)
            stems = [dict(part.params)[table.commodity].rstrip("*") for part in whole.smaller]
            asked_for = dict(whole.params).get(table.commodity, "").rstrip("*")
            assert len(stems) > 1 and not any(part.smaller for part in whole.smaller)
            assert all(part.context["is_part"] for part in whole.smaller) and not whole.context["is_part"]
            digits = int(table.level[2:])
            products = {
                code[:digits]
                for system, code in held
                if system == table.stored[0].split("|")[4]
                and len(code) >= digits
                and code.startswith(asked_for)
                and code.startswith(table.kept or "")
            }
            assert all(sum(code.startswith(stem) for stem in stems) == 1 for code in products), dataset.name
            assert products or digits > 4
    assert divided == {f"{flow}_{name}" for flow in ("imports", "exports") for name in DIVIDED}


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


ALL = [("87", partner, month) for partner in (*census_tables.PARTNERS, "0020") for month in (1, 2, 3)]


def test_a_month_missing_in_the_middle_is_a_cut_answer():
    assert _parse("imports_hs2", _reply("imports_hs2", ALL)).frame.height == 48
    with pytest.raises(TruncatedError, match="no rows of 2019-02"):
        _parse("imports_hs2", _reply("imports_hs2", [c for c in ALL if c[2] != 2]))


def test_an_answer_that_ends_before_what_is_stored_is_a_cut_answer():
    assert _parse("imports_hs2", _reply("imports_hs2", ALL), "2019-03-01").frame.height == 48
    with pytest.raises(TruncatedError, match="no rows of 2019-04, 2019-05"):
        _parse("imports_hs2", _reply("imports_hs2", ALL), "2019-05-01")


def test_a_partner_that_was_asked_for_and_did_not_come_is_a_cut_answer():
    cells = [("8703", partner, 1) for partner in census_tables.PARTNERS]
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


def test_a_month_that_does_not_add_up_costs_that_month_and_no_other():
    header = ["CTY_CODE", "GEN_VAL_MO", "CON_VAL_MO", "CAL_DUT_MO", "time"]
    january = [["-", "30", "29", "0", "2019-01"], ["1220", "10", "10", "0", "2019-01"]]
    february = [["-", "7", "7", "0", "2019-02"], ["1220", "7", "7", "0", "2019-02"]]
    parsed = _parse("imports_total", json.dumps([header, *january, *february]).encode())
    assert parsed.frame["period_start"].dt.month().unique().to_list() == [2]
    assert parsed.refused == {
        "2019-01": "imports_total 2019-01: the countries add up to 10 USD, the world has 30"
    }


def test_quantities_are_asked_with_their_flags_and_without_them_where_these_are_refused():
    (dataset,) = [d for d in census.DATASETS if d.name == "imports_hs10"]
    asked = dataset.plan(context(date(2019, 3, 20), since=date(2019, 1, 1)))[0]
    (otherwise,) = asked.instead
    names = [dict(request.params)["get"].split(",") for request in (asked, otherwise)]
    assert [name for name in names[0] if name not in names[1]] == ["GEN_QY1_MO_FLAG", "CON_QY1_MO_FLAG"]
    assert names[1] == otherwise.context["expected"] and otherwise.params[1:] == asked.params[1:]


def test_only_whole_tables_prove_that_a_cell_is_gone():
    """USITC's headings lie in the same slice as ours: an answer for six chapters must not withdraw the others."""
    assert [t.name for t in census_tables.TABLES if t.whole] == [
        f"{flow}_{name}" for flow in ("imports", "exports") for name in ("total", "hs2", "naics3")
    ]


def test_the_parts_of_the_seven_partners_are_countries_or_the_world():
    assert census_tables.PARTNERS[0] == "-" and all(is_country(code) for code in census_tables.PARTNERS[1:])
