"""The table of vintages in README: what it says must be what a release holds, and its place must not be lost."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.documentation.vintage_table import END, START, vintage_table, with_table


def release(
    rows: list[tuple[str, str, str, int, int, str | None, str | None, str]],
) -> duckdb.DuckDBPyConnection:
    """Series as (id, source, measure, first releases, months, first and last of them, oldest copy)."""
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE dim_source AS SELECT * FROM (VALUES ('bls', 'BLS'), ('census', 'Census')) s (source_id, agency)"
    )
    con.execute(
        """CREATE TABLE dim_series (series_id VARCHAR, source_id VARCHAR, measure VARCHAR, first_release_count BIGINT,
               observation_count BIGINT, first_release_from DATE, first_release_to DATE, oldest_known_from TIMESTAMP,
               frequency VARCHAR DEFAULT 'monthly')"""
    )
    con.executemany("INSERT INTO dim_series VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'monthly')", rows)
    return con


def test_series_with_a_history_are_told_from_late_copies():
    """One month caught on its release day is no history of first releases, and must not widen the span of those that have one."""
    con = release(
        [
            ("a", "bls", "state_employment", 100, 200, "2011-09-01", "2025-12-01", "2011-10-21"),
            ("b", "bls", "state_employment", 50, 200, "2012-01-01", "2020-12-01", "2012-03-13"),
            ("c", "bls", "state_employment", 1, 500, "2026-01-01", "2026-01-01", "2026-02-11"),
            ("d", "census", "trade_value", 0, 300, None, None, "2023-02-05"),
        ]
    )
    assert vintage_table(con).splitlines()[2:] == [
        "| BLS: state employment (2 series) | 2011-09 to 2025-12 | 38 % | 2011-10-21 to 2012-03-13 |",
        "| the other 2 series | 1 months | under 1 % | 2023-02-05 to 2026-02-11, half of them by 2023-02-05 |",
    ]


def test_none_and_all_are_said_as_such():
    con = release([("a", "bls", "employment", 200, 200, "2010-01-01", "2026-08-01", "2010-02-05")])
    assert "| 100 % | 2010-02-05 |" in vintage_table(con) and "other" not in vintage_table(con)
    con = release([("d", "census", "trade_value", 0, 300, None, None, "2023-02-05")])
    assert "| none | 0 % |" in vintage_table(con)


def test_the_table_takes_its_place_and_nothing_else():
    text = f"before\n{START}\n\nold\n{END}\nafter\n"
    once = with_table(text, "new\n")
    assert once == f"before\n{START}\n\nnew\n\n{END}\nafter\n"
    assert with_table(once, "new\n") == once
    for broken in ("no place", f"{END} {START}", text + text):
        with pytest.raises(ValueError, match="no place"):
            with_table(broken, "new\n")
