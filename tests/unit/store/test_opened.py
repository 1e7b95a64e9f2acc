"""Opening the store: made with its tables when it is written, never by a reader, and closed when the block ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.store.opened import FIGURES, changed_since, loaded_figures, loaded_timelines, open_store
from orchestration.store.tables import RAW_TABLES


def test_the_store_is_made_by_who_writes_and_by_nobody_else(tmp_path: Path):
    """A reader that made an empty store would show a warehouse without figures."""
    path = tmp_path / "a folder" / "store.duckdb"
    with pytest.raises(duckdb.IOException), open_store(path, read_only=True):
        pass
    assert not path.parent.exists()
    with open_store(path) as con:
        made = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
    assert {name for (name,) in made} == set(RAW_TABLES)
    with open_store(path, read_only=True) as con, pytest.raises(duckdb.InvalidInputException):
        con.execute("DELETE FROM raw.series")


def test_a_table_that_an_earlier_version_did_not_have_is_made(tmp_path: Path):
    """A store made by an earlier version would be refused for ever for the lack of one table."""
    with open_store(tmp_path / "store.duckdb") as con:
        con.execute("DROP TABLE raw.first_release")
        con.execute("CREATE TABLE raw.kept AS SELECT 1 AS one")
    with open_store(tmp_path / "store.duckdb") as con:
        assert con.execute("SELECT count(*) FROM raw.first_release").fetchall() == [(0,)]
        assert con.execute("FROM raw.kept").fetchall() == [(1,)]


def test_a_payload_counts_as_loaded_when_a_load_of_it_ended(tmp_path: Path):
    """A build that was killed between archiving a file and loading it would leave its figures out for good."""
    with open_store(tmp_path / "store.duckdb") as con:
        con.execute(
            "INSERT INTO raw.payload VALUES ('x', ?, 'd', 'x', now()::TIMESTAMP, NULL, NULL, 'sha', 1, 'x')",
            [FIGURES],
        )
        assert loaded_figures(con) == set()
        con.execute(
            "INSERT INTO raw.load VALUES (1, 'x', 'observation', now()::TIMESTAMP, '1', 1, 1, 0, 0, 0, 0, 0)"
        )
        assert loaded_figures(con) == {"sha"}
        assert loaded_timelines(con) is None


@pytest.mark.parametrize(
    ("appended", "withdrawn", "reinstated", "changed"),
    [(0, 0, 0, False), (1, 0, 0, True), (0, 1, 0, True), (0, 0, 1, True)],
)
def test_only_a_later_load_that_changed_a_row_is_a_change(
    tmp_path: Path, appended: int, withdrawn: int, reinstated: int, changed: bool
):
    """Each refresh confirms thousands of rows: if these counted, each would build; a withdrawal that did not would never be released."""
    at = datetime(2026, 11, 20, 12)
    with open_store(tmp_path / "store.duckdb") as con:
        con.execute(
            "INSERT INTO raw.load VALUES (1, 'x', 'observation', ?, '1', ?, ?, 9, 0, 0, ?, ?)",
            [at, appended + 9, appended, withdrawn, reinstated],
        )
        assert changed_since(con, at - timedelta(seconds=1)) is changed
        assert not changed_since(con, at)
