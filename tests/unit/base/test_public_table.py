"""The shape of a finished file: what is there is described, and a declared key wins over a constraint."""

from __future__ import annotations

import duckdb

from orchestration.base.public_table import describe


def test_tables_and_views_are_described_with_comments_keys_and_rows() -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE b (k INTEGER PRIMARY KEY, v DATE[]); INSERT INTO b VALUES (1, NULL), (2, NULL);"
            "CREATE VIEW a AS SELECT k FROM b; COMMENT ON TABLE b IS 'it''s b'; COMMENT ON COLUMN b.v IS 'days';"
            "CREATE SCHEMA staging; CREATE TABLE staging.hidden (x INTEGER)"
        )
        view, table = describe(con, {})
        assert (view.name, view.rows, view.key, view.comment) == ("a", 2, (), None)
        assert (table.name, table.rows, table.key, table.comment) == ("b", 2, ("k",), "it's b")
        assert [(c.name, c.type, c.nullable, c.comment) for c in table.columns] == [
            ("k", "INTEGER", False, None),
            ("v", "DATE[]", True, "days"),
        ]
        assert [t.key for t in describe(con, {"a": ["k"], "b": ["v"]})] == [("k",), ("v",)]
