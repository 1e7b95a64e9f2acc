"""TransBorder zips: the list of addresses, and which months a refresh asks for."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest

from orchestration.sources.agencies import bts
from tests.replay.bts import tables, zipped
from tests.support.source_case import answer, context, question
from transforms.parse.outcome import (
    HtmlInsteadError,
    NoSuchFileError,
    QuotaError,
    RefusedError,
    TruncatedError,
    UnreadableError,
)

(DATASET,) = bts.DATASETS
#: September 2024 is the newest month that can be out, and the last of the figures
TODAY = date(2024, 11, 20)
SEPTEMBER, AUGUST = "/2024/september2024.zip", "/2024/August2024.zip"
STORED = "imports|CAN|87"


def paths(today: date = TODAY, **more) -> list[str]:
    planned = DATASET.plan(context(today, has_key=False, **more))
    return [r.path.removeprefix(bts.FOLDER) for r in planned]


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
    guessed = DATASET.plan(context(date(2026, 5, 25), has_key=False, latest={STORED: date(2026, 2, 1)}))
    names = [[path.rsplit("/", 1)[-1] for path in (r.path, *r.alternatives)] for r in guessed[:2]]
    assert names == [
        ["March2026.zip", "Mar2026.zip", "march2026.zip", "mar2026.zip"],
        ["February2026.zip", "Feb2026.zip", "february2026.zip", "feb2026.zip"],
    ]
    assert all(r.guessed for r in guessed[:2])
    assert guessed[2].path.endswith("/2026/January2026.zip") and not guessed[2].guessed
    assert bts.newest_month(date(2026, 8, 12)) == date(2026, 6, 1)
    assert "/2026/May2026.zip" in paths(date(2026, 8, 1), latest={STORED: date(2026, 4, 1)})


@pytest.mark.parametrize(
    ("link", "meant"),
    [
        ("/sites/bts.dot.gov/files/transborder-raw/2026/sept2026.zip", True),
        ("/sites/bts.dot.gov/files/2026-11/September-2026-data.zip", True),
        ("/sites/bts.dot.gov/files/transborder-raw/2025/sept2025.zip", False),
        ("/sites/bts.dot.gov/files/transborder-raw/2026/Oct2026.zip", False),
        ("/sites/bts.dot.gov/files/transborder-raw/2026/sept2026.pdf", False),
    ],
)
def test_a_link_of_the_list_page_is_the_file_of_its_month_and_year(link, meant):
    (month,) = [
        r
        for r in DATASET.plan(context(date(2026, 11, 20), latest={STORED: date(2026, 9, 1)}))
        if r.context["months"] == ["2026-09-01"]
    ]
    assert bool(re.fullmatch(month.listed_on.link, link, re.IGNORECASE)) is meant


def test_a_month_that_is_missing_between_the_first_and_the_newest_is_asked_for_in_every_run():
    """A month that came late or damaged was never asked for again once a later one was stored."""
    months = {date(y, m, 1) for y in range(2023, 2027) for m in range(1, 13)} - {
        date(2023, 5, 1),
        date(2026, 3, 1),
    }
    more = {"latest": {STORED: date(2026, 9, 1)}, "stored": {STORED: frozenset(months)}}
    asked = paths(date(2026, 11, 20), **more)
    assert asked == [
        "/2026/September2026.zip",
        "/2026/August2026.zip",
        "/2026/March2026.zip",
        "/2023/May-2023.zip" if "/2023/May-2023.zip" in asked else asked[-1],
    ]
    assert "2023" in asked[-1] and "ay" in asked[-1].lower()
    whole = {"stored": {STORED: frozenset(months | {date(2023, 5, 1), date(2026, 3, 1)})}}
    assert paths(date(2026, 11, 20), latest=more["latest"], **whole) == asked[:2]
    assert paths(date(2026, 11, 20), since=date(2026, 9, 1), **more) == asked[:1], "only what is asked for"


def test_an_address_without_a_file_and_a_refusal_are_told_apart():
    asked = question({"months": ["2024-09-01"]})
    with pytest.raises(NoSuchFileError, match="HTTP 404"):
        DATASET.parse(b"<html></html>", asked, answer(b"", 404))
    with pytest.raises(RefusedError):
        DATASET.parse(b"<html></html>", asked, answer(b"", 403))
    with pytest.raises(QuotaError) as caught:
        DATASET.parse(b"<html></html>", asked, answer(b"", 403, {"Retry-After": "120"}))
    assert caught.value.reset_after == 120.0


def test_a_month_without_a_direction_costs_itself_only():
    august, september = date(2024, 8, 1), date(2024, 9, 1)
    whole = {f"{name}_0924.csv": text for name, text in tables(september).items()}
    lines = tables(august)["dot2"].splitlines(keepends=True)
    no_imports = b"".join([lines[0], *(line for line in lines if line.startswith(b"1,"))])
    asked = question({"months": [august.isoformat(), september.isoformat()]})
    content = zipped({**whole, "dot2_0824.csv": no_imports})
    parsed = DATASET.parse(content, asked, answer(content))
    assert parsed.frame["period_start"].unique().to_list() == [september]
    assert parsed.refused == {
        "2024-08": "HS 84 has 2 of 4 directions (exports and imports, Canada and Mexico)"
    }
    alone = zipped({"dot2_0824.csv": no_imports})
    with pytest.raises(TruncatedError, match="of 4 directions"):
        DATASET.parse(alone, question({"months": [august.isoformat()]}), answer(alone))


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
        DATASET.parse(content, question({"months": ["2024-09-01"]}), answer(content))
