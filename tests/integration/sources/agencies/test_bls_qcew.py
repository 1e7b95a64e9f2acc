"""The Quarterly Census of Employment and Wages end to end, against a server that answers slices."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.sources.agencies import bls_qcew
from tests.replay.bls_qcew import Slices
from tests.replay.server import ReplayServer, html_page, server_error, text_reply
from tests.support.source_case import one, refresh, settings_at
from tests.support.stored import rows

TODAY = date(2024, 8, 20)
MICHIGAN = "usa_mi_employment_motor_vehicles_qcew"


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> Slices:
    found = Slices(bls_qcew.AREAS, withheld=frozenset({("28000", "3363")}))
    replay.serve("BLS_QCEW", found)
    return found


def ask(settings, today: date = TODAY, **more):
    return one(refresh(settings, bls_qcew.DATASETS, today=today, **more))


def test_quarters_become_months_and_what_is_withheld_stays_empty(settings, agency) -> None:
    found = ask(settings)
    assert (found.state, found.fetched) == ("done", 10), found.problems
    assert rows(
        settings,
        f"SELECT count(*), min(period_start), max(period_start) FROM raw.observation WHERE series_id = '{MICHIGAN}'",
    ) == [(15, date(2023, 1, 1), date(2024, 3, 1))]
    place = bls_qcew.AREAS.index("26000") + 1
    assert rows(
        settings,
        f"SELECT value, known_from_basis FROM raw.observation WHERE series_id = '{MICHIGAN}' AND period_start = '2024-02-01'",
    ) == [(1_000 * place + 2024 + 1, "retrieved")]
    assert rows(
        settings,
        "SELECT DISTINCT value, status FROM raw.observation WHERE series_id = 'usa_ms_employment_vehicle_parts_qcew'",
    ) == [(None, "suppressed")]


def test_asked_again_nothing_changes_and_a_revised_quarter_is_a_vintage(settings, agency) -> None:
    ask(settings)
    again = ask(settings)
    assert (again.state, again.fetched, again.changed) == ("done", 0, False)
    agency.revised["26000", "3361", 2023, 4] = (9_001, 9_002, 9_003)
    revised = ask(settings)
    assert (revised.fetched, revised.revised, revised.withdrawn) == (1, 3, 0)


def test_a_quarter_that_is_not_out_is_no_failure(settings, agency) -> None:
    found = ask(settings, date(2024, 11, 20))
    assert found.state == "done" and any("HTTP 404" in note for note in found.notes)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (html_page(), "an HTML page instead of data"),
        (server_error(500), "HTTP 500"),
        (text_reply("Access Denied", 403, "text/html"), "HTTP 403"),
        (text_reply('"area_fips","own_code"\n"26000","5"\n', 200, "text/csv"), "other columns"),
    ],
)
def test_a_fault_leaves_the_store_as_it_was(settings, agency, replay, fault, said) -> None:
    replay.serve("BLS_QCEW", fault)
    found = ask(settings)
    assert found.state == "failed" and any(said in problem for problem in found.problems), found.problems
    assert rows(settings, "SELECT count(*) FROM raw.observation") == [(0,)]
