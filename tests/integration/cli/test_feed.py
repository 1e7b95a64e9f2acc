"""The path of docs/feed.md, as it is written there: from the refresh to an accepted event in a comparison.

Belongs here: that path, and the measured figures of the page. Does not belong here: single commands (tests/unit/cli/test_feed.py).
"""

from __future__ import annotations

import json
import re
import shlex

import duckdb
import pytest

from orchestration.base.settings import PROJECT
from orchestration.intake import feed as feed_module
from tests.support.command_case import command
from tests.support.feed_case import AUTOS, QUICK, agencies
from tests.support.feed_recall import PAGE, in_words, measure


def commands() -> list[list[str]]:
    """The `headway` lines of the first block of the page, without what stands in for the agencies."""
    block = re.search(r"^```\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    return [shlex.split(line)[1:] for line in block[1].splitlines() if line.startswith("headway ")]


def walk(settings, replay, monkeypatch) -> list[str]:
    """What the commands of the page print, of which every one must succeed."""
    agencies().serve(replay, monkeypatch.setenv)
    monkeypatch.setattr(feed_module, "FEEDS", QUICK)  # the same agencies without the polite pauses
    asked = commands()
    assert [line[:2] for line in asked] == [
        ["feed", "refresh"], ["feed", "list"], ["feed", "show"], ["feed", "accept"], ["compare", "user-autos-2025-04"],
    ]  # fmt: skip
    before = command(settings, *asked[-1])
    assert before.returncode == 2, "nothing of the feed is in a comparison before a person accepts it"
    done = [command(settings, *line) for line in asked]
    assert [d.returncode for d in done] == [0] * len(asked), [d.stderr for d in done]
    return [d.stdout + d.stderr for d in done]


def test_from_refresh_to_a_comparison_as_the_page_says(own, replay, monkeypatch) -> None:
    refresh, listed, shown, accepted, compared = walk(own, replay, monkeypatch)
    assert "headway feed list" in refresh and AUTOS in listed
    assert (
        "April 3, 2025" in " ".join(shown.split()) and "added to your events: user-autos-2025-04" in accepted
    )
    words = " ".join(compared.split())
    assert (
        "user-autos-2025-04 (Car duties, accepted from the feed)" in words
        and "compared by its day, 2025-04-03" in words
    )
    everything = json.loads(command(own, "feed", "list", "--status", "any", "--aside", "--json").stdout)
    assert len(everything) == 3
    mine = next(row for row in everything if row["feed_id"] == AUTOS)
    assert mine["status"] == "accepted" and "user-autos-2025-04" in mine["cited_by_events"]


@pytest.mark.long
def test_the_next_build_has_the_event_and_the_candidates(own_built, replay, monkeypatch) -> None:
    walk(own_built, replay, monkeypatch)
    assert command(own_built, "build").returncode == 0
    compared = command(own_built, *commands()[-1])
    assert compared.returncode == 0 and "not in this release" not in compared.stderr
    with duckdb.connect(str(own_built.current_database), read_only=True) as con:
        released = con.sql(
            f"SELECT status, event_id, first_day::VARCHAR FROM rpt_feed_candidate WHERE feed_id = '{AUTOS}'"
        ).fetchall()
        origin = con.sql(
            "SELECT origin, source_key FROM dim_event WHERE event_id = 'user-autos-2025-04'"
        ).fetchall()
        ((count,),) = con.sql("SELECT count(*) FROM rpt_feed_candidate").fetchall()
    assert released == [("accepted", "user-autos-2025-04", "2025-04-03")]
    assert origin == [("user", "USER_FEED_2025_05930")] and count == 3


def test_the_figures_of_the_page_are_those_that_are_measured() -> None:
    """A figure typed by hand would stay when the rules or the timelines change."""
    assert in_words(measure()) in PAGE.read_text(encoding="utf-8"), (
        "PYTHONPATH=. python -m tests.support.feed_recall write"
    )


def test_what_the_page_points_to_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PROJECT / "docs" / target).resolve().exists(), target
