"""All candidates as one table: list and document merged, what cites them, what was decided.

Belongs here: merging, as a pure function of frames; the release (int_feed_candidate.py) and the commands both call it. Does not
belong here: reading documents (reading.py), stores and releases.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from transforms.feed.references import marks

#: columns of the agency's list, which is asked again and so knows a citation that came late
_OF_LIST = (
    "title", "kind", "document_number", "signed_on", "citation", "executive_order", "proclamation", "agencies", "url", "marks",
)  # fmt: skip
#: columns that come from reading the document itself wherever that was read
_OF_TEXT = (
    "standing", "standing_because", "first_day", "first_day_sentence", "first_day_rule", "first_day_note", "rate_pct", "rates",
    "rate_sentences", "headings", "parties", "topics", "text_chars",
)  # fmt: skip
#: column -> type of the table, in its order
BOARD_SCHEMA: dict[str, pl.DataType] = {
    "feed_id": pl.String(),
    "source_id": pl.String(),
    "status": pl.String(),
    "standing": pl.String(),
    "standing_because": pl.String(),
    "kind": pl.String(),
    "document_number": pl.String(),
    "title": pl.String(),
    "signed_on": pl.Date(),
    "published_on": pl.Date(),
    "first_day": pl.Date(),
    "first_day_sentence": pl.String(),
    "first_day_rule": pl.String(),
    "first_day_note": pl.String(),
    "rate_pct": pl.Float64(),
    "rates": pl.String(),
    "rate_sentences": pl.String(),
    "headings": pl.String(),
    "parties": pl.String(),
    "topics": pl.String(),
    "citation": pl.String(),
    "executive_order": pl.String(),
    "proclamation": pl.String(),
    "agencies": pl.String(),
    "url": pl.String(),
    "is_text_read": pl.Boolean(),
    "cited_by_events": pl.String(),
    "cited_by_measures": pl.String(),
    "decided_on": pl.Date(),
    "reason": pl.String(),
    "event_id": pl.String(),
    "measure_id": pl.String(),
    "known_from": pl.Datetime("us"),
}


def board(
    candidates: pl.DataFrame,
    reviews: pl.DataFrame,
    events: Iterable[tuple[str, str]],
    measures: Iterable[tuple[str, str]],
) -> pl.DataFrame:
    """One row for each document of the feed, with the columns of BOARD_SCHEMA, the newest published first.

    candidates: current rows of raw.feed_candidate; reviews: current rows of raw.feed_review; events, measures: (id, all texts in
    which the row may cite a document), for each event and measure of the timelines, the user's own ones too.
    """
    rows = candidates.filter(pl.col("status") != "withdrawn")
    by_mark: dict[str, dict[str, set[str]]] = {"events": {}, "measures": {}}
    for kind, references in (("events", events), ("measures", measures)):
        for row_id, text in references:
            for mark in marks(text):
                by_mark[kind].setdefault(mark, set()).add(row_id)
    order = ["published_on", "known_from"]
    rows = rows.rename({"period_start": "published_on"})
    newest = {
        part: rows.filter(pl.col("part") == part)
        .sort(order)
        .unique("feed_id", keep="last", maintain_order=True)
        for part in ("entry", "text")
    }
    entry, document = newest["entry"], newest["text"]
    both = entry.join(document, on="feed_id", how="full", coalesce=True, suffix="_text")
    read = pl.col("source_id_text").is_not_null()
    merged = both.with_columns(
        *(pl.coalesce(name, f"{name}_text").alias(name) for name in (*_OF_LIST, "source_id", "published_on")),
        *(pl.when(read).then(f"{name}_text").otherwise(name).alias(name) for name in _OF_TEXT),
        is_text_read=read,
        known_from=pl.max_horizontal("known_from", "known_from_text"),
    )
    decided = (
        reviews.filter(pl.col("status") != "withdrawn")
        .sort("period_start", "known_from")
        .unique("feed_id", keep="last", maintain_order=True)
        .select(
            "feed_id",
            "decision",
            "event_id",
            "measure_id",
            reason="decided_because",
            decided_on="period_start",
        )
    )
    return (
        merged.drop("status", strict=False)
        .join(decided, on="feed_id", how="left")
        .with_columns(
            status=pl.col("decision").fill_null("unreviewed"),
            cited_by_events=_citing(merged["marks"], by_mark["events"]),
            cited_by_measures=_citing(merged["marks"], by_mark["measures"]),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in BOARD_SCHEMA.items())
        .sort("published_on", "feed_id", descending=[True, False])
    )


def _citing(own: pl.Series, by_mark: dict[str, set[str]]) -> pl.Series:
    """The ids that cite each document, joined by ';'; null where nothing does."""
    found = []
    for text in own.to_list():
        ids = set().union(*(by_mark.get(mark, set()) for mark in (text or "").split(";")))
        found.append(";".join(sorted(ids)) or None)
    return pl.Series(found, dtype=pl.String)
