"""Which events stand in the way of a comparison, in plain Python: a second implementation that the SQL is compared with.

Belongs here: the rules, written from their words with the standard library.
Does not belong here: SQL, dbt, reading of files, assertions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tests.oracles import plain_comparison as plain

#: months of the windows that the reports have
WIDTHS, GAPS = (6, 12, 24), (0, 1, 3, 6)


@dataclass(frozen=True)
class Event:
    """An event: its cut (month number), whether it is an act, its cluster, whether the reports use it, what it reaches."""

    cut: int
    is_act: bool
    cluster: str | None
    in_report: bool
    reaches: frozenset[str]


@dataclass(frozen=True)
class Rivals:
    """In the way of a comparison: all in its windows, those that cannot be told apart from it, the largest share."""

    in_windows: list[str]
    blocking: list[str]
    share: float


def rivals(candidates: Mapping[str, int], cut: int, width: int, gap: int) -> Rivals:
    """Of `candidates` (id: cut) those within the windows of `cut`, and those that share more than half of the window after."""
    before, after = plain.windows(cut, width, gap)
    inside = {name: c for name, c in candidates.items() if before.start <= c <= after.stop - 1}
    shares = {name: max(0, width - abs(c - cut)) / width for name, c in inside.items()}
    return Rivals(
        sorted(inside),
        sorted(n for n, share in shares.items() if share > 0.5),
        max(shares.values(), default=0.0),
    )


def acts(events: Mapping[str, Event], series: str) -> dict[str, int]:
    """The acts of the reports that reach a series, with their cuts."""
    return {n: e.cut for n, e in events.items() if e.in_report and e.is_act and series in e.reaches}


def of_event(events: Mapping[str, Event], name: str, series: str, width: int, gap: int) -> Rivals:
    """The rivals of a row: of an act that reaches the series all acts of other months that do; of any other event all acts."""
    event, others = events[name], acts(events, series)
    if name in others:
        others = {n: c for n, c in others.items() if c != event.cut}
    return rivals(others, event.cut, width, gap)


def starts(events: Mapping[str, Event]) -> dict[str, int]:
    """The first cut of each cluster's events in the reports."""
    found: dict[str, int] = {}
    for event in events.values():
        if event.in_report and event.cluster:
            found[event.cluster] = min(event.cut, found.get(event.cluster, event.cut))
    return found


def phases(events: Mapping[str, Event], series: str) -> set[str]:
    """The clusters of which an event of the reports reaches the series."""
    return {e.cluster for e in events.values() if e.in_report and e.cluster and series in e.reaches}


def of_phase(events: Mapping[str, Event], cluster: str, series: str, width: int, gap: int) -> Rivals:
    """The rivals of a phase: acts that reach the series and are not of the cluster, and the events other phases start with."""
    began = starts(events)
    candidates = {n: c for n, c in acts(events, series).items() if events[n].cluster != cluster}
    for other in phases(events, series) - {cluster}:
        candidates |= {
            n: e.cut
            for n, e in events.items()
            if e.in_report and e.cluster == other and e.cut == began[other]
        }
    return rivals(candidates, began[cluster], width, gap)


def is_eventful(cuts: Collection[int], month: int, width: int) -> bool:
    """Whether an act that reaches the series cuts less than `width` months from `month`."""
    return any(abs(c - month) < width for c in cuts)


def treatments(events: Mapping[str, Event], name: str, series: str) -> set[tuple[str, str]]:
    """(treatment_id, scope) of an event for a series; nothing where it does not reach it or is not in the reports."""
    event = events[name]
    if not event.in_report or series not in event.reaches:
        return set()
    month = plain.month(event.cut)
    found = {(f"act-{month:%Y-%m}", "act")} if event.is_act else set()
    return found | ({(f"phase-{event.cluster}", "phase")} if event.cluster else set())
