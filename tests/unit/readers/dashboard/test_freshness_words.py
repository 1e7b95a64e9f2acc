"""What the front page says of freshness. Prevents: "14 of 14 datasets are behind" to somebody who has just built the bundled figures."""

from __future__ import annotations

import datetime as dt

from orchestration.readers.dashboard.freshness_words import Loaded, freshness_text

BUNDLED_ON = dt.datetime(2026, 11, 21)


def row(state: str = "late", *, asked: dt.datetime | None = None) -> Loaded:
    return {
        "state": state,
        "days_behind": 17 if state == "late" else 0,
        "last_retrieved_at": asked or BUNDLED_ON,
        "last_payload_id": "bls:ces:ab" if asked else "figures:observation_bls:ab",
    }


def test_bundled_figures_are_said_to_be_bundled_before_anything_else():
    text = freshness_text([row(), row()])
    assert text.startswith("The figures are the bundled ones of 2026-11-21: no agency has been asked since.")
    assert "All of them have a newer period" in text and "headway refresh" in text
    assert "1 of 2 datasets have a newer period" in freshness_text([row(), row("fresh")])


def test_after_a_refresh_the_day_is_that_of_the_last_reply():
    text = freshness_text(
        [row("fresh", asked=dt.datetime(2026, 11, 28)), row("fresh", asked=dt.datetime(2026, 11, 29))]
    )
    assert text == (
        "The agencies were last asked on 2026-11-29. Every dataset has the period that its agency's calendar promises."
    )


def test_a_refresh_in_part_names_both_kinds():
    text = freshness_text([row("fresh", asked=dt.datetime(2026, 11, 29)), row(), row()])
    assert text.startswith("1 dataset came from the agencies, last on 2026-11-29; 2 more are as bundled.")
    assert "2 of 3 datasets" in text


def test_a_source_that_was_never_loaded_is_not_counted():
    never: Loaded = {
        "state": "never_loaded",
        "days_behind": None,
        "last_retrieved_at": None,
        "last_payload_id": None,
    }
    assert "All of them" in freshness_text([row(), never])
    assert "No figures are loaded" in freshness_text([never])
