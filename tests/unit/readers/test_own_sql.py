"""A user's own SQL: reading statements answer, everything else is refused, and limits of time, rows and memory hold."""

from __future__ import annotations

import csv
import gc
import io
import json
import os
import threading
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers import own_sql
from orchestration.readers.own_sql import run_sql, stream_sql
from orchestration.readers.release_file import CONFIG
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
        "-- why\n/* and how */ from dim_event; -- done;",
        "select 'é;' from dim_event;",
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


@pytest.mark.slow
def test_a_query_that_does_not_stop_is_left_behind(home: Settings, monkeypatch: pytest.MonkeyPatch):
    """One function on one value is not interrupted by DuckDB: measured 14 s for repeat('x', 1e9). This one takes 0.3 s
    at half its length, grows with the square, and needs no memory."""
    monkeypatch.setattr(own_sql, "STOP_GRACE", 0.1)
    before = set(threading.enumerate())
    with pytest.raises(UsageError, match="stopped after"):
        run_sql(home, "select levenshtein(repeat('x', 40000), repeat('y', 40000))", timeout=0.05)
    left_behind = set(threading.enumerate()) - before
    assert left_behind, "the query was waited for to its end"
    for thread in left_behind:  # its connection would still be open when this process ends
        thread.join(PATIENCE)
    gc.collect()  # it was busy when it should have been closed, and what the error told of it refers to itself: the tests of files need it gone


@pytest.mark.slow
def test_a_query_too_big_for_the_memory_says_so(home: Settings, monkeypatch: pytest.MonkeyPatch):
    # the limit is 1 GB, by which the process of the tests would grow
    monkeypatch.setitem(CONFIG, "memory_limit", "200MB")
    with pytest.raises(UsageError, match="more memory than its limit of 200MB"):
        run_sql(home, "select list(range) from range(40000000)", timeout=600)


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


def test_a_length_of_time_keeps_its_months(home: Settings):
    """Python would say 90 days for three months, and 360 for a year."""
    result = run_sql(home, "select interval 3 month as i, 1 as n, [interval 1 year] as i")
    assert (result.columns, result.rows) == (("i", "n", "i"), [("3 months", 1, "[1 year]")])
    assert result.types == ("INTERVAL", "INTEGER", "INTERVAL[]")


# --- as a stream ---


def streamed(home: Settings, query: str, fmt: str, **limits: float) -> bytes:
    stream = io.BytesIO()
    stream_sql(home, query, fmt, stream, **limits)
    return stream.getvalue()


_ALL_KINDS = """-- a query that begins with a comment
select interval 3 month as gap, 1 as a, 2 as a, 'nan'::double as n, ['inf'::double, 1] as list, 'x "y", z' as t,
    timestamp '2025-01-01 10:00' as at, timestamptz '2025-01-01 10:00-05' as zoned, date '2025-01-01' as day, null as none; -- end
"""


def test_a_stream_of_json_is_records_that_any_reader_takes(home: Settings):
    assert json.loads(streamed(home, _ALL_KINDS, "json"), parse_constant=pytest.fail) == [
        {
            "gap": "3 months", "a": 1, "a_1": 2, "n": None, "list": [None, 1.0], "t": 'x "y", z',
            "at": "2025-01-01T10:00:00", "zoned": "2025-01-01T15:00:00+00:00", "day": "2025-01-01", "none": None,
        }
    ]  # fmt: skip


def test_a_stream_of_csv_has_a_header_and_the_values(home: Settings):
    (row,) = csv.DictReader(io.StringIO(streamed(home, _ALL_KINDS, "csv").decode()))
    assert (row["gap"], row["a"], row["a_1"], row["t"], row["none"]) == ("3 months", "1", "2", 'x "y", z', "")
    assert (row["at"], row["zoned"], row["day"]) == (
        "2025-01-01T10:00:00",
        "2025-01-01T15:00:00+00:00",
        "2025-01-01",
    )


@pytest.mark.parametrize("fmt", own_sql.STREAM_FORMATS)
@pytest.mark.parametrize("query", ["from fct_observation order by all", "from dim_event order by event_id"])
def test_every_row_of_a_long_answer_arrives_in_every_format(
    home: Settings, tmp_path: Path, fmt: str, query: str
):
    """The rows that DuckDB reads back from the file are those of the release, none cut at 1000 and none twice."""
    file = tmp_path / f"out.{fmt}"
    stream_sql(home, query, fmt, file)
    with duckdb.connect(str(home.current_database), read_only=True) as con:
        con.execute(f"create temp table back as from '{file}'")
        same = ", ".join(
            f"{name}::varchar"
            for (name, *_) in con.execute(f"describe {query}").fetchall()
            if name not in ("parties", "topics", "known_from")  # lists and times are written in another way
        )
        expected = con.execute(f"select {same} from ({query})").fetchall()
        assert con.execute(f"select {same} from back").fetchall() == expected != []
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_stream_has_as_many_rows_as_are_asked_for(home: Settings):
    assert streamed(home, "from range(9)", "csv", max_rows=2) == b"range\n0\n1\n"
    assert streamed(home, "from range(2)", "csv", max_rows=0) == b"range\n"
    assert streamed(home, "from range(300000)", "csv").count(b"\n") == 300_001


@pytest.mark.parametrize(
    "query",
    [
        "describe dim_event",
        "summarize dim_event",
        "show tables",
        "values (1)",
        "pivot (select event_type, timeline from dim_event) on event_type using count(*)",
        "from before_after('usa_imports_goods_mex', 'nafta-round6-end')",
    ],
)
def test_what_has_rows_can_be_streamed(home: Settings, query: str):
    records = json.loads(streamed(home, query, "json"))
    assert [tuple(record) for record in records[:1]] == [run_sql(home, query).columns]
    assert len(records) == len(run_sql(home, query).rows)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("drop table dim_event", "DROP is not allowed"),
        ("copy dim_event to '/dev/fd/1'", "COPY is not allowed"),
        ("select 1; select 2", "one statement at a time"),
        ("select 1) to '{tmp}/out.csv' (format csv); --", "syntax error"),
        ("explain select 1", "EXPLAIN"),
        ("from '{tmp}/secret.csv'", "no files and no network"),
        ("from read_text('{tmp}/secret.csv')", "no files and no network"),
        ("select 'a'::int", "Could not convert"),
        ("-- nothing", "no statement"),
    ],
)
def test_a_stream_refuses_what_a_table_refuses(home: Settings, tmp_path: Path, query: str, message: str):
    (tmp_path / "secret.csv").write_text("key\nabc\n")
    with pytest.raises(UsageError, match=message):
        stream_sql(home, query.replace("{tmp}", str(tmp_path)), "csv", tmp_path / "mine.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_a_slow_stream_is_stopped_at_its_limit_and_leaves_no_file(home: Settings, tmp_path: Path):
    with pytest.raises(UsageError, match=r"stopped after 0\.3 s"):
        stream_sql(home, "from range(1000000) a, range(1000000) b", "csv", tmp_path / "x.csv", timeout=0.3)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_replaced_only_by_a_whole_one(home: Settings, tmp_path: Path):
    file = tmp_path / "x.csv"
    file.write_text("before")
    with pytest.raises(UsageError):
        stream_sql(home, "select error('half way') from range(200000)", "csv", file)
    assert file.read_text() == "before"
    stream_sql(home, "select 1 as a", "csv", file)
    assert file.read_text() == "a\n1\n"


def test_nobody_who_reads_ends_the_query(home: Settings):
    """`headway sql ... | head` would go on for hours, or print a traceback."""
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    before = set(threading.enumerate())
    with pytest.raises(BrokenPipeError), os.fdopen(writing_end, "wb", buffering=0) as stream:
        stream_sql(home, "from range(1000000) a, range(1000000) b", "csv", stream)
    assert set(threading.enumerate()) == before, "the query still runs"
