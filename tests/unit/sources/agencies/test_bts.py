"""TransBorder zips: the list of addresses, and which months a refresh asks for."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from orchestration.sources.agencies import bts
from tests.support.source_case import answer, context, question
from transforms.parse.outcome import BadRequestError, HtmlInsteadError, NotYetReleasedError, UnreadableError

(DATASET,) = bts.DATASETS
#: September 2024 is the newest month that can be out, and the last of the figures
TODAY = date(2024, 11, 20)
SEPTEMBER, AUGUST = "/2024/september2024.zip", "/2024/August2024.zip"
STORED = "imports|CAN|87"


def paths(today: date = TODAY, **more) -> list[str]:
    return [r.path for r in DATASET.plan(context(today, has_key=False, **more))]


# --- which files ---------------------------------------------------------------------------------------------------


def test_the_list_of_addresses_has_every_month_once():
    """A gap would be a month that nobody asks for; an overlap a month that is loaded from two files in turn."""
    listed = bts.addresses()
    assert (listed[0][0], listed[-1][1], len(listed)) == (date(2007, 1, 1), date(2026, 1, 1), 104)
    for (_, last, _), (first, _, _) in pairwise(listed):
        assert first == date(last.year + last.month // 12, last.month % 12 + 1, 1)
    assert DATASET.first_year == listed[0][0].year == bts.FIRST_YEAR


@pytest.mark.recorded
def test_the_list_of_addresses_is_that_of_the_page(shared_data):
    import json

    page = json.loads((shared_data / "reference" / "bts_transborder_url_manifest.json").read_text())
    wanted = {entry["url"].split("/transborder-raw/")[1] for entry in page["modern"]}
    assert {path for *_, path in bts.addresses()} == wanted


def test_months_after_the_newest_stored_one_are_asked_and_the_last_two_again():
    assert paths(latest={STORED: date(2024, 7, 1)}) == [
        SEPTEMBER,
        AUGUST,
        "/2024/July2024.zip",
        "/2024/June2024.zip",
    ]
    assert paths(latest={STORED: date(2024, 9, 1)}) == [SEPTEMBER, AUGUST]
    assert len(paths()) == 12, "of an empty store the newest year"


def test_a_backfill_of_a_year_takes_the_files_that_hold_it():
    year = {"since": date(2021, 1, 1), "until": date(2021, 12, 31)}
    assert paths(**year)[:2] == ["/2021/July-to-Dec-2021.zip", "/2021/July2021TransBorderRawData.zip"]
    assert paths(since=date(2016, 1, 1), until=date(2016, 12, 31)) == ["/2016/2016.zip"]
    half = next(r for r in DATASET.plan(context(TODAY, **year)) if "July-to-Dec" in r.path)
    assert half.context["months"] == [f"2021-{m:02}-01" for m in range(8, 13)], "July has a file of its own"


def test_new_months_are_looked_for_under_the_names_in_use():
    guessed = paths(date(2026, 5, 25), latest={STORED: date(2026, 2, 1)})
    assert guessed == [
        *("/2026/March2026.zip", "/2026/Mar2026.zip", "/2026/February2026.zip", "/2026/Feb2026.zip"),
        "/2026/January2026.zip",
    ]
    assert bts.newest_month(date(2026, 8, 12)) == date(2026, 6, 1)
    assert "/2026/May2026.zip" in paths(date(2026, 8, 1), latest={STORED: date(2026, 4, 1)})


def test_a_listed_file_that_is_gone_is_a_failure():
    asked = question({"months": ["2024-09-01"], "listed": True})
    with pytest.raises(BadRequestError, match="HTTP 404"):
        DATASET.parse(b"<html></html>", asked, answer(b"", 404))
    asked = question({"months": ["2024-09-01"], "listed": False})
    with pytest.raises(NotYetReleasedError):
        DATASET.parse(b"<html></html>", asked, answer(b"", 404))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"  <!DOCTYPE html><html></html>", HtmlInsteadError),
        (b"", UnreadableError),
        (b"\x1f\x8b\x08", UnreadableError),
    ],
)
def test_what_is_no_zip_is_told_apart(content, error):
    with pytest.raises(error):
        DATASET.parse(content, question({"months": ["2024-09-01"], "listed": True}), answer(content))
