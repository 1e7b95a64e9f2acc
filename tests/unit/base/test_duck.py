"""Quoting and sessions of DuckDB, as every room uses them.

Belongs here: orchestration/base/duck.py. Does not belong here: what is asked.
"""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest
from polars.testing import assert_frame_equal

from orchestration.base.duck import (
    attached,
    frame_of,
    literal,
    opened,
    quoted,
    scalar,
    session,
    two_at_a_time,
)

AWKWARD = """it's a "name"; drop table t; --"""


@pytest.fixture
def con(tmp_path):
    with session(tmp_path / "spill", threads=1) as connection:
        yield connection


def test_awkward_names_and_texts_stay_names_and_texts(con, tmp_path):
    """A home folder with an apostrophe, or a column with a quotation mark, must not end a statement."""
    assert scalar(con, f"select {literal(AWKWARD)}") == AWKWARD
    con.execute(f"create table t as select 1 as {quoted(AWKWARD)}")
    assert con.execute("select * from t").description[0][0] == AWKWARD
    folder = tmp_path / "o'hara"
    folder.mkdir()
    con.execute(f"copy t to {literal(folder / 't.parquet')} (format parquet)")
    assert scalar(con, f"select count(*) from read_parquet({literal(folder / 't.parquet')})") == 1


def test_a_session_has_its_limits(con, tmp_path):
    """Without them a copy takes all memory, and can hang for ever once a disk is full."""
    settings = dict(
        con.execute(
            "select name, value from duckdb_settings() where name in ('async_threads', 'memory_limit', 'threads', "
            "'temp_directory', 'python_enable_replacements')"
        ).fetchall()
    )
    assert settings == {
        "async_threads": "0",
        "memory_limit": "762.9 MiB",
        "threads": "1",
        "temp_directory": str(tmp_path / "spill"),
        "python_enable_replacements": "false",
    }


def test_a_forgotten_table_is_an_error(con):
    """A Python variable of that name would answer in its place."""
    import polars as pl

    forgotten = pl.DataFrame({"n": [1]})
    with pytest.raises(duckdb.CatalogException):
        con.execute("select * from forgotten")
    assert forgotten.height == 1


def test_a_file_is_read_only_unless_it_is_to_be_written(tmp_path):
    path = tmp_path / "t.duckdb"
    with opened(path, read_only=False) as con:
        con.execute("create table t as select 1 as n")
    with opened(path) as con, pytest.raises(duckdb.InvalidInputException):
        con.execute("insert into t values (2)")


def test_files_are_opened_one_after_another_and_let_go(tmp_path):
    """A file of the first home that stayed attached would be locked for every other process, and its tables found in the second home."""
    for home in ("a", "b"):
        path = tmp_path / home / "store.duckdb"
        path.parent.mkdir()
        with attached(path, read_only=False) as con:
            con.execute(f"CREATE TABLE {home} AS SELECT 1 AS n")
            con.execute(f"CREATE VIEW v AS FROM {home}")
            assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [(home,)]
        assert not path.with_name("store.duckdb.wal").exists()
        with attached(path) as con, pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute(f"INSERT INTO {home} VALUES (2)")
        writes = f"import duckdb; duckdb.connect({str(path)!r}).execute('INSERT INTO {home} VALUES (3)')"
        subprocess.run([sys.executable, "-c", writes], check=True)
        with opened(path) as con:
            assert con.execute("FROM v").fetchall() == [(1,), (3,)]


def test_a_file_may_be_open_twice_and_two_files_of_one_name_at_once(tmp_path):
    """As with connections of DuckDB's own: the one that ends first leaves the file to the other."""
    paths = [tmp_path / home / "store.duckdb" for home in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        with attached(path, read_only=False) as con:
            con.execute(f"CREATE TABLE t AS SELECT '{path.parent.name}' AS home")
    with attached(paths[0]) as outer, attached(paths[1]) as other:
        with attached(paths[0]) as inner:
            inner.execute("CREATE TEMP TABLE own AS SELECT 1")
            with pytest.raises(duckdb.CatalogException):
                outer.execute("FROM own")
        assert [con.execute("FROM t").fetchall() for con in (outer, other)] == [[("a",)], [("b",)]]
        with pytest.raises(duckdb.Error, match="already attached"), attached(paths[0], read_only=False):
            pass


def test_what_cannot_be_opened_leaves_the_next_file_alone(tmp_path):
    """A damaged store is said to be one; the home beside it goes on."""
    damaged, sound = tmp_path / "damaged.duckdb", tmp_path / "sound.duckdb"
    damaged.write_bytes(b"\0" * 8192)
    with pytest.raises(duckdb.IOException, match="not a valid DuckDB database file"), attached(damaged):
        pass
    with pytest.raises(duckdb.Error, match="division by zero"), attached(sound, read_only=False) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS n")
        con.execute("BEGIN")
        con.execute("DELETE FROM t")
        con.execute("SELECT error('division by zero')")
    with attached(sound) as con:
        assert con.execute("FROM t").fetchall() == [(1,)]
    with pytest.raises(duckdb.FatalException), attached(sound):
        raise duckdb.FatalException("as where the disk is gone")
    with attached(sound) as con:
        assert con.execute("FROM t").fetchall() == [(1,)]


def test_scalar_refuses_more_than_one_value(con):
    """The first of several rows would be a matter of chance."""
    with pytest.raises(ValueError):
        scalar(con, "from range(2)")
    with pytest.raises(ValueError):
        scalar(con, "select 1, 2")


@pytest.mark.parametrize("rows", [3, 0])
def test_a_frame_has_the_columns_and_types_of_duckdbs_own(con, rows):
    """A column of nulls or a table without rows would lose its type, and a chart of it fail; a release has all these types."""
    con.execute("create type side as enum ('before', 'after')")
    query = f"""select range as number, 'a' as text, null::double as nothing, [date '2018-01-01'] as days, true as yes, 1.5::decimal(9, 2) as share,
        timestamp '2018-01-01 10:00:00' as moment, {{'a': 1, 'b': [range]}} as pair, 'after'::side as side, 1::hugeint as sum
        from range({rows}) where range < $most"""
    found = frame_of(con, query, {"most": 2})
    assert_frame_equal(found, con.sql(query, params={"most": 2}).pl())
    assert found.height == min(rows, 2)
    assert frame_of(con, "select 1 as one").item() == 1


def test_two_at_a_time_works_on_the_database_in_use_and_stops_at_an_error(tmp_path):
    """A connection of its own begins in the database that was opened first, and one that goes on after an error holds up the message."""
    begun = []

    def work(own: duckdb.DuckDBPyConnection, table: str) -> None:
        begun.append(table)
        if table == "wrong":
            own.execute("SELECT error('that is wrong')")
        if table == "long":
            own.execute("SELECT sum(a.range * b.range) FROM range(30000) AS a, range(100000) AS b")
        own.execute(f"CREATE TABLE {table} AS SELECT 1 AS one")

    with duckdb.connect() as con:
        con.execute(f"ATTACH '{tmp_path / 'a.duckdb'}' AS target")
        con.execute("USE target")
        two_at_a_time(con, work, ["a", "b", "c"])
        assert con.execute("SELECT database_name, table_name FROM duckdb_tables() ORDER BY 2").fetchall() == [
            ("target", "a"),
            ("target", "b"),
            ("target", "c"),
        ]
        begun.clear()
        with pytest.raises(duckdb.InvalidInputException, match="that is wrong"):
            two_at_a_time(con, work, ["wrong", "long", "never"])
        assert "never" not in begun
