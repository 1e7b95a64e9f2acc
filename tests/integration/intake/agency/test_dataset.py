"""A refresh against a small agency: what each kind of answer means for archive, store, account and the next run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from orchestration.intake.agency import question as live
from orchestration.intake.agency.clients import Clients
from orchestration.store import loading
from orchestration.store.archive import Archive
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.replay.server import (
    ReplayServer,
    cut,
    html_page,
    json_reply,
    server_error,
)
from tests.support.refresh_case import (
    API,
    MANUFACTURING,
    VEHICLES,
    Agency,
    dataset,
    one,
    question,
    run,
    serve_agency,
    settings_at,
    values,
)
from tests.support.stored import rows


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Agency:
    return serve_agency(replay)


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


def test_bytes_archived_by_a_run_that_died_are_known_since_then(settings, agency, replay) -> None:
    """Otherwise a rebuild from the archive would say another known_from than the store."""
    agency.etag = True
    asked = live.as_json_gives_it_back(question(MANUFACTURING, VEHICLES))
    with ExitStack() as stack:
        client, _ = Clients(settings, stack).of(API, False)
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
    found = one(run(settings))
    assert (found.appended, found.unchanged) == (44, 1)
    assert "ended before it loaded it" in found.notes[0]
    assert rows(settings, "SELECT DISTINCT known_from FROM raw.observation") == [(died_at,)]


class _Killed(BaseException):
    """A process that ends at this place."""


def test_an_answer_that_a_killed_run_did_not_load_is_a_vintage_though_the_next_one_differs(
    settings, agency, monkeypatch
) -> None:
    """It was missing from the store until the store was made again from the archive, which then had another history."""
    run(settings)
    agency.values[MANUFACTURING]["2026-10"] = "13000"

    def killed(*_: object, **__: object) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(loading, "load", killed)
        with pytest.raises(_Killed):
            run(settings)
    agency.values[MANUFACTURING]["2026-10"] = "13111"
    assert one(run(settings)).appended == 2
    query = """SELECT value, known_from FROM raw.observation
               WHERE series_id = 'usa_employment_manufacturing' AND period_start = '2026-10-01' ORDER BY known_from"""
    stored = rows(settings, query)
    assert [value for value, _ in stored] == [12_521.0, 13_000.0, 13_111.0]
    rebuild_store_from_archive(settings, lambda p: live.parser_of_live(p, [dataset()]), lambda _: None)
    assert rows(settings, query) == stored


def test_a_run_killed_while_it_sets_an_answer_aside_leaves_none_in_the_archive(
    settings, agency, replay, monkeypatch
) -> None:
    """The archive held it as accepted, and no rebuild of the store succeeded any more."""
    run(settings)
    accepted = Archive(settings).payloads()
    write = Archive._write

    def killed(archive: Archive, path: Path, content: bytes) -> None:
        if path.is_relative_to(archive.quarantine_folder):
            raise _Killed
        write(archive, path, content)

    replay.fail_next("BLS", json_reply({"status": "REQUEST_SUCCEEDED", "surprise": 1}), times=1)
    with monkeypatch.context() as patched:
        patched.setattr(Archive, "_write", killed)
        with pytest.raises(_Killed):
            run(settings)
    assert Archive(settings).payloads() == accepted
    rebuild_store_from_archive(settings, lambda p: live.parser_of_live(p, [dataset()]), lambda _: None)


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
