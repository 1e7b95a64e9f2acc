"""What a killed run left between archive and store: payloads that were archived and never loaded.

Belongs here: finding them and finishing what that run began. Does not belong here: how a payload is loaded or set aside (ingest.py),
making the whole store again (rebuild.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb

from orchestration.store import loading
from orchestration.store.archive import Archive, ArchivedPayload, Quarantined
from orchestration.store.ingest import Parser, load_or_set_aside
from orchestration.store.loading import LoadAccount


def load_what_was_left(
    con: duckdb.DuckDBPyConnection,
    archive: Archive,
    source_id: str,
    dataset: str,
    parser_of: Callable[[ArchivedPayload], Parser],
) -> Iterator[tuple[ArchivedPayload, LoadAccount | Quarantined]]:
    """Load each archived payload of a dataset that has no load in the store behind `con`, oldest first; set aside what cannot be used.

    Without it a vintage would be missing from the store until it is made again from the archive, where the agency has revised once
    more since; and bytes that no parser reads would make each such rebuild fail. Where nothing was left this is one query.
    Raises ArchiveError where the bytes of such a payload are missing or damaged, StoreError where the store cannot be written.
    """
    loads = con.execute(
        "SELECT payload_id, parser_version FROM raw.load WHERE starts_with(payload_id, ?)",
        [f"{source_id}:{dataset}:"],
    ).fetchall()
    whole = {payload_id for payload_id, version in loads if version == loading.WHOLE}
    done = set(loads)
    for payload in archive.not_among(source_id, dataset, whole):
        if (payload.payload_id, loading.version_of(payload)) not in done:
            content = archive.read(payload)
            yield payload, load_or_set_aside(con, archive, payload, content, parser_of(payload))
