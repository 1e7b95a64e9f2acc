"""Citations: who published it, what exactly, which release; and three forms that programs read."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers.citation import FORMATS, Citation, cite, written
from orchestration.readers.release_file import open_release
from tests.support import reading_case
from tests.support.command_case import command

EMPLOYMENT = "usa_employment_motor_vehicles_parts"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = reading_case.settings(tmp_path_factory.mktemp("home"))
    reading_case.write_release(settings)
    return settings


def cited(home: Settings, text: str) -> Citation:
    with open_release(home) as con:
        return cite(home, con, text)


def test_a_series_is_cited_as_the_data_of_its_agency_as_of_its_newest_vintage(home: Settings):
    """A paper could not say which figures it used: those of 2026-01-09 were others."""
    citation = cited(home, "CES3133600101")
    assert (citation.key, citation.kind) == (EMPLOYMENT, "dataset")
    assert citation.author == "U.S. Bureau of Labor Statistics"
    assert (citation.issued, citation.accessed) == (dt.date(2026, 2, 15), dt.date(2026, 11, 21))
    text = citation.text()
    for said in ("CES3133600101", "2025-04 to 2025-05", "1000 persons", "known on 2026-02-15", "Headway, release r1",
                 "https://agency.example/usa_employment_motor_vehicles_parts", "public domain", "Source: U.S. Bureau of Labor Statistics."):  # fmt: skip
        assert said in text.replace("1,000", "1000"), said


def test_an_event_is_cited_by_its_document(home: Settings):
    citation = cited(home, "nafta-round6-end")
    assert (citation.kind, citation.issued) == ("document", dt.date(2018, 1, 29))
    assert (
        "Sixth NAFTA round ends, 2018-01-29" in citation.text()
        and "event nafta-round6-end" in citation.text().lower()
    )


@pytest.mark.parametrize("name", ["release", "current", "r1"])
def test_a_release_is_cited_by_its_id(home: Settings, name: str):
    citation = cited(home, name)
    assert citation.key == citation.release == "r1"
    assert "In: Headway" not in citation.text() and "r1" in citation.text()


def test_what_names_nothing_is_refused_with_what_would(home: Settings):
    with pytest.raises(
        UsageError, match=r"no series 'usa_import_goods_mex'; did you mean usa_imports_goods_mex"
    ):
        cited(home, "usa_import_goods_mex")
    with pytest.raises(UsageError, match="is a date"):
        cited(home, "2018-01-29")


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1, max_size=30)


@given(author=_TEXT, title=_TEXT, note=_TEXT)
def test_no_name_breaks_a_bibtex_entry(author: str, title: str, note: str):
    """One % or brace in a title, and BibTeX skips the entries after it."""
    citation = Citation("a_b", "dataset", author, title, dt.date(2026, 1, 9), "r1", notes=[note])
    entry = citation.bibtex()
    unescaped = re.sub(r"\\[{}$&%#_]|\\text\w+\{\}", "", entry)
    depth = 0
    for character in unescaped:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0 and not re.search(r"[$&%#^~]", unescaped)
    assert entry.startswith("@misc{a_b,\n") and entry.count("author = ") >= 1


def test_csl_json_is_what_a_reference_manager_reads(home: Settings):
    (item,) = json.loads(written([cited(home, EMPLOYMENT)], "csl"))
    assert (item["id"], item["type"]) == (EMPLOYMENT, "dataset")
    assert item["author"] == [{"literal": "U.S. Bureau of Labor Statistics"}]
    assert item["issued"] == {"date-parts": [[2026, 2, 15]]} and item["version"] == "r1"
    assert None not in item.values()


def test_the_command_cites_several_at_once_in_each_form(home: Settings):
    for fmt in FORMATS:
        done = command(home, "cite", EMPLOYMENT, "nafta-round6-end", "release", "--format", fmt)
        assert done.returncode == 0, done.stderr
        found = {"text": done.stdout.count("\n"), "bibtex": done.stdout.count("@misc{")}
        assert found.get(fmt, fmt == "csl" and len(json.loads(done.stdout))) == 3
