"""The store made again from the archived payloads alone, and swapped in whole.

Belongs here: when a store has to be made again, the order of a rebuild, replacing the store's file. Does not belong here:
loading one payload (ingest.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import polars as pl

from orchestration.base.errors import PayloadError, StoreError
from orchestration.base.files import sync
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.store import loading
from orchestration.store.archive import Archive, ArchivedPayload
from orchestration.store.ingest import EXPECTED, Parser, parsed
from orchestration.store.loading import LoadAccount
from orchestration.store.opened import OWN_TIMELINES, open_store


def rebuild_store_from_archive(
    settings: Settings,
    parser_of: Callable[[ArchivedPayload], Parser],
    register: Callable[[duckdb.DuckDBPyConnection], None],
) -> Sequence[LoadAccount]:
    """Make the store again from the archived payloads alone, in the order of their retrieval, and swap it in whole.

    `parser_of` gives the parser of a payload; `register` writes sources and series that no payload brings. The same
    rows come out as before, but for the times of loading. A payload that the store never loaded and that cannot be loaded
    is one that a killed run had no time to set aside: that is done now. Raises PayloadError naming a payload that was
    loaded before and no longer can be; the store stays as it was.
    """
    archive = Archive(settings)
    fresh = settings.store.with_suffix(".rebuild")
    accounts = []
    with writer_lock(settings):
        _remove(fresh)
        # `register` loads the latest state of the user's own timelines, which are no vintages
        payloads = [payload for payload in archive.payloads() if payload.source_id != OWN_TIMELINES]
        unusable: list[tuple[ArchivedPayload, str]] = []
        try:
            with open_store(fresh) as con:
                register(con)
                for done, payload in enumerate(payloads, start=1):
                    report("load", payload.payload_id, done, len(payloads))
                    parse = parser_of(payload)
                    try:
                        accounts.append(loading.load(con, payload, parsed(parse, archive.read(payload))))
                    except EXPECTED as error:
                        if _was_never_loaded(settings, payload):
                            unusable.append((payload, str(error)))
                            continue
                        raise PayloadError(
                            f"{payload.payload_id} cannot be loaded any more: {error}"
                        ) from error
            _swap(fresh, settings.store)
            for payload, reason in unusable:
                archive.quarantine(payload, reason)
        finally:
            _remove(fresh)
    return accounts


def _was_never_loaded(settings: Settings, payload: ArchivedPayload) -> bool:
    """Whether the store, as it was before, is there and knows of no load of a payload.

    Where the store is lost or damaged nobody knows, and what may have been accepted once must not leave the archive by itself.
    """
    if not settings.store.exists():
        return False
    try:
        with open_store(settings.store, read_only=True) as con:
            loads = con.execute(
                "SELECT payload_id FROM raw.load WHERE payload_id = ?", [payload.payload_id]
            ).fetchall()
    except duckdb.Error:
        return False
    return not loads


def redefined_series(settings: Settings, catalogue: pl.DataFrame) -> list[str]:
    """What differs between the series of the store and those of `catalogue` in SERIES_IDENTITY, one text for each such series;
    [] where there is no store yet.

    The figures of such a series were loaded under a unit, a frequency or a basis that has been corrected since. The loader
    refuses more of it, because one series cannot change its unit; a store made again from the archive has the correction
    throughout, since the catalogue and not the payload says what a bundled series is. Series of the user's own imports are
    in no catalogue and stay as they are.
    """
    if not settings.store.exists():
        return []
    corrected = [
        f"CASE WHEN old.{name} IS DISTINCT FROM new.{name} "
        f"THEN concat('{name} ', coalesce(old.{name}::VARCHAR, 'none'), ' -> ', coalesce(new.{name}::VARCHAR, 'none')) END"
        for name in loading.SERIES_IDENTITY
    ]
    with open_store(settings.store, read_only=True) as con:
        con.register("catalogue", catalogue.select("series_id", *loading.SERIES_IDENTITY))
        rows = con.execute(
            f"""SELECT series_id || ': ' || changes
                FROM (SELECT series_id, concat_ws(', ', {", ".join(corrected)}) AS changes
                      FROM raw.series old JOIN catalogue new USING (series_id))
                WHERE changes <> '' ORDER BY series_id"""
        ).fetchall()
    return [text for (text,) in rows]


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
