"""Live datasets in Dagster: what starts by itself and when, what a run shows, who is told. No dbt, no release."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from orchestration.base.settings import Settings
from orchestration.defs import jobs, sensors
from orchestration.defs.assets.live import asset_key, build_live_assets, due
from orchestration.defs.schedules import build_schedules
from orchestration.sources.spec import Request
from tests.replay.server import ReplayServer, json_reply, server_error
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    VEHICLES,
    Agency,
    dataset,
    months,
    question,
    rows,
    settings_at,
)

EASTERN = ZoneInfo("America/New_York")
AFTER = ("35 8 * * 1-5", "America/New_York")


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


def definitions(*datasets, **more) -> dg.Definitions:
    live = build_live_assets(datasets)

    @dg.asset(deps=[key for asset in live for key in asset.keys])
    def store() -> None:
        pass

    job = jobs.refresh_job()
    build = jobs.build_job([key for asset in live for key in asset.keys])
    schedules = build_schedules(datasets, job, [dg.AssetKey("store")])
    return dg.Definitions(
        assets=[*live, store],
        jobs=[job, build],
        schedules=schedules,
        executor=jobs.EXECUTOR,
        resources={"settings": Settings.load()},
        **more,
    )


def execute(found: dg.Definitions, instance: dg.DagsterInstance, job: str = "refresh", **more):
    return found.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **more)


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


# --- schedules -----------------------------------------------------------------------------------------------------


def tick(found: dg.Definitions, name: str, moment: datetime) -> dg.RunRequest | dg.SkipReason:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=moment, repository_def=found.get_repository_def()
        )
        data = found.resolve_schedule_def(name).evaluate_tick(context)
        return data.run_requests[0] if data.run_requests else data.skip_message


def test_runs_start_on_release_days_only(settings) -> None:
    found = definitions(dataset(schedule=AFTER), dataset(name="cpi", schedule=AFTER))
    run = tick(found, "after_bls", datetime(2026, 11, 6, 8, 35, tzinfo=EASTERN))  # first Friday
    assert {k.to_user_string() for k in run.asset_selection} == {"bls/ces", "bls/cpi", "store"}
    assert run.tags["headway/release"] == "Employment Situation"
    skipped = tick(found, "after_bls", datetime(2026, 11, 26, 8, 35, tzinfo=EASTERN))  # Thanksgiving
    assert skipped == "2026-11-26 is no release day of bls"


def test_what_is_off_is_not_run_by_a_schedule(settings) -> None:
    found = definitions(dataset(schedule=AFTER, enabled=False))
    assert "no release day" in tick(found, "after_bls", datetime(2026, 11, 6, 8, 35, tzinfo=EASTERN))


def test_each_time_of_day_has_a_schedule_in_its_zone(settings) -> None:
    noon = ("5 12 * * 1-5", "America/Mexico_City")
    found = definitions(dataset(schedule=AFTER), dataset(name="cpi", schedule=noon), dataset(name="flat"))
    schedules = {s.name: s for s in found.get_repository_def().schedule_defs}
    assert set(schedules) == {"after_bls", "after_bls_2", "every_week"}
    assert schedules["after_bls_2"].execution_timezone == "America/Mexico_City"
    assert all(s.default_status == dg.DefaultScheduleStatus.RUNNING for s in schedules.values())


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


# --- sensors -------------------------------------------------------------------------------------------------------

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
