"""Data tests are run as dbt would run them: which pass, which only warn, which stop a release."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from orchestration.base.progress import listening
from orchestration.base.settings import Settings
from orchestration.build import data_tests
from tests.support import release_case

MODEL = "model.headway.dim_event"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = release_case.settings(tmp_path)
    for folder in (settings.build, settings.store.parent, settings.dbt_target):
        folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.build_database)) as con:
        con.execute("CREATE TABLE dim_event AS SELECT i FROM range(3) t(i)")
    with duckdb.connect(str(settings.store)) as con:
        con.execute("CREATE SCHEMA raw; CREATE TABLE raw.load AS SELECT 7 AS load_id")
    return settings


def node(name: str, sql: str, *, needs: tuple[str, ...] = (MODEL,), **config: Any) -> SimpleNamespace:
    """A test of the manifest after a compilation, as far as it is read."""
    settings = {
        "severity": "ERROR",
        "fail_calc": "count(*)",
        "warn_if": "!= 0",
        "error_if": "!= 0",
        "limit": None,
    }
    return SimpleNamespace(
        unique_id=f"test.headway.{name}",
        name=name,
        compiled_code=sql,
        config=SimpleNamespace(**{**settings, **config}),
        to_dict=lambda: {"attached_node": None, "config": {"meta": {}}, "depends_on": {"nodes": list(needs)}},
    )


def run(home: Settings, *nodes: SimpleNamespace, built: tuple[str, ...] = (MODEL,)) -> dict[str, tuple]:
    data_tests.write(home.dbt_target / data_tests.COMPILED, nodes, {})
    said: list[tuple] = []
    with listening(lambda *what: said.append(what)):
        results = data_tests.run(home, data_tests.read(home), built)
    assert said == [("check", r.name, i, len(nodes)) for i, r in enumerate(results, start=1)]
    kept = json.loads(data_tests.results_path(home).read_bytes())
    assert [(r["unique_id"], r["status"]) for r in kept] == [(r.unique_id, r.status) for r in results]
    return {r.name: (r.status, r.message) for r in results}


@pytest.mark.parametrize(
    ("config", "rows", "status"),
    [
        ({}, 0, "pass"),
        ({}, 2, "fail"),
        ({"severity": "warn"}, 2, "warn"),
        ({"severity": "warn"}, 0, "pass"),
        ({"error_if": "> 2"}, 2, "warn"),
        ({"error_if": "> 2", "warn_if": "> 2"}, 2, "pass"),
        ({"fail_calc": "sum(i)"}, 1, "pass"),  # the one row is 0
        ({"limit": 1, "error_if": "> 1"}, 2, "warn"),
    ],
)
def test_severity_and_conditions_are_those_of_dbt(home: Settings, config, rows: int, status: str):
    """A test that warns in dbt would stop a release here, or the other way round."""
    found = run(home, node("t", f"select i from dim_event where i < {rows} order by i", **config))
    assert found["t"][0] == status


def test_messages_say_how_many_and_what_was_allowed(home: Settings):
    found = run(home, node("t", "select * from dim_event"))
    assert found == {"t": ("fail", "Got 3 results, configured to fail if != 0")}


def test_a_test_that_cannot_run_is_an_error_and_the_others_go_on(home: Settings):
    """A query with a wrong column would count as passed, or hide what comes after it."""
    found = run(home, node("broken", "select nothing from dim_event"), node("good", "select 1 where false"))
    assert found["broken"][0] == "error" and "nothing" in found["broken"][1]
    assert found["good"] == ("pass", None)


def test_a_test_that_found_no_memory_is_run_again_alone(home: Settings, monkeypatch: pytest.MonkeyPatch):
    """Beside another test DuckDB may find no memory although it could free some: a whole build would not be released for it."""
    tried: list[str] = []
    run_once = data_tests._run

    def without_memory(con: duckdb.DuckDBPyConnection, test: data_tests.DataTest) -> data_tests.TestResult:
        tried.append(test.name)
        if test.name == "large" and tried.count("large") == 1:
            return data_tests._result(test, "error", "Out of Memory Error: could not allocate block", 0.1)
        return run_once(con, test)

    monkeypatch.setattr(data_tests, "_run", without_memory)
    found = run(
        home, node("large", "SELECT 1 WHERE false"), node("wrong", "SELECT no_such_column FROM dim_event")
    )
    assert found["large"] == ("pass", None) and found["wrong"][0] == "error"
    assert sorted(tried) == ["large", "large", "wrong"]


def test_a_test_of_what_was_not_made_is_skipped(home: Settings):
    found = run(home, node("t", "select * from dim_series", needs=(MODEL, "model.headway.dim_series")))
    assert found == {"t": ("skipped", "dim_series was not built")}


def test_the_store_can_be_asked(home: Settings):
    """Tests of the raw tables would all be errors."""
    sources = node("t", "select * from store.raw.load", needs=("source.headway.raw.load",))
    assert run(home, sources, built=())["t"][0] == "fail"


@pytest.mark.parametrize(
    ("attached", "named", "subject"),
    [
        ("seed.headway.a", None, "seed.headway.a"),
        (None, "b", "model.headway.b"),
        (None, None, "model.headway.c"),
    ],
)
def test_a_test_speaks_of_its_table(attached, named, subject: str):
    """A failure would show at another table."""
    meta = {"dagster": {"ref": {"name": named}}} if named else {}
    plain = {
        "attached_node": attached,
        "config": {"meta": meta},
        "depends_on": {"nodes": ["model.headway.c"]},
    }
    assert data_tests.subject_of(plain, {"b": "model.headway.b"}) == subject


# --- tests of the rows of some series ---
SERIES = data_tests.Slice('"headway"."main"."dim_event"', "series_id", ("b",))


def generic(
    name: str, *, needs: tuple[str, ...] = (MODEL,), config: dict | None = None, **arguments: Any
) -> data_tests.DataTest:
    """A generic test of dim_event as it is kept."""
    made = node("t", "", needs=needs, **(config or {}))
    plain = {
        "attached_node": MODEL,
        "config": {"meta": {}},
        "depends_on": {"nodes": list(needs)},
        "test_metadata": {"name": name, "kwargs": arguments},
    }
    made.to_dict = lambda: plain
    return data_tests._test_of(made, {})


@pytest.mark.parametrize(
    ("test", "can"),
    [
        (generic("holds", condition="i > 0"), True),
        (generic("not_null", column_name="i"), True),
        (generic("unique_combination", columns=["series_id", "i"]), True),
        (generic("unique_combination", columns=["event_id", "i"]), False),
        (generic("unique", column_name="i"), False),
        (generic("relationships", needs=(MODEL, "model.headway.dim_series")), True),
        (generic("relationships"), False),
        (generic("text_lists", lists=[]), False),
        (generic("holds", config={"error_if": "> 2"}), False),
        (generic("holds", config={"fail_calc": "sum(i)"}), False),
    ],
    ids=lambda given: f"{given.name} {given.keys}" if isinstance(given, data_tests.DataTest) else str(given),
)
def test_only_what_each_series_can_be_asked_by_itself_is_asked_of_some(test: data_tests.DataTest, can: bool):
    """Two rows of two series with the same key would not be seen together."""
    assert data_tests.can_be_asked_of(test, SERIES) is can
    other = data_tests.Slice('"headway"."main"."dim_series"', "series_id", ("b",))
    assert not data_tests.can_be_asked_of(test, other), "what changed is a table that rows are looked for in"


def test_a_test_of_some_series_reads_their_rows_alone(home: Settings):
    """A slice of another table, or of all rows, would pass what has to fail."""
    with duckdb.connect(str(home.build_database)) as con:
        con.execute(
            "CREATE OR REPLACE TABLE dim_event AS SELECT unnest(['a', 'b', 'b''c']) AS series_id, unnest([0, 1, 2]) AS i"
        )
    place = '"headway"."main"."dim_event"'
    nodes = [
        node("of_b", f"select * from {place} where i = 1"),
        node("of_a", f"select * from {place} where i = 0"),
        node("of_quoted", f"select dim_event.i from {place} where dim_event.i = 2"),
        node("of_all", f"select * from {place} where i = 0"),
    ]
    data_tests.write(home.dbt_target / data_tests.COMPILED, nodes, {})
    b, quoted = (data_tests.Slice(place, "series_id", (name,)) for name in ("b", "b'c"))
    slices = {"test.headway.of_b": b, "test.headway.of_a": b, "test.headway.of_quoted": quoted}
    results = data_tests.run(home, data_tests.read(home), (MODEL,), write=False, slices=slices)
    assert {r.name: r.status for r in results} == {
        "of_b": "fail",
        "of_a": "pass",
        "of_quoted": "fail",
        "of_all": "fail",
    }
