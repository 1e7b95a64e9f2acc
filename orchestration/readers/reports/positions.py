"""Who wanted what at an event, and what became of it: the earlier and later numbers of the same party on the same matter.

Belongs here: following one position through fct_position. Does not belong here: layout, other tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestration.readers.release_file import columns_of, read_as
from orchestration.readers.rows import DimEvent, FctPosition

if TYPE_CHECKING:
    import duckdb

#: statuses after which a demand is settled, so that a later number on the matter is another demand
_SETTLED = ("agreed", "dropped")


class DatedPosition(FctPosition):
    """A position with what a page says about the event at which it was taken (columns of dim_event)."""

    event_date: dt.date
    date_precision: str
    end_date: dt.date | None
    event_title: str
    timeline: str


class Step(DatedPosition):
    """A position on the way of another one, or that one itself (`here`)."""

    here: bool


class SharedPosition(DatedPosition):
    """A position with all parties that took it at the same event."""

    parties: list[str]


@dataclass(frozen=True)
class Position:
    """A position taken at the event and its way, oldest first: positions of the same party on the same topic that count
    the same thing. The way is empty where there is no number to follow.

    parties: all that took the same position and went the same way; settled: whether the way ends with a settlement.
    """

    row: DatedPosition
    parties: Sequence[str]
    way: Sequence[Step]
    settled: bool


@dataclass(frozen=True)
class Topic:
    """The positions of an event on one topic, and every other one on that topic in time order."""

    topic: str
    positions: Sequence[Position]
    elsewhere: Sequence[SharedPosition]


def topics_of(con: duckdb.DuckDBPyConnection, event: DimEvent) -> list[Topic]:
    """The positions taken at `event`, by topic."""
    rows = read_as(
        con,
        DatedPosition,
        f"""
        select {columns_of(FctPosition, "p")}, e.event_date, e.date_precision, e.end_date, e.title as event_title, e.timeline
        from fct_position p join dim_event e using (event_id)
        where p.topic in (select topic from fct_position where event_id = $event)
        order by e.event_date, p.event_id, p.party, p.value desc nulls last, p.position""",
        {"event": event["event_id"]},
    )
    topics = []
    for topic in dict.fromkeys(r["topic"] for r in rows if r["event_id"] == event["event_id"]):
        on_topic = [r for r in rows if r["topic"] == topic]
        here = [r for r in on_topic if r["event_id"] == event["event_id"]]
        elsewhere = [r for r in on_topic if r["event_id"] != event["event_id"]]
        positions = _together([followed(row, on_topic) for row in here])
        topics.append(Topic(topic, positions, _joined(elsewhere)))
    return topics


def _joined(rows: Sequence[DatedPosition]) -> list[SharedPosition]:
    """Each position of an event once, with all parties that took it."""
    groups: dict[tuple[object, ...], SharedPosition] = {}
    for row in rows:
        key = (row["event_id"], row["position"], row["value"], row["unit"], row["status"])
        groups.setdefault(key, {**row, "parties": []})["parties"].append(row["party"])
    return list(groups.values())


def _together(positions: Sequence[Position]) -> list[Position]:
    """Positions that differ in nothing but the party as one: a text agreed by three has three rows each."""
    groups: dict[tuple[object, ...], Position] = {}
    for p in positions:
        way = tuple((r["event_id"], r["status"], r["value"]) for r in p.way)
        key = (
            p.row["position"],
            p.row["value"],
            p.row["unit"],
            p.row["status"],
            p.row["source_reference"],
            way,
        )
        earlier = groups.get(key)
        groups[key] = replace(earlier, parties=[*earlier.parties, *p.parties]) if earlier else p
    return list(groups.values())


def followed(row: DatedPosition, on_topic: Sequence[DatedPosition]) -> Position:
    """`row` with its way among the rows of its topic (in time order).

    The way begins after the last settlement before `row` and ends with the first one from it on. A position without a
    number is not followed: words cannot be matched without judging them.
    """
    if row["value"] is None:
        return Position(row, [row["party"]], [], row["status"] in _SETTLED)
    same: list[Step] = [
        {**r, "here": r is row}
        for r in on_topic
        if r["party"] == row["party"]
        and r["value"] is not None
        and _counted(r) == _counted(row)
        # other numbers of the same event are positions of their own
        and (r is row or r["event_id"] != row["event_id"])
    ]
    place = next(i for i, r in enumerate(same) if r["here"])
    start = next((i + 1 for i in range(place - 1, -1, -1) if same[i]["status"] in _SETTLED), 0)
    end = next((i + 1 for i in range(place, len(same)) if same[i]["status"] in _SETTLED), len(same))
    # a settlement of several numbers (40 to 45 percent) stands whole
    while end < len(same) and same[end]["event_id"] == same[end - 1]["event_id"]:
        end += 1
    way = same[start:end]
    return Position(row, [row["party"]], way, way[-1]["status"] in _SETTLED)


def _counted(row: DatedPosition) -> str:
    """What a number counts: "percent of vehicle value, net cost" and "percent of vehicle value" are one thing, a share
    of American content another."""
    return (row["unit"] or "").removesuffix(", net cost")
