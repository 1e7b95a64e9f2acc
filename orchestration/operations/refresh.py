"""`headway refresh`: every planned dataset, then build and release if the store changed.

Belongs here: the order of a whole refresh. Does not belong here: one dataset (intake/agency/dataset.py), the plan
(intake/agency/plan.py), what comes out of it (intake/agency/account.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from orchestration.base import notify
from orchestration.base.errors import HeadwayError
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.agency.account import DatasetOutcome, RefreshOutcome
from orchestration.intake.agency.clients import Clients
from orchestration.intake.agency.dataset import refresh_dataset
from orchestration.intake.agency.plan import WAIT_FOR_WRITER, RefreshPlan
from orchestration.operations.build import rebuild_what_was_corrected, run_build
from orchestration.release.records import list_releases
from orchestration.store.archive import naive_utc
from orchestration.store.opened import changed_since, open_store


def run_refresh(
    settings: Settings,
    plan: RefreshPlan,
    *,
    build: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> RefreshOutcome:
    """Ask the agencies, archive and load their answers; then build and release if the store holds what no release has.

    build: False leaves out building and releasing. sleep: waits that many seconds; tests replace it.
    A failure of one source leaves the others alone and is in the outcome, as is a failed build. Raises only what makes
    every source fail: WriterBusyError, ArchiveError (a full disk), StoreError (a damaged store).
    """
    started = time.monotonic()
    outcomes: list[DatasetOutcome] = []
    with writer_lock(settings, wait=WAIT_FOR_WRITER):
        rebuild_what_was_corrected(settings)
    with ExitStack() as stack:
        clients = Clients(settings, stack, sleep)
        for number, planned in enumerate(plan.datasets, start=1):
            report("refresh", planned.dataset.title, number - 1, len(plan.datasets))
            outcomes.append(refresh_dataset(settings, planned, clients=clients))
        report("refresh", "", len(plan.datasets), len(plan.datasets))
    outcome = RefreshOutcome(tuple(outcomes), seconds=time.monotonic() - started)
    if build and (outcome.changed or not settings.current.exists() or _holds_unreleased(settings)):
        try:
            built = run_build(settings, wait=WAIT_FOR_WRITER)
            outcome = replace(outcome, released=built.released, release=built.release)
        except HeadwayError as error:
            outcome = replace(outcome, build_problem=str(error))
        outcome = replace(outcome, seconds=time.monotonic() - started)
    if outcome.exit_code:
        notify.tell("Headway: a refresh was not complete", outcome.in_words())
    return outcome


def _holds_unreleased(settings: Settings) -> bool:
    """Whether the store holds a change that is later than every release, as after a run whose build failed or was killed.

    The newest release counts and not the current one: who went back to an older one (`headway rollback`) stays there until there is news.
    """
    releases = list_releases(settings)
    if not releases or not settings.store.exists():
        return False
    with writer_lock(settings, wait=WAIT_FOR_WRITER), open_store(settings.store, read_only=True) as con:
        return changed_since(con, naive_utc(releases[0].created_at))
