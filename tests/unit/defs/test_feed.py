"""The feed by itself: it asks on working days, and what fails is told and not thrown."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.defs import feed
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from tests.support.refresh_case import settings_at


def test_it_starts_on_working_days_and_is_on() -> None:
    schedule = feed.feed_schedule()
    assert schedule.cron_schedule == "45 9 * * 1-5" and schedule.execution_timezone == "America/New_York"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == feed.feed_job.name


@pytest.mark.slow
@pytest.mark.parametrize(("state", "told"), [("done", False), ("partial", True), ("failed", True)])
def test_a_run_asks_once_and_tells_what_could_not_be_asked(tmp_path, monkeypatch, state, told) -> None:
    """Without a network every agency fails: the run must end, the person be told, and the next day come."""
    messages: list[str] = []
    problems = ("the server could not be reached",) if told else ()
    outcome = RefreshOutcome((DatasetOutcome("cbp", "bulletins", "CSMS", state, problems=problems),))
    monkeypatch.setattr("orchestration.intake.feed.refresh_feed", lambda settings: outcome)
    monkeypatch.setattr(feed.notify, "tell", lambda subject, text: messages.append(text))
    run = feed.feed_job.execute_in_process(resources={"settings": settings_at(tmp_path)})
    assert run.success and bool(messages) == told
