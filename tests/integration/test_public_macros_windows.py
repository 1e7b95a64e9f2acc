"""The public macros event_window and trace, how all of them take their arguments, and that any client can call them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.base.settings import STORAGE_VERSION
from tests.oracles import plain_comparison as plain
from tests.support import macro_case as case
from tests.support import timeline_case
from tests.support.read_only import reading
from tests.support.timeline_case import growing


@pytest.fixture(scope="module")
def macros(warehouse: Path) -> list[str]:
    return case.built_macros(warehouse)


@pytest.fixture
def con(macros) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        case.create(connection, macros)
        yield connection


@pytest.fixture
def timeline(con):
    timeline_case.fill(con)
    return con


# -- event_window ----------------------------------------------------------------------------------------------------


def test_event_window_lines_up_and_keeps_holes(timeline):
    """A hole that closes up would shift every later month of a plot against the event."""
    values = growing(dt.date(2016, 1, 1), 40)
    del values[dt.date(2018, 3, 1)]
    case.add_values(timeline, "holed", values)

    rows = case.rows(timeline, "FROM event_window('holed', 'talks', months := 14)")

    assert [r["month_offset"] for r in rows] == list(range(-14, 15))
    base = [values[plain.month(plain.number(dt.date(2018, 2, 1)) + k)] for k in range(-12, 0)]
    for row in rows:
        value = values.get(row["period_start"])
        before = values.get(row["period_start"].replace(year=row["period_start"].year - 1))
        assert row["value"] == value
        assert row["index_100"] == (value and pytest.approx(100 * value * 12 / sum(base)))
        assert row["yoy_pct"] == (value and before and pytest.approx(100 * (value / before - 1)))
        assert row["log_value"] == (value and pytest.approx(math.log(value)))


def test_event_window_ends_where_the_series_does(timeline):
    """Months before the first or after the last figure are not holes of the series."""
    case.add_values(timeline, "short", growing(dt.date(2017, 10, 1), 6))
    rows = case.rows(timeline, "FROM event_window('2018-01-29', 'short')")
    assert [r["month_offset"] for r in rows] == [-4, -3, -2, -1, 0, 1]
    assert all(r["index_100"] is None and r["yoy_pct"] is None for r in rows)
    assert not case.rows(timeline, "FROM event_window('talks', 'nope')")
    assert not case.rows(timeline, "FROM event_window('nope', 'short')")


def test_event_window_gives_no_percentage_of_a_balance(timeline):
    case.add_values(
        timeline, "balance", growing(dt.date(2016, 1, 1), 40), flow="balance", measure="trade_balance"
    )
    rows = case.rows(timeline, "FROM event_window('talks', 'balance')")
    assert rows and all(r["log_value"] is r["yoy_pct"] is r["index_100"] is None for r in rows)


def test_event_window_marks_episodes_and_preliminary(timeline):
    case.add_vintages(timeline, "s", {dt.date(2023, 3, 1): [(dt.datetime(2030, 1, 1), 1.0, "preliminary")]})
    rows = case.rows(timeline, "FROM event_window('2021-12-01', 's', months := 15)")
    marked = [r["period_start"] for r in rows if r["in_episode"]]
    assert marked == [
        d for d in (r["period_start"] for r in rows) if d <= dt.date(2021, 6, 1) or d >= dt.date(2021, 12, 1)
    ]
    assert [r["period_start"] for r in rows if r["is_preliminary"]] == [dt.date(2023, 3, 1)]


# -- trace -----------------------------------------------------------------------------------------------------------


def test_trace_leads_to_the_bytes_of_every_vintage(con):
    """A number nobody can lead back to the agency's bytes is worthless in a dispute; withdrawals belong to the story."""
    day = dt.datetime(2026, 1, 9, 13, 30)
    case.add_series(con, "s")
    case.add_vintages(
        con,
        "s",
        {
            dt.date(2025, 10, 1): [(day, 987.1, "preliminary"), (day + dt.timedelta(37), None, "withdrawn")],
            dt.date(2025, 11, 1): [(day, 1.0, "normal")],
        },
    )
    con.execute(
        "INSERT INTO dim_payload VALUES ('p0', 'bls', 'ce', 'https://api.bls.gov/x', TIMESTAMP '2026-01-09 14:00:00', "
        "200, 'application/json', repeat('a', 64), 10, 'objects/aa/a')"
    )
    asked = ["2025-10", "2025-10-01", "2025-10-17", dt.date(2025, 10, 31), dt.datetime(2025, 10, 2, 3)]
    answers = [case.rows(con, "FROM trace('s', ?)", [period]) for period in asked]
    assert all(answer == answers[0] for answer in answers)
    newest, first = answers[0]
    assert (newest["status"], newest["value"], newest["is_latest"], newest["sha256"]) == (
        "withdrawn",
        None,
        True,
        None,
    )
    assert (first["value"], first["known_from"], first["known_to"]) == (987.1, day, day + dt.timedelta(37))
    assert (first["request_url"], first["sha256"], first["is_latest"]) == (
        "https://api.bls.gov/x",
        "a" * 64,
        False,
    )


@pytest.mark.parametrize(("frequency", "period", "asked"), [("annual", "2019-01-01", "2019"), ("annual", "2019-01-01", "2019-07"),
    ("quarterly", "2019-04-01", "2019-06"), ("daily", "2019-04-03", "2019-04-03")])  # fmt: skip
def test_trace_takes_any_day_of_the_period(con, frequency, period, asked):
    case.add_series(con, "s", frequency=frequency)
    case.add_vintages(
        con, "s", {dt.date.fromisoformat(period): [(dt.datetime(2020, 1, 1), 5.0, "normal")]}, frequency
    )
    assert [r["value"] for r in case.rows(con, "FROM trace('s', ?)", [asked])] == [5.0]


def test_a_year_is_every_month_of_it(con):
    """The January of a year, shown for the year, answers another question."""
    case.add_series(con, "s")
    day = dt.datetime(2020, 2, 1)
    months = [dt.date(2018, 12, 1), *(dt.date(2019, m, 1) for m in range(1, 13)), dt.date(2020, 1, 1)]
    case.add_vintages(con, "s", {m: [(day, float(m.month), "normal")] for m in months})
    assert [r["value"] for r in case.rows(con, "FROM trace('s', '2019')")] == [float(m) for m in range(1, 13)]
    assert len(case.rows(con, "FROM trace('s', '2018-12')")) == 1


@pytest.mark.parametrize("macro", ["before_after", "placebo", "event_window"])
def test_series_and_event_may_be_named_in_either_order(timeline, macro):
    """event_window took the event first and the others the series: who mixed them up was told that the series is unknown."""
    right = case.rows(timeline, f"FROM {macro}('s', 'talks', months := 6)")
    assert right and right == case.rows(timeline, f"FROM {macro}('talks', 's', months := 6)")
    assert right == case.rows(timeline, f"FROM {macro}(event := 'talks', series := 's', months := 6)")
    dated = case.rows(timeline, f"FROM {macro}('s', '2018-01-29', months := 6)")
    assert dated == case.rows(timeline, f"FROM {macro}('2018-01-29', 's', months := 6)") and dated


def test_trace_refuses_what_is_no_period(timeline):
    """An empty answer would say that the value is not in the warehouse."""
    with pytest.raises(duckdb.ConversionException):
        timeline.execute("FROM trace('s', 'spring')").fetchall()


def test_a_trace_ends_at_the_copy_that_fits_best(con):
    """A figure whose copy of that day is known must not be given the address of another copy, nor an agency's answer any."""
    case.add_series(con, "usa_jobs", source_id="bls", source_code="CES1", fred_alias="JOBS")
    days = {"a": dt.datetime(2026, 1, 9), "b": dt.datetime(2026, 2, 9), "c": dt.datetime(2026, 3, 9)}
    case.add_vintages(
        con, "usa_jobs", {dt.date(2018, 2, 1): [(day, n, "normal") for n, day in enumerate(days.values())]}
    )
    con.execute(
        """INSERT INTO dim_payload (payload_id, source_id, dataset, request_url, sha256) VALUES
           ('p0', 'figures', 'observation_bls', 'figures:x', 'f'), ('p1', 'figures', 'observation_bls', 'figures:x', 'f'),
           ('p2', 'bls', 'ces', 'https://api.example/ces', 'g')"""
    )
    con.execute(
        """INSERT INTO dim_figure_origin VALUES
           ('observation_bls', '%', [], 'https://bls.example/{code}', 'series {code}', NULL, NULL, NULL, 'not kept'),
           ('observation_bls', 'usa_%', [], 'https://bls.example/usa/{code}', 'series {code}', NULL, NULL, NULL, 'not kept'),
           ('observation_bls', '%', ['2026-01-09'], 'https://bls.example/{code}', 'series {code}', 'a/copy', '{alias}.csv', 'c0', NULL),
           ('observation_bea', 'usa_jobs', ['2026-02-09'], 'https://bea.example', 't', 'b/copy', 'x', 'c1', NULL)"""
    )
    newest, middle, oldest = case.rows(con, "FROM trace('usa_jobs', '2018-02')")
    assert (newest["agency_page"], newest["copied_on"]) == ("https://api.example/ces", None)
    assert (middle["agency_page"], middle["copy_repository"]) == ("https://bls.example/usa/CES1", None)
    assert (middle["copied_on"], middle["copy_note"]) == (dt.date(2026, 2, 9), "not kept")
    assert (oldest["agency_page"], oldest["agency_table"]) == ("https://bls.example/CES1", "series CES1")
    assert (oldest["copy_repository"], oldest["copy_path"], oldest["copy_commit"]) == (
        "a/copy",
        "JOBS.csv",
        "c0",
    )


# -- other clients ---------------------------------------------------------------------------------------------------

CALLS = [
    "SELECT pct_change, welch_t, second_diff, trend_dev, reason FROM before_after('s', 'talks')",
    "SELECT n_post, pct_change FROM before_after('s', '2022-10-01', months := 6, gap := 1, on_date := DATE '2030-01-01')",
    "SELECT n_post, pct_change FROM before_after('s', 'talks', post_months := 8)",
    "SELECT len(episodes_in_window), event_clean FROM before_after('s', 'entry')",
    "SELECT month_offset, yoy_pct, index_100, in_episode FROM event_window('talks', 's', months := 3)",
    "SELECT value, sha256 FROM trace('s', '2018-02')",
    "SELECT count(*), sum(value) FROM as_of('2030-01-01')",
    "SELECT count(*) FROM as_of('2029-12-31')",
]


@pytest.fixture
def released(timeline, macros, tmp_path):
    """The same tables and macros in a file of the storage format of releases."""
    file = tmp_path / "other name.duckdb"
    timeline.execute(f"ATTACH '{file}' AS released (STORAGE_VERSION '{STORAGE_VERSION}')")
    timeline.execute("COPY FROM DATABASE memory TO released")
    timeline.execute("DETACH released")
    return file


def answers(con, prefix: str = "") -> list:
    return [con.execute(call).fetchall() for call in CALLS]


def test_macros_answer_in_the_released_file(timeline, released):
    wanted = answers(timeline)
    assert all(wanted) and wanted[-1] == [(0,)]
    with reading(released) as con:
        assert answers(con) == wanted
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{released}' AS hw (READ_ONLY)")
        con.execute("USE hw")
        assert answers(con) == wanted


@pytest.mark.parametrize("client", ["1.4", "1.5"])
def test_older_clients_get_the_same_answers(timeline, released, duckdb_clients, client):
    """SQL that only the newest DuckDB knows would shut out everybody who has not upgraded."""
    wanted = answers(timeline)
    got = duckdb_clients[client](released, *CALLS)
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        assert [[v if isinstance(v, str) or v is None else pytest.approx(v) for v in row] for row in a] == [
            list(r) for r in b
        ]
