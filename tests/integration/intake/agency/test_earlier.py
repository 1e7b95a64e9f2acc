"""The answer before this one, where series were refused when it came: what of it counts as loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

import pytest

from orchestration.base.settings import Settings
from orchestration.intake.agency import question as live
from orchestration.intake.agency.titles import KnownTitles
from orchestration.intake.registration import register
from orchestration.sources.spec import Dataset, Request, Response, TitleCheck
from orchestration.store.archive import Archive
from orchestration.store.rebuild import rebuild_store_from_archive
from tests.replay.server import Call, ReplayServer, Reply, json_reply, server_error
from tests.support.refresh_case import (
    API,
    LEVELS,
    MANUFACTURING,
    SERIES,
    VEHICLES,
    Agency,
    dataset,
    months,
    one,
    run,
    settings_at,
    values,
)
from tests.support.stored import rows

QUERY = """SELECT series_id, period_start, value, status, known_from, payload_id FROM raw.observation ORDER BY ALL"""
COVERED = "SELECT DISTINCT slice_id, known_from, first_period, last_period FROM raw.coverage ORDER BY ALL"


class Titles:
    """The titles at the agency, which can be read or not."""

    down = True

    def __call__(self, _call: Call) -> Reply:
        return server_error(503) if self.down else json_reply({VEHICLES: "Motor vehicles and parts"})


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_at(tmp_path / "home")


@pytest.fixture
def titles() -> Titles:
    return Titles()


@pytest.fixture(params=[False, True], ids=["other bytes each time", "the same bytes"])
def agency(request: pytest.FixtureRequest, replay: ReplayServer, titles: Titles) -> Agency:
    levels = {code: months("2025-01", LEVELS) for code in (MANUFACTURING, VEHICLES)}
    agency = Agency(levels, etag=request.param)
    replay.serve(API.name, lambda call: titles(call) if "titles" in call.path else agency(call))
    return agency


def read_titles(response: Response) -> Mapping[str, str]:
    live_titles: dict[str, str] = json.loads(response.content)
    return live_titles


CHECKED: Dataset = dataset(
    title_check=TitleCheck(
        lambda _codes: Request("titles", "/titles/"),
        read_titles,
        {VEHICLES: ("motor vehicles",)},
        SERIES,
    )
)


def made_again(settings: Settings) -> None:
    rebuild_store_from_archive(
        settings, lambda payload: live.parser_of_live(payload, [CHECKED]), partial(register, settings)
    )


def test_a_series_whose_title_can_be_read_at_last_is_loaded_though_the_answer_is_the_same(
    settings, agency, titles
) -> None:
    """It stayed out for good: the answer counted as unchanged, and only a store made from the archive had the series."""
    assert one(run(settings, CHECKED)).state == "partial"
    assert not values(settings, VEHICLES)
    titles.down = False
    found = one(run(settings, CHECKED))
    assert (found.state, found.appended, found.revised, found.withdrawn) == ("done", 22, 0, 0)
    found = one(run(settings, CHECKED))
    assert (found.unchanged, found.appended) == (1, 0), "once is enough"
    stored, covered = rows(settings, QUERY), rows(settings, COVERED)
    assert len(stored) == 44
    made_again(settings)
    assert (rows(settings, QUERY), rows(settings, COVERED)) == (stored, covered)


def test_a_title_that_cannot_be_read_again_takes_nothing_out_of_the_archive(settings, agency, titles) -> None:
    """The sidecar of an unchanged answer took over the refusal, and a store made again lacked what had been loaded."""
    titles.down = False
    run(settings, CHECKED)
    stored = rows(settings, QUERY)
    KnownTitles.of(settings, CHECKED).path.unlink()
    titles.down = True
    assert one(run(settings, CHECKED)).unchanged == 1
    made_again(settings)
    assert rows(settings, QUERY) == stored and len(stored) == 44


def test_a_run_killed_before_it_loads_the_proven_series_is_finished_by_the_next(
    settings, agency, titles
) -> None:
    """The archive would have the series from the day of its first answer, the store from that of the next other one."""
    run(settings, CHECKED)
    (payload,) = Archive(settings).payloads()
    request = live.archived_request(payload)
    proven = {**payload.extra["request"], "context": {**request.context, "refused_titles": {}}}
    Archive(settings).seen_again(payload, payload.last_seen_at, {"request": proven})
    titles.down = False
    agency.values[VEHICLES]["2026-10"] = "1"
    found = one(run(settings, CHECKED))
    assert (found.appended, found.revised) == (23, 1)
    stored = rows(settings, QUERY)
    made_again(settings)
    assert rows(settings, QUERY) == stored
