"""Compacted years: the latest vintages of a year's months in one file sorted over the whole year, for long histories.

Belongs here: making, listing and removing them. They are derived: what is lost is made again from the months.
Does not belong here: the months (lake.py), which files a reader takes (base/detail_catalogue.py).

Of one product and country a month file holds a few rows, and to open it costs 4 to 6 ms whatever it holds: 160 months are
close to a second. Sorted over the year the same rows lie in one or two row groups of one file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.base.detail_catalogue import (
    INDEX,
    Catalogue,
    CompactYear,
    LakeFile,
    MonthVintage,
    encoded,
)
from orchestration.base.duck import literal, quoted, scalar, session
from orchestration.base.errors import DetailError
from orchestration.base.files import sha256_of, sync, write_whole
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.detail.lake import LEVEL, ROW_GROUP, writing
from transforms.detail_tables import DETAIL_TABLES

#: a file of a year that was made anew stays as long, for readers that took its name before
_GRACE_SECONDS = 3_600


@dataclass(frozen=True)
class Compacted:
    """A year of a flow. state: made | current (nothing changed since). months: how many it holds."""

    flow: str
    year: int
    state: str
    months: int
    rows: int
    bytes: int


def compact(
    settings: Settings, *, flows: Sequence[str] = (), years: Sequence[int] = (), wait: float = 0
) -> list[Compacted]:
    """Make the compacted file of every year that has none or whose months changed; of `flows` and `years` where given.

    Raises DetailError where the disk refuses or a month's file does not hold what the catalogue says; the years made
    before stay, and readers take the months of the others.
    """
    import duckdb

    results = []
    with writing(settings, wait=wait) as catalogue:
        wanted = [
            (flow, year, entries)
            for flow in catalogue.flows
            if not flows or flow in flows
            for year, entries in _by_year(catalogue.chosen(flow)).items()
            if not years or year in years
        ]
        kept = {(year.flow, year.year): year for year in catalogue.years}
        for done, (flow, number, entries) in enumerate(wanted):
            report("compact", f"{flow} {number}", done, len(wanted))
            members = tuple((entry.month, entry.vintage) for entry in entries)
            before = kept.get((flow, number))
            state = "current"
            if before is None or before.members != members or not _there(catalogue, before):
                try:
                    kept[flow, number] = _made(catalogue, flow, number, entries, members)
                    _replace_index(catalogue, list(kept.values()))
                except (OSError, duckdb.Error) as error:
                    raise DetailError(
                        f"cannot compact {flow} {number}: {error}; the months are read in its place"
                    ) from error
                state = "made"
            year = kept[flow, number]
            results.append(
                Compacted(
                    flow,
                    number,
                    state,
                    len(members),
                    sum(f.rows for f in year.files),
                    sum(f.bytes for f in year.files),
                )
            )
        report("compact", "", len(wanted), len(wanted))
        _remove_superseded(catalogue, list(kept.values()))
    return results


def _by_year(entries: Sequence[MonthVintage]) -> dict[int, list[MonthVintage]]:
    years: dict[int, list[MonthVintage]] = {}
    for entry in entries:
        years.setdefault(int(entry.month[:4]), []).append(entry)
    return years


def _there(catalogue: Catalogue, year: CompactYear) -> bool:
    """Whether the files of a year have the sizes they were written with."""
    paths = [(catalogue.compact / file.path, file.bytes) for file in year.files]
    return all(path.is_file() and path.stat().st_size == size for path, size in paths)


def _made(
    catalogue: Catalogue,
    flow: str,
    number: int,
    entries: Sequence[MonthVintage],
    members: tuple[tuple[str, str], ...],
) -> CompactYear:
    """Write the file of a year. Raises DetailError where it would not hold as many rows as its months."""
    name = hashlib.sha256(repr(members).encode()).hexdigest()[:12]
    inside = Path(f"flow={flow}", f"year={number}", f"{name}.parquet")
    target = catalogue.compact / inside
    staged = catalogue.compact / "staging" / str(os.getpid())
    staged.mkdir(parents=True, exist_ok=True)
    try:
        file = staged / "year.parquet"
        _sort_into(file, staged / "spill", flow, [catalogue.lake / f.path for e in entries for f in e.files])
        rows = _rows_of(file, staged / "spill")
        expected = sum(entry.rows for entry in entries)
        if rows != expected:
            raise DetailError(
                f"the months of {flow} {number} hold {rows:,} rows, the catalogue says {expected:,}: a file was damaged; "
                "remove its month from the lake's copy and add its source again"
            )
        sync(file)
        entry = LakeFile(inside.as_posix(), rows, file.stat().st_size, sha256_of(file))
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
        sync(target.parent)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return CompactYear(flow, number, members, (entry,))


def _sort_into(target: Path, spill: Path, flow: str, files: Sequence[Path]) -> None:
    """Write the rows of some files to one, sorted over all; within the memory of a session, the rest is spilled."""
    table = DETAIL_TABLES[flow]
    columns = ", ".join(map(quoted, table.columns))
    order = ", ".join(map(quoted, (*table.sorted_by, "month")))
    names = ", ".join(map(literal, files))
    with session(spill) as con:
        con.execute(
            f"COPY (SELECT {columns} FROM read_parquet([{names}], hive_partitioning = false) ORDER BY {order}) "
            f"TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {LEVEL}, ROW_GROUP_SIZE {ROW_GROUP})"
        )


def _rows_of(file: Path, spill: Path) -> int:
    with session(spill) as con:
        return int(
            scalar(con, f"SELECT count(*) FROM read_parquet({literal(file)}, hive_partitioning = false)")
        )


def _replace_index(catalogue: Catalogue, years: list[CompactYear]) -> None:
    ordered = sorted(years, key=lambda year: (year.flow, year.year))
    write_whole(catalogue.compact / INDEX, encoded([asdict(year) for year in ordered]), durable=True)


def _remove_superseded(catalogue: Catalogue, years: list[CompactYear]) -> None:
    """Remove files that no year names and that have been out of use for _GRACE_SECONDS."""
    named = {catalogue.compact / file.path for year in years for file in year.files}
    for path in catalogue.compact.glob("flow=*/year=*/*"):
        mark = path.with_suffix(".superseded")
        if path in named:
            mark.unlink(missing_ok=True)
        elif path.suffix != ".parquet":
            continue
        elif not mark.exists():
            mark.touch()
        elif time.time() - mark.stat().st_mtime > _GRACE_SECONDS:
            path.unlink(missing_ok=True)
            mark.unlink(missing_ok=True)
