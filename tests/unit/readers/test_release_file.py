"""Opening a release for reading: what is said where there is none, a damaged one or another version, and no trace left."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import PROJECT, Settings
from orchestration.readers import lookup as reading
from orchestration.readers.own_sql import run_sql
from orchestration.readers.release_file import has_macro, has_table, open_release
from tests.support import reading_case
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release in a folder whose name has a space and a quote; tests only read it."""
    settings = reading_case.settings(tmp_path_factory.mktemp("the user's home"))
    reading_case.write_release(settings)
    return settings


@pytest.fixture
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(home) as connection:
        yield connection


def test_without_a_release_the_error_says_what_to_run(tmp_path: Path):
    with (
        pytest.raises(ReleaseError, match="headway build"),
        open_release(reading_case.settings(tmp_path)),
    ):
        pass


@pytest.mark.parametrize("damage", ["garbage", "cut", "gone"])
def test_a_release_that_cannot_be_read_says_how_to_go_back(tmp_path: Path, damage: str):
    settings = reading_case.settings(tmp_path)
    file = reading_case.write_release(settings)
    if damage == "garbage":
        file.write_bytes(b"not a database" * 1000)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        file.unlink()
    with (
        pytest.raises(ReleaseError, match=r"headway (rollback|build)"),
        open_release(settings) as con,
    ):
        reading.list_series(con)


def test_a_release_of_another_version_is_named_as_such(home: Settings):
    with (
        pytest.raises(ReleaseError, match="does not have what this version asks for"),
        open_release(home) as con,
    ):
        con.execute("from rpt_of_next_year")


def test_reading_leaves_no_trace_beside_the_release(home: Settings):
    before = sorted(home.releases.rglob("*"))
    run_sql(home, "select * from range(1000000) order by random()", max_rows=1)
    reading.status(home)
    assert sorted(home.releases.rglob("*")) == before


def test_a_reader_keeps_its_release_and_the_next_one_sees_the_new(tmp_path: Path):
    settings = reading_case.settings(tmp_path)
    reading_case.write_release(settings, "r1")
    with open_release(settings) as old:
        reading_case.write_release(settings, "r2", sql="DELETE FROM dim_event")
        assert len(reading.list_events(old)) == 5
        with open_release(settings) as new:
            assert reading.list_events(new) == []
        assert len(reading.list_events(old)) == 5


def test_two_readers_of_one_process_have_their_own_time_limits(home: Settings):
    with open_release(home, timeout=0.05) as short, open_release(home) as long:
        assert long.execute("select count(*) from range(3000) a, range(3000) b").fetchall() == [(9_000_000,)]
        with pytest.raises(duckdb.InterruptException):
            short.execute("select count(*) from range(1000000) a, range(1000000) b").fetchall()


def test_importing_the_reader_loads_nothing_heavy():
    """`headway --help` has 0.5 s and `compare` 1.5 s: dagster alone takes 2 s, dbt 2.6 s, polars and DuckDB 0.1 s each."""
    code = (
        "import sys, orchestration.readers.lookup, orchestration.readers.comparison.compare; "
        "print([m for m in ('dagster', 'dbt', 'polars', 'duckdb', 'pyarrow', 'openpyxl', 'requests') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_threads_that_open_a_release_at_the_same_time_all_read_it(home: Settings):
    """Pages and tools run in threads of one process: the second found its settings locked by the first, and failed."""
    together = threading.Barrier(8, timeout=PATIENCE)

    def count(_: int) -> int:
        together.wait()
        with open_release(home) as con:
            return con.execute("select count(*) from dim_event").fetchall()[0][0]

    for _ in range(20):
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(count, range(8))) == [5] * 8


def test_what_an_earlier_version_lacks_is_not_there_and_what_a_release_has_is(con: duckdb.DuckDBPyConnection):
    """A page that asks a release of an earlier version for a table that came later must leave it out, and never a view or a macro that is there."""
    kinds = {
        kind: con.execute(f"select {kind}_name from duckdb_{kind}s() where not internal limit 1").fetchall()
        for kind in ("table", "view")
    }
    assert kinds["table"] and all(has_table(con, name) for rows in kinds.values() for (name,) in rows)
    macros = con.execute(
        "select function_name from duckdb_functions() where not internal and function_type = 'table_macro'"
    ).fetchall()
    assert macros and all(has_macro(con, name) for (name,) in macros)
    for missing in ("rpt_that_came_later", 'a "quoted" name', "sum"):
        assert not has_table(con, missing) and not has_macro(con, missing)
    # the connection answers on after such a question
    assert con.execute("select 1").fetchall() == [(1,)]
