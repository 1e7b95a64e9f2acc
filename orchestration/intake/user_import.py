"""`headway import`: a user's own series into archive and store, by the path of every other payload.

Belongs here: reading the user's files, the errors they see, the source and parser of an archived import.
Does not belong here: the layout and checks of a file (transforms/parse/user_*.py), loading (store/ingest.py), building.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.base.errors import PayloadError, UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings
from orchestration.sources.spec import Source
from orchestration.store.archive import Archive, ArchivedPayload
from orchestration.store.ingest import Quarantined, ingest, register_sources
from orchestration.store.tables import open_store
from transforms.parse import user_file
from transforms.parse.user_declaration import SOURCE_PREFIX
from transforms.parse.user_table import UserFileError
from transforms.schema import Parsed

_MEDIA_TYPE = "application/zip"
#: series that the build computes; their ids are taken although no payload sends them
_DERIVED_SERIES = PROJECT / "dbt_project" / "seeds" / "derived" / "seed_derived_series.csv"


class ImportFileError(UsageError):
    """A file of which nothing was loaded. `problems`: one line each, with the place in the file."""

    def __init__(self, file: str, problems: Sequence[str], count: int | None = None) -> None:
        self.problems = tuple(problems)
        count = count or len(self.problems)
        rest = [f"... and {count - len(self.problems)} more"] if count > len(self.problems) else []
        listed = "".join(f"\n  {line}" for line in [*self.problems, *rest])
        super().__init__(
            f"{file}: {count} {'problem' if count == 1 else 'problems'}, nothing was loaded{listed}"
        )


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows_in = rows_appended + rows_unchanged. It shows in the next release."""

    source_id: str
    licence: str
    series: Sequence[str]
    payload_id: str
    rows_in: int
    rows_appended: int
    rows_unchanged: int
    rows_revised: int
    notes: Sequence[str]


def import_file(settings: Settings, path: Path, options: Mapping[str, str]) -> ImportReport:
    """Archive and load the series of `path`, a CSV text or an Excel workbook (layout: docs/import.md).

    `options` are fields of a series declaration, for what the file (or `<stem>.series.csv` beside a CSV) leaves open.
    The bytes, the declaration and the options are archived together, so that a rebuild has all of them.
    Raises ImportFileError with every problem, and then archive and store are as before.
    """
    content = _read(path)
    beside = path.with_suffix(".series.csv")
    declaration = _read(beside) if beside.is_file() and beside != path else None
    payload = user_file.pack(path.name, content, declaration, options)
    now = datetime.now(UTC).replace(tzinfo=None)
    with writer_lock(settings), open_store(settings.store) as con:
        owners = dict(con.execute("select series_id, source_id from raw.series").fetchall())
        # computed in the build, so the store does not know them
        owners |= dict.fromkeys(_derived_series_ids(), "headway_derived")
        try:
            parsed = user_file.parse_payload(payload, now, taken=owners)
        except UserFileError as error:
            raise ImportFileError(path.name, error.problems, error.count) from error
        source = Source(**parsed.source)
        archive = Archive(settings)
        dataset = _slug(path.stem)
        outcome = ingest(
            con,
            archive,
            content=payload,
            parse=_parser(_first_retrieval(archive, source.source_id, dataset, payload) or now),
            source_id=source.source_id,
            dataset=dataset,
            # only the name, and nothing in it that could pass for a key in an address
            request_url="import:" + re.sub(r"[^\w.-]+", "_", path.name),
            retrieved_at=now,
            media_type=_MEDIA_TYPE,
            extra={"source": dataclasses.asdict(source)},
        )
        if isinstance(outcome, Quarantined):
            raise ImportFileError(path.name, [outcome.reason])
        register_sources(con, [source])
    return ImportReport(
        source_id=source.source_id,
        licence=source.licence,
        series=parsed.parsed.series["series_id"].to_list(),
        payload_id=outcome.payload_id,
        rows_in=outcome.rows_in,
        rows_appended=outcome.rows_appended,
        rows_unchanged=outcome.rows_unchanged,
        rows_revised=outcome.rows_revised,
        notes=parsed.notes,
    )


def _derived_series_ids() -> list[str]:
    with _DERIVED_SERIES.open(encoding="utf-8", newline="") as file:
        return [row["series_id"] for row in csv.DictReader(file)]


def parser_for(payload: ArchivedPayload) -> Callable[[bytes], Parsed]:
    """The parser of an archived import: what nothing else is said of is known from its retrieval, as at first."""
    if not _is_import(payload):
        raise PayloadError(f"{payload.payload_id}: no parser is known for source {payload.source_id}")
    return _parser(payload.retrieved_at)


def imported_sources(archive: Archive) -> list[Source]:
    """The sources of all archived imports, as declared last: what a rebuild has to register beside the registry."""
    found = {}
    for payload in archive.payloads():
        if _is_import(payload):
            found[payload.source_id] = Source(**payload.extra["source"])
    return list(found.values())


def _is_import(payload: ArchivedPayload) -> bool:
    return payload.source_id == SOURCE_PREFIX or payload.source_id.startswith(f"{SOURCE_PREFIX}_")


def _parser(retrieved_at: datetime) -> Callable[[bytes], Parsed]:
    def parse(payload: bytes) -> Parsed:
        try:
            return user_file.parse_payload(payload, retrieved_at).parsed
        except UserFileError as error:
            raise PayloadError(f"an import that cannot be read any more: {error.problems[0]}") from error

    return parse


def _first_retrieval(archive: Archive, source_id: str, dataset: str, payload: bytes) -> datetime | None:
    """When the archive last got these bytes, if nothing else came in between: a run that died before loading goes on
    as if it had not, and a rebuild gives the same known_from."""
    last = archive.latest(source_id, dataset)
    return last.retrieved_at if last and last.sha256 == hashlib.sha256(payload).hexdigest() else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _slug(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text.lower())) or "file"
