"""The public tables of the current release as Parquet, CSV or Excel files in a folder of the user's choice.

Belongs here: how types are written in each format, the README beside the files, all-or-nothing writing.
Does not belong here: what is public (release/contract.py), the Parquet files of a release
(release/datapackage.py), queries (own_sql.py).

CSV is for programs: cells are exactly the data. A text that begins with = + - @ is not altered (negative numbers and the
partner code '-' begin so too), so look at a table in a spreadsheet through xlsx, where a text never becomes a formula.
"""

from __future__ import annotations

import datetime as dt
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.duck import literal, quoted, session
from orchestration.base.errors import HeadwayError, UsageError
from orchestration.base.progress import report
from orchestration.base.public_table import Column, PublicTable, describe
from orchestration.base.settings import Settings
from orchestration.readers.release_file import current_file, one_line, refuse_inside_releases
from transforms.parse.user_declaration import NO_REDISTRIBUTION

if TYPE_CHECKING:
    import duckdb

FORMATS = ("parquet", "csv", "xlsx")
#: rows of a worksheet, header included (Excel specifications and limits, Microsoft)
SHEET_ROWS = 1_048_576
#: characters of a cell, from the same page
CELL_CHARACTERS = 32_767
#: a worksheet keeps numbers as doubles: a larger integer is written as text, so that no digit is lost
_EXACT_INTEGER = 2**53
#: rows taken from DuckDB at a time: 20,000 rows of 20 columns are about 30 MB of Python objects
_CHUNK = 20_000


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written: the table in it, its rows and its size in bytes."""

    table: str
    path: Path
    rows: int
    bytes: int


@dataclass(frozen=True)
class Export:
    """What was written. `restricted`: sources in the files whose licence does not permit passing them on."""

    folder: Path
    format: str
    files: Sequence[ExportedFile]
    restricted: Sequence[str]


def export(
    settings: Settings,
    out: Path,
    fmt: str,
    *,
    tables: Sequence[str] | None = None,
    force: bool = False,
) -> Export:
    """Write the public tables (or only `tables`) of the current release to `out`, a file each, and README.md.

    Everything is written to a hidden folder first and moved at the end: a full disk leaves `out` as it was. A folder
    that is not empty is refused without `force`; with it, files of the same names are replaced and others stay.
    Raises UsageError for a folder, format or table that cannot be used, HeadwayError if writing fails.
    """
    import duckdb
    from xlsxwriter.exceptions import XlsxWriterException

    if fmt not in FORMATS:
        raise UsageError(f"'{fmt}' is not a format; take one of {', '.join(FORMATS)}")
    out = _usable(settings, out, force)
    source = current_file(settings)
    staging = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # on the same disk as the end, so that moving there is a rename: an existing folder may be a mounted disk
        staging = Path(tempfile.mkdtemp(dir=out if out.exists() else out.parent, prefix=".headway-export-"))
        with _attached(source, staging) as con:
            chosen = _chosen(describe(con, {}), tables)
            for number, table in enumerate(chosen):
                report("export", table.name, number, len(chosen))
                _WRITERS[fmt](con, table, staging / f"{table.name}.{fmt}")
            report("export", "README.md", len(chosen), len(chosen))
            restricted = _restricted(con)
            readme = _readme(con, chosen, fmt, source.parent.name, restricted)
        (staging / "README.md").write_text(readme, encoding="utf-8")
        _move(staging, out)
    except (OSError, duckdb.Error, XlsxWriterException) as error:
        raise HeadwayError(f"cannot write to {out}: {one_line(error)}; nothing was exported") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
    files = [out / f"{table.name}.{fmt}" for table in chosen]
    written = [ExportedFile(t.name, f, t.rows, f.stat().st_size) for t, f in zip(chosen, files, strict=True)]
    return Export(out, fmt, written, restricted)


def _usable(settings: Settings, out: Path, force: bool) -> Path:
    """The folder to write to as an absolute path. Raises UsageError if nothing may be written there."""
    out = out.expanduser().absolute()
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder")
    refuse_inside_releases(settings, out)
    if out.is_dir() and any(out.iterdir()) and not force:
        raise UsageError(
            f"{out} is not empty; name a new folder, or replace files of the same names with --force"
        )
    return out


def _chosen(public: Sequence[PublicTable], names: Sequence[str] | None) -> list[PublicTable]:
    """The tables called `names`, each once, or all. Raises UsageError for a name that no public table has."""
    known = {table.name: table for table in public}
    if unknown := [name for name in names or () if name not in known]:
        raise UsageError(f"there is no table {', '.join(unknown)}; the public ones are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(public)


@contextmanager
def _attached(source: Path, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session of its own with the release attached read-only: the connections of release_file.py may not write files."""
    with session(spill / ".spill", threads=2) as con:
        con.execute(f"ATTACH {literal(source)} AS release (READ_ONLY)")
        con.execute("USE release")
        con.execute("SET TimeZone = 'UTC'")
        yield con


def _move(staging: Path, out: Path) -> None:
    """Everything written to `staging` into `out`, where files of the same names are replaced."""
    shutil.rmtree(staging / ".spill", ignore_errors=True)
    if not out.exists():
        staging.chmod(0o755)  # mkdtemp makes folders that only their owner can open
        staging.rename(out)
        return
    for file in sorted(staging.iterdir()):
        file.replace(out / file.name)


# -- types -----------------------------------------------------------------------------------------------------------


def _flat(column: Column, *, text: bool) -> str:
    """A column as something that a cell can hold; `text`: times as ISO 8601 text in UTC too."""
    name, kind = quoted(column.name), column.type
    if kind.endswith("[]"):
        item = r"replace(replace(coalesce(item::varchar, ''), '\', '\\'), ';', '\;')"
        return f"array_to_string(list_transform({name}, lambda item: {item}), ';') as {name}"
    if kind.startswith(("STRUCT", "MAP", "UNION", "JSON")) or kind.endswith("]"):
        return f"to_json({name})::varchar as {name}"
    if kind.startswith("TIMESTAMP"):
        moment = f"{name} at time zone 'UTC'" if "TIME ZONE" in kind else name
        return f"replace(({moment})::varchar, ' ', 'T') || 'Z' as {name}" if text else f"({moment}) as {name}"
    return name


def _selected(table: PublicTable, *, text: bool) -> str:
    columns = ", ".join(_flat(column, text=text) for column in table.columns)
    return f"select {columns} from main.{quoted(table.name)}"


# -- formats ---------------------------------------------------------------------------------------------------------


def _write_parquet(con: duckdb.DuckDBPyConnection, table: PublicTable, file: Path) -> None:
    """The table with its own types."""
    con.execute(
        f"COPY (FROM main.{quoted(table.name)}) TO {literal(file)} (FORMAT parquet, COMPRESSION zstd)"
    )


def _write_csv(con: duckdb.DuckDBPyConnection, table: PublicTable, file: Path) -> None:
    """The table as text; an empty cell is no value, two quotes an empty text."""
    con.execute(
        f"COPY ({_selected(table, text=True)}) TO {literal(file)} "
        "(FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')"
    )


def _write_xlsx(con: duckdb.DuckDBPyConnection, table: PublicTable, file: Path) -> None:
    """A workbook: the rows in as many sheets as they need, then the sheet `about` with the meaning of the columns."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "tmpdir": str(file.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(str(file), options) as book:
        bold = book.add_format({"bold": True})
        formats: dict[type[dt.date], Any] = {
            dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
            dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        cursor = con.execute(_selected(table, text=False))
        sheet, row, sheets = _add_sheet(book, table, 1, bold), 1, 1
        while chunk := cursor.fetchmany(_CHUNK):
            for values in chunk:
                if row >= SHEET_ROWS:
                    sheets += 1
                    sheet, row = _add_sheet(book, table, sheets, bold), 1
                for place, value in enumerate(values):
                    if value is not None:
                        _write_cell(sheet, row, place, value, formats, table)
                row += 1
        about = book.add_worksheet("about")
        about.set_column(0, 0, 32)
        about.write_string(0, 0, table.name, bold)
        about.write_string(0, 1, table.comment or "")
        for line, column in enumerate(table.columns, 2):
            about.write_string(line, 0, column.name)
            about.write_string(line, 1, column.comment or "")


# xlsxwriter has neither types nor stubs: its workbook, sheets and formats are Any


def _add_sheet(book: Any, table: PublicTable, number: int, bold: Any) -> Any:
    """The next sheet of a table, with its header. Names of sheets have at most 31 characters."""
    ending = f"_{number}" if number > 1 else ""
    sheet = book.add_worksheet(table.name[: 31 - len(ending)] + ending)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.name, bold)
    return sheet


def _write_cell(
    sheet: Any, row: int, place: int, value: object, formats: Mapping[type[dt.date], Any], table: PublicTable
) -> None:
    """One value, as the type of cell that keeps it; `place`: number of the column. Raises HeadwayError for a text that no
    cell holds."""
    match value:
        case bool():
            sheet.write_boolean(row, place, value)
        case int() if abs(value) > _EXACT_INTEGER:
            sheet.write_string(row, place, str(value))
        case float() if not math.isfinite(value):
            sheet.write_string(row, place, str(value))
        case dt.datetime() | dt.date() if value.year < 1900:  # before the first day that a worksheet knows
            sheet.write_string(row, place, value.isoformat())
        case dt.datetime():
            sheet.write_datetime(row, place, value, formats[dt.datetime])
        case dt.date():
            sheet.write_datetime(row, place, value, formats[dt.date])
        case int() | float() | Decimal():
            sheet.write_number(row, place, value)
        case _:
            text = str(value)
            if len(text) > CELL_CHARACTERS:
                name = table.columns[place].name
                raise HeadwayError(
                    f"a text of {len(text)} characters in {table.name}.{name} is longer than the {CELL_CHARACTERS} "
                    "that an Excel cell holds; export parquet or csv"
                )
            sheet.write_string(row, place, text)


_WRITERS = {"parquet": _write_parquet, "csv": _write_csv, "xlsx": _write_xlsx}


# -- the README ------------------------------------------------------------------------------------------------------

_NOTES = {
    "parquet": "Times are UTC. Lists are Parquet lists.",
    "csv": 'UTF-8, comma, header; dates and times ISO 8601, times UTC. An empty cell is no value, "" an empty text. '
    "Items of a list are joined by ; (inside an item: \\;). Cells are exactly the data, so a text may begin with = + - @: "
    "do not open files of unknown origin in a spreadsheet, export xlsx instead.",
    "xlsx": "Times are UTC; numbers have 16 digits. Items of a list are joined by ; (inside an item: \\;). Texts are never formulas. "
    "A table longer than a sheet goes on in the next sheet; the sheet `about` explains the columns.",
}


def _restricted(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Agencies whose licence does not permit passing their figures on."""
    agencies = con.execute(
        "select agency from main.dim_source where contains(licence, ?) order by source_id",
        [NO_REDISTRIBUTION],
    ).fetchall()
    return [agency for (agency,) in agencies]


def _readme(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[PublicTable],
    fmt: str,
    release: str,
    restricted: Sequence[str],
) -> str:
    """What stands in README.md beside the files: the meaning of every column, the sources and their licences."""
    lines = [f"# Headway, release {release}, as {fmt}", "", _NOTES[fmt], ""]
    if restricted:
        lines += [
            f"**Not to be passed on: holds figures of {', '.join(restricted)} ({NO_REDISTRIBUTION}).**",
            "",
        ]
    for table in tables:
        lines += [
            f"## {table.name}.{fmt}",
            "",
            f"{_in_table(table.comment or '')} {table.rows:,} rows.".strip(),
            "",
        ]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [f"| {c.name} | {c.type} | {_in_table(c.comment or '')} |" for c in table.columns] + [""]
    lines += ["## Sources", "", "| source | licence | attribution |", "|---|---|---|"]
    for row in con.execute(
        "select agency, licence, attribution from main.dim_source order by source_id"
    ).fetchall():
        lines.append(f"| {' | '.join(_in_table(cell or '') for cell in row)} |")
    return "\n".join(lines) + "\n"


def _in_table(text: str) -> str:
    """A text as one line of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())
