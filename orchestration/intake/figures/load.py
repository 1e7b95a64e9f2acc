"""The bundled figures into the archive and the store, one file of the manifest at a time.

Belongs here: archiving and loading a bundled file, and whether the store holds all of them.
Does not belong here: making the files (make.py), their manifest (manifest.py), the order of a build (build/steps.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from orchestration.base.errors import PayloadError
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.figures.manifest import read_manifest
from orchestration.intake.registration import register
from orchestration.sources.registry import load_series_catalogue
from orchestration.store.archive import Archive
from orchestration.store.ingest import Quarantined, ingest
from orchestration.store.loading import LoadAccount
from orchestration.store.tables import open_store
from transforms.parse.figures import parse
from transforms.schema import Parsed

#: the source under which the archive keeps the bundled files; the publisher of a row is in the row
FIGURES = "figures"


def ingest_figures(settings: Settings, dataset: str) -> LoadAccount:
    """Archive and load the bundled file of `dataset`, under the writer lock; returns the account of its rows.

    Raises PayloadError for a dataset that the manifest does not list and for a damaged or unusable file (the files are
    part of the code, so none is set aside), FiguresError for a bad manifest, WriterBusyError after ten minutes.
    """
    manifest = read_manifest(settings.figures)
    entry = next((file for file in manifest["files"] if file["dataset"] == dataset), None)
    if entry is None:
        raise PayloadError(
            f"the manifest of the bundled figures has no dataset {dataset!r}; run `headway figures verify`"
        )
    content = (settings.figures / entry["path"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise PayloadError(
            f"{entry['path']} is not the file the manifest describes; restore it: git checkout -- warehouse/figures"
        )
    extra = {"table": entry["table"], "complete": entry["complete"]}
    with writer_lock(settings, wait=600), open_store(settings.store) as con:
        register(settings, con)
        outcome = ingest(
            con,
            Archive(settings),
            content=content,
            parse=partial(parse_figures, extra=extra),
            source_id=FIGURES,
            dataset=dataset,
            request_url=f"figures:{entry['path']}",
            retrieved_at=datetime.fromisoformat(entry["compiled_on"]),
            media_type="application/vnd.apache.parquet",
            extra=extra,
        )
    if isinstance(outcome, Quarantined):
        raise PayloadError(f"figures/{dataset}: {outcome.reason}")
    report("load", f"{dataset}: {outcome.rows_in:,} rows, {outcome.rows_appended:,} new")
    return outcome


def parse_figures(content: bytes, *, extra: Mapping[str, Any]) -> Parsed:
    """The rows of one bundled file. extra: the sidecar's `table` and `complete`, JSON that ingest_figures wrote.

    Raises FrameError for a file that cannot be used.
    """
    return parse(content, table=extra["table"], series=load_series_catalogue(), complete=extra["complete"])


def figures_loaded(settings: Settings) -> bool:
    """Whether the store has loaded every bundled file as it is now. Raises FiguresError for a bad manifest."""
    bundled = {f["sha256"] for f in read_manifest(settings.figures)["files"]}
    with open_store(settings.store, read_only=True) as con:
        rows = con.execute(
            "select distinct p.sha256 from raw.payload p join raw.load l using (payload_id) where p.source_id = ?",
            [FIGURES],
        ).fetchall()
    return bundled <= {sha for (sha,) in rows}
