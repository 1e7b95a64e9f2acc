"""Files that others lay out: downloads of FRED and ALFRED and of USITC DataWeb, and a user's own names of columns.

Belongs here: recognising such a file, and making of it the table of observations and the declared series that user_file.py
reads. Does not belong here: the tables of DataWeb (user_dataweb.py), encodings and delimiters (user_table.py), checks of rows and
declarations (user_file.py, user_declaration.py).

A layout is recognised by its header alone and never guessed from the rows. What a download does not say (FRED: title, unit,
who made the figures) is asked of the user as for any other file.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice, pairwise

from transforms.parse import user_dataweb
from transforms.parse.user_declaration import Cells, Layout, plain, slug
from transforms.parse.user_table import Grid, UserFileError, read_laid_out

#: what begins the name of an option that says which column of the file is meant: map.period = "Date"
MAP = "map."

# -- names of columns ------------------------------------------------------------------------------------------------


def mapping(options: Mapping[str, str]) -> dict[str, str]:
    """The columns that the user mapped: ours -> the file's, in lower case."""
    return {n.removeprefix(MAP): theirs.strip().lower() for n, theirs in options.items() if n.startswith(MAP)}


def renamed(
    grid: Grid, mapped: Mapping[str, str], known: Sequence[str], problems: list[str]
) -> tuple[Grid, list[str]]:
    """`grid` with the mapped columns under our names and without those that nobody named, and a note on the latter.

    Columns that are ours already stay. What cannot be mapped is appended to `problems`.
    """
    problems += [
        f"--map {ours}: there is no such column of ours (there are {', '.join(known)})"
        for ours in mapped
        if ours not in known
    ]
    problems += [
        f"--map {ours}={theirs}: the file has no column '{theirs}' (it has {', '.join(grid.columns)})"
        for ours, theirs in mapped.items()
        if theirs not in grid.columns
    ]
    ours_of = {theirs: ours for ours, theirs in mapped.items()}
    kept = {c: ours_of.get(c, c) for c in grid.columns if c in ours_of or (c in known and c not in mapped)}
    rows = tuple(
        (number, cells if isinstance(cells, str) else {kept[c]: v for c, v in cells.items() if c in kept})
        for number, cells in grid.rows
    )
    left = [c for c in grid.columns if c not in kept]
    notes = [f"columns that were not read: {', '.join(left)}"] if left else []
    return Grid(grid.where, tuple(kept.values()), rows, grid.epoch), notes


# -- recognising -----------------------------------------------------------------------------------------------------


def recognised(content: bytes, *, workbook: bool) -> Layout | None:
    """The layout of a download, or None for any other file. Raises UserFileError for a download that cannot be read."""
    if workbook:
        if not _is_dataweb(content):
            return None
        return user_dataweb.dataweb(read_laid_out(content, user_dataweb.place_of))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None  # the reader of tables says what is wrong
    first: list[Cells] = []
    with contextlib.suppress(csv.Error):  # what stands above the fault is enough to recognise a file by
        for row in islice(csv.reader(io.StringIO(text, newline="")), user_dataweb.PREAMBLE):
            first.append(row)
    is_fred = bool(first) and _is_fred(first[0])
    if not is_fred and user_dataweb.header_of(first) is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Cells] = []
    number = 1
    try:
        for row in reader:
            number = reader.line_num + 1
            rows.append(row)
    except csv.Error as error:
        raise UserFileError([f"line {number}: {error} (is a quotation mark left open?)"]) from error
    return _fred(rows) if is_fred else user_dataweb.dataweb({"": rows})


def _is_dataweb(content: bytes) -> bool:
    """Whether a visible sheet of a workbook begins as a table of DataWeb; not for bytes that are none."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=True)
        return any(
            user_dataweb.header_of(list(sheet.iter_rows(max_row=user_dataweb.PREAMBLE, values_only=True)))
            is not None
            for sheet in book.worksheets
            if sheet.sheet_state == "visible"
        )
    except (
        Exception
    ):  # openpyxl raises whatever its XML reader meets; the reader of tables says what is wrong
        return False


# -- FRED ------------------------------------------------------------------------------------------------------------

_FRED_CODE = re.compile(r"[A-Z0-9][A-Z0-9_]*")
_ALFRED_CODE = re.compile(r"(?P<code>[A-Z0-9][A-Z0-9_]*)_(?P<day>\d{8})")
#: cells of FRED without a number
_NONE = ("", ".")
#: shortest distance of two dates in days -> frequency; a week is none of those that are kept
_FREQUENCIES = ((364, "annual"), (89, "quarterly"), (28, "monthly"), (5, ""), (1, "daily"))


def _is_fred(header: Cells) -> bool:
    """`observation_date,CES3000000001,...`, before 2024 `DATE,...`: a date, then codes in capitals."""
    first, *codes = [plain(cell) for cell in header] or [""]
    return first in ("observation_date", "DATE") and bool(codes) and all(map(_FRED_CODE.fullmatch, codes))


def _fred(rows: Sequence[Cells]) -> Layout:
    """A column a series, with the frequency of its own numbers.

    In a file of ALFRED, whose codes end in a day, a column is a vintage known since that day.
    """
    codes = [plain(cell) for cell in rows[0]][1:]
    vintages = [_ALFRED_CODE.fullmatch(code) for code in codes]
    is_alfred = all(vintages)
    found: list[tuple[int, dict[str, object] | str]] = []
    fitting: list[tuple[int, Cells]] = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) == len(rows[0]):
            fitting.append((number, row))
        elif any(plain(cell) for cell in row):
            found.append((number, f"{len(row)} cells where the header has {len(rows[0])}"))
    places: dict[str, list[int]] = {}
    for place, (column, vintage) in enumerate(zip(codes, vintages, strict=True), 1):
        places.setdefault(vintage["code"] if is_alfred and vintage else column, []).append(place)
    series: dict[str, dict[str, str]] = {}
    for code, columns_of_code in places.items():
        series_id = f"user_fred_{slug(code)}"
        # blanks of a quarterly series stand beside each second and third month of a monthly one
        frequency = _frequency(
            plain(row[0]) for _, row in fitting if any(plain(row[p]) not in _NONE for p in columns_of_code)
        )
        if not frequency and len(places) == 1:  # a single number: the rows are those of no other series
            frequency = _frequency(plain(row[0]) for _, row in fitting)
        series[series_id] = {"source_code": code} | ({"frequency": frequency} if frequency else {})
        if is_alfred:
            series[series_id]["known_from_basis"] = "release"
        for place in columns_of_code:
            own: dict[str, object] = {"series_id": series_id}
            if is_alfred and (vintage := vintages[place - 1]):
                own["known_from"] = f"{vintage['day'][:4]}-{vintage['day'][4:6]}-{vintage['day'][6:]}"
            found += [(number, own | cells) for number, cells in _column(fitting, place, frequency)]
    notes = (
        f"{'an ALFRED' if is_alfred else 'a FRED'} download: {len(series)} series"
        + (f", {len(codes)} vintages" if is_alfred else "")
        + "; FRED hands on the figures of others: their terms, and FRED's, go on to hold",
    )
    columns = ("series_id", "period", "value", "status", "known_from")
    return Layout("FRED", Grid("line ", columns, tuple(found)), series, notes)


def _column(
    rows: Sequence[tuple[int, Cells]], place: int, frequency: str
) -> list[tuple[int, dict[str, object]]]:
    """Period and value of each row of a column. A blank or dot is `missing` where a period of the series lies between two numbers.

    Before its first number and after its last one a series, or a vintage, does not reach; on another day it has no period.
    """
    numbers = [n for n, (_, row) in enumerate(rows) if plain(row[place]) not in _NONE]
    found: list[tuple[int, dict[str, object]]] = []
    for number, row in rows[numbers[0] : numbers[-1] + 1] if numbers else []:
        text = plain(row[place])
        if text not in _NONE:
            found.append((number, {"period": plain(row[0]), "value": text}))
        elif (day := _day(plain(row[0]))) and _starts(day, frequency):
            found.append((number, {"period": plain(row[0]), "value": "", "status": "missing"}))
    return found


def _starts(day: date, frequency: str) -> bool:
    """Whether a period of a frequency begins on a day."""
    months = {"annual": 12, "quarterly": 3, "monthly": 1}.get(frequency)
    return frequency == "daily" if months is None else day.day == 1 and (day.month - 1) % months == 0


def _frequency(days: Iterable[str]) -> str:
    """The frequency that the dates have, where it is one that is kept; "" for a single date or for weeks."""
    dates = sorted({day for text in days if (day := _day(text))})
    gaps = [later - earlier for earlier, later in pairwise(dates)]
    if not gaps:
        return ""
    shortest = min(gaps) // timedelta(days=1)
    return next(frequency for days_apart, frequency in _FREQUENCIES if shortest >= days_apart)


def _day(text: str) -> date | None:
    """The day that a cell names; the check of rows says what is wrong with any other text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
