"""What a refresh would ask: the requests of each dataset, its quota, its key. Asks nothing of the network.

Belongs here: choosing datasets, calling their request builders, saying why one is left out.
Does not belong here: asking (dataset.py), which requests a dataset needs (sources/agencies/).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches

from orchestration.base.errors import UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.intake.agency import question
from orchestration.intake.agency.completeness import latest_periods
from orchestration.intake.agency.keys import enabled, key_problem
from orchestration.intake.agency.quota import Quota
from orchestration.sources.spec import Dataset, PlanContext, Request
from orchestration.store.tables import open_store

#: a run waits this long for another one to finish before a dataset gives up
WAIT_FOR_WRITER = 600.0


@dataclass(frozen=True)
class PlannedDataset:
    """What one dataset would ask. `skip` says why it asks nothing; `skip_counts` whether that makes a run partial."""

    dataset: Dataset
    requests: tuple[Request, ...]
    has_key: bool
    skip: str = ""
    skip_counts: bool = True
    #: of the API's tightest budget, before this run; None: no limit
    quota_left: int | None = None
    quota: str = ""
    #: this once, take answers that lack values known before
    accept_shrunk: bool = False


@dataclass(frozen=True)
class RefreshPlan:
    """What a refresh would do."""

    datasets: tuple[PlannedDataset, ...]
    today: date
    since: date | None = None
    full: bool = False

    @property
    def requests(self) -> int:
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

    sources: source ids, or None for all; names: dataset names. since, full: more than the agencies' usual revision
    windows; until: an end before today (a backfill of years). accept_shrunk: `source/dataset` of which answers are taken
    even if they lack values known before. Raises UsageError for an unknown source or dataset.
    """
    every = _declared() if datasets is None else datasets
    known = {d.source_id for d in every}
    if unknown := sorted(set(sources or ()) - known):
        raise UsageError(
            f"there is no live source {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    chosen = [
        d
        for d in every
        if (not sources or d.source_id in set(sources)) and (names is None or d.name in set(names))
    ]
    accepting = set(accept_shrunk)
    _refuse_unknown(accepting, [_name(d) for d in chosen])
    today = today or datetime.now(UTC).date()
    latest = _latest(settings)
    planned = []
    for dataset in chosen:
        secret = dataset.api.secret
        problem, has_key = key_problem(secret)
        quota = Quota(settings, dataset.api, has_key=has_key)
        context = PlanContext(today, since, full, has_key, latest, until)
        skip, counts = "", True
        if not enabled(dataset):
            skip, counts = (
                f"off: {dataset.disabled_reason} (HEADWAY_ENABLE_{dataset.api.name}=1 turns it on)",
                False,
            )
        elif problem:
            skip = problem
        elif quota.left() == 0:
            skip = f"the quota of {dataset.api.name} is spent until {quota.renews_at():%Y-%m-%d %H:%M} UTC"
        requests: tuple[Request, ...] = ()
        if not skip:
            try:
                requests = tuple(map(question.as_json_gives_it_back, dataset.plan(context)))
            except Exception as error:
                # one builder that stumbles must not keep the other agencies from being asked
                skip = f"its requests could not be made ({type(error).__name__}: {error})"
        planned.append(
            PlannedDataset(
                dataset,
                requests,
                has_key,
                skip,
                counts,
                quota.left(),
                _in_words(quota),
                _name(dataset) in accepting,
            )
        )
    return RefreshPlan(tuple(planned), today, since, full)


def month(text: str) -> date:
    """The first day of a month given as YYYY-MM. Raises UsageError."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise UsageError(f"{text!r} is not a month: write it like 2024-01") from None


def _name(dataset: Dataset) -> str:
    return f"{dataset.source_id}/{dataset.name}"


def _refuse_unknown(names: Iterable[str], planned: Sequence[str]) -> None:
    for name in sorted(set(names) - set(planned)):
        near = get_close_matches(name, planned, n=3, cutoff=0.3) or sorted(planned)
        raise UsageError(
            f"this refresh asks for no dataset {name!r}: write it as SOURCE/DATASET, like {', '.join(near)}"
        )


def _declared() -> Sequence[Dataset]:
    from orchestration.sources.datasets import DATASETS

    return DATASETS


def _latest(settings: Settings) -> dict[str, date]:
    if not settings.store.exists():
        return {}
    with writer_lock(settings, wait=WAIT_FOR_WRITER), open_store(settings.store, read_only=True) as con:
        return latest_periods(con)


def _in_words(quota: Quota) -> str:
    tightest = quota.tightest()
    if tightest is None:
        return "no limit"
    spent, budget = tightest
    span = "a day" if budget.seconds == 86_400 else f"in {budget.seconds:,} s"
    return f"{spent} of {budget.requests:,} {span}"
