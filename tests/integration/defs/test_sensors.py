"""Sensors: the list of changed vectors starts what holds them, and failed or partial runs are told."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from orchestration.base.settings import Settings
from orchestration.defs import jobs, sensors
from orchestration.sources.spec import Request
from tests.replay.server import ReplayServer, json_reply, server_error
from tests.support.live_assets_case import definitions, execute
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    VEHICLES,
    Agency,
    dataset,
    months,
    settings_at,
)


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


LIST = Request("changed", "/getChangedSeriesList")
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("America/Toronto"))


def changed(vectors) -> dict:
    return {
        "status": "SUCCESS",
        "object": [
            {"vectorId": v, "productId": 14100022, "coordinate": "1.1", "releaseTime": "2026-11-20T08:30"}
            for v in vectors
        ],
    }


def sense(replay_reply, replay, *, moment=NINE, cursor=None, calls=1):
    api = replace(API, name="STATCAN", secret=None)
    watched = [replace(dataset(name=n), source_id="statcan", api=api) for n in ("lfs", "trade")]
    codes = {"lfs": ["v2057603"], "trade": ["v191490"]}
    replay.serve("STATCAN", replay_reply)
    sensor = sensors.changed_series_sensor(
        watched, LIST, lambda d: codes[d.name], jobs.refresh_job(), [dg.AssetKey("store")], now=lambda: moment
    )
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"settings": Settings.load()}
        )
        result = sensor(context)
    assert len(replay.calls("STATCAN")) == calls
    return result


def test_changed_vectors_start_the_datasets_that_hold_them(settings, replay) -> None:
    result = sense(json_reply(changed([2057603, 99])), replay)
    (run,) = result.run_requests
    assert {k.to_user_string() for k in run.asset_selection} == {"statcan/lfs", "store"}
    assert result.cursor == "2026-11-20"


def test_a_list_without_our_vectors_starts_nothing(settings, replay) -> None:
    result = sense(json_reply(changed([99, 98])), replay)
    assert result.run_requests == [] and "none of 2 series is ours" in result.skip_reason.skip_message
    assert result.cursor == "2026-11-20"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (server_error(409, b'{"message": "locked"}'), "tables are locked or nothing is out today"),
        (server_error(404), "no release on that day"),
        (json_reply({"status": "FAILED", "object": "The release is not available"}), "not available"),
    ],
)
def test_no_release_today_is_asked_again_later(settings, replay, reply, said) -> None:
    assert said in sense(reply, replay).skip_message


@pytest.mark.parametrize(
    ("moment", "cursor"),
    [(NINE.replace(hour=7), None), (NINE.replace(day=21), None), (NINE, "2026-11-20")],
    ids=["before 08:30", "Saturday", "read already"],
)
def test_the_list_is_asked_for_once_on_workdays_after_the_release(settings, replay, moment, cursor) -> None:
    sense(json_reply(changed([2057603])), replay, moment=moment, cursor=cursor, calls=0)


def test_failed_and_partial_runs_are_told(settings, agency, replay, monkeypatch, tmp_path) -> None:
    told = []
    monkeypatch.setattr("orchestration.base.notify.tell", lambda subject, text: told.append((subject, text)))
    replay.serve("BLS", json_reply({"status": "REQUEST_FAILED_INVALID_PARAMETERS", "message": ["no"]}))
    found = definitions(dataset())
    job = found.resolve_job_def("refresh")
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(found, instance)
        run = instance.get_run_by_id(result.run_id)
        event = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS).records[0]
        context = dg.build_run_status_sensor_context(
            sensor_name="tell_of_partial_refreshes",
            dagster_instance=instance,
            dagster_run=run,
            dagster_event=event.event_log_entry.dagster_event,
        )
        sensors.tell_of_partial_refreshes(context)

        (settings.home / "store").rename(settings.home / "gone")
        (settings.home / "store").write_text("a file where a folder should be")
        result = execute(found, instance)
        assert not result.success
        run = instance.get_run_by_id(result.run_id)
        event = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records[0]
        context = dg.build_run_status_sensor_context(
            sensor_name="tell_of_failed_runs",
            dagster_instance=instance,
            dagster_run=run,
            dagster_event=event.event_log_entry.dagster_event,
        ).for_run_failure()
        sensors.tell_of_failed_runs(context)
    (partial, text), (failed, _) = told
    assert partial == "Headway: a refresh was not complete" and text.startswith("bls/ces: ")
    assert failed == f"Headway: {job.name} failed"
