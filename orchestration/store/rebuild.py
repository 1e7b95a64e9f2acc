"""The store made again from the archived payloads alone, and swapped in whole.

Belongs here: the order of a rebuild, replacing the store's file. Does not belong here: loading one payload (ingest.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from orchestration.base.errors import PayloadError, StoreError
from orchestration.base.files import sync
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.store import loading
from orchestration.store.archive import Archive, ArchivedPayload
from orchestration.store.ingest import EXPECTED, Parser, parsed
from orchestration.store.loading import LoadAccount
from orchestration.store.tables import open_store


def rebuild_store_from_archive(
    settings: Settings,
    parser_of: Callable[[ArchivedPayload], Parser],
    register: Callable[[duckdb.DuckDBPyConnection], None],
) -> Sequence[LoadAccount]:
    """Make the store again from the archived payloads alone, in the order of their retrieval, and swap it in whole.

    `parser_of` gives the parser of a payload; `register` writes sources and series that no payload brings. The same
    rows come out as before, but for the times of loading. Raises PayloadError naming a payload that can no longer be
    loaded; the store stays as it was.
    """
    archive = Archive(settings)
    fresh = settings.store.with_suffix(".rebuild")
    accounts = []
    with writer_lock(settings):
        _remove(fresh)
        payloads = archive.payloads()
        try:
            with open_store(fresh) as con:
                register(con)
                for done, payload in enumerate(payloads, start=1):
                    report("load", payload.payload_id, done, len(payloads))
                    try:
                        accounts.append(
                            loading.load(con, payload, parsed(parser_of(payload), archive.read(payload)))
                        )
                    except EXPECTED as error:
                        raise PayloadError(
                            f"{payload.payload_id} cannot be loaded any more: {error}"
                        ) from error
            _swap(fresh, settings.store)
        finally:
            _remove(fresh)
    return accounts


def _swap(fresh: Path, store: Path) -> None:
    """Put `fresh`, closed and whole, in the place of `store`.

    A write-ahead log beside a replaced file would make it unreadable, so that of the old store is removed first. Should
    the process die between the two steps, the store can be made again from the archive.
    """
    if _log(fresh).exists():
        raise StoreError(
            f"{fresh} was not written in full; free disk space and run again. The store is as it was"
        )
    sync(fresh)
    _log(store).unlink(missing_ok=True)
    fresh.replace(store)


def _log(path: Path) -> Path:
    """Where DuckDB keeps the write-ahead log of a database file."""
    return path.with_name(path.name + ".wal")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _log(path).unlink(missing_ok=True)
