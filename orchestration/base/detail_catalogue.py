"""What the detail lake holds and which of its files to read: the catalogue, as readers and builds see it.

Belongs here: the shape of `catalogue.json` and of the index of compacted years, choosing vintages, lists of files.
Does not belong here: adding months and compacting years (intake/detail), the columns of the files
(transforms/detail_tables.py), SQL.

    <home>/detail/catalogue.json                                          which vintages exist; replaced whole, by one rename
    <home>/detail/lake/flow=<f>/month=YYYY-MM/vintage=<v>/part-NNNN.parquet   never overwritten once the catalogue names it
    <home>/detail/compact/index.json, <home>/detail/compact/...           years of the latest vintages, sorted again: derived

A file in the folder of the lake that the catalogue does not name is no data: it is being written, or its writer was
killed. So nobody lists the folder; every reader takes the files from here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.base.errors import DetailError

#: of catalogue.json and index.json; a file of another format is refused, not guessed at
FORMAT = 1
CATALOGUE = "catalogue.json"
INDEX = "index.json"


@dataclass(frozen=True)
class LakeFile:
    """One Parquet file. path: relative to the lake (or to compact/). sha256: of its bytes, 64 hexadecimal digits."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class MonthVintage:
    """One month of one flow as it was known on a day. It replaces no other: the vintage known last is the latest.

    month:           YYYY-MM. vintage: YYYY-MM-DD, the day its bytes were known, with .2, .3 from the second of a day on.
    files:           its rows, sorted; none of them is shared with another vintage.
    rows:            rows kept. zero_rows: rows of the source without any amount in this month, dropped.
    control_totals:  file of totals -> what was compared, and equal to the integer.
    source_name:     of the file it came from. source_sha256: of the bytes of that file.
    added_at:        UTC, ISO 8601.
    """

    flow: str
    month: str
    vintage: str
    files: tuple[LakeFile, ...]
    rows: int
    zero_rows: int
    control_totals: dict[str, dict[str, int]]
    source_name: str
    source_sha256: str
    added_at: str

    @property
    def key(self) -> tuple[str, str, str]:
        """(flow, month, vintage), which no other entry has."""
        return self.flow, self.month, self.vintage

    @property
    def month_start(self) -> date:
        """The first day of its month."""
        return date.fromisoformat(f"{self.month}-01")

    @property
    def known_on(self) -> date:
        """The day its bytes were known."""
        return date.fromisoformat(self.vintage[:10])

    @property
    def order(self) -> tuple[date, int]:
        """Sorts the vintages of a month by when they were known: 2026-11-29 before 2026-11-29.2 before 2026-11-29.10."""
        return self.known_on, int(self.vintage[11:] or 1)


@dataclass(frozen=True)
class CompactYear:
    """The latest vintages of a year of a flow in files sorted over the whole year. members: (month, vintage) of each."""

    flow: str
    year: int
    members: tuple[tuple[str, str], ...]
    files: tuple[LakeFile, ...]


@dataclass(frozen=True)
class Catalogue:
    """What the lake of `folder` (<home>/detail) holds. An absent lake is an empty one.

    months:  entries in the order in which they were added. years: compacted years, current or not.
    """

    folder: Path
    months: tuple[MonthVintage, ...] = ()
    years: tuple[CompactYear, ...] = field(default=(), compare=False)

    @classmethod
    def load(cls, folder: Path) -> Catalogue:
        """The catalogue as it is now. Raises DetailError where it is damaged or of a format this program does not know.

        The index of compacted years is derived: where it cannot be used, the months are read instead.
        """
        try:
            content = (folder / CATALOGUE).read_bytes()
        except FileNotFoundError:
            return cls(folder)
        except OSError as error:
            raise DetailError(f"{folder / CATALOGUE} cannot be read: {error.strerror}") from error
        months = tuple(map(_month, _entries(content, folder / CATALOGUE)))
        try:
            index = (folder / "compact" / INDEX).read_bytes()
            years = tuple(map(_year, _entries(index, folder / "compact" / INDEX)))
        except (OSError, DetailError):
            years = ()
        return cls(folder, months, years)

    @property
    def lake(self) -> Path:
        """The folder that paths of months are relative to."""
        return self.folder / "lake"

    @property
    def compact(self) -> Path:
        """The folder that paths of compacted years are relative to."""
        return self.folder / "compact"

    @property
    def flows(self) -> list[str]:
        """The flows that have a month, sorted."""
        return sorted({entry.flow for entry in self.months})

    @property
    def fingerprint(self) -> str:
        """Changes with every vintage that is added and with nothing else; 64 hexadecimal digits."""
        return digest_of([asdict(entry) for entry in self.months])

    def vintages(self, flow: str, month: str) -> list[MonthVintage]:
        """Every vintage of a month (YYYY-MM), the one known first at the beginning."""
        return sorted(
            (e for e in self.months if (e.flow, e.month) == (flow, month)), key=lambda entry: entry.order
        )

    def chosen(
        self, flow: str, as_of: date | None = None, months: Collection[date] | None = None
    ) -> list[MonthVintage]:
        """The vintage of each month that was known last, by the end of the day `as_of` where that is given; oldest month
        first. A month that was not known by then is absent.

        months: first days; None takes every month.
        """
        best: dict[str, MonthVintage] = {}
        wanted = None if months is None else {f"{month:%Y-%m}" for month in months}
        for entry in self.months:
            if entry.flow != flow or (wanted is not None and entry.month not in wanted):
                continue
            if as_of is not None and entry.known_on > as_of:
                continue
            if entry.month not in best or entry.order > best[entry.month].order:
                best[entry.month] = entry
        return [best[month] for month in sorted(best)]

    def files(
        self,
        flow: str,
        as_of: date | None = None,
        months: Collection[date] | None = None,
        *,
        compacted: bool = True,
    ) -> list[Path]:
        """The Parquet files that hold the rows of `chosen`, each row once; an empty list where there is none.

        compacted: take the files of a year in place of those of its months where they hold exactly the chosen vintages.
        A compacted year is left out where a file of it is not there, because it can be made again at any time.
        """
        entries = self.chosen(flow, as_of, months)
        files: list[Path] = []
        for year in sorted({entry.month[:4] for entry in entries}):
            of_year = [entry for entry in entries if entry.month.startswith(year)]
            whole = self._compacted(flow, of_year) if compacted else None
            files += whole or [self.lake / file.path for entry in of_year for file in entry.files]
        return files

    def _compacted(self, flow: str, entries: Iterable[MonthVintage]) -> list[Path] | None:
        """The files of the compacted year that holds exactly `entries`, or None."""
        members = {(entry.month, entry.vintage) for entry in entries}
        for year in self.years:
            if year.flow == flow and set(year.members) == members:
                paths = [self.compact / file.path for file in year.files]
                if all(path.is_file() for path in paths):
                    return paths
        return None


def digest_of(entries: list[dict[str, Any]]) -> str:
    """The sha256 of entries as JSON in one fixed form, so that a catalogue that was edited or cut shows."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def encoded(entries: list[dict[str, Any]]) -> bytes:
    """The bytes of a catalogue or index that holds `entries`."""
    # an entry a line: a person can read the file, and a diff shows what was added
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
    return f'{{"format": {FORMAT}, "sha256": "{digest_of(entries)}", "entries": [\n{lines}\n]}}\n'.encode()


def _entries(content: bytes, path: Path) -> list[dict[str, Any]]:
    """The entries of a catalogue or index. Raises DetailError where they are not what its digest says."""
    try:
        whole = json.loads(content)
        form, entries, stated = whole["format"], whole["entries"], whole["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise DetailError(f"{path} is damaged ({error}); {_REMEDY}") from error
    if form != FORMAT:
        raise DetailError(
            f"{path} has format {form!r}, this program reads {FORMAT}: use the program that wrote it"
        )
    if digest_of(entries) != stated:
        raise DetailError(f"{path} is not what was written: its entries do not have its sha256; {_REMEDY}")
    return list(entries)


_REMEDY = "restore it from a copy; the files of the lake are untouched"


def _month(entry: dict[str, Any]) -> MonthVintage:
    return MonthVintage(**{**entry, "files": tuple(LakeFile(**file) for file in entry["files"])})


def _year(entry: dict[str, Any]) -> CompactYear:
    members = tuple((month, vintage) for month, vintage in entry["members"])
    return CompactYear(
        entry["flow"], entry["year"], members, tuple(LakeFile(**file) for file in entry["files"])
    )
