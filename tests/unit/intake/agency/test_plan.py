"""What a refresh plans to ask: nothing is asked or written, builders know what is stored, unknown sources are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.intake.agency.plan import plan_refresh
from orchestration.store.opened import open_store
from tests.replay.server import (
    ReplayServer,
)
from tests.support.refresh_case import (
    MANUFACTURING,
    TODAY,
    VEHICLES,
    Agency,
    dataset,
    question,
    run,
    serve_agency,
    settings_at,
    with_budget,
)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


def test_a_plan_asks_nothing_and_writes_nothing(settings, agency, replay) -> None:
    plan = plan_refresh(settings, datasets=[dataset(api=with_budget(25))], today=TODAY)
    (planned,) = plan.datasets
    assert (plan.requests, planned.quota_left, planned.quota) == (1, 25, "0 of 25 a day")
    assert replay.calls() == [] and not settings.home.exists()


@pytest.mark.slow
def test_builders_know_what_is_stored_and_what_is_wanted(settings, agency) -> None:
    seen = []
    spy = dataset(plan=lambda context: seen.append(context) or [question(MANUFACTURING, VEHICLES)])
    run(settings, spy)
    run(settings, spy, since=date(2020, 1, 1), full=True)
    assert dict(seen[0].latest) == {} and (seen[0].since, seen[0].full, seen[0].has_key) == (
        None,
        False,
        False,
    )
    assert seen[1].latest["usa_employment_manufacturing"] == date(2026, 10, 1)
    assert (seen[1].since, seen[1].full, seen[1].today) == (date(2020, 1, 1), True, TODAY)


@pytest.mark.slow
def test_builders_know_when_a_request_was_answered_and_since_when_a_period_is_out(settings, agency) -> None:
    """A request that failed after another one brought the newest month would not be asked again."""
    seen = []
    answered, failed = question(MANUFACTURING), question(VEHICLES)
    spy = dataset(plan=lambda context: seen.append(context) or [answered, failed])
    del agency.values[VEHICLES]
    run(settings, spy)
    run(settings, spy)
    assert not seen[0].shown and seen[0].answered_at(answered) is None
    (since,) = seen[1].shown.items()
    assert since[0] == date(2026, 10, 1) and since[1] <= seen[1].answered_at(answered)
    assert seen[1].answered_at(failed) is None
    assert seen[1].answered_since_out(answered, date(2026, 10, 1))
    assert not seen[1].answered_since_out(answered, date(2026, 11, 1))
    assert not seen[1].answered_since_out(failed, date(2026, 10, 1))
    # archived, and the run was killed before it was loaded
    with open_store(settings.store) as con:
        con.execute("DELETE FROM raw.load")
    run(settings, spy)
    assert seen[2].answered_at(answered) is None


def test_unknown_sources_are_refused_with_those_there_are(settings) -> None:
    with pytest.raises(UsageError, match="no live source fred; there are bls"):
        plan_refresh(settings, sources=["fred"], datasets=[dataset()])


def test_what_a_parser_sees_is_what_a_rebuild_sees(settings) -> None:
    """A tuple or a date in the context would be something else when read back from the archive."""
    asked = replace(question(MANUFACTURING), context={"codes": (MANUFACTURING,)})
    (planned,) = plan_refresh(settings, datasets=[dataset(asked)], today=TODAY).datasets
    assert planned.requests[0].context == {"codes": [MANUFACTURING]}
