"""Quoting and sessions of DuckDB, as every room uses them.

Belongs here: orchestration/base/duck.py. Does not belong here: what is asked.
"""

from __future__ import annotations

import duckdb
import pytest

from orchestration.base.duck import literal, opened, quoted, scalar, session, two_at_a_time

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


def test_scalar_refuses_more_than_one_value(con):
    """The first of several rows would be a matter of chance."""
    with pytest.raises(ValueError):
        scalar(con, "from range(2)")
    with pytest.raises(ValueError):
        scalar(con, "select 1, 2")


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
