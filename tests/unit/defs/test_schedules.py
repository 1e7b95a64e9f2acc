"""When live datasets start by themselves: on release days, in the agency's zone, never where a dataset is off."""

from __future__ import annotations

import logging
from datetime import datetime

import dagster as dg
import pytest

from tests.support.live_assets_case import EASTERN, definitions
from tests.support.refresh_case import (
    dataset,
    settings_at,
)

AFTER = ("35 8 * * 1-5", "America/New_York")


@pytest.fixture
def settings(tmp_path, monkeypatch):
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    monkeypatch.setenv("HEADWAY_HOME", str(tmp_path / "home"))
    return settings_at(tmp_path / "home")


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
