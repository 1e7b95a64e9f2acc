"""From a user's CSV text or Excel workbook to tables of cells, each row with the number that it has in the file.

Belongs here: encodings, delimiters, sheets; everything that makes a file unreadable or its cells ambiguous.
Does not belong here: what the columns mean (user_file.py).
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

#: this many problems are listed one by one; the others are only counted
LISTED = 50
MAX_CSV_BYTES = 64_000_000
#: of the XML inside a workbook: 200,000 rows of five cells are 32 MB, and openpyxl needs about 20 times as much memory
MAX_XLSX_BYTES = 32_000_000
#: the day with the serial number 0 in a workbook; a workbook that counts from 1904 says so
_EPOCH = date(1899, 12, 30)

#: the first bytes of an .xlsx workbook, and of an old .xls workbook or one with a password
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class UserFileError(ValueError):
    """A file of which nothing is loaded. problems: one line each, at most LISTED of them; count: how many there are."""

    def __init__(self, problems: Iterable[str]) -> None:
        lines = [" ".join(problem.split()) for problem in problems]  # a quoted cell may hold line breaks
        self.count = len(lines)
        self.problems = tuple(lines[:LISTED])
        rest = f"\n... and {self.count - LISTED} more" if self.count > LISTED else ""
        super().__init__("\n".join(self.problems) + rest)


@dataclass(frozen=True)
class Grid:
    """A table of a user's file.

    where:   the beginning of each row's name: "line " or "sheet observations row "
    columns: names in the header, in lower case
    rows:    (number in the file, {column: cell}); in place of the cells a text that says why they do not fit the header.
             Cells of a CSV are texts; those of a workbook are texts, numbers, bools, days, times or None.
    epoch:   the day from which serial dates count
    """

    where: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, object] | str], ...]
    epoch: date = _EPOCH

    def at(self, number: int) -> str:
        """The name of a row, for messages."""
        return f"{self.where}{number}"


@dataclass(frozen=True)
class Workbook:
    """The tables of a workbook. ignored: names of the sheets that were not read."""

    observations: Grid
    series: Grid | None
    ignored: tuple[str, ...]


def is_workbook(content: bytes) -> bool:
    """Whether the bytes are those of an Excel workbook, whatever the file is called."""
    return content.startswith((_ZIP, _OLE))


# -- CSV -------------------------------------------------------------------------------------------------------------


def read_csv(content: bytes, required: Sequence[str], *, what: str = "") -> Grid:
    """The table of a CSV text in UTF-8, or in UTF-16 with a byte order mark.

    required: columns that the header must have, which also tell whether commas, semicolons or tabs separate the cells.
    what:     the name of the file in messages, where it is not the user's only file. Raises UserFileError.
    """
    name = f"{what} " if what else ""
    if len(content) > MAX_CSV_BYTES:
        raise UserFileError(
            [f"{name}file of {len(content) / 1e6:.0f} MB; at most {MAX_CSV_BYTES / 1e6:.0f} MB are read"]
        )
    text = _decode(content, name)
    if not text.strip():
        raise UserFileError([f"{name}file is empty: a header line and at least one row are needed"])
    delimiter = _delimiter(text, required, name)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    header: tuple[str, ...] = ()
    rows: list[tuple[int, dict[str, object] | str]] = []
    number = 1
    try:
        for cells in reader:
            # a quoted cell may span several lines: a row has the number of its first line
            first, number = number, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, f"{name}line {first}")
            elif len(cells) != len(header):
                hint = " (is a comma inside a number? write 1234.5)" if len(cells) > len(header) else ""
                rows.append((first, f"{len(cells)} cells where the header has {len(header)}{hint}"))
            else:
                rows.append((first, {c: v.strip() for c, v in zip(header, cells, strict=True)}))
    except csv.Error as error:
        rows.append((number, f"{error} (is a quotation mark left open?)"))
    return Grid(f"{name}line ", header, tuple(rows))


def _decode(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise UserFileError([f"{name}file begins like UTF-16 but is not: {error.reason}"]) from error
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise UserFileError([f"{name}line {line}: a zero byte; save the file as CSV in UTF-8"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise UserFileError(
            [
                f"{name}line {line}: byte 0x{byte:02X} is not UTF-8 ({bytes([byte]).decode('latin-1')!r} in Windows or "
                "Latin-1 encoding?); save the file as CSV in UTF-8"
            ]
        ) from error


def _mapped_by(absent: Sequence[str]) -> str:
    """How to say which column stands for an absent one, where it is one of the observations."""
    return f"; `--map {absent[0]}=...` names a column for ours" if set(absent) & {"period", "value"} else ""


def _delimiter(text: str, required: Sequence[str], name: str) -> str:
    """The delimiter with which the header has the required columns; nothing is guessed from the rows."""
    header = next(line for line in text.splitlines() if line.strip())
    for delimiter in ",;\t":
        with contextlib.suppress(csv.Error):  # a header of more than 128 KB in one pair of quotation marks
            names = next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), [])
            if {name.strip().lower() for name in names} >= set(required):
                return delimiter
    raise UserFileError(
        [
            f"{name}header '{header[:80]}' lacks columns {', '.join(required)} (separated by comma, semicolon or tab)"
            f"{_mapped_by(required)}"
        ]
    )


def _header(cells: Sequence[object], where: str) -> tuple[str, ...]:
    """Column names from the cells of a header. Raises UserFileError for an empty or repeated name."""
    names = tuple(str(cell if cell is not None else "").strip().lower() for cell in cells)
    problems = [f"{where}: column {i} has no name" for i, n in enumerate(names, 1) if not n]
    problems += [
        f"{where}: column '{n}' is there twice"
        for n in sorted({n for n in names if n and names.count(n) > 1})
    ]
    if problems:
        raise UserFileError(problems)
    return names


# -- workbooks -------------------------------------------------------------------------------------------------------


def read_xlsx(content: bytes, required: Sequence[str]) -> Workbook:
    """The sheets `observations` and `series` of a workbook; an only sheet is the observations, whatever its name.

    required: columns that the header of the observations must have. Raises UserFileError for bytes that are no .xlsx
    workbook or too many, for missing sheets and columns, merged cells, hidden sheets, error values, and formulas that
    were never calculated.
    """
    book = _opened(content)
    sheets = {sheet.title.strip().lower(): sheet for sheet in book.worksheets}
    if len(sheets) == 1:
        sheets = {"observations": next(iter(sheets.values()))}
    if "observations" not in sheets:
        names = ", ".join(sheet.title for sheet in book.worksheets) or "none"
        raise UserFileError([f"no sheet named 'observations' among the sheets of the workbook ({names})"])
    wanted = {name: sheets[name] for name in ("observations", "series") if name in sheets}
    problems = [p for name, sheet in wanted.items() for p in _unclear(name, sheet)]
    if problems:
        raise UserFileError(problems)
    grids = {name: _grid(name, sheet, book.epoch.date()) for name, sheet in wanted.items()}
    if missing := [c for c in required if c not in grids["observations"].columns]:
        raise UserFileError(
            [f"sheet observations: header lacks columns {', '.join(missing)}{_mapped_by(missing)}"]
        )
    problems = [
        p for name, grid in grids.items() for p in _uncalculated(content, wanted[name].title, name, grid)
    ]
    if problems:
        raise UserFileError(problems)
    ignored = tuple(s.title for s in book.worksheets if s.title not in {w.title for w in wanted.values()})
    return Workbook(grids["observations"], grids.get("series"), ignored)


def read_sheets(content: bytes, names: Collection[str]) -> tuple[dict[str, Grid], tuple[str, ...]]:
    """The sheets of a workbook that are called one of `names`, and the titles of those that were not read.

    An only sheet is read whatever it is called, under that title in small letters. Raises UserFileError as read_xlsx does for what makes
    a workbook or the cells of a sheet that is read unclear; a workbook without a sheet of these names gives none.
    """
    book = _opened(content)
    sheets = {sheet.title.strip().lower(): sheet for sheet in book.worksheets}
    wanted = {name: sheet for name, sheet in sheets.items() if name in names or len(sheets) == 1}
    problems = [p for name, sheet in wanted.items() for p in _unclear(name, sheet)]
    if problems:
        raise UserFileError(problems)
    grids = {name: _grid(name, sheet, book.epoch.date()) for name, sheet in wanted.items()}
    problems = [
        p for name, grid in grids.items() for p in _uncalculated(content, wanted[name].title, name, grid)
    ]
    if problems:
        raise UserFileError(problems)
    return grids, tuple(sheet.title for name, sheet in sheets.items() if name not in wanted)


@dataclass(frozen=True)
class Place:
    """Where the table of a sheet stands.

    rows: numbers of its header and of the rows that are read; below: numbers of all rows under the header that may be read;
    columns: numbers of the columns that are read -> their names.
    """

    rows: Collection[int]
    below: Collection[int]
    columns: Mapping[int, str]


def read_laid_out(
    content: bytes, place_of: Callable[[Sequence[Sequence[object]]], Place | None]
) -> dict[str, list[Sequence[object]]]:
    """The rows of every sheet of a workbook that others lay out; `place_of` finds the table of a sheet, or None.

    The cells of each table are checked as read_xlsx does; what stands around it may be merged. Raises UserFileError.
    """
    book = _opened(content)
    sheets: dict[str, list[Sequence[object]]] = {
        sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets
    }
    places = {title: place for title, rows in sheets.items() if (place := place_of(rows))}
    problems = [
        p
        for title, place in places.items()
        for p in _unclear(title, book[title], (place.rows, place.columns))
    ]
    for title, place in places.items():
        empty = {
            (number, column): name
            for number in place.below
            for column, name in place.columns.items()
            if column > len(sheets[title][number - 1]) or sheets[title][number - 1][column - 1] is None
        }
        problems += _formulas(content, title, title, empty)
    if problems:
        raise UserFileError(problems)
    return sheets


def _opened(content: bytes) -> Any:  # Any: openpyxl publishes no types
    """A workbook with the results of its formulas. Raises UserFileError for bytes that are none or too many."""
    import openpyxl

    if content.startswith(_OLE):
        raise UserFileError(
            ["an old .xls workbook, or one with a password; save it as .xlsx without password"]
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > MAX_XLSX_BYTES:
            raise UserFileError(
                [
                    f"workbook of {unpacked / 1e6:.0f} MB unpacked; at most {MAX_XLSX_BYTES / 1e6:.0f} MB are read: use CSV"
                ]
            )
        return openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except UserFileError:
        raise
    except Exception as error:  # openpyxl raises whatever its XML reader meets in a damaged file
        raise UserFileError([f"not a readable .xlsx workbook ({type(error).__name__}: {error})"]) from error


def _unclear(
    name: str,
    sheet: Any,  # Any: openpyxl publishes no types
    read: tuple[Collection[int], Collection[int]] | None = None,
) -> list[str]:
    """What makes the cells of a sheet ambiguous: merged cells, a hidden sheet, errors in place of values, numbers shown as others.

    read: the rows and columns that are read, None for all of them; a remark above a table may be merged.
    """

    def is_read(rows: range, columns: range) -> bool:
        return read is None or (any(r in rows for r in read[0]) and any(c in columns for c in read[1]))

    cells_read = [
        c
        for row in sheet.iter_rows()
        for c in row
        if read is None or (c.row in read[0] and c.column in read[1])
    ]
    problems = [
        f"sheet {name}: cells {cells.coord} are merged; take the merge back"
        for cells in sheet.merged_cells.ranges
        if is_read(range(cells.min_row, cells.max_row + 1), range(cells.min_col, cells.max_col + 1))
    ]
    if sheet.sheet_state != "visible":
        problems.append(f"sheet {name} is hidden: show it or delete it, so that nothing is loaded unseen")
    for c in cells_read:
        if c.data_type == "e":
            problems.append(f"sheet {name} row {c.row}: cell {c.coordinate} is the error {c.value}")
        elif otherwise := _shown_otherwise(c):
            problems.append(
                f"sheet {name} row {c.row}: cell {c.coordinate} {otherwise}: format it as a plain number"
            )
    return problems


def _shown_otherwise(cell: Any) -> str:  # Any: openpyxl publishes no types
    """How a cell shows another number than it holds, a hundredth or a thousand times as much; "" where it does not."""
    if cell.data_type != "n" or isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
        return ""
    # texts within a format say nothing of the number; what stands after a semicolon is for other signs
    shape = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].', "", str(cell.number_format)).split(";")[0].strip()
    if "%" in shape:
        return f"shows {_plain_number(cell.value * 100)} % and holds {_plain_number(cell.value)}"
    if thousands := re.search(r"[0#?](,+)\s*$", shape):
        shown = cell.value / 1000 ** len(thousands[1])
        return f"shows {_plain_number(shown)} and holds {_plain_number(cell.value)}"
    return ""


def _plain_number(value: float) -> str:
    """A number without the last digits of a double: 5.2 for 5.2000000000000005."""
    return f"{value:.12g}"


def _grid(name: str, sheet: Any, epoch: date) -> Grid:  # Any: openpyxl publishes no types
    """The rows of a sheet under its header, without empty ones."""
    where = f"sheet {name} row "
    header: tuple[str, ...] = ()
    rows: list[tuple[int, dict[str, object] | str]] = []
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [_cell(value) for value in values]
        if not any(cell is not None for cell in cells):
            continue
        if not header:
            # formatted cells without a value often stand right of the last column
            while cells[-1] is None:
                cells.pop()
            header = _header(cells, f"{where}{number}")
        elif any(cell is not None for cell in cells[len(header) :]):
            rows.append((number, "a cell right of the last column of the header"))
        else:
            rows.append((number, dict(zip(header, cells, strict=False))))
    if not header:
        raise UserFileError([f"sheet {name} is empty: a header row and at least one row are needed"])
    return Grid(where, header, tuple(rows), epoch)


def _cell(value: object) -> object:
    """A value of a workbook with blanks around a text taken off; a blank text is None, like an empty cell."""
    if isinstance(value, str):
        return value.strip() or None
    return value


def _uncalculated(content: bytes, title: str, name: str, grid: Grid) -> list[str]:
    """Cells of a table that seem empty because they hold a formula whose result was never calculated."""
    empty = {
        (number, place): column
        for number, cells in grid.rows
        for place, column in enumerate(grid.columns, 1)
        if not isinstance(cells, str) and cells.get(column) is None
    }
    return _formulas(content, title, name, empty)


def _formulas(content: bytes, title: str, name: str, empty: Mapping[tuple[int, int], str]) -> list[str]:
    """Which of the seemingly empty cells, (row, column) -> name of the column, hold a formula.

    openpyxl reads either results or formulas, so the workbook is read a second time, for its formulas.
    """
    import openpyxl

    if not empty:
        return []
    sheet = openpyxl.load_workbook(io.BytesIO(content))[title]
    problems = []
    for (number, place), column in sorted(empty.items()):
        cell = sheet.cell(number, place)
        if cell.data_type == "f":
            problems.append(
                f"sheet {name} row {number}: {column} is a formula that was never calculated ({cell.coordinate}); "
                "open and save the workbook, or paste the values"
            )
    return problems
