"""Editions of the tariff: the list is read whatever its layout, and two editions differ exactly in what was changed."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.feed import Usitc
from tests.replay.server import Call
from tests.support.examples import examples
from transforms.parse.outcome import SchemaChangedError, UnreadableError
from transforms.parse.usitc_hts import difference, edition_document, parse_editions, parse_lines

SERVER = Usitc(
    {
        "2026_revision_20": ("September 28, 2026", "2026-19498, 91 Fed. Reg. 60360", {"9903.02.01": "10%"}),
        "2026_revision_9": ("June 1, 2026", "none", {"9903.02.01": "10%"}),
        "2026_basic": ("January 1, 2026", "none", {"9903.01.10": "25%"}),
    }
)


def ask(path: str) -> bytes:
    return SERVER(Call("USITC", "GET", path, {}, {}, b"")).body


def test_editions_come_newest_first_by_number_with_day_and_documents() -> None:
    """`revision_9` is older than `revision_20`, although it sorts after it."""
    found = parse_editions(ask("/harmonized_tariff_information/hts/archive/list"), status=200)
    assert [e.name for e in found] == ["2026HTSRev20", "2026HTSRev9", "2026HTSBasic"]
    assert found[0].listed_on == date(2026, 9, 28) and set(found[0].marks) == {
        "fr:2026-19498",
        "page:91:60360",
    }
    assert found[0].path == "/sites/default/files/tata/hts/hts_2026_revision_20_json.json"
    assert found[1].marks == ()


def test_lines_of_9903_only() -> None:
    assert list(parse_lines(ask("/x/hts_2026_basic_json.json"), status=200)) == ["9903.01.10"]


RATES = st.dictionaries(
    st.sampled_from([f"9903.{n:02}.{m:02}" for n in range(3) for m in range(4)]),
    st.sampled_from(["10%", "25%", "Free"]),
    min_size=1,
)


@examples(60)
@given(RATES, RATES)
def test_a_difference_names_every_line_that_is_not_the_same(old: dict[str, str], new: dict[str, str]) -> None:
    def lines(rates: dict[str, str]) -> dict[str, list[str]]:
        body = [
            {"htsno": h, "general": r, "description": "d", "special": "", "other": ""}
            for h, r in rates.items()
        ]
        return parse_lines(json.dumps(body).encode(), status=200)

    added, removed, changed = difference(lines(old), lines(new))
    assert set(added) == new.keys() - old.keys() and set(removed) == old.keys() - new.keys()
    assert set(changed) == {h for h in old.keys() & new.keys() if old[h] != new[h]}
    document = edition_document(
        "B", lines(new), before="A", old=lines(old), published_on=date(2026, 1, 1), cited=()
    )
    assert set(document.headings) == {*added, *removed, *changed}
    assert (
        document.first_day is not None and document.first_day.day is None
    )  # the day of an edition is no first day


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UnreadableError),
        (b"[{", UnreadableError),
        (b"[]", SchemaChangedError),
        (b"7", SchemaChangedError),
        (b"[7]", SchemaChangedError),
    ],
)
def test_what_is_no_edition(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_lines(content, status=200)


def test_a_list_without_editions_is_refused() -> None:
    with pytest.raises(SchemaChangedError, match="links to no JSON"):
        parse_editions(b"<html>redesigned</html>", status=200)
