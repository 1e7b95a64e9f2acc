"""Reading a relation with its texts as categories: the same rows in the same order, whatever is in them."""

from __future__ import annotations

import duckdb
import polars as pl
from polars.testing import assert_frame_equal

from orchestration.build.relation_frame import frame_with_categories


def test_the_rows_are_those_of_the_relation():
    """An order that is lost would mix up months, a missing text that becomes a category of its own two series."""
    with duckdb.connect() as con:
        relation = con.sql(
            """select if(i % 7 = 0, null, 'series ' || (9000 - i) % 5) as series_id, i, i / 3 as value, i % 2 = 0 as flag,
                      date '2020-01-01' + i::int as day, 'é' || (i % 3) as other from range(9000) as t(i) order by i"""
        )
        found = frame_with_categories(relation)
        assert found.schema["series_id"] == found.schema["other"] == pl.Categorical
        assert_frame_equal(found.with_columns(pl.col("series_id", "other").cast(pl.String)), relation.pl())
        assert found["series_id"].n_unique() == 6


def test_no_row_has_the_columns_too():
    """A model of a warehouse without events would fail on columns that are not there."""
    with duckdb.connect() as con:
        found = frame_with_categories(con.sql("select 'a' as name, 1::int as number where false"))
    assert found.is_empty() and found.columns == ["name", "number"]
    assert found.schema["name"] == pl.Categorical


def test_a_table_made_of_it_has_texts():
    """A column of another type would break the contract of every table that is made from it."""
    with duckdb.connect() as con:
        con.register("frame", frame_with_categories(con.sql("select unnest(['b', 'a', null]) as name")))
        con.execute("create table made as from frame")
        assert con.execute("describe made").fetchall()[0][1] == "VARCHAR"
        assert con.execute("from made").fetchall() == [("b",), ("a",), (None,)]
