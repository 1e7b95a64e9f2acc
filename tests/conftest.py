"""Fixtures that more than one test module uses.

Belongs here: where recorded data and other clients are, with a skip message that says how to get them.
Does not belong here: data of one module's tests.
"""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as of_properties

from tests.replay.server import ReplayServer
from tests.support.own_warehouse import own_warehouse  # noqa: F401  (a fixture)
from tests.support.source_case import stand_in_for_all
from tests.support.whole_warehouse import (  # noqa: F401  (fixtures)
    con,
    home,
    own,
    small_home,
    statistics,
    warehouse,
    whole_store,
)

PROJECT = Path(__file__).resolve().parent.parent

# how long an example takes is the machine's affair: with both cores at work for others, one of 50 ms took 400 and failed
of_properties.register_profile("headway", deadline=None)
of_properties.load_profile("headway")

#: runs in another Python with an older DuckDB first on its path: queries in, rows out as JSON
_CLIENT = """
import json, sys
import duckdb
with duckdb.connect(sys.argv[1], read_only=True) as con:
    print(json.dumps([con.execute(q).fetchall() for q in sys.argv[2:]], default=str))
"""


# Pages run without a server here, of which Streamlit warns for every cached function, above the first line of pytest where the modules
# are collected. Dropped is that one message, by a filter, because Streamlit sets the level of its loggers itself.
logging.getLogger("streamlit.runtime.caching.cache_data_api").addFilter(
    lambda record: "No runtime found" not in record.getMessage()
)


class _Clients(dict):
    def __missing__(self, client: str) -> Callable[..., list[list[list]]]:
        folder = PROJECT / ".venv" / "compat" / f"duckdb-{client}"
        if not (folder / "duckdb").is_dir():
            pytest.skip(f"DuckDB {client} is not in {folder.relative_to(PROJECT)} (make setup installs it)")

        def query(database: Path, *queries: str) -> list[list[list]]:
            done = subprocess.run(
                [sys.executable, "-c", _CLIENT, str(database), *queries],
                env={**os.environ, "PYTHONPATH": str(folder)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"DuckDB {client}: {done.stderr}"
            return json.loads(done.stdout)

        return query


def pytest_configure(config: pytest.Config) -> None:
    """A worker has told everything when its session ends. Its process is then ended at once, after what was registered later than this for the
    end (chromedriver, replay servers): taking apart what is in its memory takes a second, and where an object of DuckDB's is in a cycle
    that is never searched again, its binding complains in forty lines below the summary."""
    if hasattr(config, "workerinput"):
        atexit.register(os._exit, 0)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Collecting makes half a million objects that live until the end, and the collector of garbage looked through them again and again: a
    tenth of the ten seconds of each worker. It rests meanwhile, and leaves them alone afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure() -> None:
    """What is left alone is not taken down at the end either, of which the binding of DuckDB complains in forty lines below the summary."""
    gc.unfreeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test of tests/unit is `quick` unless it says that it is `slow`: `make unit` runs these alone."""
    if item.path.is_relative_to(PROJECT / "tests" / "unit") and not item.get_closest_marker("slow"):
        item.add_marker("quick")


@pytest.hookimpl(trylast=True)  # after what is deselected was taken out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that take minutes begin first, half of their files on each of two workers: the last to begin would run alone at the end. A
    worker gets its half of the list (--dist worksteal) and takes over from the end of the other's when it is done. Those of one file
    stay together, because they share a warehouse that takes minutes to build."""
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    files = list(dict.fromkeys(item.path for item in long))
    first = [item for item in long if item.path in files[0::2]]
    second = [item for item in long if item.path in files[1::2]]
    half = max(0, len(items) // 2 - len(first))
    items[:] = [*first, *short[:half], *second, *short[half:]]


@pytest.fixture(scope="session")
def duckdb_clients() -> _Clients:
    """Older DuckDB clients by version: `duckdb_clients["1.4"](file, query, ...)` opens `file` read-only in another
    process and gives the rows of each query (dates as text). Skips where that client is not installed."""
    return _Clients()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recorded public data that some tests read in place: HEADWAY_SHARED, or shared/data next to the clone."""
    folder = Path(os.environ.get("HEADWAY_SHARED") or PROJECT.parent / "shared" / "data")
    if not (folder / "figures").is_dir():
        pytest.skip(
            f"no recorded data in {folder} (set HEADWAY_SHARED to the folder that holds figures/ and payloads/)"
        )
    return folder


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplayServer]:
    """A server on 127.0.0.1 in place of every agency (tests/replay/server.py), and an environment without any key."""
    with ReplayServer(monkeypatch.setenv) as server:
        stand_in_for_all(server, monkeypatch)
        yield server
