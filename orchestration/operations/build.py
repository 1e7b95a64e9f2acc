"""`headway build`: one whole run, through Dagster's job, from bundled figures to release.

Belongs here: what a build returns, skipping what did not change, making a store again that an earlier version filled
otherwise. Does not belong here: the steps (build/steps.py), executing a job (dagster_run.py).
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from orchestration.base.errors import HeadwayError, ReleaseError
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.build.steps import is_current
from orchestration.release.records import Release, current_release


@dataclass(frozen=True)
class BuildOutcome:
    """What a run did. `released` is False when nothing had changed; `release` is then the one that stays current.

    seconds: how long the whole run took.
    """

    released: bool
    release: Release
    seconds: float = 0.0


def run_build(
    settings: Settings,
    *,
    force: bool = False,
    from_archive: bool = False,
    allow_shrink: bool = False,
    wait: float = 0.0,
) -> BuildOutcome:
    """Build and release, through Dagster's job `build`, so that the run shows in its page like a scheduled one.

    force:        build although nothing changed since the current release, and make every model anew.
    from_archive: make the store again from the archived payloads first; done without being told where a series of the store
                  was corrected in its unit or base since it was loaded.
    allow_shrink: a fact or dimension may lose more than a tenth of its rows, this once.
    wait:         seconds to wait for another run that writes.
    Raises TimelineError for timelines of the user's own that are not good, WriterBusyError, or ReleaseError naming the step that failed; the last release then stays current.
    """
    started = time.monotonic()
    # What loads figures and runs jobs is imported where there is work for it: it takes longer than to see that there is none.
    if settings.timelines.exists():
        from orchestration.intake.timeline.own import read_timelines

        read_timelines(settings)  # a person who edited a file is told at once, and not by a step that failed
    with writer_lock(settings, wait=wait):
        if from_archive:
            _rebuild(settings, "as told")
        if not force and is_current(settings):
            return BuildOutcome(False, _current(settings), seconds=time.monotonic() - started)
        # with what makes models, which a build that has nothing to do does not need
        from orchestration.intake.figures.load import load_ahead
        from orchestration.operations import kept_build
        from orchestration.operations.dagster_run import run_job

        # the key of now: a file of the code may be changed while the build runs
        fresh = kept_build.key(settings) if kept_build.begins_with_nothing(settings) else None
        if fresh and not force and not from_archive:
            kept_build.take(settings)
        if not from_archive:
            rebuild_what_was_corrected(settings)
        # with Dagster, which takes a second and is not needed until here
        from orchestration.defs.jobs import ALLOW_SHRINK, ANEW

        run_job(
            settings,
            "build",
            tags={tag: "true" for tag, wanted in ((ALLOW_SHRINK, allow_shrink), (ANEW, force)) if wanted},
            meanwhile=partial(load_ahead, settings),
        )
        if fresh:
            kept_build.keep(settings, fresh)
        # Remembered, so that the next build need not open the store to see that there is nothing to do. A file that somebody made
        # unreadable meanwhile is for that build to tell: this one is released.
        with suppress(HeadwayError):
            is_current(settings)
        return BuildOutcome(True, _current(settings), seconds=time.monotonic() - started)


def rebuild_what_was_corrected(settings: Settings) -> list[str]:
    """Make the store again from the archive if the catalogue has corrected what a series in it is; returns the corrections.

    A warehouse made by an earlier version would otherwise refuse the bundled figures. Call it under the writer lock.
    """
    from orchestration.sources.registry import load_series_catalogue
    from orchestration.store.rebuild import redefined_series

    corrections = redefined_series(settings, load_series_catalogue())
    if corrections:
        more = f" and {len(corrections) - 1} more series" if len(corrections) > 1 else ""
        _rebuild(settings, f"corrected since it was made: {corrections[0]}{more}")
    return corrections


def _rebuild(settings: Settings, why: str) -> None:
    # the parsers of all agencies, which a build of what is there already can do without
    from orchestration.intake.parsers import parser_of_archived
    from orchestration.intake.registration import register
    from orchestration.store.rebuild import rebuild_store_from_archive

    report("load", f"rebuilding the store from the archive ({why})")
    rebuild_store_from_archive(settings, parser_of_archived, partial(register, settings))


def _current(settings: Settings) -> Release:
    current = current_release(settings)
    if current is None:
        raise ReleaseError(f"the run ended, but there is no current release in {settings.home}; run it again")
    return current
