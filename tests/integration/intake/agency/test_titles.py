"""Codes that are used for the first time are proven by their titles at the agency; one with another title is refused."""

from __future__ import annotations

import json

import pytest

from orchestration.intake.parsers import parser_of_archived
from orchestration.sources.agencies import statcan
from orchestration.store.archive import Archive
from tests.replay.server import ReplayServer, html_page
from tests.replay.statcan import Point, Series, Wds
from tests.support.live_case import home, refreshed, values
from tests.support.source_case import unpaced
from tests.support.stored import rows

(CHECKED,) = (d for d in unpaced(statcan.DATASETS) if d.name == "checked_vectors")
ELECTRIC = "v1277485216"
SERIES = statcan.checked_vectors()
TITLES_METHOD = "getSeriesInfoFromVector"


@pytest.fixture
def wds(replay: ReplayServer) -> Wds:
    quarters = {f"2026-{m:02}-01": Point(20_000.0 + m, f"2026-{m + 3:02}-28T08:30") for m in (1, 4, 7)}
    months = {f"2026-{m:02}-01": Point(1_500.0 + m, f"2026-{m + 1:02}-28T08:30") for m in range(1, 9)}
    agency = Wds(
        {
            code: Series(20100025, "1.1", dict(quarters), frequency=9)
            if "registrations" in series_id
            else Series(14100223, "1.1", dict(months))
            for code, series_id in SERIES.items()
        }
    )
    replay.serve("STATCAN", agency)
    return agency


def methods(replay: ReplayServer) -> list[str]:
    return [call.path.rsplit("/", 1)[1] for call in replay.calls("STATCAN")]


def test_titles_are_read_once_before_the_first_use(tmp_path, wds, replay):
    settings = home(tmp_path)
    first = refreshed(settings, CHECKED)
    assert (first.state, first.requests) == ("done", 2), first.problems
    assert methods(replay)[0] == TITLES_METHOD
    assert values(settings, SERIES[ELECTRIC]) == {
        "2026-01": 20_001.0,
        "2026-04": 20_004.0,
        "2026-07": 20_007.0,
    }
    refreshed(settings, CHECKED)
    assert methods(replay).count(TITLES_METHOD) == 1


def test_a_code_with_another_title_is_refused_with_both_and_the_others_are_loaded(tmp_path, wds, replay):
    """The numbers of a code that belongs to another series look plausible, and are wrong."""
    wds.titles[ELECTRIC] = "Canada;Diesel;Total, vehicle type;Number of vehicles"
    settings = home(tmp_path)
    outcome = refreshed(settings, CHECKED)
    assert outcome.state == "partial"
    (problem,) = outcome.problems
    assert problem.startswith(f"{ELECTRIC} was refused") and "Canada;Diesel" in problem
    assert "Registrations of new battery electric vehicles, Canada" in problem
    assert values(settings, SERIES[ELECTRIC]) == {}
    stored = rows(settings, "SELECT count(DISTINCT series_id) FROM raw.observation")
    assert stored == [(len(SERIES) - 1,)]
    # what was refused stays out when the store is made again from the archive
    (payload,) = Archive(settings).payloads()
    parsed = parser_of_archived(payload)(Archive(settings).read(payload))
    assert SERIES[ELECTRIC] not in parsed.frame["series_id"].unique()
    # and it comes as soon as the title fits, though the answer is the same
    del wds.titles[ELECTRIC]
    wds.series[ELECTRIC].points["2026-07-01"].value = 1.0
    assert refreshed(settings, CHECKED).state == "done"
    assert len(values(settings, SERIES[ELECTRIC])) == 3


@pytest.mark.parametrize("title", ["", None])
def test_a_code_is_not_used_while_its_title_cannot_be_read(tmp_path, wds, replay, title):
    settings = home(tmp_path)
    if title is None:
        replay.fail_next("STATCAN", html_page(), times=4)
    else:
        wds.titles = dict.fromkeys(SERIES, "")
    outcome = refreshed(settings, CHECKED)
    assert outcome.state == "failed" and "title" in outcome.problems[0]
    assert rows(settings, "SELECT count(*) FROM raw.observation") == [(0,)]


def test_what_was_found_is_kept_in_the_state_of_the_warehouse(tmp_path, wds):
    settings = home(tmp_path)
    refreshed(settings, CHECKED)
    (file,) = (settings.home / "state").glob("titles-*.json")
    assert json.loads(file.read_text())[ELECTRIC].startswith("Canada;Battery electric")
