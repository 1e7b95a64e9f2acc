"""A user's own SQL: reading statements answer, everything else is refused, and limits of time, rows and memory hold."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers import own_sql
from orchestration.readers.own_sql import run_sql
from tests.support import reading_case
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release in a folder whose name has a space and a quote; tests only read it."""
    settings = reading_case.settings(tmp_path_factory.mktemp("the user's home"))
    reading_case.write_release(settings)
    return settings


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
    """A million times a million rows take hours: that there is an answer at all means that the query was stopped."""
    with pytest.raises(UsageError, match=r"stopped after 0\.3 s"):
        run_sql(home, "select count(*) from range(1000000) a, range(1000000) b", timeout=0.3)


def test_a_query_that_does_not_stop_is_left_behind(home: Settings, monkeypatch: pytest.MonkeyPatch):
    """One function on one huge value is not interrupted by DuckDB: measured 14 s for repeat('x', 1e9)."""
    monkeypatch.setattr(own_sql, "STOP_GRACE", 0.1)
    before = set(threading.enumerate())
    with pytest.raises(UsageError, match="stopped after"):
        run_sql(home, "select length(repeat('x', 300000000))", timeout=0.05)
    left_behind = set(threading.enumerate()) - before
    assert left_behind, "the query was waited for to its end"
    for thread in left_behind:  # its connection would still be open when this process ends
        thread.join(PATIENCE)


def test_a_query_too_big_for_the_memory_says_so(home: Settings):
    with pytest.raises(UsageError, match="more memory than its limit of 1GB"):
        run_sql(home, "select list(range) from range(200000000)", timeout=600)


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
