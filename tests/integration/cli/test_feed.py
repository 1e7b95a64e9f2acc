"""The path of docs/feed.md, as it is written there: from the refresh to an accepted event in a comparison.

Belongs here: that path, and the measured figures of the page. Does not belong here: single commands
(tests/unit/cli/test_feed.py), the build after it (tests/support/own_warehouse.py).
"""

from __future__ import annotations

import json
import re

import pytest

from orchestration.base.settings import PROJECT
from tests.support.command_case import command
from tests.support.feed_case import AUTOS
from tests.support.feed_recall import PAGE, in_words, measure
from tests.support.feed_walk import commands, walk
from tests.support.own_warehouse import FED, PATIENT
from tests.support.read_only import reading


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


@pytest.mark.timeout(PATIENT)
def test_the_next_build_has_the_event_and_the_candidates(own_warehouse) -> None:
    mine = own_warehouse.settings
    compared = command(mine, *commands()[-1])
    assert compared.returncode == 0 and "not in this release" not in compared.stderr
    with reading(mine.current_database) as con:
        released = con.sql(
            f"SELECT status, event_id, first_day::VARCHAR FROM rpt_feed_candidate WHERE feed_id = '{AUTOS}'"
        ).fetchall()
        origin = con.sql(f"SELECT origin, source_key FROM dim_event WHERE event_id = '{FED}'").fetchall()
        ((count,),) = con.sql("SELECT count(*) FROM rpt_feed_candidate").fetchall()
    assert released == [("accepted", FED, "2025-04-03")]
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
