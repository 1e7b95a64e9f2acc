"""TransBorder zips end to end against a file server with the bundled figures: addresses, several months, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from orchestration.sources.agencies import bts
from orchestration.store.archive import Archive
from tests.replay.bts import FileServer, month_zip, tables, zipped
from tests.replay.server import (
    ReplayServer,
    cut,
    html_page,
    late,
    oversize,
    server_error,
    text_reply,
    too_many,
)
from tests.support.bundled import FIGURES
from tests.support.source_case import one, refresh, settings_at
from tests.support.stored import rows
from transforms.schema import FREIGHT_FLOW

(DATASET,) = bts.DATASETS
#: September 2024 is the newest month that can be out, and the last of the figures
TODAY = date(2024, 11, 20)
SEPTEMBER, AUGUST = "/2024/september2024.zip", "/2024/August2024.zip"


@pytest.fixture
def settings(tmp_path):
    return settings_at(tmp_path / "home")


@pytest.fixture
def agency(replay: ReplayServer) -> FileServer:
    found = FileServer()
    replay.serve("BTS", found)
    return found


def ask(settings, *, since=date(2024, 9, 1), **more):
    return one(refresh(settings, [DATASET], today=TODAY, since=since, **more))


def test_a_month_appends_to_the_very_cells_of_the_figures(settings, agency):
    found = ask(settings)
    assert (found.state, found.requests, found.fetched) == ("done", 1, 1)
    stored = rows(
        settings,
        f"SELECT {', '.join((*FREIGHT_FLOW.key, *FREIGHT_FLOW.values))} FROM raw.freight_flow ORDER BY ALL",
    )
    figures = duckdb.sql(
        f"""SELECT {", ".join((*FREIGHT_FLOW.key, *FREIGHT_FLOW.values))}
            FROM read_parquet('{FIGURES}/freight_flow_bts.parquet') WHERE period_start = '2024-09-01' ORDER BY ALL"""
    ).fetchall()
    assert stored == figures and len(figures) > 3_000


def test_asked_again_the_server_says_that_it_is_the_same(settings, agency, replay):
    ask(settings)
    again = ask(settings)
    assert (again.unchanged, again.fetched, again.appended) == (1, 0, 0)
    assert replay.calls("BTS")[-1].headers["if-modified-since"] == agency.stamp


def test_a_corrected_file_is_a_vintage_and_a_cell_that_is_gone_is_withdrawn(settings, agency):
    ask(settings)
    month = date(2024, 9, 1)
    lines = tables(month)["dot2"].decode().splitlines(keepends=True)
    value = lines[1].split(",")[7]
    lines[1] = lines[1].replace(f",{value},", f",{int(value) + 5},", 1)
    agency.files[SEPTEMBER] = zipped({"dot2_0924.csv": "".join([*lines[:2], *lines[3:]]).encode()})
    agency.stamp = "Wed, 27 Nov 2024 15:00:00 GMT"
    found = ask(settings)
    assert (found.appended, found.revised, found.withdrawn) == (1, 1, 1)


def test_a_zip_of_half_a_year_gives_each_of_its_months(settings, agency):
    found = ask(settings, since=date(2021, 8, 1), until=date(2021, 12, 31))
    assert (found.state, found.requests) == ("done", 1)
    got = rows(settings, "SELECT DISTINCT month(period_start) FROM raw.freight_flow ORDER BY 1")
    assert got == [(m,) for m in range(8, 13)]


def test_a_zip_of_a_year_gives_the_months_that_can_be_read_and_names_the_others(settings, agency):
    """The figures have January 2015 only; so the other eleven are told, as a damaged month would be."""
    found = ask(settings, since=date(2015, 1, 1), until=date(2015, 12, 31))
    assert found.state == "partial" and found.fetched == 1 and len(found.problems) == 11
    assert "2015-02 was refused: 0 different members named dot2_0215.csv" in found.problems[0]
    assert rows(settings, "SELECT DISTINCT period_start FROM raw.freight_flow") == [(date(2015, 1, 1),)]


def test_a_month_under_its_second_name_is_found(settings, agency, replay):
    content = month_zip(date(2024, 9, 1)).replace(b"0924", b"0226")
    relabelled = zipped(
        {
            f"{name}_0226.csv": text.replace(b",09,2024", b",02,2026")
            for name, text in tables(date(2024, 9, 1)).items()
        }
    )
    assert content != relabelled
    agency.files["/2026/Feb2026.zip"] = relabelled
    found = one(refresh(settings, [DATASET], today=date(2026, 4, 20), since=date(2026, 2, 1)))
    assert (found.state, found.fetched) == ("done", 1)
    assert found.requests == 2 and found.notes == ()


def _february_2026() -> bytes:
    return zipped(
        {
            f"{name}_0226.csv": text.replace(b",09,2024", b",02,2026")
            for name, text in tables(date(2024, 9, 1)).items()
        }
    )


def test_a_name_that_nobody_can_guess_is_found_on_the_list_page(settings, agency, replay):
    agency.files["/2026/FEB_2026_final.zip"] = _february_2026()
    agency.page = (
        f'<a href="{bts.FOLDER}/2025/Feb2025.zip">old</a> '
        f'<A HREF="https://www.bts.gov{bts.FOLDER}/2026/FEB_2026_final.zip">February</A>'
    )
    found = one(refresh(settings, [DATASET], today=date(2026, 4, 20), since=date(2026, 2, 1)))
    assert (found.state, found.fetched) == ("done", 1), found.problems
    asked = [call.path.rsplit("/", 1)[-1] for call in replay.calls("BTS")]
    assert asked[-2:] == ["transborder-raw-data", "FEB_2026_final.zip"] and len(asked) == 6


def test_a_month_that_is_not_out_is_no_failure(settings, agency, replay):
    outcome = refresh(settings, [DATASET], today=date(2026, 5, 25), since=date(2026, 3, 1))
    assert outcome.exit_code == 0
    assert any("March2026.zip, nor under 3 other names" in note for note in one(outcome).notes)
    assert [call.path for call in replay.calls("BTS")].count(bts.LIST_PAGE) == 1, (
        "the page is read once in a run"
    )


def test_a_listed_file_that_is_gone_from_everywhere_is_a_failure(settings, agency):
    found = one(refresh(settings, [DATASET], today=date(2026, 3, 20), since=date(2026, 1, 1)))
    assert found.state == "failed" and "HTTP 404" in found.problems[0]


def test_a_refusal_is_no_quota_and_says_what_can_be_set(settings, agency, replay):
    """Waiting an hour does not help where the server does not like the program; another run may ask at once."""
    agency.blocked = True
    found = ask(settings, since=date(2024, 6, 1))
    assert found.state == "failed" and len(replay.calls()) == 1
    for said in ("refused", "HEADWAY_CONTACT_EMAIL", "HEADWAY_USER_AGENT_BTS", "HEADWAY_REFERER_BTS"):
        assert said in found.problems[0]
    agency.blocked = False
    assert ask(settings).state == "done"


def test_agent_contact_and_referer_are_sent_as_they_are_set(settings, agency, replay, monkeypatch):
    ask(settings)
    sent = replay.calls("BTS")[-1].headers
    assert sent["referer"] == "https://www.bts.gov/topics/transborder-raw-data"
    assert sent["user-agent"] == "headway (statistics warehouse)"
    monkeypatch.setenv("HEADWAY_CONTACT_EMAIL", "someone@example.org")
    ask(settings)
    assert (
        replay.calls("BTS")[-1].headers["user-agent"] == "headway (statistics warehouse; someone@example.org)"
    )
    monkeypatch.setenv("HEADWAY_USER_AGENT_BTS", "Example/1.0 (+https://example.org)")
    monkeypatch.setenv("HEADWAY_REFERER_BTS", "https://www.bts.gov/")
    ask(settings)
    sent = replay.calls("BTS")[-1].headers
    assert (sent["user-agent"], sent["referer"]) == (
        "Example/1.0 (+https://example.org)",
        "https://www.bts.gov/",
    )


FAULTS = {
    "page": (html_page(), "a page instead of /sites", 4),
    "no zip": (text_reply("PL no zip at all"), "bytes that are no zip", 4),
    "503": (server_error(), "HTTP 503", 4),
    "429": (too_many(), "HTTP 429", 4),
    "cut": (cut(text_reply("PK" + "x" * 5000)), "cut in the middle", 4),
    "damaged": (text_reply("PK" + "x" * 5000), "not a zip", 1),
    "another month": (None, "0 different members named dot2_0924.csv", 1),
    "columns": (None, "lacks the columns", 1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_and_repeated_only_if_that_can_help(settings, agency, replay, name):
    reply, said, attempts = FAULTS[name]
    if name == "another month":
        agency.files[SEPTEMBER] = month_zip(date(2024, 8, 1))
    elif name == "columns":
        text = tables(date(2024, 9, 1))["dot2"].replace(b"COMMODITY2", b"HS2", 1)
        agency.files[SEPTEMBER] = zipped({"dot2_0924.csv": text})
    else:
        replay.fail_next("BTS", reply, times=9)
    found = ask(settings)
    assert found.state == "failed" and said in found.problems[0], found.problems
    assert len(replay.calls()) == attempts
    assert rows(settings, "SELECT count(*) FROM raw.freight_flow") == [(0,)]
    assert Archive(settings).payloads() == []


def test_a_file_larger_than_any_year_and_a_silent_server_are_given_up(settings, replay):
    replay.serve("BTS", oversize(40_000))
    small = replace(DATASET, api=replace(bts.API, max_bytes=20_000))
    asked = {"today": TODAY, "since": date(2024, 9, 1)}
    assert "larger than 20,000 bytes" in one(refresh(settings, [small], **asked)).problems[0]
    # only where nothing comes may the limit be short: on a busy machine a good answer takes longer than 0.05 s
    impatient = replace(small, api=replace(small.api, read_timeout=0.05))
    replay.serve("BTS", late(text_reply("PK"), 1.0))
    assert "no answer in time" in one(refresh(settings, [impatient], **asked)).problems[0]


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (lambda n: range(n // 2, n), "of 4 directions"),  # the end of the file
        (lambda n: range(1, n, 3), "are not in the answer"),  # a third of the lines, all over it
    ],
)
def test_a_month_that_lost_many_of_its_cells_is_not_a_mass_withdrawal(settings, agency, lost, said):
    ask(settings)
    lines = tables(date(2024, 9, 1))["dot2"].splitlines(keepends=True)
    without = set(lost(len(lines)))
    kept = b"".join(line for number, line in enumerate(lines) if number not in without)
    agency.files[SEPTEMBER] = zipped({"dot2_0924.csv": kept})
    agency.stamp = "Wed, 27 Nov 2024 15:00:00 GMT"
    found = ask(settings)
    assert found.state == "failed" and said in found.problems[0]
    assert rows(settings, "SELECT count(*) FROM raw.freight_flow WHERE status = 'withdrawn'") == [(0,)]


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("month", "path", "today"),
    [
        ("0924", SEPTEMBER, date(2024, 11, 20)),
        ("0823", "/2023/Aug2023.zip", date(2023, 10, 20)),
        ("0420", "/2020/April2020TransBorderRawData.zip", date(2020, 6, 20)),
    ],
)
def test_recorded_months_go_through_the_refresh(settings, replay, shared_data, month, path, today):
    content = (shared_data / "payloads" / "bts_transborder" / f"transborder_{month}.zip").read_bytes()
    replay.serve("BTS", FileServer({path: content}))
    first = date(2000 + int(month[2:]), int(month[:2]), 1)
    found = one(refresh(settings, [DATASET], today=today, since=first))
    assert (found.state, found.fetched, found.rejected) == ("done", 1, 0)
    assert {c.path for c in replay.calls()} == {bts.FOLDER + path}
    chapters = rows(settings, "SELECT DISTINCT hs2 FROM raw.freight_flow ORDER BY 1")
    assert chapters == [(c,) for c in sorted(bts.CHAPTERS)]
    figures = duckdb.sql(
        f"SELECT sum(value_usd) FROM read_parquet('{FIGURES}/freight_flow_bts.parquet') WHERE period_start = '{first}'"
    ).fetchall()
    live = rows(settings, "SELECT sum(value_usd) FROM raw.freight_flow WHERE hs2 IN ('84', '85', '87')")
    assert live == figures
