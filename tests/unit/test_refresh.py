"""A refresh against a small agency: what each kind of answer means for archive, store, account and the next run."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from orchestration import refresh, refresh_plan
from orchestration.archive import Archive
from orchestration.errors import UsageError
from orchestration.ingest import rebuild_store_from_archive
from orchestration.quota import Quota
from orchestration.refresh import run_refresh
from orchestration.refresh_account import RefreshOutcome
from orchestration.refresh_plan import plan_refresh
from orchestration.settings import Settings
from orchestration.sources import live
from tests.refresh_case import (
    API,
    MANUFACTURING,
    NEEDY,
    TODAY,
    VEHICLES,
    Agency,
    dataset,
    everything_written,
    months,
    question,
    rows,
    settings_at,
    values,
    with_budget,
)
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

LEVELS = [12_500 + i for i in range(22)]  # 2025-01 .. 2026-10
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
    found = Agency({MANUFACTURING: months("2025-01", LEVELS), VEHICLES: months("2025-01", LEVELS)})
    for api in ("BLS", "CENSUS"):
        replay.serve(api, found)
    return found


def run(settings: Settings, *datasets, **more) -> RefreshOutcome:
    plan = plan_refresh(settings, datasets=datasets or [dataset()], today=TODAY, **more)
    return run_refresh(settings, plan, build=False, sleep=lambda _: None)


def one(outcome: RefreshOutcome):
    (found,) = outcome.datasets
    return found


# --- new, the same, revised, withdrawn -----------------------------------------------------------------------------


def test_first_refresh_fills_archive_and_store(settings, agency, replay) -> None:
    outcome = run(settings)
    found = one(outcome)
    assert (outcome.exit_code, found.state, found.requests, found.fetched) == (0, "done", 1, 1)
    assert (found.appended, found.revised, found.withdrawn, found.rejected) == (44, 0, 0, 0)
    assert values(settings) == {month: float(v) for month, v in agency.values[MANUFACTURING].items()}
    (payload,) = Archive(settings).payloads()
    assert payload.request_url.startswith(replay.url("BLS") + "/data/#body-")
    assert rows(settings, "SELECT DISTINCT known_from, known_from_basis FROM raw.observation") == [
        (payload.retrieved_at, "retrieved")
    ]


def test_an_answer_that_says_the_same_costs_nothing_but_the_request(settings, agency, monkeypatch) -> None:
    """BLS tells in each answer how long it took: compared byte by byte, nothing would ever be unchanged."""
    run(settings)
    before = (Archive(settings).payloads(), everything_written(settings.home / "archive" / "objects"))
    monkeypatch.setattr("transforms.parse.bls.parse_reply", lambda *a, **k: pytest.fail("parsed again"))
    outcome = run(settings)
    found = one(outcome)
    assert (found.state, found.unchanged, found.fetched, found.appended) == ("done", 1, 0, 0)
    assert not outcome.changed
    after = Archive(settings).payloads()
    assert [replace(p, last_seen_at=None) for p in after] == [
        replace(p, last_seen_at=None) for p in before[0]
    ]
    assert everything_written(settings.home / "archive" / "objects") == before[1]
    assert rows(settings, "SELECT count(*) FROM raw.load") == [(1,)]


def test_the_second_time_is_asked_conditionally(settings, agency, replay) -> None:
    agency.etag = True
    run(settings)
    outcome = run(settings)
    first, second = replay.calls("BLS")
    assert "if-none-match" not in first.headers and second.headers["if-none-match"].startswith('"')
    assert (one(outcome).unchanged, one(outcome).fetched) == (1, 0)


def test_rows_in_another_order_say_the_same() -> None:
    """Census gives its rows in any order: each answer would be archived and loaded again, 20 MB at a time."""
    api = replace(API, volatile=b"", row_separator=b"],")
    one, other = b'[["a","b"],\n["1","2"],\n["3","4"]]', b'[["a","b"],["3","4"],["1","2"]]'
    assert live.digest(api, one) == live.digest(api, other)
    for changed in (
        b'[["a","b"],["3","4"],["1","5"]]',
        b'[["a","b"],["3","4"]]',
        b'[["a","b"],["1","2"],["3","4"],["3","4"]]',
    ):
        assert live.digest(api, changed) != live.digest(api, one)


def test_a_revision_becomes_a_vintage_and_a_new_month_a_row(settings, agency) -> None:
    run(settings)
    agency.values[MANUFACTURING] |= {"2026-10": "12600", "2026-11": "12601"}
    found = one(run(settings))
    assert (found.appended, found.revised, found.withdrawn) == (2, 1, 0)
    history = rows(
        settings,
        "SELECT value FROM raw.observation WHERE period_start = '2026-10-01' "
        "AND series_id = 'usa_employment_manufacturing' ORDER BY load_id",
    )
    assert history == [(12_521.0,), (12_600.0,)]


def test_a_value_that_is_gone_is_withdrawn_not_forgotten(settings, agency) -> None:
    run(settings)
    del agency.values[VEHICLES]["2025-07"]
    found = one(run(settings))
    assert (found.appended, found.withdrawn) == (0, 1)
    assert "2025-07" not in values(settings, VEHICLES)
    assert rows(settings, "SELECT period_start, value FROM raw.observation WHERE status = 'withdrawn'") == [
        (date(2025, 7, 1), None)
    ]


def test_the_archive_alone_makes_the_same_store_again(settings, agency) -> None:
    run(settings)
    agency.values[MANUFACTURING]["2026-10"] = "12600"
    run(settings)
    query = "SELECT series_id, period_start, value, known_from, payload_id FROM raw.observation ORDER BY ALL"
    before = rows(settings, query)
    settings.store.unlink()
    rebuild_store_from_archive(
        settings,
        lambda payload: live.parser_of_live(payload, [dataset()]),
        lambda con: None,
    )
    assert rows(settings, query) == before and len(before) == 45


def test_bytes_archived_by_a_run_that_died_are_known_since_then(settings, agency, replay) -> None:
    """Otherwise a rebuild from the archive would say another known_from than the store."""
    agency.etag = True
    asked = live.as_json_gives_it_back(question(MANUFACTURING, VEHICLES))
    with refresh.ExitStack() as stack:
        client, _ = refresh.Clients(settings, stack).of(API, False)
        response, _ = client.fetch(asked, lambda r: r)
    died_at = datetime(2026, 11, 1, 12)
    Archive(settings).put(
        response.content,
        source_id="bls",
        dataset="ces",
        request_url=live.request_url(API, asked),
        retrieved_at=died_at,
        extra=live.extra_of(API, asked, response),
    )
    assert one(run(settings)).appended == 44
    assert "if-none-match" not in replay.calls("BLS")[-1].headers, "what was never loaded must be sent again"
    assert rows(settings, "SELECT DISTINCT known_from FROM raw.observation") == [(died_at,)]


# --- what is wrong with an answer ----------------------------------------------------------------------------------

BROKEN = {
    "page in place of data": (html_page(), "HTML page"),
    "cut": (cut(json_reply(list(range(500)))), "cut in the middle"),
    "server error": (server_error(), "HTTP 503"),
    "schema": (json_reply({"state": "ok"}), "reply without the field status"),
    "refused": (json_reply({"status": "REQUEST_FAILED_INVALID_PARAMETERS"}), "REQUEST_FAILED_INVALID"),
    "cut by BLS": (
        json_reply(
            {
                "status": "REQUEST_SUCCEEDED",
                "message": ["Year range has been reduced to the system-allowed limit of 10 years."],
                "Results": {"series": []},
            }
        ),
        "BLS shortened the years",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_loads_nothing_and_leaves_the_others_alone(settings, agency, replay, name) -> None:
    reply, said = BROKEN[name]
    other = replace(dataset(name="other"), api=replace(API, name="CENSUS"))
    run(settings, dataset(), other)
    before = values(settings)
    agency.values[MANUFACTURING]["2026-11"] = "12999"
    replay.fail_next("BLS", reply, times=9)
    outcome = run(settings, dataset(), other)
    broken, good = outcome.datasets
    assert (outcome.exit_code, broken.state, good.state) == (3, "failed", "done")
    assert any(said in problem for problem in broken.problems), broken.problems
    assert values(settings) == {**before, "2026-11": 12_999.0}
    for aside in Archive(settings).quarantined():
        assert said in aside.reason and aside.path.read_bytes() == reply.body
        assert not any(p.sha256 == aside.sha256 for p in Archive(settings).payloads())
    assert bool(Archive(settings).quarantined()) == (name not in ("cut", "server error"))


def test_a_parser_that_stumbles_takes_its_dataset_down_and_no_other(settings, agency) -> None:
    """An answer of a shape that no one thought of must not end the refresh of ten other agencies."""

    def stumble(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    outcome = run(settings, replace(dataset(), parse=stumble), dataset(name="cpi"))
    assert [d.state for d in outcome.datasets] == ["failed", "done"]
    (aside,) = Archive(settings).quarantined()
    assert "the parser failed on it (ZeroDivisionError: division by zero)" in aside.reason


def test_all_sources_failing_is_said_by_the_exit_status(settings, agency, replay) -> None:
    replay.serve("BLS", html_page())
    assert run(settings).exit_code == 1


def test_an_answer_that_lost_a_block_is_not_a_mass_withdrawal(settings, agency) -> None:
    """The whole history of a series would be withdrawn by an answer that was cut somewhere upstream."""
    run(settings)
    before = values(settings)
    kept = agency.values[MANUFACTURING]
    agency.values[MANUFACTURING] = {m: v for m, v in kept.items() if m in ("2025-01", "2026-10")}
    found = one(run(settings))
    assert found.state == "failed" and "20 of 44 values" in found.problems[0]
    assert values(settings) == before
    assert len(Archive(settings).quarantined()) == 1
    agency.values[MANUFACTURING] = kept
    assert run(settings).exit_code == 0


def test_an_answer_that_ends_before_what_is_known_was_cut(settings, agency) -> None:
    asked = question(MANUFACTURING, VEHICLES)
    asked = replace(asked, context={**asked.context, "last_period": "2026-11-01"})
    run(settings, dataset(asked))
    for code in (MANUFACTURING, VEHICLES):
        del agency.values[code]["2026-10"]
    found = one(run(settings, dataset(asked)))
    assert "end too early" in found.problems[0] and "2026-10" in values(settings)


def test_a_series_that_did_not_come_means_a_cut_answer(settings, agency) -> None:
    del agency.values[VEHICLES]
    found = one(run(settings))
    assert found.state == "failed" and f"1 series did not come: {VEHICLES}" in found.problems[0]


def test_a_refused_series_is_told_and_the_rest_is_loaded(settings, agency) -> None:
    """One discontinued series must not block the forty-nine others of its request."""
    del agency.values[VEHICLES]
    agency.messages = [f"Series does not exist for Series {VEHICLES}"]
    outcome = run(settings)
    found = one(outcome)
    assert (outcome.exit_code, found.state, found.appended) == (3, "partial", 22)
    assert VEHICLES in found.problems[0]


@pytest.mark.parametrize("status", [204])
def test_nothing_there_is_not_a_failure(settings, agency, replay, status) -> None:
    """The newest month before its release, or a window without a release: most days look like this."""
    replay.fail_next("BLS", json_reply({"status": "REQUEST_SUCCEEDED", "Results": {"series": []}}))
    outcome = run(settings, dataset(question(MANUFACTURING)))
    assert (outcome.exit_code, one(outcome).state, one(outcome).appended) == (0, "done", 0)
    assert "no observation" in one(outcome).notes[0]
    assert Archive(settings).payloads() == [] and Archive(settings).quarantined() == []


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
