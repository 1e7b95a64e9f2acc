"""What the file of a build remembers: the content of tables, and who has not seen a change."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.build import journal
from orchestration.build.journal import SQL, Node


@pytest.fixture
def con(tmp_path: Path):
    with duckdb.connect(str(tmp_path / "headway.duckdb")) as con:
        yield con


def content(con: duckdb.DuckDBPyConnection, rows: str) -> list[tuple]:
    con.execute(f"CREATE OR REPLACE TABLE t AS {rows}")
    return sorted(con.execute(journal.content_of(con, "t")).fetchall(), key=repr)


def test_content_is_told_by_series_and_does_not_depend_on_the_order_of_rows(con):
    """DuckDB gives rows of joins in any order: every build would seem to have changed everything."""
    forward = content(
        con, "SELECT 's' || i % 2 AS series_id, i AS period, i / 7 AS value FROM range(10) r(i)"
    )
    backward = content(
        con, "SELECT 's' || i % 2 AS series_id, i AS period, i / 7 AS value FROM range(9, -1, -1) r(i)"
    )
    assert forward == backward and [row[0] for row in forward] == ["s0", "s1"]


@pytest.mark.parametrize(
    "other",
    [
        "SELECT 's' AS series_id, unnest([1, 1, 3]) AS value",
        "SELECT 's' AS series_id, unnest([2, 2, 3]) AS value",
        "SELECT 's' AS series_id, unnest([1, 2, NULL]) AS value",
        "SELECT 's' AS series_id, unnest([1, 2]) AS value",
    ],
)
def test_rows_that_repeat_or_are_null_count(con, other):
    """A sum of pairs that cancel each other would take {1, 1} for {2, 2}."""
    assert content(con, "SELECT 's' AS series_id, unnest([1, 2, 3]) AS value") != content(con, other)


def test_a_table_without_series_has_one_content(con):
    ((series, rows, _),) = content(con, "SELECT i FROM range(5) r(i)")
    assert (series, rows) == (None, 5)


def test_a_file_of_which_no_build_ended_remembers_nothing(con):
    assert journal.state(con) is None


def test_a_reader_sees_a_change_once_and_by_series_only_where_it_says_so(con):
    own = Node("m.own", "own", "own", SQL, "", None, ("m.a", "m.b"), ("a",))
    a, b = (Node(f"m.{name}", name, name, SQL, "", None, (), ()) for name in "ab")
    journal.begin(con, [a, b, own], [], code="c", day="2026-11-29")
    known = journal.nodes(con)
    assert journal.awaiting(con, own, known) is False
    journal.tell(con, a, ["s", "t"], known)
    assert journal.awaiting(con, own, known) == {"s", "t"}
    journal.tell(con, b, ["s"], known)
    assert journal.awaiting(con, own, known) is None, "of b it reads all rows"
    journal.seen(con, own.unique_id)
    assert journal.awaiting(con, own, known) is False


def test_a_change_of_a_series_that_is_not_read_is_none(con):
    """A user's own series would make every comparison with controls again; one that is not told apart from it would leave them as they were."""
    con.execute("CREATE TABLE members AS SELECT 's' AS treated, 'c' AS control")
    said = ("a members treated", "a members control")
    own = Node("m.own", "own", "own", SQL, "", None, ("m.a", "m.members"), (), said)
    a, members = (Node(f"m.{name}", name, name, SQL, "", None, (), ()) for name in ("a", "members"))
    journal.begin(con, [a, members, own], [], code="c", day="2026-11-29")
    known = journal.nodes(con)
    assert known["m.own"] == own
    journal.tell(con, a, ["other"], known)
    assert journal.awaiting(con, own, known) is False
    journal.tell(con, a, ["c"], known)
    assert journal.awaiting(con, own, known) is None
    journal.seen(con, own.unique_id)
    journal.tell(con, members, None, known)
    assert journal.awaiting(con, own, known) is None, "other members are read now"
    journal.seen(con, own.unique_id)
    journal.tell(con, a, None, known)
    assert journal.awaiting(con, own, known) is None


def test_a_comparison_with_controls_is_one_of_its_treated_series(con):
    rows = content(
        con, "SELECT 'set' AS control_set_id, 's' || i % 2 AS treated_series_id FROM range(4) r(i)"
    )
    assert [row[0] for row in rows] == ["s0", "s1"]


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(("factor", "same"), [(1 + 2**-51, True), (1 + 1e-9, False), (-1, False), (0, False)])
def test_a_sum_in_another_order_is_the_same_and_a_revision_is_not(
    con, listed: bool, factor: float, same: bool
):
    """Two sums of the same numbers differ in their last digits: 281 series would have changed where one did. A digit that a reader sees counts."""
    numbers = [0.1 + 0.2, 1 / 3, 12391.0, -1.7e-9, 4e300, 5.5e12]
    shown = "[value, NULL]" if listed else "value"
    digests = []
    for scaled in (numbers, [number * factor for number in numbers]):
        con.execute(
            f"CREATE OR REPLACE TABLE t AS SELECT 's' AS series_id, {shown} AS value FROM (SELECT unnest(?::DOUBLE[]) AS value)",
            [scaled],
        )
        digests.append(con.execute(journal.content_of(con, "t", exact=False)).fetchall())
    assert (digests[0] == digests[1]) is same
