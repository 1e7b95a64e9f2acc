"""What a person may ask a release: lookups, traces and SQL, with limits and with errors that help."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import ReleaseError, UsageError
from orchestration.base.settings import PROJECT, Settings
from orchestration.readers import lookup as reading
from orchestration.readers import own_sql
from orchestration.readers.own_sql import STOP_GRACE, run_sql
from orchestration.readers.release_file import open_release
from tests.support import reading_case

IMPORTS, EMPLOYMENT = "usa_imports_goods_mex", "usa_employment_motor_vehicles_parts"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release in a folder whose name has a space and a quote; tests only read it."""
    settings = reading_case.settings(tmp_path_factory.mktemp("the user's home"))
    reading_case.write_release(settings)
    return settings


@pytest.fixture
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(home) as connection:
        yield connection


# --- opening ---


def test_without_a_release_the_error_says_what_to_run(tmp_path: Path):
    with (
        pytest.raises(ReleaseError, match="headway build"),
        open_release(reading_case.settings(tmp_path)),
    ):
        pass


@pytest.mark.parametrize("damage", ["garbage", "cut", "gone"])
def test_a_release_that_cannot_be_read_says_how_to_go_back(tmp_path: Path, damage: str):
    settings = reading_case.settings(tmp_path)
    file = reading_case.write_release(settings)
    if damage == "garbage":
        file.write_bytes(b"not a database" * 1000)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        file.unlink()
    with (
        pytest.raises(ReleaseError, match=r"headway (rollback|build)"),
        open_release(settings) as con,
    ):
        reading.list_series(con)


def test_a_release_of_another_version_is_named_as_such(home: Settings):
    with (
        pytest.raises(ReleaseError, match="does not have what this version asks for"),
        open_release(home) as con,
    ):
        con.execute("from rpt_of_next_year")


def test_reading_leaves_no_trace_beside_the_release(home: Settings):
    before = sorted(home.releases.rglob("*"))
    run_sql(home, "select * from range(1000000) order by random()", max_rows=1)
    reading.status(home)
    assert sorted(home.releases.rglob("*")) == before


def test_a_reader_keeps_its_release_and_the_next_one_sees_the_new(tmp_path: Path):
    settings = reading_case.settings(tmp_path)
    reading_case.write_release(settings, "r1")
    with open_release(settings) as old:
        reading_case.write_release(settings, "r2", sql="DELETE FROM dim_event")
        assert len(reading.list_events(old)) == 5
        with open_release(settings) as new:
            assert reading.list_events(new) == []
        assert len(reading.list_events(old)) == 5


def test_two_readers_of_one_process_have_their_own_time_limits(home: Settings):
    with open_release(home, timeout=0.05) as short, open_release(home) as long:
        assert long.execute("select count(*) from range(3000) a, range(3000) b").fetchall() == [(9_000_000,)]
        with pytest.raises(duckdb.InterruptException):
            short.execute("select count(*) from range(1000000) a, range(1000000) b").fetchall()


# --- what there is ---


def test_status_counts_what_the_release_holds(home: Settings):
    status = reading.status(home)
    assert (status.counts["series"], status.counts["observations"], status.counts["vintages"]) == (4, 50, 52)
    assert status.release["run_id"] == "r1"
    assert status.bytes == status.database.stat().st_size
    assert [row["source_id"] for row in status.freshness] == ["bls", "census"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, 4),
        ("", 4),
        ("imports", 1),
        ("MEXICO imports", 1),
        ("mexico", 3),
        ("CES3133600101", 1),
        ("employment mexico", 0),
        ("%", 0),
        ("'", 0),
    ],
)
def test_series_are_found_by_every_word_in_any_case(
    con: duckdb.DuckDBPyConnection, text: str | None, found: int
):
    assert len(reading.list_series(con, text)) == found


def test_events_are_found_by_topic_party_and_month(con: duckdb.DuckDBPyConnection):
    def ids(text: str | None) -> list[str]:
        return [row["event_id"] for row in reading.list_events(con, text)]

    assert ids("rules_of_origin can") == ["nafta-round6-end"]
    assert ids("2018-03") == ["nafta-round7-end", "s232-steel"]
    assert len(ids(None)) == 5, "events without parties or topics must not drop out"


# --- from words to ids ---


@pytest.mark.parametrize(
    "text", [EMPLOYMENT, EMPLOYMENT.upper(), "usa-employment-motor-vehicles-parts", " ces3133600101 "]
)
def test_a_series_is_known_by_id_or_agency_code(con: duckdb.DuckDBPyConnection, text: str):
    assert reading.resolve_series(con, text) == EMPLOYMENT


@pytest.mark.parametrize("text", ["usa_import_goods_mex", "imports mexico", "usa_imports_goods_mexico"])
def test_an_unknown_series_suggests_the_one_that_was_meant(con: duckdb.DuckDBPyConnection, text: str):
    with pytest.raises(UsageError, match=f"did you mean {IMPORTS}"):
        reading.resolve_series(con, text)


def test_a_series_is_known_by_its_fred_code(con: duckdb.DuckDBPyConnection):
    assert reading.resolve_series(con, "IMPMX") == IMPORTS


def test_nonsense_gets_no_suggestion_but_the_command_that_lists(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError) as error:
        reading.resolve_series(con, "zzz")
    assert str(error.value) == "there is no series 'zzz' (`headway series WORD` lists them)"


def test_an_agency_code_of_two_series_is_not_guessed(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError, match="mex_production_cars_annual, mex_production_vehicles_annual"):
        reading.resolve_series(con, "Mexico")


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("nafta-round6-end", "nafta-round6-end"),
        ("NAFTA_round6_end", "nafta-round6-end"),
        ("2018-01-29", "2018-01-29"),
        ("2018-02", "2018-02-01"),
    ],
)
def test_an_event_is_an_id_or_a_day(con: duckdb.DuckDBPyConnection, text: str, event: str):
    assert reading.resolve_event(con, text) == event


def test_an_unknown_event_suggests_the_nearest(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError, match="did you mean nafta-round6-end or nafta-round7-end"):
        reading.resolve_event(con, "nafta-round-6-end")
    with pytest.raises(UsageError, match="not a day of the calendar"):
        reading.resolve_event(con, "2018-02-30")


# --- where a number comes from ---


def test_a_trace_shows_every_vintage_newest_first_with_the_bytes(con: duckdb.DuckDBPyConnection):
    rows = reading.trace(con, "CES3133600101", "2025-04")
    assert [(row["value"], row["known_from"].date()) for row in rows] == [
        (972.1, dt.date(2026, 2, 15)),
        (999.3, dt.date(2026, 1, 9)),
    ]
    assert rows[0]["sha256"] == "ab" * 32
    assert rows[0]["request_url"] == "figures:us_monthly.parquet"


def test_a_period_without_a_value_says_which_there_are(con: duckdb.DuckDBPyConnection):
    with pytest.raises(UsageError, match=r"no value for 2024-01-01 \(monthly, 2025-04-01 to 2025-05-01"):
        reading.trace(con, EMPLOYMENT, "2024-01")


@pytest.mark.parametrize(
    ("text", "start"),
    [("2018", "2018-01-01"), ("2018Q2", "2018-04-01"), ("2018-q2", "2018-04-01"), ("2018-03", "2018-03-01")],
)
def test_a_period_is_written_as_people_write_it(text: str, start: str):
    assert reading.period_start(text) == dt.date.fromisoformat(start)


@pytest.mark.parametrize("text", ["", "March 2018", "2018-3", "2018-13", "2018-02-30", "2018Q5", "18-03"])
def test_another_period_is_refused(text: str):
    with pytest.raises(UsageError, match="is not a period"):
        reading.period_start(text)


# --- a person's own SQL ---


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from dim_event",
        "with e as (from dim_event) select count(*) from e;",
        "from dim_event -- all of them; really",
        "describe dim_event",
        "summarize dim_event",
        "show tables",
        "values (1)",
        "explain select 1",
        "from before_after('usa_imports_goods_mex', 'nafta-round6-end')",
        "pivot (select event_type, timeline from dim_event) on event_type using count(*)",
    ],
)
def test_reading_statements_answer(home: Settings, query: str):
    assert run_sql(home, query).rows


def test_columns_of_the_same_name_are_kept_apart(home: Settings):
    result = run_sql(home, "select 1 as a, 2 as a, [3] as b")
    assert (result.columns, result.types, result.rows) == (
        ("a", "a", "b"),
        ("INTEGER", "INTEGER", "INTEGER[]"),
        [(1, 2, [3])],
    )


def test_too_many_rows_are_cut_and_it_shows(home: Settings):
    result = run_sql(home, "from range(11)", max_rows=10)
    assert (len(result.rows), result.truncated) == (10, True)
    assert not run_sql(home, "from range(10)", max_rows=10).truncated


@pytest.mark.parametrize(
    "query",
    [
        "insert into dim_event (event_id) values ('x')",
        "delete from dim_event",
        "update dim_event set title = ''",
        "create table t (i int)",
        "create temp table t (i int)",
        "create macro m(x) as x",
        "drop table dim_event",
        "copy dim_event to '{tmp}/out.csv'",
        "export database '{tmp}/out'",
        "attach '{tmp}/other.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '100GB'",
        "set max_execution_time = 0",
        "pragma database_list",
        "checkpoint",
        "begin",
        "prepare p as select 1",
        "with x as (select 1) insert into dim_event (event_id) from x",
        "explain analyze insert into dim_event (event_id) values ('x')",
        "select 1; drop table dim_event",
        "",
        "-- nothing",
    ],
)
def test_nothing_but_reading_is_allowed(home: Settings, tmp_path: Path, query: str):
    before = home.current_database.read_bytes()
    with pytest.raises(UsageError):
        run_sql(home, query.replace("{tmp}", str(tmp_path)))
    assert list(tmp_path.iterdir()) == []
    assert home.current_database.read_bytes() == before


@pytest.mark.parametrize(
    "query",
    [
        "from read_csv('{tmp}/secret.csv')",
        "from '{tmp}/secret.csv'",
        "from read_text('{tmp}/secret.csv')",
        "from read_blob('{tmp}/*')",
        "from glob('{tmp}/*')",
        "from sniff_csv('{tmp}/secret.csv')",
        "from read_csv('https://example.org/a.csv')",
        "select getenv('HOME')",
        "from secret",
    ],
)
def test_a_query_cannot_read_files_the_network_or_this_process(home: Settings, tmp_path: Path, query: str):
    import polars as pl

    secret = pl.DataFrame({"key": ["abc"]})
    secret.write_csv(tmp_path / "secret.csv")
    with pytest.raises(UsageError):
        run_sql(home, query.replace("{tmp}", str(tmp_path)))


def test_a_slow_query_is_stopped_at_its_limit(home: Settings):
    started = time.monotonic()
    with pytest.raises(UsageError, match=r"stopped after 0\.3 s"):
        run_sql(home, "select count(*) from range(1000000) a, range(1000000) b", timeout=0.3)
    assert time.monotonic() - started < 0.3 + 2 * STOP_GRACE + 1


def test_a_query_that_does_not_stop_is_left_behind(home: Settings, monkeypatch: pytest.MonkeyPatch):
    """One function on one huge value is not interrupted by DuckDB: measured 14 s for repeat('x', 1e9)."""
    monkeypatch.setattr(own_sql, "STOP_GRACE", 0.1)
    started = time.monotonic()
    with pytest.raises(UsageError, match="stopped after"):
        run_sql(home, "select length(repeat('x', 300000000))", timeout=0.05)
    assert time.monotonic() - started < 2


def test_a_query_too_big_for_the_memory_says_so(home: Settings):
    with pytest.raises(UsageError, match="more memory than its limit of 1GB"):
        run_sql(home, "select list(range) from range(200000000)", timeout=60)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("selec 1", 'syntax error at or near "selec"'),
        (
            "select titel from dim_event",
            'Referenced column "titel" not found in FROM clause! Candidate bindings:',
        ),
        ("from dim_events", "Table with name dim_events does not exist! Did you mean"),
        ("select 'a'::int", "Could not convert string 'a' to INT32"),
        ("select ?", "parameters"),
    ],
)
def test_a_mistake_is_explained_in_one_line(home: Settings, query: str, message: str):
    with pytest.raises(UsageError) as error:
        run_sql(home, query)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("limits", [{"timeout": 0}, {"timeout": -1}, {"max_rows": -1}])
def test_limits_that_make_no_sense_are_refused(home: Settings, limits: dict):
    with pytest.raises(UsageError):
        run_sql(home, "select 1", **limits)


# --- cost ---


def test_importing_the_reader_loads_nothing_heavy():
    """`headway --help` has 0.5 s and `compare` 1.5 s: dagster alone takes 2 s, dbt 2.6 s, polars and DuckDB 0.1 s each."""
    code = (
        "import sys, orchestration.readers.lookup, orchestration.readers.comparison.compare; "
        "print([m for m in ('dagster', 'dbt', 'polars', 'duckdb', 'pyarrow', 'openpyxl', 'requests') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
