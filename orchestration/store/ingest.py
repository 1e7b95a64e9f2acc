"""One payload from bytes to the store: archive, parse, load; or quarantine with the reason.

Belongs here: the order of these steps, what is registered beside the rows.
Does not belong here: how a step works (archive.py, transforms/parse, loading.py), which payloads there are (intake/),
rebuilding the store from the archive (rebuild.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import duckdb
import polars as pl
from polars.exceptions import PanicException

from orchestration.base.errors import PayloadError
from orchestration.sources.spec import FirstRelease, Source
from orchestration.store import loading
from orchestration.store.archive import Archive, ArchivedPayload, Quarantined
from orchestration.store.loading import LoadAccount
from transforms.parse.outcome import ReplyError
from transforms.schema import FrameError, Parsed

__all__ = ["Quarantined", "ingest", "register_first_releases", "register_series", "register_sources"]

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
    parser_version: str | None = None,
) -> LoadAccount | Quarantined:
    """Archive `content`, parse it and append what it changes to the store behind `con`.

    Returns the account of the load; or what was set aside, with the reason, where the content cannot be parsed or
    trusted: then nothing of it is loaded. Bytes that this parser version (loading.version_of, where none is given) loaded before are
    not parsed again.

    retrieved_at: as naive UTC or with a zone. extra: plain JSON, kept in the sidecar of the payload.
    Raises ArchiveError where the archive cannot be written, StoreError where the store cannot.
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
    if account := loading.recorded(con, payload.payload_id, parser_version or loading.version_of(payload)):
        return account
    return load_or_set_aside(con, archive, payload, content, parse, parser_version=parser_version)


def load_or_set_aside(
    con: duckdb.DuckDBPyConnection,
    archive: Archive,
    payload: ArchivedPayload,
    content: bytes,
    parse: Parser,
    *,
    parser_version: str | None = None,
) -> LoadAccount | Quarantined:
    """Parse and load an archived payload whose bytes are `content`; what was set aside where they cannot be used.

    The last steps of `ingest`, also for a payload at which an earlier run was ended before them (repair.py). A payload that has rows
    in the store was accepted before and stays in the archive, whatever another version says of it: a copy is set aside.
    """
    try:
        return loading.load(con, payload, parsed(parse, content), parser_version=parser_version)
    except EXPECTED as error:
        accepted = con.execute(
            "SELECT payload_id FROM raw.load WHERE payload_id = ?", [payload.payload_id]
        ).fetchall()
        path = archive.quarantine(content if accepted else payload, str(error))
        return next(q for q in archive.quarantined() if q.path == path)


def parsed(parse: Parser, content: bytes) -> Parsed:
    """`parse(content)`. Raises one of EXPECTED whatever goes wrong inside the parser, and MemoryError as it is.

    Damaged bytes surface as whatever a decoder raises, in polars even as a PanicException, which is no Exception.
    """
    try:
        return parse(content)
    except (*EXPECTED, MemoryError):
        raise
    except (Exception, PanicException) as error:
        raise PayloadError(f"the parser failed: {type(error).__name__}: {error}") from error


def register_sources(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Write `sources`, the publishers, into raw.source; one that is there already is updated."""
    # One statement for all rows: row by row took 60 ms, and each dataset of a build registers the sources.
    con.register("registry", pl.DataFrame([dataclasses.asdict(s) for s in sources], infer_schema_length=None))
    try:
        con.execute("INSERT OR REPLACE INTO raw.source BY NAME SELECT * FROM registry")
    finally:
        con.unregister("registry")


def register_first_releases(con: duckdb.DuckDBPyConnection, releases: Iterable[FirstRelease]) -> None:
    """Put `releases` in the place of what raw.first_release says: a row taken out of the registry has no say any more."""
    to_like = str.maketrans("*?", "%_")
    rows = [{**dataclasses.asdict(r), "series": r.series.translate(to_like)} for r in releases]
    con.execute("DELETE FROM raw.first_release")
    schema = {
        "source_id": pl.String,
        "series": pl.String,
        "period": pl.Date,
        "lag_days": pl.Int32,
        "margin_days": pl.Int32,
    }
    con.register("first_releases", pl.DataFrame(rows, schema=schema))
    try:
        con.execute("INSERT INTO raw.first_release FROM first_releases")
    finally:
        con.unregister("first_releases")


def register_series(con: duckdb.DuckDBPyConnection, catalogue: pl.DataFrame) -> None:
    """Write the series of `catalogue` (columns of SERIES_SCHEMA) that the store does not hold yet.

    Series cut from trade flows come with no payload of their own, so no load would bring them. A series that the store
    holds is left to the loader, which refuses a change of unit.
    """
    con.register("catalogue", catalogue)
    try:
        con.execute("INSERT OR IGNORE INTO raw.series BY NAME SELECT * FROM catalogue")
    finally:
        con.unregister("catalogue")
