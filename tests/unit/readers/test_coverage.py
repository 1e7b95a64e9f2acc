"""Coverage as a person asks for it. Prevents: partners folded into a line that says more than each of them has, a filter that is quietly
ignored, a misspelt name that looks like nothing held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.errors import UsageError
from orchestration.readers.coverage import coverage
from orchestration.readers.rows import RptCoverage
from tests.support.examples import examples

ROW = {
    "source_id": "census",
    "held_as": "trade_flow",
    "measure": "trade_value",
    "geography_iso3": "USA",
    "flow": "imports",
    "basis": "consumption",
    "classification": "HS",
    "product_level": 2,
    "partner_iso3": "CAN",
    "frequency": "monthly",
    "seasonal_adjustment": "NSA",
    "product_count": 96,
    "series_count": 0,
    "first_period": "2013-01-01",
    "last_period": "2021-07-01",
    "period_count": 100,
    "hole_count": 0,
    "holes": [],
    "series_with_holes": None,
    "row_count": 1000,
    "zero_count": 10,
    "duty_count": 1000,
    "zeros": "written",
    "absent_row": "no_trade",
    "absent_row_evidence": "tested",
}
assert set(ROW) == set(RptCoverage.__annotations__)


def filled(con: duckdb.DuckDBPyConnection, *rows: dict[str, object]) -> duckdb.DuckDBPyConnection:
    con.execute(
        """create table dim_geography as select * from (
               values ('CAN', 'Canada'), ('MEX', 'Mexico'), ('WLD', 'World'), ('FRA', 'France')) as places (iso3, name);
           create table rpt_coverage (source_id varchar, held_as varchar, measure varchar, geography_iso3 varchar, flow varchar,
               basis varchar, classification varchar, product_level smallint, partner_iso3 varchar, frequency varchar,
               seasonal_adjustment varchar, product_count integer, series_count integer, first_period date, last_period date,
               period_count integer, hole_count integer, holes varchar[], series_with_holes integer, row_count bigint,
               zero_count bigint, duty_count bigint, zeros varchar, absent_row varchar, absent_row_evidence varchar)"""
    )
    for row in rows:
        add(con, row)
    return con


def add(con: duckdb.DuckDBPyConnection, row: dict[str, object]) -> None:
    con.execute(f"insert into rpt_coverage values ({', '.join('?' * len(ROW))})", [*(ROW | row).values()])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield filled(
            connection,
            {"hole_count": 4, "holes": ["2015-01", "2020-10 to 2020-12"]},
            {
                "partner_iso3": "MEX",
                "first_period": "2014-01-01",
                "product_count": 97,
                "hole_count": 3,
                "holes": ["2020-10 to 2020-12"],
            },
            {
                "partner_iso3": "WLD",
                "classification": "TOTAL",
                "product_level": 0,
                "last_period": "2025-11-01",
            },
            {
                "source_id": "bls",
                "held_as": "series",
                "measure": "employment",
                "flow": None,
                "basis": None,
                "classification": None,
                "product_level": None,
                "partner_iso3": None,
                "series_count": 3,
                "last_period": "2026-07-01",
            },
        )


def test_partners_of_a_kind_are_one_line_with_what_holds_for_all_of_them(con):
    jobs, chapters, total = coverage(con)
    assert chapters["partner"] == "2 partners"
    assert (chapters["first_period"], chapters["last_period"]) == (dt.date(2013, 1, 1), dt.date(2021, 7, 1))
    assert (chapters["fewest_holes"], chapters["most_holes"]) == (3, 4)
    assert chapters["holes"] == ["2020-10 to 2020-12"]
    assert (chapters["product_count"], chapters["row_count"], chapters["zero_count"]) == (97, 2000, 20)
    assert (total["partner"], total["holes"], jobs["partner"]) == ("WLD", [], None)


def test_a_line_for_each_partner_on_demand(con):
    lines = coverage(con, by_partner=True, classification="HS")
    assert [(line["partner"], line["most_holes"]) for line in lines] == [("CAN", 4), ("MEX", 3)]


@pytest.mark.parametrize(
    ("asked", "sources"),
    [
        ({"source": "BLS"}, ["bls"]),
        ({"partner": "mexico"}, ["census"]),
        ({"partner": "can"}, ["census"]),
        ({"classification": "total"}, ["census"]),
        ({"level": 0}, ["census"]),
        ({"since": "2025"}, ["bls", "census"]),
        ({"since": "2025-12"}, ["bls"]),
        ({"since": "2030"}, []),
        ({"source": "census", "classification": "HS", "level": 4}, []),
    ],
)
def test_each_filter_leaves_out_what_is_not_asked_for(con, asked, sources):
    assert [line["source_id"] for line in coverage(con, **asked)] == sources


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"source": "cencus"}, "there are bls, census"),
        ({"classification": "SITC"}, "there are HS, TOTAL"),
        ({"partner": "France"}, "no partner 'France' with figures"),
        ({"partner": "'"}, "no partner"),
        ({"since": "soon"}, "not a period"),
    ],
)
def test_a_name_that_is_not_there_is_no_empty_list(con, asked, said):
    with pytest.raises(UsageError, match=said):
        coverage(con, **asked)


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield filled(connection)


@examples(12)
@given(holes=st.lists(st.sets(st.integers(1, 12), max_size=6), min_size=1, max_size=4))
def test_holes_of_all_partners_are_those_that_each_of_them_has(empty, holes):
    names = [sorted(f"2020-{month:02}" for month in months) for months in holes]
    empty.execute("delete from rpt_coverage")
    for partner, stretches in zip(["CAN", "MEX", "WLD", "FRA"], names, strict=False):
        add(empty, {"partner_iso3": partner, "holes": stretches, "hole_count": len(stretches)})
    (line,) = coverage(empty)
    assert line["holes"] == sorted(set.intersection(*map(set, names)))
    assert (line["fewest_holes"], line["most_holes"]) == (min(map(len, holes)), max(map(len, holes)))
