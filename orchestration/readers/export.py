"""The public tables of the current release as Parquet, CSV or Excel files in a folder of the user's choice.

Belongs here: how types are written in each format, the README beside the files, all-or-nothing writing.
Does not belong here: the inside of a workbook (workbook.py), what is public (release/contract.py), the Parquet files of a release
(release/datapackage.py), queries (own_sql.py).

CSV is for programs: cells are exactly the data. A text that begins with = + - @ is not altered (negative numbers and the
partner code '-' begin so too), so look at a table in a spreadsheet through xlsx, where a text never becomes a formula.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.duck import PARQUET, literal, quoted, session, two_at_a_time
from orchestration.base.errors import HeadwayError, ReleaseError, UsageError
from orchestration.base.files import sha256_of
from orchestration.base.progress import Listener, listener, report
from orchestration.base.public_table import Column, PublicTable, describe
from orchestration.base.settings import Settings
from orchestration.readers.release_file import current_file, one_line, refuse_inside_releases, release_record
from orchestration.readers.workbook import too_long, write_workbook
from transforms.parse.user_declaration import NO_REDISTRIBUTION

if TYPE_CHECKING:
    import duckdb

FORMATS = ("parquet", "csv", "xlsx")
#: cells of a table that are put into a workbook unasked. A spreadsheet needs some 100 bytes of memory a cell: 2 GB for so many.
#: rpt_before_after has 50 million, fct_trade_flow 13 (2026-11-29).
WORKBOOK_CELLS = 20_000_000

#: is told what a writer is doing
Told = Callable[[str], None]


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written: the table in it, its rows and its size in bytes."""

    table: str
    path: Path
    rows: int
    bytes: int


@dataclass(frozen=True)
class Export:
    """What was written.

    restricted: sources in the files whose licence does not permit passing them on; left_out: tables that do not fit a
    workbook, and why.
    """

    folder: Path
    format: str
    files: Sequence[ExportedFile]
    restricted: Sequence[str]
    left_out: Sequence[str] = ()


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
    A workbook of over WORKBOOK_CELLS cells is written only for a table that `tables` names.
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
            left_out = _unfit(con, chosen, named=bool(tables)) if fmt == "xlsx" else {}
            chosen = [table for table in chosen if table.name not in left_out]
            begun, listen, in_turn = count(), listener(), threading.Lock()

            def write(own: duckdb.DuckDBPyConnection, table: PublicTable) -> None:
                with in_turn:  # who listens is told of rising numbers
                    told = partial(_tell, listen, next(begun), len(chosen))
                    told(table.name)
                # a connection of its own begins with the time zone of the machine
                own.execute("SET TimeZone = 'UTC'")
                if fmt != "parquet" or not _copied(source, table, staging / f"{table.name}.parquet"):
                    _WRITERS[fmt](own, table, staging / f"{table.name}.{fmt}", told)

            if fmt == "xlsx":  # by one thread of Python, which another one would only wait for
                for table in chosen:
                    write(con, table)
            else:
                two_at_a_time(con, write, chosen)
            report("export", "README.md", len(chosen), len(chosen))
            restricted = _restricted(con)
            readme = _readme(con, chosen, fmt, source.parent.name, restricted, left_out.values())
        (staging / "README.md").write_text(readme, encoding="utf-8")
        _move(staging, out)
    except (OSError, duckdb.Error, XlsxWriterException) as error:
        raise HeadwayError(f"cannot write to {out}: {one_line(error)}; nothing was exported") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
    files = [out / f"{table.name}.{fmt}" for table in chosen]
    written = [ExportedFile(t.name, f, t.rows, f.stat().st_size) for t, f in zip(chosen, files, strict=True)]
    return Export(out, fmt, written, restricted, list(left_out.values()))


def _tell(listen: Listener, done: int, total: int, detail: str) -> None:
    listen("export", detail, done, total)


def _unfit(con: duckdb.DuckDBPyConnection, tables: Sequence[PublicTable], *, named: bool) -> dict[str, str]:
    """The tables that are left out of an export of workbooks, with the reason in words.

    named: the user asked for just these tables. None of them is left out: a large one is written, and UsageError raised for
    one that a workbook cannot hold.
    """
    reasons = {}
    for table in tables:
        if not named and table.rows * len(table.columns) > WORKBOOK_CELLS:
            reasons[table.name] = f"{table.name} ({table.rows:,} rows of {len(table.columns)} columns)"
        elif unwritable := too_long(con, table, _selected(table, text=False)):
            if named:
                raise UsageError(f"{table.name} fits no workbook: {unwritable}. Take parquet or csv")
            reasons[table.name] = f"{table.name} ({unwritable})"
    return reasons


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


def _copied(source: Path, table: PublicTable, file: Path) -> bool:
    """Take the Parquet file that the release of the database `source` has of the table, if it is the one that was published; whether it is."""
    try:
        record = release_record(source)
        published = record["files"][f"parquet/{table.name}.parquet"]["sha256"]
        if record["rows"][table.name] != table.rows:
            return False
        shutil.copyfile(source.parent / "parquet" / file.name, file)
    except (ReleaseError, FileNotFoundError, KeyError, TypeError):
        return False
    # the copy, as it is what the user gets: of a damaged one the table is written from the database
    return sha256_of(file) == published


def _write_parquet(con: duckdb.DuckDBPyConnection, table: PublicTable, file: Path, told: Told) -> None:
    """The table with its own types."""
    con.execute(f"COPY (FROM main.{quoted(table.name)}) TO {literal(file)} ({PARQUET})")


def _write_csv(con: duckdb.DuckDBPyConnection, table: PublicTable, file: Path, told: Told) -> None:
    """The table as text; an empty cell is no value, two quotes an empty text."""
    con.execute(
        f"COPY ({_selected(table, text=True)}) TO {literal(file)} "
        "(FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')"
    )


def _write_xlsx(con: duckdb.DuckDBPyConnection, table: PublicTable, file: Path, told: Told) -> None:
    """A workbook: the rows in as many sheets as they need, then the sheet `about` with the meaning of the columns."""
    write_workbook(
        con,
        table,
        _selected(table, text=False),
        file,
        on_rows=lambda done: told(f"{table.name}, {done:,} of {table.rows:,} rows"),
    )


_WRITERS = {"parquet": _write_parquet, "csv": _write_csv, "xlsx": _write_xlsx}


# -- the README ------------------------------------------------------------------------------------------------------

#: what to do about a table that was left out of an export
LEFT_OUT = "Take parquet or csv for them; a large table that is named fills several sheets."

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
    left_out: Iterable[str],
) -> str:
    """What stands in README.md beside the files: the meaning of every column, the sources and their licences."""
    lines = [f"# Headway, release {release}, as {fmt}", "", _NOTES[fmt], ""]
    if restricted:
        lines += [
            f"**Not to be passed on: holds figures of {', '.join(restricted)} ({NO_REDISTRIBUTION}).**",
            "",
        ]
    if left_out:
        lines += [f"Left out: {'; '.join(left_out)}. {LEFT_OUT}", ""]
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
