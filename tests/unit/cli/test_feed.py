"""`headway feed`: what a person types, sees and gets back as JSON. No agency is asked and nothing is built.

Belongs here: orchestration/cli/feed.py. Does not belong here: deciding (intake/test_feed_review.py), the whole path
(tests/integration/cli/test_feed.py).
"""

from __future__ import annotations

import json

import pytest

from tests.support.command_case import command
from tests.support.feed_case import filled
from tests.support.refresh_case import settings_at


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return filled(settings_at(tmp_path_factory.mktemp("feed") / "home"))


@pytest.mark.parametrize("name", ["refresh", "list", "show", "accept", "reject"])
def test_every_command_shows_examples(home, name: str) -> None:
    shown = command(home, "feed", name, "--help").stdout
    assert "Examples:" in shown and f"headway feed {name}" in shown and "--json" in shown


@pytest.mark.slow
def test_a_list_and_one_candidate_as_json(home) -> None:
    listed = json.loads(command(home, "feed", "list", "--json").stdout)
    assert [(row["document_number"], row["first_day"], row["status"]) for row in listed] == [
        ("2025-19639", "2025-11-01", "unreviewed"),
        ("2025-02408", None, "unreviewed"),
    ]
    shown = json.loads(command(home, "feed", "show", "2025-19639", "--json").stdout)
    assert shown["proposed_event"]["effective_on"] == "2025-11-01"
    assert "November 1, 2025" in shown["first_day_sentence"]
    unsure = json.loads(command(home, "feed", "show", "2025-02408", "--json").stdout)
    assert unsure["proposed_event"] is None and "a pause until 2025-03-04" in unsure["no_event_because"]


def test_a_list_on_a_terminal(home) -> None:
    shown = command(home, "feed", "list").stdout
    assert "federal_register:2025-19639" in shown and "2025-11-01" in shown
    assert "nothing matches" in command(home, "feed", "list", "zebra").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("refresh", "--since", "March"), "--since: 'March' is not a day"),
        (("refresh", "--source", "bls"), "the feed has no source bls; it has"),
        (("show", "2025-19638"), "nearest: federal_register:2025-19639"),
        (("accept", "2025-19639", "--event-id", "user-x", "--event-date", "soon"), "--event-date: 'soon' is not a day"),
        (("accept", "2025-19639", "--event-id", "user-x", "--rate", "25"), "belong to a measure"),
        (("accept", "2025-19639", "--event-id", "user-x"), "timeline is empty"),
        (("accept", "2025-02408", "--event-id", "user-x", "--timeline", "section_232_autos"), "no first day is proposed"),
        (("reject", "2025-19639", "--reason", " "), "say why"),
    ],
)  # fmt: skip
def test_refusals_are_words_and_change_nothing(home, arguments: tuple[str, ...], says: str) -> None:
    done = command(home, "feed", *arguments)
    assert done.returncode == 2 and says in done.stderr.replace("\n  ", " ")
    assert not home.timelines.exists()


def test_a_dry_run_says_what_would_be_written(home) -> None:
    done = command(
        home,
        "feed",
        "accept",
        "2025-19639",
        "--event-id",
        "user-trucks",
        "--timeline",
        "section_232_autos",
        "--dry-run",
    )
    assert "would add to your events: user-trucks" in done.stdout and "2025-11-01" in done.stdout
    assert not home.timelines.exists()


def test_a_rejection_is_listed_as_one(home) -> None:
    assert command(home, "feed", "reject", "2025-02408", "--reason", "known already").returncode == 0
    (row,) = json.loads(command(home, "feed", "list", "--status", "rejected", "--json").stdout)
    assert row["reason"] == "known already"
