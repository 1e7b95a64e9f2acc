"""The steps of a build after loading: dbt, then the release. The plain functions that assets and commands call.

Belongs here: transform and publish under the writer lock, and whether a build would change anything.
Does not belong here: how a step works (dbt_runner.py, release/folders.py), a whole run (operations/build.py), Dagster's
objects (defs/).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from orchestration.base.duck import scalar
from orchestration.base.files import write_whole
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.build.fingerprint import input_fingerprint, state_on_disk
from orchestration.intake.figures.manifest import read_manifest
from orchestration.intake.loaded import figures_loaded, timelines_loaded
from orchestration.release.records import Release, current_release
from orchestration.store.opened import open_store

if TYPE_CHECKING:
    from orchestration.build.dbt_runner import DbtResult

# What makes models is imported by the steps that make them: is_current, which every `headway build` asks first, needs none of it.

#: how long a step waits for another run that writes
_WAIT_SECONDS = 600
#: in the folder of the build: what is_current last said yes of
_REMEMBERED = "current.sha256"


def is_current(settings: Settings) -> bool:
    """Whether a build would make the release that is current already: every bundled figure and the user's own timelines are in the
    store, and store, models and code are what that release was made from. Raises TimelineError for timelines that are not good.

    A yes is remembered beside the build, with what it was said of. Call it under the writer lock.
    """
    current = current_release(settings)
    if current is None or current.problem or current.fingerprint is None or not settings.store.exists():
        return False
    state, remembered = state_on_disk(settings, current.run_id), settings.build / _REMEMBERED
    with suppress(OSError):
        if remembered.read_text(encoding="ascii") == state:
            return True
    # DuckDB takes 40 ms for a file of this size each time that it opens it, and nothing where it is open already
    with open_store(settings.store, read_only=True):
        if (
            not figures_loaded(settings)
            or not timelines_loaded(settings)
            or current.fingerprint != input_fingerprint(settings)
        ):
            return False
    with suppress(OSError):  # a full disk takes nothing but the memory
        write_whole(remembered, state.encode())
    return True


def transform(settings: Settings, *, anew: bool = False) -> DbtResult:
    """Bring build/headway.duckdb up to date, under the writer lock, and put beside its marts what was worked out of the detail. A
    failed model or test is in the result, not raised.

    anew: make every model again, whatever of the last build could be kept.
    Raises ReleaseError where dbt cannot run at all, WriterBusyError after ten minutes of waiting for another run.
    """
    from orchestration.build import dbt_runner
    from orchestration.build.detail.release_tables import add_to_build

    with writer_lock(settings, wait=_WAIT_SECONDS):
        result = dbt_runner.build(settings, anew=anew)
        if result.success:
            add_to_build(settings)
        return result


def publish(settings: Settings, *, allow_shrink: bool = False) -> Release:
    """Make the release from the build and dbt's results.

    allow_shrink: a fact or dimension may lose more than a tenth of its rows, this once; the check is then a warning.
    Raises ReleaseError if a check fails, WriterBusyError after ten minutes of waiting for another run.
    """
    from orchestration.build import dbt_runner, update
    from orchestration.build.detail.release_tables import detail_keys
    from orchestration.release import folders as release
    from orchestration.release.contract import declared_keys

    report("release", "checking the finished file")
    manifest = read_manifest(settings.figures)
    with writer_lock(settings, wait=_WAIT_SECONDS):
        with open_store(settings.store, read_only=True) as con:
            payloads = scalar(con, "select count(*) from raw.payload")
        since = update.unpublished(settings)
        made = release.publish(
            settings,
            run_id=release.new_run_id(),
            inputs={"payloads": payloads, "figures": {f["dataset"]: f["sha256"] for f in manifest["files"]}},
            checks=dbt_runner.check_results(settings),
            fingerprint=input_fingerprint(settings),
            keys={**declared_keys(settings.dbt_manifest), **detail_keys(settings)},
            allow_shrink=allow_shrink,
            changes=None if since is None else release.Changes(*since),
        )
        update.published(settings, made.run_id)
        return made
