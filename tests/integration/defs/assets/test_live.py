"""Live datasets in Dagster: what starts by itself and when, what a run shows, who is told. No dbt, no release."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, datetime

import dagster as dg
import pytest

from orchestration.defs import sensors
from orchestration.defs.assets.live import asset_key, build_live_assets, due, newest_period
from orchestration.store.opened import open_store
from tests.replay.server import ReplayServer, json_reply
from tests.support.live_assets_case import EASTERN, definitions, execute
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    VEHICLES,
    Agency,
    dataset,
    months,
    question,
    settings_at,
)
from tests.support.stored import rows
from tests.support.writer_case import other_writer


@pytest.fixture
def settings(tmp_path, monkeypatch):
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    monkeypatch.setenv("HEADWAY_HOME", str(tmp_path / "home"))
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    found = Agency({code: months("2025-01", range(100, 122)) for code in (MANUFACTURING, VEHICLES)})
    replay.serve("BLS", found)
    return found


def checks(result) -> dict[tuple[str, str], bool]:
    return {
        (e.asset_key.to_user_string(), e.check_name): e.passed for e in result.get_asset_check_evaluations()
    }


def metadata(result, key: dg.AssetKey) -> dict:
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == key]
    return {k: v.value for k, v in event.materialization.metadata.items()}


def test_a_run_shows_counts_and_both_checks(settings, agency) -> None:
    found = definitions(dataset(publication_lag_days=45))
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(found, instance)
        assert result.success
        shown = metadata(result, dg.AssetKey(["bls", "ces"]))
        assert (shown["state"], shown["appended"], shown["requests"]) == ("done", 44, 1)
        assert checks(result)["bls/ces", "answered"]
        assert sensors.unanswered(instance, result.run_id) == []


def test_an_agency_that_fails_turns_its_check_red_and_the_rest_goes_on(settings, agency, replay) -> None:
    """The release has to go out with what is good, and someone has to see what is not."""
    other = replace(API, name="CENSUS")
    replay.serve("CENSUS", json_reply({"state": "of another shape"}))
    found = definitions(
        dataset(), dataset(question(VEHICLES, name="hs"), name="hs", api=replace(other, secret=None))
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(found, instance)
        assert result.success
        assert checks(result) == {
            ("bls/ces", "answered"): True,
            ("bls/ces", "fresh"): True,
            ("bls/hs", "answered"): False,
            ("bls/hs", "fresh"): False,
        }
        (told,) = sensors.unanswered(instance, result.run_id)
    assert told.startswith("bls/hs: ") and "reply without the field status" in told
    assert len(rows(settings, "SELECT * FROM raw.observation")) == 44


def test_the_build_job_asks_nothing_of_the_network(settings, agency, replay) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(definitions(dataset()), instance, "build")
    assert result.success and replay.calls() == []


def test_a_backfill_of_years_is_one_run_and_one_plan(settings, agency, replay) -> None:
    """A run a year would build and release as many times."""
    seen = []
    yearly = dataset(plan=lambda c: seen.append(c) or [question(MANUFACTURING)], first_year=2013)
    found = definitions(yearly)
    years = {"dagster/asset_partition_range_start": "2014", "dagster/asset_partition_range_end": "2016"}
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(found, instance, asset_selection=[asset_key(yearly)], tags=years)
        assert result.success
        assert instance.get_materialized_partitions(asset_key(yearly)) == {"2014", "2015", "2016"}
        assert execute(found, instance).success  # a scheduled run names no year
    assert [(c.since, c.until) for c in seen] == [(date(2014, 1, 1), date(2016, 12, 31)), (None, None)]
    assert len(replay.calls()) == 2


def test_partitions_only_where_the_api_is_paged_by_year(settings) -> None:
    plain, yearly = build_live_assets([dataset(), dataset(name="hs", first_year=2013)])
    assert plain.partitions_def is None
    assert yearly.partitions_def.get_partition_keys(datetime(2026, 11, 1, tzinfo=EASTERN))[-1] == "2026"


def test_where_nothing_is_asked_nothing_is_late(settings, agency) -> None:
    """A table that ended in 2020 would be red for ever, and so would a source that is off."""
    ended = dataset(name="ended", plan=lambda _: [])
    off = dataset(name="mirror", enabled=False, disabled_reason="licence")
    stale = dataset(publication_lag_days=0)
    agency.values = {code: months("2020-01", range(100, 104)) for code in (MANUFACTURING, VEHICLES)}
    with dg.DagsterInstance.ephemeral() as instance:
        found = checks(execute(definitions(ended, off, stale), instance))
    assert found == {
        **{(f"bls/{name}", check): True for name in ("ended", "mirror") for check in ("answered", "fresh")},
        ("bls/ces", "answered"): True,
        ("bls/ces", "fresh"): False,
    }


def test_a_period_is_late_after_the_usual_lag_and_a_week() -> None:
    """January's figures, lag 35 days: February's are due 35 days after its end."""
    assert due(date(2026, 1, 1), 35) == date(2026, 4, 11)
    assert due(date(2026, 11, 1), 0) == date(2027, 1, 7)


def test_the_newest_period_is_looked_up_when_another_run_has_written(settings) -> None:
    """The step would fail after the agency was asked and its answer loaded."""
    with open_store(settings.store):
        pass
    with other_writer(settings, settings.store, seconds=0.2):
        assert newest_period(settings, dataset()) is None
