"""Census Bureau, monthly bulk files IMDB and EXDB: from a zip to the rows of a month, checked against its control totals.

Belongs here: finding the members of a zip, streaming its detail, codes and totals that must agree.
Does not belong here: places of fields (census_bulk_layouts.py), lines and numbers (fixed_width.py), addresses of the zips
(orchestration/sources/agencies/census_bulk.py), writing.

A file is the union of the year to date: a cell that traded in an earlier month of the year is there with zeros, up to
four of five lines in December. Rows are kept where any amount of the month is not 0, and the others are counted.
"""

from __future__ import annotations

import queue
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

import polars as pl

from transforms.parse.archive_member import CANNOT_UNPACK
from transforms.parse.census_bulk_layouts import BULKS, Bulk, Control
from transforms.parse.fixed_width import Block, Layout, blocks, months_of, typed_rows
from transforms.parse.inflate import unpacked
from transforms.schema import FrameError

#: IMDB2401.ZIP, EXDB2401.ZIP: which file and which month its name states
_NAME = re.compile(r"(?P<kind>IMDB|EXDB)(?P<year>\d{2})(?P<month>0[1-9]|1[0-2])\.ZIP", re.IGNORECASE)
#: blocks that are unpacked ahead of the one that is being converted
_AHEAD = 2
#: of the lists of codes, which have a few hundred lines
_MAX_LIST_BYTES = 2_000_000

#: takes (lines read so far, lines there are by the size of the member) of the detail
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class BulkMonth:
    """A month of a flow. frame: the codes and amounts of its table (transforms/detail_tables.py), in the order of the file.

    month:     YYYY-MM. lines: of the file; zero_rows: those of them without any amount in this month, left out.
    controls:  file of totals -> {keys: number of totals, <amount>: its sum over them}, all equal to the rows' own.
    """

    flow: str
    month: str
    frame: pl.DataFrame
    lines: int
    zero_rows: int
    controls: dict[str, dict[str, int]]


def stated_by(name: str) -> tuple[str, str] | None:
    """(flow, YYYY-MM) that the name of a bulk file states; None for a name of another form."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    flow = "imports" if match["kind"].upper() == "IMDB" else "exports"
    return flow, f"20{match['year']}-{match['month']}"


def is_bulk(file: BinaryIO) -> bool:
    """Whether a file is a zip that holds a detail table of the Census Bureau; the file is left at its beginning."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(bulk.member in _members(archive) for bulk in BULKS)
    except CANNOT_UNPACK:
        return False
    finally:
        file.seek(0)


def read_month(file: BinaryIO, name: str, *, progress: Progress = lambda _done, _all: None) -> BulkMonth:
    """The month that a zip holds. `name`: of the file, for messages; where it is that of a bulk file, the month must be its.

    Raises FrameError, which names the member and where it can the line, for no zip or a cut one, for members that are
    absent or have another layout, for codes that the zip's own lists do not hold, for lines of another month, and where a
    sum of the rows is not the control total to the integer.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive)
            bulk = next((bulk for bulk in BULKS if bulk.member in members), None)
            if bulk is None:
                raise FrameError(
                    f"{name} holds none of {', '.join(f'{b.member}.TXT' for b in BULKS)}, but {sorted(members)[:8]}"
                )
            lacking = [c.member for c in bulk.controls if c.required and c.member not in members]
            if lacking:
                raise FrameError(
                    f"{name} lacks the control totals {', '.join(lacking)}; without them nothing is added"
                )
            return _checked(file, archive, members, bulk, name, progress)
    except CANNOT_UNPACK as error:
        raise FrameError(f"{name} is no zip, or is cut or damaged: {error}") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The text files of a zip by their names in upper case without folder and ending: cases differ from month to month."""
    paths = [(PurePosixPath(info.filename.replace("\\", "/")), info) for info in archive.infolist()]
    return {path.stem.upper(): info for path, info in paths if path.suffix.upper() == ".TXT"}


def _checked(
    file: BinaryIO,
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    bulk: Bulk,
    name: str,
    progress: Progress,
) -> BulkMonth:
    """The month of the detail in a zip, with every total compared."""
    known = {column: _codes(archive, members, "COUNTRY", 4) for column in bulk.countries}
    known |= {column: _codes(archive, members, "DISTRICT", 2) for column in bulk.districts}
    info = members[bulk.member]
    where = f"{name}: {PurePosixPath(info.filename).name}"
    expected = stated_by(name)
    if expected is not None and expected[0] != bulk.table.flow:
        raise FrameError(f"{where} is of {bulk.table.flow}, the name of the file says {expected[0]}")
    all_lines = info.file_size // (bulk.layout.line_bytes + 1)
    frames, lines, stamp = [], 0, expected and expected[1].replace("-", "").encode()
    for block in _unpacked_ahead(file, archive, info, bulk.layout, where):
        stamp = _one_month(block, bulk.layout, where, stamp)
        rows = typed_rows(block, bulk.layout, where)
        for column, codes in known.items():
            _refuse_unknown(rows.frame[column], codes, rows.line.tolist, where)
        frames.append(rows.frame)
        lines += len(block.lines)
        progress(lines, max(lines, all_lines))
    if not frames or stamp is None:
        raise FrameError(f"{where} has no lines")
    frame = pl.concat(frames)
    if frame.is_empty():
        raise FrameError(f"{where} has no line with an amount in this month")
    month = f"{stamp[:4].decode()}-{stamp[4:].decode()}"
    controls = {
        control.member: _compared(archive, members[control.member], control, frame, name, stamp)
        for control in bulk.controls
        if control.member in members
    }
    return BulkMonth(bulk.table.flow, month, frame, lines, lines - frame.height, controls)


def _unpacked_ahead(
    file: BinaryIO, archive: zipfile.ZipFile, info: zipfile.ZipInfo, layout: Layout, where: str
) -> Iterator[Block]:
    """The blocks of a member, unpacked in a thread of its own, because zlib works beside Python. Raises what unpacking and cutting into lines raise."""
    ready: queue.Queue[Block | BaseException | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def put(item: Block | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def unpack() -> None:
        try:
            with unpacked(file, archive, info) as member:
                for block in blocks(member, layout, where):
                    if not put(block):
                        return
            put(None)
        except BaseException as error:  # it is raised again in the thread that asked
            put(error)

    thread = threading.Thread(target=unpack, name="unpack", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


def _one_month(block: Block, layout: Layout, where: str, stamp: bytes | None) -> bytes:
    """The month of every line of a block (b'202401'). Raises FrameError where a line has another than `stamp`."""
    months = months_of(block, layout)
    expected = stamp or bytes(months[0])
    other = months != expected
    if other.any():
        row = int(other.argmax())
        raise FrameError(
            f"{where} line {block.first_line + row:,} is of {bytes(months[row]).decode('ascii', 'replace')}, "
            f"expected {expected.decode()}: a bulk file holds one month"
        )
    year, number = expected[:4], expected[4:]
    if not (year.isdigit() and number.isdigit() and 1 <= int(number) <= 12):
        raise FrameError(f"{where} line {block.first_line:,}: {expected!r} is no year and month")
    return expected


def _codes(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], member: str, width: int
) -> frozenset[str] | None:
    """The codes of a list in the zip, which begin its lines; None where the zip has no such list."""
    if member not in members:
        return None
    with archive.open(members[member]) as file:
        content = file.read(_MAX_LIST_BYTES)
    codes = (line[:width].decode("ascii", "replace") for line in content.splitlines())
    return frozenset(code for code in codes if len(code) == width and code.isdigit())


def _refuse_unknown(
    column: pl.Series, known: frozenset[str] | None, lines: Callable[[], list[int]], where: str
) -> None:
    """Raise FrameError for the first code that is not in the zip's own list, where it has one."""
    if known is None:
        return
    unknown = set(column.unique()) - known
    if unknown:
        row = column.is_in(list(unknown)).arg_max() or 0
        raise FrameError(
            f"{where} line {lines()[row]:,}: unknown {column.name} {column[row]!r}; "
            f"the zip's own list of {len(known):,} codes does not hold it"
        )


def _compared(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    control: Control,
    frame: pl.DataFrame,
    name: str,
    stamp: bytes,
) -> dict[str, int]:
    """What the totals of a file say, which is what the rows sum to. Raises FrameError for the first that differs."""
    where = f"{name}: {PurePosixPath(info.filename).name}"
    keys = [code.name for code in control.layout.codes]
    amounts = list(control.layout.amounts)
    parts = []
    with archive.open(info) as member:
        for block in blocks(member, control.layout, where):
            _one_month(block, control.layout, where, stamp)
            parts.append(typed_rows(block, control.layout, where, keep_zeros=True).frame)
    if not parts:
        raise FrameError(f"{where} has no lines")
    totals = pl.concat(parts).group_by(keys).sum()
    sums = frame.group_by(keys).agg(pl.col(amounts).sum())
    both = sums.join(totals, on=keys, how="full", suffix="_total", coalesce=True).fill_null(0)
    differs = both.filter(pl.any_horizontal(pl.col(a) != pl.col(f"{a}_total") for a in amounts)).sort(keys)
    if not differs.is_empty():
        first = differs.row(0, named=True)
        amount = next(a for a in amounts if first[a] != first[f"{a}_total"])
        key = ", ".join(f"{code} {first[code]}" for code in keys)
        raise FrameError(
            f"{where}: {amount} of {key} sums to {first[amount]:,}, the control total is {first[f'{amount}_total']:,}"
            f" ({differs.height:,} of {both.height:,} totals differ)"
        )
    stated = totals.select(pl.col([a for a in amounts if a.endswith("value")]).sum()).row(0, named=True)
    return {"keys": totals.height, **stated}
