"""The build that all tests share is the one of `make build` only where a build would give the very same.

Prevents: tests that pass on tables which the code under test did not make.
"""

from __future__ import annotations

import json
from datetime import date, timedelta

import duckdb
import pytest

from orchestration.base.settings import Settings
from orchestration.build import dbt_runner
from orchestration.release import records
from tests.support import whole_warehouse
from tests.support.whole_warehouse import would_be_the_same


@pytest.fixture
def made(own: Settings, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, date]:
    """A clone of the shared build, and the day of its release. Its fingerprint counts as the present one, so that what else is
    asked shows: that the fingerprint moves with code, models and store is tested with it (unit/build/test_fingerprint.py)."""
    own.build.mkdir(exist_ok=True)
    own.build_database.touch()
    monkeypatch.setattr(whole_warehouse, "is_current", lambda _: True)
    return own, records.verify_release(own.current.resolve()).created_at.date()


def test_a_build_of_the_same_day_is_shared_and_of_another_day_or_fingerprint_is_not(made, monkeypatch):
    home, day = made
    assert would_be_the_same(home, day)
    assert not would_be_the_same(home, day + timedelta(days=1))
    monkeypatch.setattr(whole_warehouse, "is_current", lambda _: False)
    assert not would_be_the_same(home, day)


def test_a_store_that_an_agency_was_asked_for_is_not_shared(made):
    home, day = made
    with duckdb.connect(str(home.store)) as con:
        con.execute("UPDATE raw.payload SET source_id = 'bls' WHERE dataset = 'observation_bls'")
    assert not would_be_the_same(home, day)


def test_a_build_that_did_not_end_well_is_not_shared(made):
    home, day = made
    results = home.dbt_target / "run_results.json"
    record = json.loads(results.read_bytes())
    record["results"][0]["status"] = "error"
    results.write_text(json.dumps(record))
    assert [check.outcome for check in dbt_runner.check_results(home)].count("fail")
    assert not would_be_the_same(home, day)
    results.unlink()  # as a build leaves it that was killed
    assert not would_be_the_same(home, day)


def test_a_damaged_release_is_not_shared(made):
    home, day = made
    (home.current.resolve() / "datapackage.json").chmod(0o644)
    (home.current.resolve() / "datapackage.json").write_text("{}")
    assert not would_be_the_same(home, day)
