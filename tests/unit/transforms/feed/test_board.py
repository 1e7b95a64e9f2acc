"""All candidates as one table: list and text merged, the newest decision, and what cites them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl

from tests.unit.transforms.feed.test_reading import AT, DOCUMENT, row
from transforms.feed.board import BOARD_SCHEMA, board
from transforms.feed.reading import parsed
from transforms.schema import FEED_REVIEW

NONE = pl.DataFrame(schema=FEED_REVIEW.polars_schema)


def decision(feed_id: str, what: str, at: datetime, **more):
    cells = {"decided_because": None, "event_id": None, "measure_id": None, **more}
    return {
        "feed_id": feed_id, "period_start": at.date(), "decision": what, **cells, "status": "normal", "known_from": at,
        "known_from_basis": "retrieved",
    }  # fmt: skip


def test_the_text_is_read_and_the_list_names_the_document() -> None:
    """A citation comes days after the text was read, and the list forgets what only the text said."""
    entry, text = (
        row(),
        row(
            replace(DOCUMENT, citation=None),
            "A 25 percent tariff applies to goods entered for consumption on or after April 3, 2025.",
        ),
    )
    (found,) = board(parsed([entry, text]).frame, NONE, [("e", "90 FR 14706")], [("m", "nothing")]).rows(
        named=True
    )
    assert (
        found["citation"] == "90 FR 14705"
        and found["first_day"] == date(2025, 4, 3)
        and found["is_text_read"]
    )
    assert (found["cited_by_events"], found["cited_by_measures"], found["status"]) == (
        "e",
        None,
        "unreviewed",
    )


def test_a_document_of_a_list_alone_and_one_without_a_list_stay() -> None:
    entry, text = row(), row(replace(DOCUMENT, number="2025-1"), "Tariffs apply.")
    found = board(parsed([entry, text]).frame, NONE, [], [])
    assert dict(found.select("document_number", "is_text_read").rows()) == {
        "2025-05930": False,
        "2025-1": True,
    }
    assert dict(found.schema) == BOARD_SCHEMA


def test_the_newest_decision_counts() -> None:
    reviews = pl.DataFrame(
        [
            decision(DOCUMENT.feed_id, "rejected", AT, decided_because="no"),
            decision(DOCUMENT.feed_id, "accepted", AT + timedelta(days=1), event_id="user-x"),
        ],
        schema=FEED_REVIEW.polars_schema,
    )
    (found,) = board(parsed([row()]).frame, reviews, [], []).rows(named=True)
    assert (found["status"], found["event_id"], found["reason"]) == ("accepted", "user-x", None)


def test_no_documents_is_a_table_without_rows() -> None:
    assert board(parsed([]).frame, NONE, [("e", "90 FR 1")], []).is_empty()
