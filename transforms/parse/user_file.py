"""From a user's own file (layout: docs/import.md) to observations with their series and their source.

Belongs here: what the columns of an import file mean, every check of a row, the payload that is archived.
Does not belong here: encodings and sheets (user_table.py), archive and store (orchestration/intake/user_import.py).

Unlike an agency's payload, a file with one bad row is refused as a whole, because its author can correct it.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypedDict

import polars as pl

from transforms.checks import WITHOUT_NUMBER
from transforms.parse import user_layout
from transforms.parse.user_declaration import (
    DeclaredSource,
    Layout,
    declared_series,
    declared_source,
    moment,
    plain,
)
from transforms.parse.user_table import Grid, UserFileError, is_workbook, read_csv, read_xlsx
from transforms.periods import parse_period
from transforms.schema import OBSERVATION, SERIES_SCHEMA, STATUSES, Parsed

OBSERVATION_COLUMNS = ("series_id", "period", "value", "status", "known_from")
REQUIRED_OBSERVATION_COLUMNS = ("period", "value")

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([., '’\u00a0\u202f][0-9]{3})+([.,][0-9]+)?|[+-]?[0-9]+,[0-9]+")
#: frequency -> (regular expression of a period, examples of it)
_SHAPES = {
    "monthly": (r"\d{4}-\d{2}(-01)?", "2018-01 or 2018-01-01"),
    "quarterly": (r"\d{4}-?Q[1-4]|\d{4}-(01|04|07|10)-01", "2018Q1 or 2018-01-01"),
    "annual": (r"\d{4}(-01-01)?", "2018 or 2018-01-01"),
    "daily": (r"\d{4}-\d{2}-\d{2}", "2018-01-31"),
}
#: the serial numbers that spreadsheets give to days between 1927 and 2119; no year is as large
_SERIALS = range(10_000, 80_000)
#: the marts hold no earlier period, so an earlier one is a slip of the user
_FIRST_PERIOD = date(1900, 1, 1)
#: the range of numbers other than zero: the ratio and the squares of any two of them can be held by a double
_SMALLEST, _LARGEST = 1e-12, 1e15
#: known_from is a day in the user's zone and the retrieval a moment in UTC; the loader allows the same difference
_CLOCK_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True)
class UserFile:
    """What a user's file holds: observations with their series, their source, and notes for the user to read."""

    parsed: Parsed
    source: DeclaredSource
    notes: tuple[str, ...] = ()


# -- the archived payload --------------------------------------------------------------------------------------------


def pack(name: str, content: bytes, declaration: bytes | None, options: Mapping[str, str]) -> bytes:
    """The payload of an import: the user's bytes, the declaration file and the options, in one zip.

    name: the file's name; declaration: the bytes of the file beside it, if there is one. They are kept together because
    the same figures with another unit are another payload, and a rebuild from the archive needs all three. The members
    are uncompressed, undated and sorted, so that the same import gives the same bytes on every machine.
    """
    members = {"options.json": json.dumps(dict(options), sort_keys=True, ensure_ascii=False).encode()}
    members[f"file/{name}"] = content
    if declaration is not None:
        members["series.csv"] = declaration
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(members):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), members[path])
    return packed.getvalue()


def parse_payload(
    payload: bytes, retrieved_at: datetime, *, taken: Mapping[str, str] | None = None
) -> UserFile:
    """Parse a payload of `pack`; arguments as in parse_user_file. Raises UserFileError, also for any other bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            names = archive.namelist()
            (file,) = (n for n in names if n.startswith("file/"))
            declaration = archive.read("series.csv") if "series.csv" in names else None
            options = json.loads(archive.read("options.json"))
            content = archive.read(file)
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise UserFileError([f"not a payload of headway import ({error})"]) from error
    return parse_user_file(
        content, options=options, declaration=declaration, retrieved_at=retrieved_at, taken=taken
    )


# -- parsing ---------------------------------------------------------------------------------------------------------


def parse_user_file(
    content: bytes,
    *,
    options: Mapping[str, str],
    declaration: bytes | None = None,
    retrieved_at: datetime,
    taken: Mapping[str, str] | None = None,
) -> UserFile:
    """Observations, series and source of a user's file (CSV text, or a workbook).

    declaration:  the CSV text beside a CSV file, one row a series
    options:      fields that the declaration leaves empty, or all fields of a single series
    retrieved_at: naive UTC; the known_from of values for which nothing else is stated
    taken:        ids of series that exist -> their source_id

    Raises UserFileError with every problem in the file.
    """
    notes: list[str] = []
    problems: list[str] = []
    mapped = user_layout.mapping(options)
    layout = None if mapped else user_layout.recognised(content, workbook=is_workbook(content))
    required = [mapped.get(name, name) for name in REQUIRED_OBSERVATION_COLUMNS]
    declared = read_csv(declaration, ("series_id",), what="series file") if declaration is not None else None
    if is_workbook(content) and declaration is not None and layout is None:
        raise UserFileError(["a workbook declares its series in its sheet 'series', not in a file beside it"])
    if layout is not None:
        notes += layout.notes
        grid, declared = _declared_layout(layout, declared, options)
    elif is_workbook(content):
        book = read_xlsx(content, required)
        grid, declared = book.observations, book.series
        notes += [f"sheet '{title}' was not read" for title in book.ignored]
    else:
        grid = read_csv(content, required)
    if mapped:
        grid, unread = user_layout.renamed(grid, mapped, OBSERVATION_COLUMNS, problems)
        notes += unread
    fields_given = {name: value for name, value in options.items() if not name.startswith(user_layout.MAP)}
    if layout is not None:  # the series of a layout has the id already
        fields_given.pop("series_id", None)
    series = declared_series(declared, fields_given, problems)
    source = declared_source(series, problems)
    for series_id in series:
        owner = (taken or {}).get(series_id)
        if owner is not None and owner != (source and source["source_id"]):
            problems.append(f"series_id '{series_id}' is taken by source {owner}; choose another id")
    frame = _observations(grid, series, retrieved_at, problems)
    if problems or source is None:
        raise UserFileError(problems or ["no source is named"])
    rows = [
        {name: fields.get(name) for name in SERIES_SCHEMA}
        | {"source_id": source["source_id"], "unit_multiplier": int(fields["unit_multiplier"])}
        for fields in series.values()
    ]
    parsed = Parsed(
        table=OBSERVATION, frame=frame, series=pl.DataFrame(rows, schema=SERIES_SCHEMA), complete=False
    )
    return UserFile(parsed, source, tuple(notes))


def _declared_layout(layout: Layout, declared: Grid | None, options: Mapping[str, str]) -> tuple[Grid, Grid]:
    """Observations and declaration of a recognised file. What the user declares goes before what the file says.

    declared: rows of a series file; each is matched with a series of the layout by its source_code or series_id. Series that
    it leaves out are not loaded. Without it an id among the options is that of the only series.
    Raises UserFileError for a declared series that the file does not have, for a source_code of several series where the row's
    series_id is none of theirs, and for one id of several series.
    """
    named: dict[str, dict[str, object]] = {}
    ids: dict[str, str] = {}
    if declared is None:
        given = options.get("series_id", "").strip()
        if given and len(layout.series) > 1:
            raise UserFileError(
                [
                    f"--id names one series, and this file of {layout.name} has {len(layout.series)}: name them in a series file"
                ]
            )
        for series_id, stated in layout.series.items():
            ids[series_id] = given or series_id
            named[ids[series_id]] = {n: v for n, v in stated.items() if n not in options}
    else:
        by_code: dict[str, list[str]] = {}
        for series_id, stated in layout.series.items():
            by_code.setdefault(stated["source_code"], []).append(series_id)
        for number, cells in declared.rows:
            if isinstance(cells, str):
                raise UserFileError([f"{declared.at(number)}: {cells}"])
            own = {name: cell for name, cell in cells.items() if plain(cell)}
            code, own_id = plain(cells.get("source_code")), plain(cells.get("series_id"))
            of_code = by_code.get(code, [own_id])
            theirs = own_id if own_id in of_code else of_code[0]
            if len(of_code) > 1 and own_id not in of_code:
                # DataWeb's value and duties of the same goods have one code: the first would be as good as any
                raise UserFileError(
                    [
                        f"{declared.at(number)}: the file has {len(of_code)} series with source_code '{code}'; give the series_id of "
                        f"the one that is meant: {', '.join(of_code[:20])}"
                    ]
                )
            if theirs not in layout.series:
                raise UserFileError(
                    [
                        f"{declared.at(number)}: the file has no series with this source_code or id; it has "
                        + ", ".join(list(by_code)[:20])
                    ]
                )
            ids[theirs] = plain(own.get("series_id")) or theirs
            stated_fields = {n: v for n, v in layout.series[theirs].items() if n not in options}
            named[ids[theirs]] = stated_fields | own
    rows = tuple(
        (number, cells if isinstance(cells, str) else cells | {"series_id": ids[str(cells["series_id"])]})
        for number, cells in layout.grid.rows
        if isinstance(cells, str) or cells["series_id"] in ids
    )
    columns = tuple(dict.fromkeys(["series_id", *(name for fields in named.values() for name in fields)]))
    declaration = [
        (
            n,
            {
                "series_id": series_id,
                **{name: value for name, value in fields.items() if name != "series_id"},
            },
        )
        for n, (series_id, fields) in enumerate(named.items(), 1)
    ]
    return (
        Grid(layout.grid.where, layout.grid.columns, rows, layout.grid.epoch),
        Grid("series ", columns, tuple(declaration)),
    )


def _observations(
    grid: Grid, series: Mapping[str, Mapping[str, str]], retrieved_at: datetime, problems: list[str]
) -> pl.DataFrame:
    """Checked rows of OBSERVATION; what is wrong with a row is appended to `problems` with its place in the file."""
    problems += [
        f"column '{c}' is not known (known: {', '.join(OBSERVATION_COLUMNS)}); one row holds one value of one series"
        for c in grid.columns
        if c not in OBSERVATION_COLUMNS
    ]
    # where the declaration has problems, an undeclared series may only be a consequence of one of them
    undeclared_is_a_problem = not problems
    only_series = next(iter(series)) if len(series) == 1 else None
    rows: list[dict[str, object]] = []
    row_of_key: dict[tuple[str, date, datetime], int] = {}
    for number, cells in grid.rows:
        try:
            if isinstance(cells, str):
                raise ValueError(cells)
            series_id = plain(cells.get("series_id")) or only_series
            if series_id is None or series_id not in series:
                if undeclared_is_a_problem:
                    raise ValueError(
                        f"series '{series_id}' is not declared" if series_id else "series_id is empty"
                    )
                continue
            row = _observation(cells, grid.epoch, series[series_id], retrieved_at)
            key = (series_id, row["period_start"], row["known_from"])
            if key in row_of_key:
                raise ValueError(
                    f"{plain(cells['period'])} of {series_id} is given in {grid.at(row_of_key[key])} already"
                )
            row_of_key[key] = number
            rows.append({"series_id": series_id, **row})
        except ValueError as error:
            problems.append(f"{grid.at(number)}: {error}")
    if not grid.rows:
        problems.append("no observations: a header and no row under it")
    elif not problems:
        with_rows = {row["series_id"] for row in rows}
        problems += [f"series {s} is declared but has no observation" for s in series if s not in with_rows]
    return pl.DataFrame(rows if not problems else [], schema=OBSERVATION.polars_schema)


class _Observation(TypedDict):
    """A row of OBSERVATION without its series."""

    period_start: date
    value: float | None
    status: str
    known_from: datetime
    known_from_basis: str


def _observation(
    cells: Mapping[str, object], epoch: date, declared: Mapping[str, str], retrieved_at: datetime
) -> _Observation:
    """The observation in one row of the file. Raises ValueError that says what is wrong with the row."""
    start = _period(cells.get("period"), declared.get("frequency", ""), epoch)
    status = plain(cells.get("status")).lower() or "normal"
    if status not in STATUSES:
        raise ValueError(f"status '{status}' is not one of {', '.join(STATUSES)}")
    value = _value(cells.get("value"))
    if value is None and status not in WITHOUT_NUMBER:
        raise ValueError("value is empty: give a number, or status missing or suppressed")
    if value is not None and status in WITHOUT_NUMBER:
        raise ValueError(f"a value beside status {status}: leave it empty")
    known_from, basis = _known_from(plain(cells.get("known_from")), declared, retrieved_at)
    if known_from > retrieved_at + _CLOCK_TOLERANCE:
        raise ValueError(f"known_from {known_from:%Y-%m-%d} is in the future")
    if start < _FIRST_PERIOD:
        raise ValueError(f"period {start} lies before {_FIRST_PERIOD}")
    if start > known_from.date():
        raise ValueError(f"period {start} begins after it was known ({known_from:%Y-%m-%d})")
    return {
        "period_start": start,
        "value": value,
        "status": status,
        "known_from": known_from,
        "known_from_basis": basis,
    }


def _known_from(cell: str, declared: Mapping[str, str], retrieved_at: datetime) -> tuple[datetime, str]:
    """When a value became known and on which basis: the row's own day, the declared one, or that of the import."""
    if cell:
        return moment(cell), declared["known_from_basis"]
    try:
        return moment(declared["known_from"]), declared["known_from_basis"]
    except (KeyError, ValueError):  # a bad date is reported once with the declaration, not with every row
        return retrieved_at, "retrieved"


def _period(cell: object, frequency: str, epoch: date) -> date:
    """The first day of the period in a cell; `epoch` is the day with the serial number 0."""
    if (
        isinstance(cell, int | float)
        and not isinstance(cell, bool)
        and int(cell) == cell
        and int(cell) in _SERIALS
    ):
        cell = epoch + timedelta(days=int(cell))
    text = plain(cell).upper()
    if not text:
        raise ValueError("period is empty")
    # an unknown frequency is reported with the declaration; here any period is accepted for it
    shape, example = _SHAPES.get(frequency, (".+", "2018-01"))
    if not re.fullmatch(shape, text):
        hint = " (a spreadsheet's serial date? write it as text)" if re.fullmatch(r"\d{5}", text) else ""
        raise ValueError(f"period '{text}' does not start a {frequency} period: write {example}{hint}")
    try:
        return parse_period(re.sub(r"(?<=\d)Q", "-Q", text))
    except ValueError as error:
        raise ValueError(f"period '{text}' does not exist") from error


def _value(cell: object) -> float | None:
    """The number in a cell, None for an empty one. Raises ValueError for anything else."""
    text = plain(cell)
    if not text:
        return None
    if isinstance(cell, bool | date):
        raise ValueError(f"value {text} is not a number")
    if not (isinstance(cell, int | float) or _NUMBER.fullmatch(text)):
        if _GROUPED.fullmatch(text):
            raise ValueError(f"value '{text}' has a thousands separator or decimal comma: write 1234.5")
        raise ValueError(f"value '{text[:40]}' is not a number")
    value = float(text)
    if value and not _SMALLEST <= abs(value) <= _LARGEST:
        raise ValueError(
            f"value '{text[:40]}' is not between {_SMALLEST:g} and {_LARGEST:g}; use a unit_multiplier"
        )
    return value
