"""`headway remove`: one archived payload out of the warehouse, kept in quarantine with the reason.

Belongs here: finding the payload and the rows it brought; setting it aside, then making the store from the rest.
Does not belong here: the archive (store/archive.py), rebuilding (store/rebuild.py), the release that comes
after (operations/build.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from orchestration.base.errors import UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.intake import feed_review
from orchestration.intake.agency import question
from orchestration.intake.parsers import parser_of_archived
from orchestration.intake.registration import register
from orchestration.store.archive import Archive, ArchivedPayload
from orchestration.store.opened import FIGURES, OWN_TIMELINES, open_store
from orchestration.store.rebuild import rebuild_store_from_archive
from transforms.schema import TABLES


@dataclass(frozen=True)
class Removable:
    """A payload that can be removed. `rows`: how many it appended to the store; None if it is not in the store."""

    payload_id: str
    source_id: str
    dataset: str
    retrieved_at: datetime
    request_url: str
    rows: int | None


@dataclass(frozen=True)
class Removal:
    """What a removal did, or would do.

    series:      ids of the series that had rows of the payload.
    quarantined: where its bytes are now; None for a dry run, or where they were there before.
    notes:       what the user should know, one sentence each.
    """

    payload: Removable
    series: Sequence[str]
    quarantined: Path | None
    notes: Sequence[str]


def removable(settings: Settings) -> list[Removable]:
    """Every archived payload but the bundled figures and the user's timelines, the one retrieved last first. Raises WriterBusyError while
    another run writes."""
    payloads = [p for p in Archive(settings).payloads() if p.source_id not in (FIGURES, OWN_TIMELINES)]
    rows = _rows_by_payload(settings)
    return [_described(p, rows) for p in reversed(payloads)]


def remove(settings: Settings, payload_id: str, *, reason: str, dry_run: bool = False) -> Removal:
    """Move a payload from the archive to quarantine with `reason` and make the store again from the rest.

    Nothing is deleted, and nothing is changed unless all of it worked; dry_run: nothing is changed at all. Where an agency
    gives the same answer again, a refresh refuses it. Raises UsageError for an unknown id, a bundled figure or an empty
    reason; PayloadError if the rest cannot be loaded any more; WriterBusyError.
    """
    if not (dry_run or reason.strip()):
        raise UsageError("say why, for whoever finds it in quarantine: --reason 'ends in the wrong month'")
    archive = Archive(settings)
    with writer_lock(settings):
        payload = _in_archive(payload_id, archive.payloads(), archive, _stored_ids(settings))
        if payload is None:  # a run set it aside and was ended before it made the store again
            described = _described_by_store(settings, payload_id)
            notes = ["it lies in quarantine already; only the store is made again"]
        else:
            described = _described(payload, _rows_by_payload(settings))
            notes = _notes(payload)
        removal = Removal(described, _series(settings, payload_id), None, notes)
        if dry_run:
            return removal
        path = archive.quarantine(payload, reason.strip(), removed=True) if payload else None
        try:
            rebuild_store_from_archive(settings, parser_of_archived, partial(register, settings))
        except BaseException:
            if payload:
                archive.take_back(payload)
            raise
    return Removal(described, removal.series, path, notes)


def _in_archive(
    payload_id: str, payloads: Sequence[ArchivedPayload], archive: Archive, stored: set[str]
) -> ArchivedPayload | None:
    """The archived payload of this id; None for one that is in quarantine already while its rows are still in the store.

    Raises UsageError for a bundled figure, and for an id that is neither in the archive nor in the store.
    """
    if payload_id.startswith(f"{FIGURES}:"):
        raise UsageError(
            f"{payload_id} is a bundled figure: it is part of the code and comes back with each build"
        )
    if payload_id.startswith(f"{OWN_TIMELINES}:"):
        raise UsageError(
            f"{payload_id} holds your own timelines: `headway timeline remove` takes rows out of them"
        )
    by_id = {p.payload_id: p for p in payloads}
    if payload_id in by_id:
        return by_id[payload_id]
    quarantined = [q for q in archive.quarantined() if q.payload_id == payload_id]
    if quarantined and payload_id in stored:
        return None
    if quarantined:
        last = quarantined[-1]
        raise UsageError(f"{payload_id} is in quarantine already: {last.reason} ({last.path})")
    raise UsageError(f"there is no payload {payload_id!r} in the archive; {_near(payload_id, by_id)}")


def _near(payload_id: str, known: Iterable[str]) -> str:
    """What to name instead, in words: the ids like this one that can be removed."""
    candidates = [name for name in known if not name.startswith(f"{FIGURES}:")]
    if not candidates:
        return "it holds bundled figures only"
    near = get_close_matches(payload_id, candidates, n=3, cutoff=0.5)
    return f"nearest: {', '.join(near)}" if near else "`headway remove` lists those that can be removed"


def _notes(payload: ArchivedPayload) -> list[str]:
    """Whether the payload can come back, in words."""
    if question.is_live(payload):
        return [
            f"the next refresh asks {payload.source_id} again and refuses this very answer; another one is taken"
        ]
    if payload.source_id == feed_review.SOURCE:
        return [
            "the candidate is unreviewed again; what it brought into your timelines stays there (`headway timeline remove`)"
        ]
    return ["importing the same file again brings it back"]


def _described(payload: ArchivedPayload, rows: dict[str, int]) -> Removable:
    return Removable(
        payload.payload_id,
        payload.source_id,
        payload.dataset,
        payload.retrieved_at,
        payload.request_url,
        rows.get(payload.payload_id),
    )


def _rows_by_payload(settings: Settings) -> dict[str, int]:
    """payload_id -> rows in the store that it brought, 0 where it only confirmed others."""
    rows = " UNION ALL ".join(f"SELECT payload_id FROM raw.{table}" for table in TABLES)
    counts = _from_store(
        settings,
        f"""SELECT payload_id, count(rows.payload_id)
            FROM raw.payload LEFT JOIN ({rows}) rows USING (payload_id) GROUP BY payload_id""",
    )
    return dict(counts)


def _described_by_store(settings: Settings, payload_id: str) -> Removable:
    """A payload that is in the store only."""
    query = "SELECT source_id, dataset, retrieved_at, request_url FROM raw.payload WHERE payload_id = ?"
    source_id, dataset, retrieved_at, request_url = _from_store(settings, query, payload_id)[0]
    rows = _rows_by_payload(settings)[payload_id]
    return Removable(payload_id, source_id, dataset, retrieved_at, request_url, rows)


def _stored_ids(settings: Settings) -> set[str]:
    return {name for (name,) in _from_store(settings, "SELECT payload_id FROM raw.payload")}


def _series(settings: Settings, payload_id: str) -> list[str]:
    query = "SELECT DISTINCT series_id FROM raw.observation WHERE payload_id = ? ORDER BY 1"
    return [name for (name,) in _from_store(settings, query, payload_id)]


def _from_store(settings: Settings, query: str, *parameters: str) -> list[tuple[Any, ...]]:
    """The rows of a query of the store, none where there is no store; Any, because DuckDB states no types for them."""
    if not settings.store.exists():
        return []
    # beside a process that writes, DuckDB opens the file for nobody: the lock says in words who it is
    with writer_lock(settings), open_store(settings.store, read_only=True) as con:
        return con.execute(query, list(parameters)).fetchall()
