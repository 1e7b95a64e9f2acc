"""One payload from bytes to the store: archive, parse, load; or quarantine with the reason. And the store from the archive.

Belongs here: the order of these steps, what is registered beside the rows, rebuilding.
Does not belong here: how a step works (archive.py, transforms/parse, loading.py), which payloads there are (pipeline.py).
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from polars.exceptions import PanicException

from orchestration import loading
from orchestration.archive import Archive, ArchivedPayload, Quarantined
from orchestration.errors import PayloadError, StoreError
from orchestration.loading import LoadAccount
from orchestration.lock import writer_lock
from orchestration.progress import report
from orchestration.settings import Settings
from orchestration.sources.spec import Source
from orchestration.store import open_store
from transforms.parse.outcome import ReplyError
from transforms.schema import FrameError, Parsed

__all__ = ["Quarantined", "ingest", "rebuild_store_from_archive", "register_series", "register_sources"]

Parser = Callable[[bytes], Parsed]

#: how parsers and the loader say that a payload is not to be used; their messages are meant for users
EXPECTED = (FrameError, ReplyError, PayloadError)


def ingest(
    con: duckdb.DuckDBPyConnection,
    archive: Archive,
    *,
    content: bytes,
    parse: Parser,
    source_id: str,
    dataset: str,
    request_url: str,
    retrieved_at: datetime,
    http_status: int | None = None,
    media_type: str | None = None,
    extra: dict[str, Any] | None = None,
    parser_version: str = "1",
) -> LoadAccount | Quarantined:
    """Archive `content`, parse it and append what it changes to the store behind `con`.

    Bytes that were loaded before by this parser are not parsed again. Content that cannot be parsed or trusted is set
    aside with its reason and nothing of it is loaded; errors of archive and store (ArchiveError, StoreError) are raised.
    """
    payload = archive.put(
        content,
        source_id=source_id,
        dataset=dataset,
        request_url=request_url,
        retrieved_at=retrieved_at,
        http_status=http_status,
        media_type=media_type,
        extra=extra,
    )
    if account := loading.recorded(con, payload.payload_id, parser_version):
        return account
    try:
        return loading.load(con, payload, _parse(parse, content), parser_version=parser_version)
    except EXPECTED as error:
        path = archive.quarantine(payload, str(error))
        return next(q for q in archive.quarantined() if q.path == path)


def _parse(parse: Parser, content: bytes) -> Parsed:
    """`parse(content)`, whatever goes wrong told as one of EXPECTED.

    Damaged bytes surface as whatever a decoder raises, in polars even as a PanicException, which is no Exception.
    """
    try:
        return parse(content)
    except (*EXPECTED, MemoryError):
        raise
    except (Exception, PanicException) as error:
        raise PayloadError(f"the parser failed: {type(error).__name__}: {error}") from error


def register_sources(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Write who publishes what into raw.source; a source already there is updated."""
    # one statement: a row at a time took 60 ms, and every dataset of a build registers
    con.register("registry", pl.DataFrame([dataclasses.asdict(s) for s in sources], infer_schema_length=None))
    try:
        con.execute("INSERT OR REPLACE INTO raw.source BY NAME SELECT * FROM registry")
    finally:
        con.unregister("registry")


def register_series(con: duckdb.DuckDBPyConnection, catalogue: pl.DataFrame) -> None:
    """Write the series of `catalogue` (SERIES_SCHEMA) that the store does not know yet: those cut from trade flows
    come with no payload of their own. Known ones are left to the loader, which refuses a change of unit."""
    con.register("catalogue", catalogue)
    try:
        con.execute("INSERT OR IGNORE INTO raw.series BY NAME SELECT * FROM catalogue")
    finally:
        con.unregister("catalogue")


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
                            loading.load(con, payload, _parse(parser_of(payload), archive.read(payload)))
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
    """Put `fresh`, closed and whole, in the place of `store`. A write-ahead log beside a replaced file would make it
    unreadable, so the old store's goes first; should the process die between the two, the archive still has it all.
    """
    if _log(fresh).exists():
        raise StoreError(
            f"{fresh} was not written in full; free disk space and run again. The store is as it was"
        )
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    _log(store).unlink(missing_ok=True)
    fresh.replace(store)


def _log(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _log(path).unlink(missing_ok=True)
