"""A table as an Excel workbook: its rows in as many sheets as they need, then a sheet that explains the columns.

Belongs here: how a value becomes a cell, the sheets around the rows, writing both fast. Does not belong here: which tables are
written and where (export.py).

XlsxWriter makes the workbook with everything but the rows, and DuckDB writes the rows as the XML that goes between: cell by
cell in Python 2.4 million cells took 29 s of processor time, this way 1.4 s (2026-11-29, fct_observation_vintage).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.duck import quoted
from orchestration.base.public_table import PublicTable

if TYPE_CHECKING:
    import duckdb

#: rows of a worksheet, header included (Excel specifications and limits, Microsoft)
SHEET_ROWS = 1_048_576
#: characters of a cell, from the same page
CELL_CHARACTERS = 32_767
#: a worksheet keeps numbers as doubles: a larger integer is written as text, so that no digit is lost
_EXACT_INTEGER = 2**53
#: rows taken from DuckDB at a time: of 20 columns about 16 MB of text
_CHUNK = 20_000
#: rows that the width of a column is taken from, and the widest column, in characters
_SAMPLE, _WIDEST = 1_000, 60
#: a sheet of more cells may have more than the 2 GB of XML that a plain zip holds: 45 bytes a cell in fct_trade_flow
_PLAIN_ZIP_CELLS = 30_000_000
#: widths that show a day and a moment whole
_WIDTHS = {"DATE": 11, "TIMESTAMP": 20}
#: the characters that XML cannot hold, and those that would be read as another one: Excel writes them as _x000B_
_UNWRITABLE = [*(chr(n) for n in range(32) if chr(n) not in "\t\n"), "\ufffe", "\uffff"]


def write_workbook(
    con: duckdb.DuckDBPyConnection,
    table: PublicTable,
    query: str,
    file: Path,
    *,
    on_rows: Callable[[int], None],
) -> None:
    """Write `query`, whose columns are those of `table` as values that a cell can hold, to `file`.

    A date is a date and a number a number; a text is never a formula or a link. on_rows: called with the number of rows
    that are written. Raises duckdb.Error and OSError; every text must fit (`too_long`).
    """
    kinds = [str(kind) for _, kind, *_ in con.execute(f"DESCRIBE {query}").fetchall()]
    shell, sheets = _shell(table, kinds, _widths(con, table, query, kinds))
    styles = _styles(shell.read(sheets[0]).decode())
    rows = _rows(con, table, query, kinds, styles)
    done = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name in shell.namelist():
            if name not in sheets:
                book.writestr(name, shell.read(name))
        for name in sheets:  # in their order, since the rows come in theirs
            head, tail = re.split(r'<row r="2".*?</row>', shell.read(name).decode(), maxsplit=1)
            here = min(table.rows - done, SHEET_ROWS - 1)
            large = here * len(kinds) > _PLAIN_ZIP_CELLS
            with book.open(name, "w", force_zip64=large) as sheet:
                sheet.write(_ranged(head, here, len(kinds)).encode())
                for text in _taken(rows, here):
                    sheet.write("".join(text).encode())
                    done += len(text)
                    on_rows(done)
                sheet.write(tail.encode())


def too_long(con: duckdb.DuckDBPyConnection, table: PublicTable, query: str) -> str | None:
    """What of `query` no cell holds, in words; None where all of it fits."""
    texts = [
        str(name)
        for name, kind, *_ in con.execute(f"DESCRIBE {query}").fetchall()
        if kind in ("VARCHAR", "BLOB", "JSON")
    ]
    if not texts:
        return None
    longest = con.execute(
        f"SELECT {', '.join(f'max(length({quoted(name)}))' for name in texts)} FROM ({query})"
    ).fetchall()[0]
    for name, length in zip(texts, longest, strict=True):
        if length is not None and length > CELL_CHARACTERS:
            return f"a text of {length:,} characters in {table.name}.{name}; an Excel cell holds {CELL_CHARACTERS:,}"
    return None


# -- the rows --------------------------------------------------------------------------------------------------------


def _rows(
    con: duckdb.DuckDBPyConnection, table: PublicTable, query: str, kinds: list[str], styles: dict[str, str]
) -> Iterator[str]:
    """Every row as the XML of its sheet."""
    from xlsxwriter.utility import xl_col_to_name

    cells = " || ".join(
        _cell(table, place, kind, xl_col_to_name(place), styles) for place, kind in enumerate(kinds)
    )
    # the number of the row in its sheet, below the header
    numbered = f'SELECT *, (row_number() OVER () - 1) % {SHEET_ROWS - 1} + 2 AS "row in sheet" FROM ({query})'
    cursor = con.execute(
        f"""SELECT '<row r="' || "row in sheet" || '">' || {cells} || '</row>' FROM ({numbered})"""
    )
    while chunk := cursor.fetchmany(_CHUNK):
        yield from (text for (text,) in chunk)


def _taken(rows: Iterator[str], count: int) -> Iterator[list[str]]:
    """The next `count` rows, some at a time."""
    while count > 0:
        some = [text for _, text in zip(range(min(count, _CHUNK)), rows, strict=False)]
        if not some:
            return
        count -= len(some)
        yield some


def _cell(table: PublicTable, place: int, kind: str, letters: str, styles: dict[str, str]) -> str:
    """SQL of the XML of one cell; nothing where there is no value."""
    column = table.columns[place]
    value = quoted(column.name)

    def cell(kind_of_cell: str, content: str) -> str:
        return f"""'<c r="{letters}' || "row in sheet" || '"{kind_of_cell}>' || {content} || '</c>'"""

    def number(content: str, style: str = "") -> str:
        return cell(style and f' s="{styles[style]}"', f"'<v>' || {content} || '</v>'")

    def text(content: str) -> str:
        return cell(' t="inlineStr"', f"""'<is><t xml:space="preserve">' || {content} || '</t></is>'""")

    days = f"CASE WHEN {value} >= '1900-03-01' THEN 0 ELSE 1 END"  # Excel has a 29 February 1900
    early = f"{value} < '1900-01-01' OR NOT isfinite({value})"
    if kind == "BOOLEAN":
        xml = cell(' t="b"', f"'<v>' || {value}::INTEGER || '</v>'")
    elif kind in ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER") or "DECIMAL" in kind:
        xml = number(value)
    elif kind in ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"):
        exact = f"{value} BETWEEN -{_EXACT_INTEGER} AND {_EXACT_INTEGER}"
        xml = f"CASE WHEN {exact} THEN {number(value)} ELSE {text(value)} END"
    elif kind in ("DOUBLE", "FLOAT"):
        xml = f"CASE WHEN isfinite({value}) THEN {number(value)} ELSE {text(value)} END"
    elif kind == "DATE":
        serial = f"({value} - DATE '1899-12-30' - {days})"
        xml = f"CASE WHEN {early} THEN {text(value)} ELSE {number(serial, 'DATE')} END"
    elif kind.startswith("TIMESTAMP"):
        serial = f"(epoch_us({value}) / 86400000000.0 + 25569 - {days})"
        written = f"replace({value}::VARCHAR, ' ', 'T')"
        xml = f"CASE WHEN {early} THEN {text(written)} ELSE {number(serial, 'TIMESTAMP')} END"
    else:
        xml = text(_escaped(f"{value}::VARCHAR"))
    return f"coalesce({xml}, '')"


def _escaped(text: str) -> str:
    """SQL of a text in which XML finds no mark-up and Excel no character that it would read as another."""
    plain = f"replace(replace(replace({text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    rare = f"regexp_replace({plain}, '_(x[0-9a-fA-F]{{4}}_)', '_x005F_\\1', 'g')"
    for character in _UNWRITABLE:
        rare = f"replace({rare}, chr({ord(character)}), '_x{ord(character):04X}_')"
    return f"CASE WHEN regexp_matches({text}, '[\\x00-\\x08\\x0B-\\x1F\\x{{FFFE}}\\x{{FFFF}}]|_x[0-9a-fA-F]{{4}}_') THEN {rare} ELSE {plain} END"


# -- what stands around them -----------------------------------------------------------------------------------------


def _shell(table: PublicTable, kinds: list[str], widths: list[int]) -> tuple[zipfile.ZipFile, list[str]]:
    """The workbook without rows, and the names inside it of the sheets that the rows go into.

    The second row of each sheet holds two empty cells, in the formats of a day and of a moment: see `_styles`.
    """
    import xlsxwriter

    n_sheets = max(1, -(-table.rows // (SHEET_ROWS - 1)))
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for number in range(1, n_sheets + 1):
            ending = f"_{number}" if number > 1 else ""
            sheet = book.add_worksheet(table.name[: 31 - len(ending)] + ending)  # Excel's most characters
            sheet.freeze_panes(1, 0)
            for place, column in enumerate(table.columns):
                sheet.write_string(0, place, column.name, bold)
                sheet.set_column(place, place, widths[place])
            sheet.write_blank(1, 0, None, day)
            sheet.write_blank(1, 1, None, moment)
        about = book.add_worksheet("about")
        about.set_column(0, 0, 32)
        about.set_column(1, 1, 100, book.add_format({"text_wrap": True, "valign": "top"}))
        about.write_string(0, 0, table.name, bold)
        about.write_string(0, 1, table.comment or "")
        for line, column in enumerate(table.columns, 2):
            about.write_string(line, 0, column.name)
            about.write_string(line, 1, column.comment or "")
    return zipfile.ZipFile(packed), [f"xl/worksheets/sheet{number}.xml" for number in range(1, n_sheets + 1)]


def _styles(sheet: str) -> dict[str, str]:
    """The numbers that the formats of a day and of a moment have in this workbook."""
    day, moment = re.findall(r'<c r="[AB]2" s="(\d+)"/>', sheet)
    return {"DATE": day, "TIMESTAMP": moment}


def _ranged(head: str, rows: int, columns: int) -> str:
    """The beginning of a sheet, with the range of cells that it will hold."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    return re.sub(
        r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{xl_rowcol_to_cell(rows, columns - 1)}"/>', head
    )


def _widths(con: duckdb.DuckDBPyConnection, table: PublicTable, query: str, kinds: list[str]) -> list[int]:
    """Characters of each column: of its name or its longest value among the first rows, within reason."""
    longest = con.execute(
        "SELECT "
        + ", ".join(f"max(length({quoted(column.name)}::VARCHAR))" for column in table.columns)
        + f" FROM ({query} LIMIT {_SAMPLE})"
    ).fetchall()[0]
    return [
        max(len(column.name) + 1, _WIDTHS.get(kind.split()[0]) or min((length or 0) + 1, _WIDEST))
        for column, kind, length in zip(table.columns, kinds, longest, strict=True)
    ]
