"""What keeps a refresh from asking: pages, budgets, keys; what it plans; whom it tells. See also test_dataset.py."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.intake.agency import dataset as refresh
from orchestration.intake.agency import plan as refresh_plan
from orchestration.intake.agency.plan import plan_refresh
from orchestration.intake.agency.quota import Quota
from orchestration.store.archive import Archive
from tests.replay.server import (
    ReplayServer,
    cut,
    html_page,
    json_reply,
    no_content,
    redirect,
    server_error,
    too_many,
)
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    NEEDY,
    TODAY,
    VEHICLES,
    Agency,
    dataset,
    everything_written,
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
    monkeypatch.setattr(refresh, "Quota", at)
    monkeypatch.setattr(refresh_plan, "Quota", at)
    assert run(settings, *two).exit_code == 0


def test_a_quota_that_does_not_suffice_gives_every_request_its_turn(
    settings, agency, replay, monkeypatch
) -> None:
    """Asked in the same order every day, the last requests of a plan would never be sent."""
    now = [datetime(2026, 11, 20, 15, tzinfo=UTC)]
    at = lambda *a, **k: Quota(*a, **{**k, "now": lambda: now[0]})  # noqa: E731
    monkeypatch.setattr(refresh, "Quota", at)
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


def test_a_refused_key_names_its_variable_and_ends_that_api_only(
    settings, agency, replay, monkeypatch
) -> None:
    monkeypatch.setenv("HEADWAY_CENSUS_KEY", "0" * 32)
    wrong = {"status": "REQUEST_NOT_PROCESSED", "message": ["The key:0 provided by the User is invalid."]}
    replay.serve("CENSUS", json_reply(wrong))
    first, second, other = run(
        settings, dataset(api=NEEDY), dataset(api=NEEDY, name="hs"), dataset(name="cpi")
    ).datasets
    assert len(replay.calls("CENSUS")) == 1
    assert (
        first.state == "failed" and "check HEADWAY_CENSUS_KEY (https://bls.example/key)" in first.problems[0]
    )
    assert second.state == "skipped" and other.state == "done"


def test_a_missing_key_is_one_clear_line_and_the_rest_goes_on(settings, agency, replay) -> None:
    outcome = run(settings, dataset(api=NEEDY), dataset(name="cpi"))
    assert outcome.exit_code == 3
    assert outcome.datasets[0].skip == (
        "it needs a key: set HEADWAY_CENSUS_KEY (free, from https://bls.example/key)"
    )
    assert replay.calls("CENSUS") == []


def test_what_is_off_stays_off_and_does_not_count(settings, agency, replay, monkeypatch) -> None:
    off = dataset(name="mirror", enabled=False, disabled_reason="its licence does not allow handing on")
    outcome = run(settings, off, dataset())
    assert outcome.exit_code == 0 and "its licence" in outcome.datasets[0].skip
    monkeypatch.setenv("HEADWAY_ENABLE_BLS", "1")
    assert [d.state for d in run(settings, off, dataset()).datasets] == ["done", "done"]


PLANTED = "5ec4e7" + "0123456789abcdef" * 2


@pytest.mark.parametrize("place", ["query", "header", "body", "path"])
def test_planted_keys_are_in_nothing_that_is_written_or_told(
    settings, agency, replay, monkeypatch, capfd, caplog, place
) -> None:
    """Good answers, answers that repeat the key, refusals, broken connections: then every file is searched."""
    caplog.set_level("DEBUG")
    monkeypatch.setenv("HEADWAY_BLS_KEY", PLANTED)
    secret = replace(API.secret, place=place, name="token", pattern=r"[0-9a-f]{38}")
    api = replace(API, secret=secret)
    path = "/data/{token}" if place == "path" else "/data/"
    asked = dataset(*(replace(question(c), path=path) for c in (MANUFACTURING, VEHICLES)), api=api)
    told = []
    for fault in (
        None,
        redirect(f"/elsewhere?token={PLANTED}"),
        html_page(PLANTED),
        cut(html_page(PLANTED)),
        0,
    ):
        if fault:
            replay.fail_next("BLS", fault, times=3)
        agency.messages = [f"The key {PLANTED} is fine"]
        if fault == 0:
            monkeypatch.setenv("HEADWAY_BASE_URL_BLS", "http://127.0.0.1:9")
        told.append(run(settings, asked))
    assert PLANTED in str(replay.calls()), "the agency got the key"
    assert values(settings) and Archive(settings).quarantined()
    output = "".join(capfd.readouterr())
    for text in (str(told), output, caplog.text, str(plan_refresh(settings, datasets=[asked], today=TODAY))):
        assert "5ec4e7" not in text
    for file, content in everything_written(settings.home).items():
        assert b"5ec4e7" not in content, file


# --- the plan ------------------------------------------------------------------------------------------------------


def test_a_plan_asks_nothing_and_writes_nothing(settings, agency, replay) -> None:
    plan = plan_refresh(settings, datasets=[dataset(api=with_budget(25))], today=TODAY)
    (planned,) = plan.datasets
    assert (plan.requests, planned.quota_left, planned.quota) == (1, 25, "0 of 25 a day")
    assert replay.calls() == [] and not settings.home.exists()


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


def test_unknown_sources_are_refused_with_those_there_are(settings) -> None:
    with pytest.raises(UsageError, match="no live source fred; there are bls"):
        plan_refresh(settings, sources=["fred"], datasets=[dataset()])


def test_what_a_parser_sees_is_what_a_rebuild_sees(settings) -> None:
    """A tuple or a date in the context would be something else when read back from the archive."""
    asked = replace(question(MANUFACTURING), context={"codes": (MANUFACTURING,)})
    (planned,) = plan_refresh(settings, datasets=[dataset(asked)], today=TODAY).datasets
    assert planned.requests[0].context == {"codes": [MANUFACTURING]}


def test_a_builder_that_stumbles_takes_its_dataset_down_and_no_other(settings, agency) -> None:
    dated = replace(question(MANUFACTURING), context={"from": date(2026, 1, 1)})  # not plain JSON
    outcome = run(settings, dataset(dated), dataset(name="cpi"))
    assert [d.state for d in outcome.datasets] == ["skipped", "done"] and outcome.exit_code == 3
    assert "its requests could not be made (TypeError: " in outcome.datasets[0].skip


# --- telling someone -----------------------------------------------------------------------------------------------


def test_what_was_not_complete_is_told_by_command_and_webhook(
    settings, agency, replay, monkeypatch, tmp_path
) -> None:
    file = tmp_path / "told"
    code = f"import sys; open({str(file)!r}, 'w').write(sys.argv[1] + chr(10) + sys.stdin.read())"
    monkeypatch.setenv("HEADWAY_NOTIFY_COMMAND", f'{shlex.quote(sys.executable)} -c "{code}" "{{subject}}"')
    replay.serve("HOOK", no_content())
    monkeypatch.setenv("HEADWAY_NOTIFY_WEBHOOK", replay.url("HOOK") + "/secret-part")
    run(settings)
    assert not file.exists() and not replay.calls("HOOK")
    replay.serve("BLS", html_page())
    run(settings)
    text = file.read_text()
    assert text.startswith("Headway: a refresh was not complete\n0 of 1 datasets are up to date.")
    assert "bls/ces: CES3000000001, CES3133600101: " in text
    assert json.loads(replay.calls("HOOK")[0].body)["text"] == text.rstrip("\n")


def test_a_dead_webhook_or_command_does_not_end_a_run(settings, agency, replay, monkeypatch) -> None:
    monkeypatch.setenv("HEADWAY_NOTIFY_WEBHOOK", "http://127.0.0.1:9/secret-part")
    monkeypatch.setenv("HEADWAY_NOTIFY_COMMAND", "no-such-command-here")
    replay.serve("BLS", html_page())
    assert run(settings).exit_code == 1
