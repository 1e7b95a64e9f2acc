"""What a refresh would ask: the requests of each dataset, its quota, its key. Asks nothing of the network.

Belongs here: choosing datasets, calling their request builders, saying why a dataset is left out.
Does not belong here: asking (dataset.py), which requests a dataset needs (sources/agencies/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import partial

from orchestration.base.errors import UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.intake.agency import question
from orchestration.intake.agency.completeness import (
    bundled_periods,
    latest_periods,
    loaded_payloads,
    periods_shown,
    stored_months,
)
from orchestration.intake.agency.keys import enabled, key_problem
from orchestration.intake.agency.quota import Quota
from orchestration.sources.spec import Dataset, PlanContext, Request
from orchestration.store.archive import Archive
from orchestration.store.opened import open_store

#: seconds that a dataset waits for another run to finish before it gives up
WAIT_FOR_WRITER = 600.0


@dataclass(frozen=True)
class PlannedDataset:
    """What one dataset would ask.

    skip:        why it asks nothing, "" if it asks; skip_counts: whether that makes the run partial
    quota_left:  requests left of the API's tightest budget before this run; None where the API sets no limit
    quota:       the same budget in words
    accept_shrunk: whether answers that lack values known before are taken this once
    """

    dataset: Dataset
    requests: tuple[Request, ...]
    has_key: bool
    skip: str = ""
    skip_counts: bool = True
    quota_left: int | None = None
    quota: str = ""
    accept_shrunk: bool = False


@dataclass(frozen=True)
class RefreshPlan:
    """What a refresh would ask, planned on the UTC day `today`; since and full as in plan_refresh."""

    datasets: tuple[PlannedDataset, ...]
    today: date
    since: date | None = None
    full: bool = False

    @property
    def requests(self) -> int:
        """The number of requests of all datasets, without repeated attempts."""
        return sum(len(d.requests) for d in self.datasets)


def plan_refresh(
    settings: Settings,
    *,
    sources: Iterable[str] | None = None,
    names: Iterable[str] | None = None,
    since: date | None = None,
    until: date | None = None,
    full: bool = False,
    accept_shrunk: Iterable[str] = (),
    today: date | None = None,
    datasets: Sequence[Dataset] | None = None,
) -> RefreshPlan:
    """The requests of each dataset, its quota and key; asks nothing of the network and changes nothing.

    sources:       source ids, None for all; names: dataset names, None for all
    since, full:   ask for more than the agencies' usual revision windows: from a month on, or the whole history
    until:         the last day wanted, for a backfill of years; None: up to today
    accept_shrunk: `source/dataset` of which answers are taken even if they lack values known before
    today:         the UTC day (default: now); datasets: what may be asked (default: all that are declared)

    Raises UsageError for an unknown source or dataset, WriterBusyError if another run holds the store.
    """
    declared = _declared() if datasets is None else datasets
    live_sources = {d.source_id for d in declared}
    if unknown := sorted(set(sources or ()) - live_sources):
        raise UsageError(
            f"there is no live source {', '.join(unknown)}; there are {', '.join(sorted(live_sources))}"
        )
    chosen = [
        d
        for d in declared
        if (not sources or d.source_id in set(sources)) and (names is None or d.name in set(names))
    ]
    accepting = set(accept_shrunk)
    _refuse_unknown(accepting, [dataset_name(d) for d in chosen])
    today = today or datetime.now(UTC).date()
    known, archive = _known(settings), Archive(settings)
    planned = []
    for dataset in chosen:
        key_trouble, has_key = key_problem(dataset.api.secret)
        quota = Quota(settings, dataset.api, has_key=has_key)
        skip = _why_skipped(dataset, key_trouble, quota)
        requests: tuple[Request, ...] = ()
        if not skip:
            context = PlanContext(
                today,
                since,
                full,
                has_key,
                known.latest,
                until,
                known.stored,
                bundled=known.bundled,
                shown=known.shown.get((dataset.source_id, dataset.name), {}),
                answered_at=partial(_answered_at, archive, known.loaded, dataset),
            )
            try:
                requests = tuple(map(question.as_json_gives_it_back, dataset.plan(context)))
            except Exception as error:
                # a fault in one request builder must not keep the other agencies from being asked
                skip = f"its requests could not be made ({type(error).__name__}: {error})"
        planned.append(
            PlannedDataset(
                dataset,
                requests,
                has_key,
                skip,
                skip_counts=enabled(dataset),
                quota_left=quota.left(),
                quota=_in_words(quota),
                accept_shrunk=dataset_name(dataset) in accepting,
            )
        )
    return RefreshPlan(tuple(planned), today, since, full)


def dataset_name(dataset: Dataset) -> str:
    """`source/dataset`, as the command line writes it."""
    return f"{dataset.source_id}/{dataset.name}"


def month(text: str) -> date:
    """The first day of a month given as YYYY-MM. Raises UsageError for any other text."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise UsageError(f"{text!r} is not a month: write it like 2024-01") from None


def _why_skipped(dataset: Dataset, key_trouble: str, quota: Quota) -> str:
    """Why a dataset cannot be asked now, "" if it can."""
    if not enabled(dataset):
        return f"off: {dataset.disabled_reason} (HEADWAY_ENABLE_{dataset.api.name}=1 turns it on)"
    if not key_trouble and quota.left() == 0:
        return f"the quota of {dataset.api.name} is spent until {quota.renews_at():%Y-%m-%d %H:%M} UTC"
    return key_trouble


def _refuse_unknown(names: Iterable[str], planned: Sequence[str]) -> None:
    """Raise UsageError for a name that is not planned, with the names that look like it."""
    for name in sorted(set(names) - set(planned)):
        near = get_close_matches(name, planned, n=3, cutoff=0.3) or sorted(planned)
        raise UsageError(
            f"this refresh asks for no dataset {name!r}: write it as SOURCE/DATASET, like {', '.join(near)}"
        )


def _declared() -> Sequence[Dataset]:
    """All datasets of all agencies, imported only where they are needed: `headway --help` does not need them."""
    from orchestration.sources.datasets import DATASETS

    return DATASETS


@dataclass(frozen=True)
class _Known:
    """What the store holds, as in PlanContext. shown: by source and dataset; loaded: ids of the payloads that are in the store."""

    latest: Mapping[str, date] = field(default_factory=dict)
    stored: Mapping[str, frozenset[date]] = field(default_factory=dict)
    bundled: Mapping[str, date] = field(default_factory=dict)
    shown: Mapping[tuple[str, str], Mapping[date, datetime]] = field(default_factory=dict)
    loaded: frozenset[str] = frozenset()


def _known(settings: Settings) -> _Known:
    """What the store holds; nothing where there is no store yet."""
    if not settings.store.exists():
        return _Known()
    with writer_lock(settings, wait=WAIT_FOR_WRITER), open_store(settings.store, read_only=True) as con:
        return _Known(
            latest_periods(con),
            stored_months(con),
            bundled_periods(con),
            periods_shown(con),
            loaded_payloads(con),
        )


def _answered_at(
    archive: Archive, loaded: frozenset[str], dataset: Dataset, request: Request
) -> datetime | None:
    """When a request last got an answer that is in the store. One that was archived by a run that was killed before it loaded it is none:
    it must come again."""
    last = archive.last(dataset.source_id, dataset.name, question.request_url(dataset.api, request))
    return last.last_seen_at if last and last.payload_id in loaded else None


def _in_words(quota: Quota) -> str:
    """'12 of 500 requests a day' without the word requests, which the column of the plan has."""
    tightest = quota.tightest()
    if tightest is None:
        return "no limit"
    spent, budget = tightest
    return f"{spent} of {budget.requests:,} {budget.window}"
