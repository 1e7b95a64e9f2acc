"""Relations as DuckDB's views and its tables as Parquet: exactly the named files, whole numbers that stay whole."""

from __future__ import annotations

import duckdb
import polars as pl

from orchestration.base.duck import opened
from orchestration.build.detail.duckdb_engine import DATABASE, prepare, view_of, write
from orchestration.build.detail.relations import Relation

COLUMNS = {"vintage": "VARCHAR", "month": "DATE", "value": "BIGINT"}


def test_a_view_reads_the_named_files_alone_and_takes_no_column_from_their_folders(tmp_path):
    """vintage=2026-11-29.2 read as a column of a folder would be a date, or the wrong text."""
    folder = tmp_path / "it's" / "vintage=2026-11-29.2"
    folder.mkdir(parents=True)
    frame = pl.DataFrame(
        {"vintage": ["own"], "value": [1], "month": [None]}, schema_overrides={"month": pl.Date}
    )
    frame.write_parquet(folder / "part-0000.parquet")
    frame.write_parquet(folder / "part-0001.parquet")
    con = duckdb.connect()
    con.execute(view_of(Relation("r", COLUMNS, (folder / "part-0000.parquet",)), "r"))
    assert con.execute("SELECT * FROM r").fetchall() == [("own", None, 1)]


def test_a_relation_without_files_is_empty_and_has_its_types():
    con = duckdb.connect()
    con.execute(view_of(Relation("r", COLUMNS, ()), "r"))
    assert con.execute("SELECT count(*) FROM r").fetchone() == (0,)
    assert [kind for _, kind, *_ in con.execute("DESCRIBE r").fetchall()] == list(COLUMNS.values())


def test_tables_are_written_sorted_by_their_key_and_an_earlier_database_is_gone(tmp_path):
    prepare([Relation("r", COLUMNS, ())], tmp_path)
    with opened(tmp_path / DATABASE, read_only=False) as con:
        con.execute(
            "CREATE TABLE t AS SELECT i::BIGINT AS k, i * 10::BIGINT AS v FROM range(9, -1, -1) AS r(i)"
        )
        con.execute("CREATE TABLE nothing AS SELECT 1::BIGINT AS k WHERE false")
    write({"t": ["k"], "nothing": ["k"]}, tmp_path, tmp_path / "out", memory="100MB")
    assert pl.read_parquet(tmp_path / "out" / "t" / "part-0000.parquet")["k"].to_list() == list(range(10))
    assert pl.read_parquet(tmp_path / "out" / "nothing" / "part-0000.parquet").schema == {"k": pl.Int64}
    assert not (tmp_path / DATABASE).exists()
    prepare([], tmp_path)  # after a run that was killed there may be one
    prepare([Relation("r", COLUMNS, ())], tmp_path)
    with opened(tmp_path / DATABASE) as con:
        assert con.execute("SELECT count(*) FROM lake.r").fetchone() == (0,)
