"""The user's own timelines into archive and store, as they stand in their files when a build begins.

Belongs here: archiving the files, loading their rows, bringing lost files back from the archive. Does not belong here: the files and what
is good in them (own.py), the tables (store/timelines.py), whether the store is up to date (intake/loaded.py).
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import duckdb

from orchestration.base.errors import UsageError
from orchestration.base.files import sync, write_whole
from orchestration.base.settings import Settings
from orchestration.intake.timeline.own import Timelines, as_csv, read_timelines
from orchestration.intake.timeline.rules import frame
from orchestration.sources.spec import Source
from orchestration.store.archive import Archive
from orchestration.store.ingest import register_sources
from orchestration.store.opened import OWN_TIMELINES
from orchestration.store.timelines import replace_timelines
from transforms.timeline import TIMELINE_COLUMNS

_DATASET = "timelines"
_SOURCE = Source(
    source_id=OWN_TIMELINES,
    agency="You",
    country_iso3=None,
    title="Your own timelines",
    homepage_url="",
    licence="yours; the sources that the rows name have terms of their own",
    attribution="Own timelines of the user.",
    cadence="whenever you change them",
    publication_lag_days=None,
)


def load_timelines(settings: Settings, con: duckdb.DuckDBPyConnection) -> None:
    """Archive the user's files as they are and put their rows into the store behind `con`; none where there are no files.

    Where the folder of the files is gone, it is made again from the archive: only `headway timeline remove` and an edited file take rows out.
    Raises TimelineError for rows that are not good, UsageError for a file that cannot be read, ArchiveError, StoreError.
    """
    archive = Archive(settings)
    last = archive.latest(OWN_TIMELINES, _DATASET)
    if last is not None and not settings.timelines.exists():
        _restore(settings, archive.read(last))
    rows = read_timelines(settings)
    if last is None and not any(rows.values()):
        replace_timelines(con, None, {})
        return
    payload = archive.put(
        packed(rows),
        source_id=OWN_TIMELINES,
        dataset=_DATASET,
        request_url=f"{OWN_TIMELINES}:{_DATASET}",
        retrieved_at=datetime.now(UTC).replace(tzinfo=None),
        media_type="application/json",
    )
    register_sources(con, [_SOURCE])
    replace_timelines(con, payload, {kind: frame(kind, own).drop("line") for kind, own in rows.items()})


def packed(rows: Timelines) -> bytes:
    """What is archived of the files: the text of each by its name, the same bytes for the same rows on every machine."""
    files = {f"{kind}.csv": as_csv(kind, own).decode() for kind, own in rows.items()}
    return json.dumps(files, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _restore(settings: Settings, content: bytes) -> None:
    """Write the files of an archived payload, all of them or none: by one rename of their folder. A folder with some of them would be taken for
    what the user wants by the next run. Raises UsageError for a payload that is none of ours."""
    files = json.loads(content)
    if set(files) != {f"{kind}.csv" for kind in TIMELINE_COLUMNS}:
        raise UsageError(
            f"{settings.timelines} is gone, and what the archive holds of it cannot be read any more"
        )
    scratch = settings.timelines.with_name(f".{settings.timelines.name}.part")
    shutil.rmtree(scratch, ignore_errors=True)  # of a run that was killed; the writer lock is held
    scratch.mkdir(parents=True)
    for name, text in files.items():
        write_whole(scratch / name, text.encode(), durable=True)
    scratch.rename(settings.timelines)
    sync(settings.timelines.parent)
