"""Derived series of the whole build: values, vintages and provenance against plain polars, and figures checked by hand."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.plain_derived import declared, derive, inputs_of, known_at
from tests.support.read_only import reading

DECLARED = declared()
IDS = {row["series_id"] for row in DECLARED}


@pytest.fixture(scope="module")
def released(home):
    with reading(home.current_database) as con:
        yield con


@pytest.fixture(scope="module")
def data(released):
    """(vintages of the inputs, vintages of the derived series, declaration of every series by id)"""
    wanted = sorted(IDS | {i for row in DECLARED for i in inputs_of(row)})
    vintages = released.sql(
        "SELECT * FROM fct_observation_vintage WHERE list_contains(?, series_id)", params=[wanted]
    ).pl()
    series = {row["series_id"]: row for row in released.sql("FROM dim_series").pl().iter_rows(named=True)}
    is_derived = pl.col("series_id").is_in(list(IDS))
    return vintages.filter(~is_derived), vintages.filter(is_derived), series


def same(found: dict, expected: dict) -> bool:
    return found.keys() == expected.keys() and all(
        found[k][1] == expected[k][1]
        and (found[k][0] is None) == (expected[k][0] is None)
        # the order of multiplications differs: a few units in the last place
        and (found[k][0] is None or found[k][0] == pytest.approx(expected[k][0], rel=1e-12, abs=1e-12))
        for k in found
    )


def test_every_declared_series_has_values(data):
    """A series whose inputs never meet in a month would be silently absent."""
    assert set(data[1]["series_id"].unique()) == IDS


def test_as_of_any_moment_equals_the_formula_of_what_was_known_then(data):
    """A vintage spliced from values known at different times, or one that came late, gives a number that nobody could
    have computed at that moment."""
    inputs, derived, series = data
    moments = sorted(set(inputs["known_from"]))
    assert len(moments) > 40

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(st.sampled_from(moments), st.sampled_from([dt.timedelta(0), dt.timedelta(seconds=-1)]))
    def check(moment, shift):
        then = known_at(inputs, moment + shift)
        now = known_at(derived, moment + shift)
        for row in DECLARED:
            found = {k: v for k, v in now.get(row["series_id"], {}).items() if v[1] != "withdrawn"}
            expected = derive(row, then, series)
            assert same(found, expected), (row["series_id"], moment + shift)

    check()
    latest = max(moments)
    then, now = known_at(inputs, latest), known_at(derived, latest)
    for row in DECLARED:
        assert same(now[row["series_id"]], derive(row, then, series)), row["series_id"]


def test_no_vintage_without_a_cause_and_every_payload_is_of_an_input(data):
    """A vintage at a time at which no input changed, or bytes that hold none of the inputs, lead a trace astray."""
    inputs, derived, _ = data
    for row in DECLARED:
        mine = derived.filter(pl.col("series_id") == row["series_id"])
        causes = inputs.filter(pl.col("series_id").is_in(inputs_of(row)))
        caused = causes.select("known_from", "payload_id").unique()
        assert mine.join(caused, on=["known_from", "payload_id"], how="anti").is_empty(), row["series_id"]


@pytest.mark.parametrize(
    ("series_id", "month", "expected"),
    [
        (
            "usa_balance_goods_mex",
            "2018-01-01",
            lambda v: v("usa_exports_goods_mex") - v("usa_imports_goods_mex"),
        ),
        (
            "can_exports_motor_vehicles_parts_usd",
            "2018-01-01",
            lambda v: v("can_exports_motor_vehicles_parts") / v("fx_usd_cad"),
        ),
        ("mex_exports_goods_mxn", "2018-01-01", lambda v: v("mex_exports_goods") * v("fx_usd_mxn")),
        # January 2018 had 23 weekdays
        ("usa_imports_goods_per_weekday_mex", "2018-01-01", lambda v: v("usa_imports_goods_mex") / 23),
        (
            "usa_employment_share_motor_vehicles_parts",
            "2018-01-01",
            lambda v: 100 * v("usa_employment_motor_vehicles_parts") / v("usa_employment_manufacturing"),
        ),
    ],
)
def test_values_of_known_months(released, series_id, month, expected):
    """A conversion the wrong way round, or thousands taken for millions, gives plausible looking figures."""

    def value(series: str) -> float:
        return released.execute(
            "SELECT value FROM fct_observation WHERE series_id = ? AND period_start = ?", [series, month]
        ).fetchall()[0][0]

    assert value(series_id) == pytest.approx(expected(value), rel=1e-12)


def test_sizes_are_those_of_the_world(released):
    """Units, not digits: bounds from what is known of these countries, wide enough for every year."""
    bounds = {
        "usa_import_share_goods_mex": (8, 20),
        "usa_import_share_hs87_mex": (15, 50),
        "usa_employment_share_motor_vehicles_parts": (3, 10),
        "usa_duty_rate_goods_chn": (1, 60),
        "usa_duty_rate_naics336_mex": (0, 20),
        "can_exports_motor_vehicles_parts_usd": (250, 9000),
        "mex_exports_goods_mxn": (5_000, 1_200_000),
        "usa_imports_goods_per_weekday_can": (200, 2500),
        "usa_earnings_manufacturing_production_real": (15, 30),
        "usa_balance_goods_mex": (-40_000, 3_000),
    }
    for series_id, (low, high) in bounds.items():
        smallest, largest = released.execute(
            "SELECT min(value), max(value) FROM fct_observation WHERE series_id = ? AND status <> 'missing'",
            [series_id],
        ).fetchall()[0]
        assert low <= smallest and largest <= high, (series_id, smallest, largest)


def test_indexes_are_100_in_their_base_year_and_prices_are_those_of_it(released):
    """An index on a base of another length, or a deflator left on its own base of 2000."""
    for series_id, mean in released.execute(
        "SELECT d.series_id, avg(value) FROM dim_derived_series d JOIN fct_observation o USING (series_id) "
        "WHERE method = 'indexed' AND year(period_start) = d.base_period::INT GROUP BY ALL"
    ).fetchall():
        assert mean == pytest.approx(100, rel=1e-12), series_id
    nominal, real = released.execute(
        "SELECT avg(value) FILTER (series_id = 'usa_imports_hs87_mex'), avg(value) FILTER (series_id = 'usa_imports_hs87_real_mex') "
        "FROM fct_observation WHERE year(period_start) = 2017"
    ).fetchall()[0]
    assert real == pytest.approx(nominal, rel=0.005)


def test_declaration_names_formula_inputs_and_trace_leads_to_bytes(released):
    """A derived figure without its formula or without bytes behind it would be a silent conversion."""
    found = {
        r[0]: r[1:]
        for r in released.sql(
            "SELECT series_id, formula, input_series_ids, source_id, source_code FROM dim_derived_series JOIN dim_series USING (series_id)"
        ).fetchall()
    }
    assert found.keys() == IDS
    for row in DECLARED:
        formula, inputs, source, code = found[row["series_id"]]
        assert sorted(inputs) == sorted(inputs_of(row))
        assert all(i in formula for i in inputs) and (source, code) == ("headway_derived", formula)
    sources = released.sql(
        "SELECT DISTINCT source_id FROM trace('usa_imports_goods_per_weekday_mex', '2018-01')"
    ).fetchall()
    assert sources == [("figures",)] or sources == [("census",)]
    for table in ("rpt_before_after", "rpt_event_window"):
        n = released.execute(
            f"SELECT count(*) FROM {table} WHERE series_id = 'usa_duty_rate_naics336_mex'"
        ).fetchall()[0][0]
        assert n, table
