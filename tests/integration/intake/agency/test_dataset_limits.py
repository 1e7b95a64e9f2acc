"""What keeps a refresh from asking: pages, budgets, keys; what it plans; whom it tells. See also test_dataset.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from orchestration.base.settings import Settings
from orchestration.intake.agency import clients
from orchestration.intake.agency import plan as refresh_plan
from orchestration.intake.agency.plan import plan_refresh
from orchestration.intake.agency.quota import Quota
from tests.replay.server import (
    ReplayServer,
    html_page,
    json_reply,
    server_error,
    too_many,
)
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    TODAY,
    VEHICLES,
    Agency,
    dataset,
    one,
    question,
    run,
    serve_agency,
    settings_at,
    values,
    with_budget,
)

SPENT = {
    "status": "REQUEST_NOT_PROCESSED",
    "message": [
        "Request could not be serviced, as the daily threshold for total number of requests is reached."
    ],
    "Results": {},
}


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


# --- pages, quotas, keys -------------------------------------------------------------------------------------------


def test_nothing_is_asked_after_a_failed_page_but_other_requests_go_on(settings, agency, replay) -> None:
    pages = [
        replace(question(VEHICLES), path=f"/page{n}/", pages_of="2025", title=f"page {n}") for n in (1, 2, 3)
    ]
    replay.fail_next("BLS", html_page(), path="/page2/", times=9)
    found = one(run(settings, dataset(*pages, question(MANUFACTURING))))
    assert [c.path for c in replay.calls("BLS")] == ["/page1/", *["/page2/"] * 4, "/data/"]
    assert found.state == "partial" and "not asked: page 3: an earlier page" in found.problems[1]
    assert values(settings, MANUFACTURING)


def test_a_server_that_is_down_is_not_waited_for_with_every_question(settings, agency, replay) -> None:
    """Each question waits 21 s for an answer that does not come: 26 minutes for a full plan of the Census."""
    asked = [replace(question(VEHICLES), path=f"/{n}/", title=str(n)) for n in range(6)]
    replay.fail_next("BLS", server_error(), times=99)
    outcome = run(settings, dataset(*asked), dataset(name="cpi"), dataset(name="hours"))
    assert len(replay.calls("BLS")) == 3 * API.attempts
    assert [d.state for d in outcome.datasets] == ["failed", "skipped", "skipped"]
    assert "3 more requests were not sent" in outcome.problems[3]
    assert outcome.problems[4].startswith("bls/cpi, bls/hours: skipped, 2: BLS: HTTP 503"), "said once"


def test_single_failures_do_not_add_up(settings, agency, replay) -> None:
    """Three bad pages among a hundred good ones, or three pages where data should be, are no server that is down."""
    asked = [replace(question(VEHICLES), path=f"/{n}/", title=str(n)) for n in range(7)]
    for n in (0, 1, 3, 4):
        replay.fail_next("BLS", server_error(), path=f"/{n}/", times=API.attempts)
    assert "HTTP 503" in one(run(settings, dataset(*asked))).problems[3]
    assert {c.path for c in replay.calls("BLS")} == {f"/{n}/" for n in range(7)}
    replay.forget()
    replay.fail_next("BLS", html_page(), times=99)
    run(settings, dataset(*asked, name="pages"))
    assert {c.path for c in replay.calls("BLS")} == {f"/{n}/" for n in range(7)}


def test_a_refusal_for_the_day_is_remembered(settings, agency, replay, monkeypatch) -> None:
    """A spent quota that is asked again stays spent, and some agencies then block for longer."""
    replay.fail_next("BLS", json_reply(SPENT), times=9)
    two = [dataset(name="ces"), dataset(name="cpi")]
    outcome = run(settings, *two)
    assert len(replay.calls()) == 1, "neither repeated, nor asked for the second dataset"
    assert outcome.exit_code == 1 and "not asked again before" in outcome.datasets[0].problems[0]
    plan = plan_refresh(settings, datasets=two, today=TODAY)
    assert all("quota of BLS is spent until" in d.skip for d in plan.datasets)
    assert run(settings, *two).exit_code == 1 and len(replay.calls()) == 1
    replay.forget()
    tomorrow = lambda: datetime.now(UTC) + timedelta(days=2)  # noqa: E731
    at = lambda *a, **k: Quota(*a, **{**k, "now": tomorrow})  # noqa: E731
    monkeypatch.setattr(clients, "Quota", at)
    monkeypatch.setattr(refresh_plan, "Quota", at)
    assert run(settings, *two).exit_code == 0


def test_a_quota_that_does_not_suffice_gives_every_request_its_turn(
    settings, agency, replay, monkeypatch
) -> None:
    """Asked in the same order every day, the last requests of a plan would never be sent."""
    now = [datetime(2026, 11, 20, 15, tzinfo=UTC)]
    at = lambda *a, **k: Quota(*a, **{**k, "now": lambda: now[0]})  # noqa: E731
    monkeypatch.setattr(clients, "Quota", at)
    monkeypatch.setattr(refresh_plan, "Quota", at)
    asked = [replace(question(VEHICLES), path=f"/{n}/", title=str(n)) for n in (1, 2, 3)]
    small = dataset(*asked, api=with_budget(2))
    first = one(run(settings, small))
    assert [c.path for c in replay.calls()] == ["/1/", "/2/"]
    assert (
        first.state == "partial" and "quota is spent; it renews at 2026-11-21 05:00 UTC" in first.problems[0]
    )
    now[0] += timedelta(days=1)
    run(settings, small)
    assert [c.path for c in replay.calls()][2:3] == ["/3/"]


def test_repeated_attempts_count_against_the_budget(settings, agency, replay) -> None:
    replay.fail_next("BLS", server_error(), times=9)
    found = one(run(settings, dataset(api=with_budget(3))))
    assert len(replay.calls()) == found.requests == 3
    assert "quota is spent" in found.problems[0]


def test_a_server_that_wants_a_day_of_peace_gets_it(settings, agency, replay) -> None:
    replay.fail_next("BLS", too_many(retry_after=90_000))
    run(settings)
    (planned,) = plan_refresh(settings, datasets=[dataset()], today=TODAY).datasets
    assert "quota of BLS is spent until" in planned.skip


@pytest.mark.parametrize("seconds", ["1", "31536000"])
def test_a_server_that_is_closed_for_a_while_has_no_spent_quota(settings, agency, replay, seconds) -> None:
    """A 503 says nothing of a quota: the next runs would ask nothing, with a reason that is wrong, for as long as the server likes."""
    closed = replace(server_error(503), headers={"Retry-After": seconds})
    replay.fail_next("BLS", closed, times=API.attempts)
    found = one(run(settings))
    assert found.state == "failed" and "HTTP 503" in found.problems[0] and "quota" not in found.problems[0]
    (planned,) = plan_refresh(settings, datasets=[dataset()], today=TODAY).datasets
    assert not planned.skip


def test_a_builder_that_stumbles_takes_its_dataset_down_and_no_other(settings, agency) -> None:
    dated = replace(question(MANUFACTURING), context={"from": date(2026, 1, 1)})  # not plain JSON
    outcome = run(settings, dataset(dated), dataset(name="cpi"))
    assert [d.state for d in outcome.datasets] == ["skipped", "done"] and outcome.exit_code == 3
    assert "its requests could not be made (TypeError: " in outcome.datasets[0].skip
