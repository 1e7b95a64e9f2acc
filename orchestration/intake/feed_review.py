"""A person's part of the feed: what there is to read, and deciding on it.

Belongs here: candidates as the store has them, writing an accepted one into the user's timelines, keeping decisions. Does not
belong here: asking agencies (feed.py), the rules of timelines (timeline/), merging candidates (transforms/feed/board.py).

A decision is a payload like any other: its bytes go into the archive before the store has them, so that a store made again from
the archive has it, and `headway remove` takes it back.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

import polars as pl

from orchestration.base.duck import frame_of
from orchestration.base.errors import UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.intake.agency.plan import WAIT_FOR_WRITER
from orchestration.intake.timeline.own import GivenRow, TimelineChange, put_rows, read_timelines
from orchestration.sources.registry import FEED_SOURCES_BY_ID
from orchestration.store.archive import Archive, Quarantined
from orchestration.store.ingest import ingest, register_sources
from orchestration.store.opened import open_store
from transforms.feed.board import board
from transforms.parse.outcome import SchemaChangedError
from transforms.schema import FEED_CANDIDATE, FEED_REVIEW, Parsed

SOURCE = "feed_review"
_DATASET = "decisions"
#: columns of the timelines in which a row may name a document
_TELLING = ("title", "description", "source_reference", "legal_instrument", "exemptions")
#: columns of a candidate in which words are looked for
_SEARCHED = ("feed_id", "title", "parties", "topics", "agencies", "citation", "kind", "headings")


@dataclass(frozen=True)
class Accepted:
    """What accepting a candidate did. change: rows of the user's timelines; event, measure: their cells as written."""

    feed_id: str
    change: TimelineChange
    event: Mapping[str, object]
    measure: Mapping[str, object] | None


def candidates(settings: Settings) -> pl.DataFrame:
    """All candidates as the store has them, columns of transforms.feed.board.BOARD_SCHEMA.

    Raises UsageError where nothing was ever asked for, WriterBusyError while another run writes.
    """
    if not settings.store.exists():
        raise UsageError("there is no store yet: run `headway feed refresh` first")
    # beside a process that writes, DuckDB opens the file for nobody: the lock says in words who it is
    with writer_lock(settings), open_store(settings.store, read_only=True) as con:
        tables = {
            name
            for (name,) in con.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'raw'"
            ).fetchall()
        }
        if f"{FEED_CANDIDATE.name}_current" not in tables:
            raise UsageError("the feed was never asked for: run `headway feed refresh` first")
        rows = frame_of(con, f"FROM raw.{FEED_CANDIDATE.name}_current")
        reviews = frame_of(con, f"FROM raw.{FEED_REVIEW.name}_current")
    if rows.is_empty():
        raise UsageError("the feed holds no document yet: run `headway feed refresh` first")
    events, measures = _references(settings)
    return board(rows, reviews, events, measures)


def list_candidates(
    settings: Settings, words: str = "", *, status: str | None = "unreviewed", aside: bool = False
) -> list[dict[str, Any]]:
    """The candidates of which id, title, parties, topics, agencies or citation hold every word, the newest published first.

    status: what was decided, None for all; aside: also documents that the rules take for no trade action.
    Raises UsageError as `candidates` does.
    """
    found = candidates(settings)
    if status is not None:
        found = found.filter(pl.col("status") == status)
    if not aside:
        found = found.filter(pl.col("standing") == "candidate")
    told = pl.concat_str([pl.col(name).fill_null("") for name in _SEARCHED], separator=" ").str.to_lowercase()
    for word in words.lower().split():
        found = found.filter(told.str.contains(word, literal=True))
    return found.rows(named=True)


def candidate(settings: Settings, feed_id: str) -> dict[str, Any]:
    """One candidate: by its feed id, or by the number of its document where no other has it. Raises UsageError for another."""
    rows = candidates(settings)
    found = rows.filter((pl.col("feed_id") == feed_id) | (pl.col("document_number") == feed_id))
    if found.height == 1:
        return found.row(0, named=True)
    if found.height:
        raise UsageError(f"{feed_id} is the number of several: {', '.join(found['feed_id'])}")
    names = dict(zip(rows["feed_id"], rows["feed_id"], strict=True))
    names |= dict(zip(rows["document_number"], rows["feed_id"], strict=True))
    near = [names[name] for name in get_close_matches(feed_id, names, n=3, cutoff=0.5)]
    rest = f"nearest: {', '.join(near)}" if near else "`headway feed list` names them"
    raise UsageError(f"there is no candidate {feed_id!r}; {rest}")


def accept(
    settings: Settings,
    feed_id: str,
    *,
    event: Mapping[str, object],
    measure: Mapping[str, object] | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Accepted:
    """Write a candidate into the user's timelines as an event, and as a measure if asked, and note that it was accepted.

    event, measure: cells that a person states; what they leave out is taken from the candidate where its reading is sure, and is
    empty else. `event` must have event_id. dry_run: say what would be written, and write nothing.
    Raises UsageError for a candidate that was decided already or whose day is neither sure nor stated, TimelineError for cells
    that the rules of the timelines refuse.
    """
    found = candidate(settings, feed_id)
    if found["status"] != "unreviewed":
        raise UsageError(
            f"{found['feed_id']} was {found['status']} on {found['decided_on']} ({found['event_id'] or found['reason']}); "
            f"`headway remove` lists that decision and takes it back"
        )
    source = _source_row(found)
    event_cells = proposed_event(found, event)
    rows: dict[Any, list[GivenRow]] = {
        "sources": [GivenRow(source, f"candidate {found['feed_id']}")],
        "events": [GivenRow(event_cells, f"candidate {found['feed_id']}")],
    }
    measure_cells = None
    if measure is not None:
        measure_cells = proposed_measure(found, measure, event_cells)
        rows["measures"] = [GivenRow(measure_cells, f"candidate {found['feed_id']}")]
    change = put_rows(settings, rows, dry_run=dry_run)
    if not dry_run:
        _decide(
            settings,
            {
                "feed_id": found["feed_id"],
                "decision": "accepted",
                "decided_because": None,
                "event_id": str(event_cells["event_id"]),
                "measure_id": str(measure_cells["measure_id"]) if measure_cells else None,
            },
            now,
        )
    return Accepted(found["feed_id"], change, event_cells, measure_cells)


def reject(settings: Settings, feed_id: str, reason: str, *, now: datetime | None = None) -> str:
    """Note that a candidate is no event of the timelines; returns its feed id. Raises UsageError as `accept` does, and without a
    reason."""
    reason = " ".join(reason.split())
    if not reason:
        raise UsageError("say why: --reason 'concerns no goods of ours'")
    found = candidate(settings, feed_id)
    if found["status"] == "accepted":
        raise UsageError(
            f"{found['feed_id']} was accepted as {found['event_id']}: take that out of your timelines first "
            f"(`headway timeline remove {found['event_id']}`)"
        )
    _decide(
        settings,
        {
            "feed_id": found["feed_id"],
            "decision": "rejected",
            "decided_because": reason,
            "event_id": None,
            "measure_id": None,
        },
        now,
    )
    return str(found["feed_id"])


def proposed_event(found: Mapping[str, Any], stated: Mapping[str, object]) -> dict[str, object]:
    """The cells of an event: what a person states, and else what the reading of the candidate is sure of.

    Raises UsageError where no first day is sure and none is stated.
    """
    given = {name: value for name, value in stated.items() if value is not None}
    if not {"event_date", "effective_on"} & given.keys() and found["first_day"] is None:
        raise UsageError(
            f"{found['feed_id']}: no first day is proposed ({found['first_day_note']}); read the document and state "
            "--event-date, or --effective-on for a duty that takes effect"
        )
    effective = given.get("effective_on", found["first_day"])
    event_date = given.get("event_date", effective)
    own = {
        "event_date": event_date,
        "date_precision": "day",
        "announced_on": found["signed_on"],
        "effective_on": effective
        if given.get("event_type", "tariff_effective") != "tariff_announced"
        else None,
        # the timelines have a day of publication only where the notice came after the first day
        "published_on": found["published_on"]
        if (first := _as_day(effective)) and found["published_on"] > first
        else None,
        "event_type": "tariff_effective",
        "title": found["title"],
        "description": _described(found),
        "parties": found["parties"],
        "topics": found["topics"],
        "source_key": _source_key(found),
        "source_reference": _reference(found),
        "confidence": "high" if found["source_id"] != "gta" else "medium",
        "in_force": True,
    }
    if _as_day(event_date) and found["signed_on"] and _as_day(event_date) < found["signed_on"]:
        own["announced_on"] = (
            None  # an event before its announcement is refused; a retroactive one keeps its own day
        )
    return {**own, **given}


def proposed_measure(
    found: Mapping[str, Any], stated: Mapping[str, object], event: Mapping[str, object]
) -> dict[str, object]:
    """The cells of a measure, as `proposed_event`. Raises UsageError where no rate is sure and none is stated."""
    given = {name: value for name, value in stated.items() if value is not None}
    rate = given.get("rate_pct", found["rate_pct"])
    if rate is None:
        read = (
            f"the document names {found['rates'].replace(';', ', ')}" if found["rates"] else "none was read"
        )
        raise UsageError(f"{found['feed_id']}: no rate is proposed ({read}); state --rate")
    own = {
        "rate_pct": rate,
        "topic": str(event.get("topics") or "").split(";")[0] or None,
        "announced_on": event.get("announced_on"),
        "effective_on": event.get("effective_on"),
        "published_on": event.get("published_on"),
        "legal_instrument": found["citation"] or found["title"],
        "product_scope": found["title"],
        "source_key": event["source_key"],
        "source_reference": event["source_reference"],
        "confidence": event["confidence"],
        "in_force": True,
        "event_id": event["event_id"],
    }
    return {**own, **given}


def parse_decision(content: bytes) -> Parsed:
    """A decision as a row of raw.feed_review. Raises SchemaChangedError for other bytes."""
    try:
        decision = json.loads(content)
        decided_at = datetime.fromisoformat(decision["decided_at"])
        row = {
            name: decision[name]
            for name in ("feed_id", "decision", "decided_because", "event_id", "measure_id")
        }
    except (ValueError, KeyError, TypeError) as error:
        raise SchemaChangedError(SOURCE, f"no decision on a candidate ({error})") from error
    frame = pl.DataFrame(
        [
            {
                **row,
                "period_start": decided_at.date(),
                "status": "normal",
                "known_from": decided_at,
                "known_from_basis": "retrieved",
            }
        ],
        schema=FEED_REVIEW.polars_schema,
    )
    return Parsed(FEED_REVIEW, frame)


def _decide(settings: Settings, decision: Mapping[str, str | None], now: datetime | None) -> None:
    """Archive a decision and load it. Raises UsageError where the store refuses it."""
    moment = (now or datetime.now(UTC)).replace(tzinfo=None)
    content = json.dumps({**decision, "decided_at": moment.isoformat()}, indent=1).encode()
    with writer_lock(settings, wait=WAIT_FOR_WRITER), open_store(settings.store) as con:
        register_sources(con, [FEED_SOURCES_BY_ID[SOURCE]])
        outcome = ingest(
            con,
            Archive(settings),
            content=content,
            parse=parse_decision,
            source_id=SOURCE,
            dataset=_DATASET,
            request_url=f"feed-review:{decision['feed_id']}",
            retrieved_at=moment,
            media_type="application/json",
        )
    if isinstance(outcome, Quarantined):
        raise UsageError(f"the decision could not be kept: {outcome.reason}")


def _references(settings: Settings) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(id, what it says and cites) of every event and every measure, the user's own ones too."""
    folder = settings.dbt_project / "seeds" / "timeline"
    sources = {row["source_key"]: row["reference"] for row in _rows(folder / "seed_event_source.csv")}
    events = _rows(folder / "seed_event.csv")
    measures = _rows(folder / "seed_tariff_measure.csv")
    own = read_timelines(settings)
    sources |= {str(row.values["source_key"]): str(row.values["reference"] or "") for row in own["sources"]}
    events += [{k: str(v or "") for k, v in row.values.items()} for row in own["events"]]
    measures += [{k: str(v or "") for k, v in row.values.items()} for row in own["measures"]]

    def told(row: Mapping[str, str]) -> str:
        return " | ".join([*(row.get(name) or "" for name in _TELLING), sources.get(row["source_key"], "")])

    return (
        [(row["event_id"], told(row)) for row in events],
        [(row["measure_id"], told(row)) for row in measures],
    )


def _rows(path: Any) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _source_key(found: Mapping[str, Any]) -> str:
    number = "".join(c if c.isalnum() else "_" for c in str(found["document_number"])).upper()
    return f"USER_FEED_{number.strip('_')}"


def _source_row(found: Mapping[str, Any]) -> dict[str, object]:
    return {
        "source_key": _source_key(found),
        "kind": "official" if found["source_id"] != "gta" else "professional",
        "title": found["title"],
        "reference": found["url"] or _reference(found),
        "note": f"accepted from the feed ({found['feed_id']})",
    }


def _reference(found: Mapping[str, Any]) -> str:
    named = [
        found["citation"],
        f"Proclamation {found['proclamation']}" if found["proclamation"] else None,
        f"EO {found['executive_order']}" if found["executive_order"] else None,
        found["url"],
    ]
    return "; ".join(name for name in named if name) or str(found["feed_id"])


def _described(found: Mapping[str, Any]) -> str:
    """A description for who reads the event: the kind of document and the sentence of its first day."""
    words = f"{found['kind'] or 'Document'} of {found['signed_on'] or found['published_on']}."
    return (
        f"{words} {found['first_day_sentence']}"
        if found["first_day"] and found["first_day_sentence"]
        else words
    )


def _as_day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
