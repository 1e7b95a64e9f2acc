"""A server that is busy must not look like a month that is not there, and a month that is not out is no failure."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from pathlib import Path

import pytest

from orchestration.intake.detail.download import add_since
from orchestration.intake.detail.lake import apart
from orchestration.sources.agencies import census_bulk
from orchestration.store.archive import Archive
from tests.replay.bts import month_zip
from tests.replay.server import Call, Reply, cut, html_page, server_error, text_reply, too_many
from tests.support import bulk_case
from tests.support.detail_case import home, value

TODAY = date(2025, 6, 1)
API = "CENSUS_BULK"
NOT_FOUND = text_reply("<html>Not Found</html>", 404, "text/html")


class FileServer:
    """Zips of the months it has, 404 for others, as the Bureau's server answers."""

    def __init__(self, folder: Path, months: dict[str, list[date]]) -> None:
        self.files = {}
        for flow, of_flow in months.items():
            for month in of_flow:
                make = bulk_case.imports_zip if flow == "imports" else bulk_case.exports_zip
                self.files[census_bulk.request(flow, month).path] = make(folder, month).read_bytes()

    def __call__(self, call: Call) -> Reply:
        content = self.files.get(call.path)
        return Reply(content, media_type="application/zip", etag=True) if content else NOT_FOUND


def months(*numbers: int) -> list[date]:
    return [date(2025, number, 1) for number in numbers]


@pytest.fixture
def server(tmp_path, replay, monkeypatch):
    # two seconds between two requests are for the Bureau
    monkeypatch.setattr(
        census_bulk, "API", dataclasses.replace(census_bulk.API, seconds_between_requests=0.001)
    )
    files = FileServer(tmp_path / "served", {"imports": months(1, 2, 3)})
    replay.serve(API, files)
    return files


def fetched(settings, since=date(2025, 1, 1), flows=("imports",)):
    slept: list[float] = []
    results = add_since(settings, since, flows=flows, today=TODAY, sleep=slept.append)
    return [(r.month, r.state) for r in results], results, slept


def test_addresses_are_those_of_the_bureau():
    assert (
        census_bulk.request("imports", date(2024, 9, 1)).path
        == "/trade/downloads/2024/Merch/im_m/IMDB2409.ZIP"
    )
    assert (
        census_bulk.request("exports", date(2013, 1, 1)).path
        == "/trade/downloads/2013/Merch/ex_m/EXDB1301.ZIP"
    )
    assert census_bulk.newest_month(date(2025, 5, 4)) == date(2025, 4, 1) - (
        date(2025, 4, 1) - date(2025, 3, 1)
    )
    assert census_bulk.newest_month(date(2025, 5, 3)) == date(2025, 2, 1)


def test_months_are_added_and_not_sent_again(tmp_path, server, replay):
    settings = home(tmp_path)
    states, *_ = fetched(settings)
    assert states == [("2025-01", "added"), ("2025-02", "added"), ("2025-03", "added")]
    total = value(settings)
    assert total == 3 * sum(v for *_, v, _ in bulk_case.IMPORTED)
    replay.forget()
    states, *_ = fetched(settings)
    assert {state for _, state in states} == {"held"} and value(settings) == total
    assert all("if-none-match" in call.headers for call in replay.calls(API))
    assert len(Archive(apart(settings)).payloads()) == 3
    assert not list(settings.detail.glob("download-*"))


@pytest.mark.parametrize(
    "spurious",
    [
        NOT_FOUND,
        text_reply("Forbidden", 403),
        too_many("1"),
        server_error(503),
        html_page(),
        Reply(b"not a zip"),
        text_reply("moved", 302, headers={"Location": "https://www.census.gov/sorry"}),
    ],
)
def test_another_answer_than_200_is_asked_again(tmp_path, server, replay, spurious):
    """January must be out in May: 404 is the server's trouble."""
    replay.fail_next(API, spurious, times=2)
    states, _, slept = fetched(home(tmp_path))
    assert states[0] == ("2025-01", "added") and len(slept) == 2


def test_a_cut_answer_is_asked_again_and_written_anew(tmp_path, server, replay):
    path = census_bulk.request("imports", date(2025, 1, 1)).path
    replay.fail_next(API, cut(Reply(server.files[path], media_type="application/zip")))
    settings = home(tmp_path)
    states, *_ = fetched(settings)
    assert states[0] == ("2025-01", "added")


def test_a_month_that_is_not_out_is_absent_and_one_in_the_middle_is_a_failure(tmp_path, server):
    del server.files[census_bulk.request("imports", date(2025, 3, 1)).path]
    states, results, _ = fetched(home(tmp_path / "a"))
    assert states == [("2025-01", "added"), ("2025-02", "added"), ("2025-03", "absent")]
    assert results[-1].reason == "no file of 2025-03 yet"
    path = {number: census_bulk.request("imports", date(2025, number, 1)).path for number in (2, 3)}
    server.files[path[3]] = bulk_case.imports_zip(tmp_path, date(2025, 3, 1)).read_bytes()
    del server.files[path[2]]
    states, results, _ = fetched(home(tmp_path / "b"))
    assert states == [("2025-01", "added"), ("2025-02", "failed"), ("2025-03", "added")]
    assert "although 2025-03 is there" in results[1].reason


def test_a_server_that_stays_away_is_left_alone_and_the_next_run_goes_on(tmp_path, server, replay):
    settings = home(tmp_path)
    replay.fail_next(API, NOT_FOUND, times=50)
    states, results, _ = fetched(settings, since=date(2024, 10, 1))
    assert {state for _, state in states[:4]} == {"failed"}
    assert len(replay.calls(API)) == 3 * census_bulk.API.attempts
    assert "not asked for: the server failed 3 times" in results[-1].reason
    assert "HTTP 404 for a file that is published" in results[0].reason
    replay.forget()
    states, *_ = fetched(settings)
    assert {state for _, state in states} == {"added"}


def test_a_wrong_month_is_set_aside_and_asked_for_again(tmp_path, server, replay):
    """Its ETag must not spare the next answer: nothing of it is visible."""
    settings = home(tmp_path)
    path = census_bulk.request("imports", date(2025, 2, 1)).path
    members = bulk_case.import_members(bulk_case.import_rows(date(2025, 2, 1)), date(2025, 2, 1))
    good, members["IMP_COMM.TXT"] = server.files[path], members["IMP_COMM.TXT"][1:]
    server.files[path] = bulk_case.zipped(tmp_path / "bad.zip", members).read_bytes()
    states, results, _ = fetched(settings)
    assert states[1] == ("2025-02", "refused") and "the control total is 0" in results[1].reason
    server.files[path] = good
    states, *_ = fetched(settings)
    assert states == [("2025-01", "held"), ("2025-02", "added"), ("2025-03", "held")]


def test_freight_that_a_refresh_archived_is_added_without_asking(tmp_path, replay):
    settings = home(tmp_path)
    for month in (date(2024, 8, 1), date(2024, 9, 1)):
        Archive(settings).put(
            month_zip(month),
            source_id="bts",
            dataset="transborder",
            request_url=f"https://www.bts.gov/x/{month:%B%Y}.zip",
            retrieved_at=datetime(2024, 11, 20),
        )
    states, results, _ = fetched(settings, since=date(2024, 9, 1), flows=("transborder",))
    assert states == [("2024-09", "added")] * 3
    assert {r.vintage for r in results} == {"2024-11-20"} and not replay.calls()
