"""The page of candidates: whatever a document holds is shown as text, and no link leads elsewhere.

The release is a small one made here: a real one holds no hostile title, because the rules take markup off before the store.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.readers.dashboard import feed, reading
from tests.support.dashboard_case import run_page, texts
from transforms.feed.board import BOARD_SCHEMA

HOSTILE = "<img src=x onerror=alert(1)> [click](javascript:alert(2)) ![x](https://evil.example/x.png) $E=mc^2$ :red[x]"
_LISTS = ("headings", "parties", "topics", "cited_by_events", "cited_by_measures")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def run(**cells: object):
        row = {
            **dict.fromkeys(BOARD_SCHEMA),
            "feed_id": "federal_register:2025-1", "source_id": "federal_register", "status": "unreviewed", "standing": "candidate",
            "standing_because": "its title names a trade action", "title": "Adjusting Imports", "published_on": date(2025, 4, 3),
            "document_number": "2025-1", "is_text_read": True, **cells,
        }  # fmt: skip
        folder = tmp_path / "releases" / "20250403T000000Z-abcdef"
        folder.mkdir(parents=True)
        frame = pl.DataFrame([row], schema=BOARD_SCHEMA).with_columns(
            *(
                pl.col(name).fill_null("").str.split(";").list.eval(pl.element().filter(pl.element() != ""))
                for name in _LISTS
            )
        )
        with duckdb.connect(str(folder / "headway.duckdb")) as con:
            con.register("frame", frame)
            con.execute("CREATE TABLE rpt_feed_candidate AS FROM frame")
            for table in ("dim_source", "dim_series", "dim_event", "fct_observation", "rpt_freshness"):
                con.execute(f"CREATE TABLE {table} AS SELECT 1 AS x")
        (tmp_path / "current").symlink_to(folder)
        monkeypatch.setenv("HEADWAY_HOME", str(tmp_path))
        return run_page("feed")

    yield run
    reading.forget()


@pytest.mark.slow
def test_hostile_texts_are_shown_as_they_are_and_do_nothing(page) -> None:
    """Streamlit makes Markdown of most texts: a link or picture in a title would be fetched by the reader's browser."""
    run = page(
        title=HOSTILE, kind=HOSTILE, agencies=HOSTILE, citation=HOSTILE, first_day_sentence=HOSTILE, first_day_note=HOSTILE,
        rate_sentences=f"25: {HOSTILE}", url="https://evil.example/", headings=HOSTILE.replace(";", ""),
    )  # fmt: skip
    assert not run.exception and not run.error
    markdown = texts(run)
    assert "\\<img" in markdown, "the title is there, escaped"
    for dangerous in ("<img", "](javascript", "![x]", "$E", ":red["):
        assert dangerous not in markdown.replace("\\" + dangerous[0], ""), dangerous
    assert HOSTILE in [element.value for element in run.text], "st.text shows text and no Markdown"
    assert "evil.example" not in [getattr(link.proto, "url", "") for link in run.get("link_button")]
    assert run.get("link_button") == []


def test_a_link_to_the_publisher_is_made(page) -> None:
    address = "https://www.federalregister.gov/documents/2025/04/03/2025-1/adjusting-imports"
    run = page(url=address, first_day=date(2025, 4, 3), first_day_sentence="On or after April 3, 2025.")
    (link,) = run.get("link_button")
    assert link.proto.url == address
    assert "First day: 2025-04-03" in [element.value for element in run.text]


def test_sizes_on_the_page_are_bounded(page) -> None:
    run = page(first_day_sentence="x" * 5_000, rate_sentences="\n".join(["25: " + "y" * 5_000] * 50))
    values = [element.value for element in run.text]
    assert max(map(len, values)) <= 800 and sum(v.startswith("Rate") for v in values) == 12


@pytest.mark.parametrize(
    "url",
    ["http://www.usitc.gov/", "https://www.usitc.gov.evil.example/", "https://evil.example", "javascript:alert(1)", "https://[x", None,
     "https://user@www.usitc.gov/", "https://www.usitc.gov:8/", 'https://www.usitc.gov/"x'],
)  # fmt: skip
def test_only_plain_addresses_of_publishers_are_links(url: str | None) -> None:
    assert feed.link(url) is None
    assert feed.link("https://www.usitc.gov/harmonized") == "https://www.usitc.gov/harmonized"


def test_its_hosts_are_those_of_the_agencies() -> None:
    """A host that a parser lets through and the page does not would be a link that never shows, and the other way round worse."""
    from transforms.parse import canada_law, csms, federal_register, gta, usitc_hts

    assert {
        h for module in (canada_law, csms, federal_register, gta, usitc_hts) for h in module.HOSTS
    } == feed.HOSTS
