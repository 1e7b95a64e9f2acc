"""One refresh of the feed: lists first, then the documents that they name and that were not read yet.

Belongs here: the order of the two, what is read already. Does not belong here: asking one dataset (agency/dataset.py), which
documents are asked for (sources/feed/), what a document says (transforms/feed), deciding on a candidate (feed_review.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from orchestration.base.errors import UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.agency import question
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from orchestration.intake.agency.dataset import Clients, refresh_dataset
from orchestration.intake.agency.plan import WAIT_FOR_WRITER, PlannedDataset, plan_refresh
from orchestration.sources.feed.spec import Feed, FeedContext
from orchestration.sources.feeds import FEEDS
from orchestration.sources.registry import FEED_SOURCES_BY_ID
from orchestration.sources.spec import Dataset, PlanContext, Request
from orchestration.store.archive import Archive
from orchestration.store.ingest import register_sources
from orchestration.store.opened import open_store
from transforms.feed.reading import Document
from transforms.parse.outcome import ReplyError

#: days before today that count as new where nobody says since when
USUAL_DAYS = 45


def refresh_feed(
    settings: Settings,
    *,
    since: date | None = None,
    sources: Iterable[str] | None = None,
    today: date | None = None,
    feeds: Sequence[Feed] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> RefreshOutcome:
    """Ask the agencies for new documents, archive them, and read them into raw.feed_candidate.

    since: first day of publication wanted (default: 45 days ago); sources: source ids, None for all; today: the UTC day;
    sleep: waits that many seconds; tests replace it. Nothing is built: `headway feed list` reads the store.
    A failure of one source leaves the others alone and is in the outcome.

    Raises UsageError for an unknown source, WriterBusyError, ArchiveError and StoreError as `run_refresh` does.
    """
    started = time.monotonic()
    today = today or datetime.now(UTC).date()
    feeds = FEEDS if feeds is None else feeds
    named, known = set(sources or ()), {feed.source_id for feed in feeds}
    if unknown := sorted(named - known):
        raise UsageError(f"the feed has no source {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    chosen = [feed for feed in feeds if not named or feed.source_id in named]
    outcomes: list[DatasetOutcome] = []
    with writer_lock(settings, wait=WAIT_FOR_WRITER), open_store(settings.store) as con:
        register_sources(con, [FEED_SOURCES_BY_ID[feed.source_id] for feed in chosen])
    with ExitStack() as stack:
        clients = Clients(settings, stack, sleep)

        def run(planned: Iterable[PlannedDataset]) -> list[DatasetOutcome]:
            done = []
            for dataset in planned:
                # a feed that needs a key of one's own is no failure where there is none
                skip_counts = dataset.skip_counts and not (dataset.skip and not dataset.has_key)
                done.append(
                    refresh_dataset(settings, replace(dataset, skip_counts=skip_counts), clients=clients)
                )
            return done

        for number, feed in enumerate(chosen):
            report("feed", feed.source_id, number, len(chosen))
            lists = (
                plan_refresh(settings, datasets=feed.lists, since=since, today=today).datasets
                if feed.lists
                else ()
            )
            outcomes += run(lists)
            outcomes += _follow(settings, feed, lists, since, today, run)
        report("feed", "", len(chosen), len(chosen))
    return RefreshOutcome(tuple(outcomes), seconds=time.monotonic() - started)


def _follow(
    settings: Settings,
    feed: Feed,
    lists: Sequence[PlannedDataset],
    since: date | None,
    today: date,
    run: Callable[[Iterable[PlannedDataset]], list[DatasetOutcome]],
) -> list[DatasetOutcome]:
    """Ask for the documents of one feed: each API in turn for what those before it did not give."""
    outcomes: list[DatasetOutcome] = []
    asked: set[str] = set()
    for number, dataset in enumerate(feed.documents):
        failed_before = [o for o in outcomes if o.problems]
        if number and not failed_before:
            break  # the first API gave everything
        for _ in range(feed.rounds):
            context = FeedContext(
                today=today,
                since=since or today - timedelta(days=USUAL_DAYS),
                listed=_listed(settings, feed, lists),
                read=_read(settings, feed.source_id),
                bytes_of=lambda name: _archived(settings, feed.source_id, name),
            )
            requests = [r for r in feed.follow(context, number) if f"{number}{r.path}" not in asked]
            if not requests:
                break
            asked |= {f"{number}{request.path}" for request in requests}
            planned = plan_refresh(settings, datasets=[_with_plan(dataset, requests)], today=today)
            outcomes += run(planned.datasets)
    return outcomes


def _with_plan(dataset: Dataset, requests: Sequence[Request]) -> Dataset:
    def plan(_: PlanContext) -> list[Request]:
        return list(requests)

    return replace(dataset, plan=plan)


def _listed(settings: Settings, feed: Feed, lists: Sequence[PlannedDataset]) -> list[Document]:
    """The documents of the archived answers to the questions of this run, also where an answer was the same as the last."""
    archive = Archive(settings)
    found: list[Document] = []
    for planned in lists:
        for request in planned.requests:
            url = question.request_url(planned.dataset.api, request)
            payload = archive.last(planned.dataset.source_id, planned.dataset.name, url)
            if payload is None:
                continue
            try:
                found += feed.read_list(archive.read(payload), request, question.archived_response(payload))
            except ReplyError:
                continue  # what cannot be read was refused when it came
    return found


def _read(settings: Settings, source_id: str) -> frozenset[str]:
    """The ids of the documents that were read."""
    query = "SELECT feed_id FROM raw.feed_candidate_current WHERE part = 'text' AND source_id = ?"
    with writer_lock(settings, wait=WAIT_FOR_WRITER), open_store(settings.store, read_only=True) as con:
        return frozenset(name for (name,) in con.execute(query, [source_id]).fetchall())


def _archived(
    settings: Settings, source_id: str, dataset: str
) -> list[tuple[Mapping[str, object], Callable[[], bytes]]]:
    """(context of the request, its bytes) of what the archive holds of a dataset, the newest last."""
    archive = Archive(settings)
    return [
        (payload.extra.get("request", {}).get("context", {}), partial(archive.read, payload))
        for payload in archive.payloads(source_id, dataset)
    ]
