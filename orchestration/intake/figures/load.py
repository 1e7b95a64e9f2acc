"""The bundled figures into the archive and the store, one file of the manifest at a time.

Belongs here: archiving and loading a bundled file. Does not belong here: making the files (make.py), their manifest (manifest.py),
whether the store holds all of them (intake/loaded.py), the order of a build (build/steps.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.errors import HeadwayError, PayloadError
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.figures.manifest import FileEntry, read_manifest
from orchestration.sources.registry import load_series_catalogue
from orchestration.store.archive import Archive
from orchestration.store.ingest import Quarantined, ingest
from orchestration.store.loading import LoadAccount
from orchestration.store.opened import FIGURES, open_store
from transforms.parse.figures import parse
from transforms.schema import Parsed


def ingest_figures(settings: Settings, datasets: Iterable[str]) -> Iterator[tuple[str, LoadAccount]]:
    """Archive and load the bundled file of each dataset, under the writer lock; yields each with the account of its rows.

    The store stays open from one file to the next: to close it writes all of it that changed to disk again, and to register the
    sources 25 times took as long as to load half of the files.

    Raises PayloadError for a dataset that the manifest does not list and for a damaged or unusable file (the files are
    part of the code, so none is set aside), FiguresError for a bad manifest, WriterBusyError after ten minutes. What was yielded
    before stays loaded.
    """
    ahead = _loaded_ahead.pop(settings.home, {})
    datasets = list(datasets)
    yield from ((dataset, ahead[dataset]) for dataset in datasets if dataset in ahead)
    datasets = [dataset for dataset in datasets if dataset not in ahead]
    if not datasets:
        return
    from orchestration.intake.registration import register

    listed = {file["dataset"]: file for file in read_manifest(settings.figures)["files"]}
    chosen = [(_entry(listed, dataset), _content(settings, _entry(listed, dataset))) for dataset in datasets]
    with writer_lock(settings, wait=600), open_store(settings.store) as con:
        # one checkpoint, when the store is closed: until then a commit is durable in the log, which a killed run leaves to the next
        con.execute("SET checkpoint_threshold = '1GB'")
        try:
            register(settings, con)
            for entry, content in chosen:
                account = _ingest(settings, con, entry, content)
                report("load", f"{entry['dataset']}: {account.rows_in:,} rows, {account.rows_appended:,} new")
                yield entry["dataset"], account
        finally:
            # the next file that this process opens is attached to the same instance
            con.execute("RESET checkpoint_threshold")


#: home -> what load_ahead has loaded and no step of a run has asked for yet
_loaded_ahead: dict[Path, dict[str, LoadAccount]] = {}


def load_ahead(settings: Settings) -> None:
    """Load all bundled figures now; the next `ingest_figures` in this process hands out their accounts.

    For a build that waits for something else before its first step can begin. What goes wrong is left to that step, which meets
    it again and says it.
    """
    accounts: dict[str, LoadAccount] = {}
    with suppress(HeadwayError, duckdb.Error, OSError):
        every = sorted(file["dataset"] for file in read_manifest(settings.figures)["files"])
        for dataset, account in ingest_figures(settings, every):
            accounts[dataset] = account
    _loaded_ahead[settings.home] = accounts


def _entry(listed: Mapping[str, FileEntry], dataset: str) -> FileEntry:
    if dataset not in listed:
        raise PayloadError(
            f"the manifest of the bundled figures has no dataset {dataset!r}; run `headway figures verify`"
        )
    return listed[dataset]


def _content(settings: Settings, entry: FileEntry) -> bytes:
    """The bytes of a file, the ones that the manifest describes."""
    content = (settings.figures / entry["path"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise PayloadError(
            f"{entry['path']} is not the file the manifest describes; restore it: git checkout -- warehouse/figures"
        )
    return content


def _ingest(
    settings: Settings, con: duckdb.DuckDBPyConnection, entry: FileEntry, content: bytes
) -> LoadAccount:
    """Archive and load one file of the manifest."""
    extra = {"table": entry["table"], "complete": entry["complete"]}
    outcome = ingest(
        con,
        Archive(settings),
        content=content,
        parse=partial(parse_figures, extra=extra),
        source_id=FIGURES,
        dataset=entry["dataset"],
        request_url=f"figures:{entry['path']}",
        retrieved_at=datetime.fromisoformat(entry["compiled_on"]),
        media_type="application/vnd.apache.parquet",
        extra=extra,
    )
    if isinstance(outcome, Quarantined):
        raise PayloadError(f"figures/{entry['dataset']}: {outcome.reason}")
    return outcome


def parse_figures(content: bytes, *, extra: Mapping[str, Any]) -> Parsed:
    """The rows of one bundled file. extra: the sidecar's `table` and `complete`, JSON that ingest_figures wrote.

    Raises FrameError for a file that cannot be used.
    """
    return parse(content, table=extra["table"], series=load_series_catalogue(), complete=extra["complete"])
