"""`headway import`: archiving and loading a user's own series, in the way of every other payload.

Belongs here: reading the user's files, the errors they see, the source and parser of an archived import.
Does not belong here: the layout and checks of a file (transforms/parse/user_*.py), loading (store/ingest.py), building.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from orchestration.base.errors import PayloadError, UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings
from orchestration.sources.spec import Source
from orchestration.store.archive import Archive, ArchivedPayload
from orchestration.store.ingest import Quarantined, ingest, register_sources
from orchestration.store.loading import SERIES_IDENTITY
from orchestration.store.opened import open_store
from transforms.parse import user_file
from transforms.parse.user_declaration import SOURCE_PREFIX
from transforms.parse.user_table import UserFileError
from transforms.schema import Parsed

_MEDIA_TYPE = "application/zip"
#: the series that the build computes: their ids are taken, although the store does not know them
_DERIVED_SERIES = PROJECT / "dbt_project" / "seeds" / "derived" / "seed_derived_series.csv"


class ImportFileError(UsageError):
    """A file of which nothing was loaded.

    problems: one line each, with the place in the file; count: how many there are, if more than are listed.
    """

    def __init__(self, file: str, problems: Sequence[str], count: int | None = None) -> None:
        self.problems = tuple(problems)
        count = count or len(self.problems)
        unlisted = [f"... and {count - len(self.problems)} more"] if count > len(self.problems) else []
        listed = "".join(f"\n  {line}" for line in [*self.problems, *unlisted])
        super().__init__(
            f"{file}: {count} {'problem' if count == 1 else 'problems'}, nothing was loaded{listed}"
        )


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows_in = rows_appended + rows_unchanged; the revised rows are among the appended.

    The figures are in the next release. notes: what the user should know of the file (sheets that were not read).
    """

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

    `options` are fields of a series declaration that the file (or `<stem>.series.csv` beside a CSV) does not state.
    The bytes, the declaration and the options are archived together, so that a rebuild of the store has all of them.
    Raises UsageError for a file that cannot be read and ImportFileError with every problem in it, in which case archive
    and store are as before; WriterBusyError if another run holds the store.
    """
    payload, now = _packed(path, options), datetime.now(UTC).replace(tzinfo=None)
    with writer_lock(settings), open_store(settings.store) as con:
        owners = dict(con.execute("select series_id, source_id from raw.series").fetchall())
        owners |= dict.fromkeys(_derived_series_ids(), "headway_derived")
        parsed, source = _parsed(path, payload, now, owners)
        series = parsed.parsed.series
        assert series is not None  # _parsed refuses a file without
        archive = Archive(settings)
        dataset = _slug(path.stem)
        outcome = ingest(
            con,
            archive,
            content=payload,
            parse=_parser(_first_retrieval(archive, source.source_id, dataset, payload) or now),
            source_id=source.source_id,
            dataset=dataset,
            # the file's name only, without characters that could make it look like an address with a key
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
        series=series["series_id"].to_list(),
        payload_id=outcome.payload_id,
        rows_in=outcome.rows_in,
        rows_appended=outcome.rows_appended,
        rows_unchanged=outcome.rows_unchanged,
        rows_revised=outcome.rows_revised,
        notes=parsed.notes,
    )


def _packed(path: Path, options: Mapping[str, str]) -> bytes:
    """What is archived of an import: the file, the declaration beside it, the options. Raises UsageError."""
    content = _read(path)
    declaration_path = path.with_suffix(".series.csv")
    has_declaration = declaration_path.is_file() and declaration_path != path
    declaration = _read(declaration_path) if has_declaration else None
    return user_file.pack(path.name, content, declaration, options)


def _parsed(
    path: Path, payload: bytes, now: datetime, taken: Mapping[str, str]
) -> tuple[user_file.UserFile, Source]:
    """What a payload holds, and its source. Raises ImportFileError with every problem in it."""
    try:
        parsed = user_file.parse_payload(payload, now, taken=taken)
    except UserFileError as error:
        raise ImportFileError(path.name, error.problems, error.count) from error
    if parsed.source is None or parsed.parsed.series is None:
        raise ImportFileError(path.name, ["it declares no source or no series"])
    return parsed, Source(**parsed.source)


@dataclass(frozen=True)
class Revision:
    """A value that the store holds and the file has otherwise. before, after: None where there is no number."""

    series_id: str
    period_start: date
    before: float | None
    before_status: str
    known_from: datetime
    after: float | None
    after_status: str


@dataclass(frozen=True)
class ImportPreview:
    """What an import would do. rows_in = rows_new + rows_unchanged + len(revisions), counted by period of a series: of several
    vintages of one period the newest counts.

    new_series: ids that the store does not hold; series: number of rows by id.
    """

    source_id: str
    licence: str
    series: Mapping[str, int]
    new_series: Sequence[str]
    rows_in: int
    rows_new: int
    rows_unchanged: int
    revisions: Sequence[Revision]
    notes: Sequence[str]


def preview_import(settings: Settings, path: Path, options: Mapping[str, str]) -> ImportPreview:
    """What `import_file` would load from `path`, and which values it would revise. Archive and store stay as they are.

    Raises UsageError and ImportFileError as import_file does, also for a series that would become another one.
    """
    payload, now = _packed(path, options), datetime.now(UTC).replace(tzinfo=None)
    held: dict[tuple[str, date], tuple[float | None, str, datetime]] = {}
    identities: dict[str, tuple[object, ...]] = {}
    owners = dict.fromkeys(_derived_series_ids(), "headway_derived")
    if settings.store.exists():
        with writer_lock(settings), open_store(settings.store, read_only=True) as con:
            columns = ", ".join(SERIES_IDENTITY)
            for series_id, source_id, *identity in con.execute(
                f"select series_id, source_id, {columns} from raw.series"
            ).fetchall():
                owners[series_id] = source_id
                identities[series_id] = tuple(identity)
            for series_id, period, *value in con.execute(
                """select series_id, period_start, value, status, known_from from raw.observation_current
                   where starts_with(series_id, ?)""",
                [f"{SOURCE_PREFIX}_"],
            ).fetchall():
                held[series_id, period] = (value[0], value[1], value[2])
    parsed, source = _parsed(path, payload, now, owners)
    series = parsed.parsed.series
    assert series is not None  # _parsed refuses a file without
    problems = [
        f"series '{row['series_id']}' has {name} {old} and would get {row[name]}: with another {name} it is another series"
        for row in series.to_dicts()
        if row["series_id"] in identities
        for name, old in zip(SERIES_IDENTITY, identities[row["series_id"]], strict=True)
        if old != row[name]
    ]
    if problems:
        raise ImportFileError(path.name, problems)
    newest: dict[tuple[str, date], dict[str, Any]] = {}
    for row in parsed.parsed.frame.sort("known_from").to_dicts():
        newest[row["series_id"], row["period_start"]] = row
    revisions = []
    for (series_id, period), row in sorted(newest.items()):
        before, status, known_from = held.get((series_id, period), (None, None, None))
        changed = status is not None and (row["value"], row["status"]) != (before, status)
        if status is not None and known_from is not None and changed and row["known_from"] >= known_from:
            revisions.append(
                Revision(series_id, period, before, status, known_from, row["value"], row["status"])
            )
    new = sum(key not in held for key in newest)
    return ImportPreview(
        source_id=source.source_id,
        licence=source.licence,
        series=dict(Counter(series_id for series_id, _ in newest)),
        new_series=[s for s in series["series_id"].to_list() if s not in identities],
        rows_in=len(newest),
        rows_new=new,
        rows_unchanged=len(newest) - new - len(revisions),
        revisions=revisions,
        notes=parsed.notes,
    )


def _derived_series_ids() -> list[str]:
    """Ids of the series that the build computes, from the seed that declares them."""
    with _DERIVED_SERIES.open(encoding="utf-8", newline="") as file:
        return [row["series_id"] for row in csv.DictReader(file)]


def parser_for(payload: ArchivedPayload) -> Callable[[bytes], Parsed]:
    """The parser of an archived import. As in the import itself, the time of retrieval is the known_from of values for
    which the file states none. Raises PayloadError for a payload that is no import."""
    if not _is_import(payload):
        raise PayloadError(f"{payload.payload_id}: no parser is known for source {payload.source_id}")
    return _parser(payload.retrieved_at)


def imported_sources(archive: Archive) -> list[Source]:
    """The sources of all archived imports, each as it was declared last; a rebuild registers them beside the registry."""
    sources = {}
    for payload in archive.payloads():
        if _is_import(payload):
            sources[payload.source_id] = Source(**payload.extra["source"])
    return list(sources.values())


def _is_import(payload: ArchivedPayload) -> bool:
    return payload.source_id == SOURCE_PREFIX or payload.source_id.startswith(f"{SOURCE_PREFIX}_")


def _parser(retrieved_at: datetime) -> Callable[[bytes], Parsed]:
    """The parser of an import of which the user knows the values since `retrieved_at` (naive UTC) at the latest."""

    def parse(payload: bytes) -> Parsed:
        try:
            return user_file.parse_payload(payload, retrieved_at).parsed
        except UserFileError as error:
            raise PayloadError(f"an import that cannot be read any more: {error.problems[0]}") from error

    return parse


def _first_retrieval(archive: Archive, source_id: str, dataset: str, payload: bytes) -> datetime | None:
    """When the archive got these bytes, if they are its latest payload of this dataset, else None.

    A run may have archived the bytes and died before it loaded them. Loading them now with the first time of retrieval
    gives the same known_from as a rebuild of the store from the archive.
    """
    last = archive.latest(source_id, dataset)
    return last.retrieved_at if last and last.sha256 == hashlib.sha256(payload).hexdigest() else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _slug(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text.lower())) or "file"
