"""Steps of a build: a failed check leaves the last release current."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import Settings
from orchestration.build import data_tests, dbt_runner
from orchestration.operations.build import run_build


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
