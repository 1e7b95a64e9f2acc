"""The detail models on a real Spark cluster: every row is DuckDB's, also where an executor or a whole worker dies in the middle.

The cluster is a master and two workers, processes on 127.0.0.1 that are killed as an out-of-memory killer or a power cut would.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration.base.settings import PROJECT, Settings
from orchestration.build.detail.derive import build_detail
from orchestration.build.detail.derived import Derived, derived_of
from tests.support.derived_case import rows_of, small_lake
from tests.support.spark_cluster import SETTINGS, Cluster, cluster, end_driver, need_spark, wait_for


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    """A home with a lake and DuckDB's tables of it: (settings, what DuckDB built)."""
    need_spark()
    folder = tmp_path_factory.mktemp("cluster")
    small_lake(folder / "detail", rows=8_000, products=600)
    settings = Settings(PROJECT, folder)
    return settings, build_detail(settings).derived


@pytest.fixture(scope="module")
def running(home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("spark")) as started:
        try:
            yield started
        finally:
            end_driver()


def same_rows(built: Derived, expected: dict[str, pl.DataFrame]) -> None:
    """Every row and column of every table: whole numbers, texts and dates exactly, doubles to 1e-9."""
    assert {table.name for table in built.tables} == set(expected)
    for name, rows in expected.items():
        assert_frame_equal(rows_of(built, name), rows, rel_tol=1e-9, abs_tol=0)


@dataclass
class Deaths:
    """What was killed during a build. executor, worker: the processes. table: what was being written when the worker was killed.
    alive: workers that the master counted when the executor had been launched again."""

    executor: int = 0
    worker: int = 0
    table: str = ""
    alive: int = 0


@contextmanager
def deaths_while_writing(derived: Path, first: str, running: Cluster) -> Iterator[Deaths]:
    """Kill an executor when a job has begun to write the table `first` and has not ended; and once another executor runs in its place, a
    whole worker, while a job writes another table."""
    seen = Deaths()
    before = set(derived.iterdir())

    def written(*, but: str = "") -> list[str]:
        folders = [table for folder in set(derived.iterdir()) - before for table in folder.glob("fct_*")]
        return [table.name for table in folders if table.name != but and (table / "_temporary").is_dir()]

    def watch() -> None:
        wait_for(lambda: first in written(), f"{first} to be written")
        seen.executor = running.kill_executor()
        wait_for(lambda: running.launched() >= 3, "the executor that was killed to be launched again")
        seen.alive = running.alive()
        wait_for(lambda: bool(written(but=first)), "another table to be written")
        seen.table = written(but=first)[0]
        seen.worker = running.kill_worker()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield seen
    thread.join(1)


@pytest.mark.long
@pytest.mark.filterwarnings(
    "ignore:PySpark does not yet fully support pandas"
)  # no pandas frame is made here
def test_rows_are_those_of_duckdb_where_an_executor_and_then_a_worker_dies(home, running):
    """Rows that are lost or written twice where a task was half done; sums that another engine makes otherwise.

    One build for both deaths: what the first one spoilt would be in the tables as well, and every build more begins two JVMs more, of
    which a minute of processor time is made.
    """
    settings, of_duckdb = home
    derived = derived_of(settings)
    expected = {table.name: rows_of(of_duckdb, table.name) for table in of_duckdb.tables}
    assert sum(rows.height for rows in expected.values()) > 40_000

    with deaths_while_writing(derived, "fct_detail_export_district", running) as seen:
        built = build_detail(settings, "spark", master=running.url, configuration=SETTINGS).derived
    assert built.engine == "spark" and seen.executor, "no executor was killed in the middle"
    assert seen.alive == 2, "a worker went with its executor"
    assert seen.worker and seen.table, "no worker was killed in the middle"
    wait_for(lambda: running.alive() == 1, "the master to see that the worker is gone")
    assert len(running.executors()) <= 1
    same_rows(built, expected)
