"""Steps of a build: a failed check leaves the last release current, a model without memory is made again."""

from __future__ import annotations

import duckdb
import pytest
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.build import data_tests, dbt_runner
from orchestration.operations.build import run_build
from tests.support.read_only import reading


def test_a_failed_check_leaves_the_last_release_current(own: Settings, monkeypatch: pytest.MonkeyPatch):
    """A release with a value nobody can defend would reach readers."""
    before = own.current.resolve()
    with duckdb.connect(str(own.store)) as con:
        # two current rows for one key: something wrote to the store behind the loader's back
        con.execute(
            "INSERT INTO raw.observation_current SELECT * REPLACE (value + 1 AS value) FROM raw.observation_current LIMIT 1"
        )
    # of a whole build only the check that finds it, and what it reads: the way from there to the release is the same
    monkeypatch.setattr(dbt_runner, "_BUILD", (*dbt_runner._BUILD, "--select", "+int_observation_vintage"))
    every = data_tests.read
    monkeypatch.setattr(
        data_tests, "read", lambda home: [t for t in every(home) if t.name == "one_current_row_a_key"]
    )
    with pytest.raises(ReleaseError, match=r"one_current_row_a_key: Got 1 result.*stays current"):
        run_build(own)
    assert own.current.resolve() == before


def failing(monkeypatch: pytest.MonkeyPatch, error: duckdb.Error, times: int) -> list[str]:
    """Builds make two models only, and the first of them fails with `error` that many times; the statements that did."""
    part = ("--select", "+int_observation", "--exclude-resource-type", "test")
    monkeypatch.setattr(dbt_runner, "_BUILD", ("build", "--no-write-json", *part))
    monkeypatch.setattr(data_tests, "read", lambda _: [])
    execute, met = DuckDBCursorWrapper.execute, []

    def executed(self: DuckDBCursorWrapper, sql: str, bindings: object = None) -> object:
        if "create" in sql.lower() and "int_observation_vintage" in sql and len(met) < times:
            met.append(sql)
            raise type(error)(*error.args)  # a new one each time: what was raised holds the connection
        return execute(self, sql, bindings)

    monkeypatch.setattr(DuckDBCursorWrapper, "execute", executed)
    return met


def test_a_model_without_memory_is_made_again(own: Settings, monkeypatch: pytest.MonkeyPatch):
    """DuckDB sometimes finds no memory beside another model although it could free some: a night's refresh would not be released."""
    error = duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block of size 256.0 KiB")
    met = failing(monkeypatch, error, times=1)
    result = dbt_runner.build(own, anew=True)
    assert met and result.success, result.failures
    made = {b.name: b.status for b in result.built}
    assert made["int_observation_vintage"] == made["int_observation"] == "success"
    with reading(own.build_database) as con:
        assert con.execute("SELECT count(*) > 0 FROM intermediate.int_observation").fetchall() == [(True,)]


def test_a_model_that_finds_no_memory_alone_either_has_failed(own: Settings, monkeypatch: pytest.MonkeyPatch):
    """A machine that has too little would be kept busy for ever, or be told that all is well."""
    error = duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block of size 256.0 KiB")
    met = failing(monkeypatch, error, times=99)
    result = dbt_runner.build(own, anew=True)
    assert len(met) == 2 and not result.success
    assert any("Out of Memory" in failure for failure in result.failures)


def test_a_model_that_fails_otherwise_is_not_made_again(own: Settings, monkeypatch: pytest.MonkeyPatch):
    """A mistake would cost a second build before it is told."""
    met = failing(monkeypatch, duckdb.BinderException("Binder Error: no such column"), times=99)
    result = dbt_runner.build(own, anew=True)
    assert len(met) == 1 and not result.success
    assert any("no such column" in failure for failure in result.failures)
