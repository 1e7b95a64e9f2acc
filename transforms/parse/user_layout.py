"""Files that others lay out: downloads of FRED and ALFRED and of USITC DataWeb, and a user's own names of columns.

Belongs here: recognising such a file, and making of it the table of observations and the declared series that user_file.py
reads. Does not belong here: encodings and delimiters (user_table.py), checks of rows and declarations (user_file.py,
user_declaration.py).

A layout is recognised by its header alone and never guessed from the rows. What a download does not say (FRED: title, unit,
who made the figures) is asked of the user as for any other file.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, pairwise

from transforms.parse.user_declaration import plain
from transforms.parse.user_table import Grid, UserFileError

#: what begins the name of an option that says which column of the file is meant: map.period = "Date"
MAP = "map."
#: rows above a header: DataWeb writes two or three
_PREAMBLE = 10

Cells = Sequence[object]


@dataclass(frozen=True)
class Layout:
    """A recognised file.

    name: whose layout it is; grid: the observations (series_id, period, value, status or known_from); series: series_id of
    the grid -> what the file says of the series, in the fields of a declaration; notes: for the user to read.
    """

    name: str
    grid: Grid
    series: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...] = ()


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
        sheets = _sheets(content)
        return (
            _dataweb(sheets, "row ")
            if any(_header_of(rows) is not None for rows in sheets.values())
            else None
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None  # the reader of tables says what is wrong
    first: list[Cells] = []
    with contextlib.suppress(csv.Error):  # what stands above the fault is enough to recognise a file by
        for row in islice(csv.reader(io.StringIO(text, newline="")), _PREAMBLE):
            first.append(row)
    is_fred = bool(first) and _is_fred(first[0])
    if not is_fred and _header_of(first) is None:
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
    return _fred(rows) if is_fred else _dataweb({"": rows}, "line ")


def _sheets(content: bytes) -> dict[str, list[Cells]]:
    """The rows of the visible sheets of a workbook; nothing for bytes that are none."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=True)
    except (
        Exception
    ):  # openpyxl raises whatever its XML reader meets; the reader of tables says what is wrong
        return {}
    return {
        sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
        if sheet.sheet_state == "visible"
    }


# -- FRED ------------------------------------------------------------------------------------------------------------

_FRED_CODE = re.compile(r"[A-Z0-9][A-Z0-9_]*")
_ALFRED_CODE = re.compile(r"(?P<code>[A-Z0-9][A-Z0-9_]*)_(?P<day>\d{8})")
#: shortest distance of two dates in days -> frequency; a week is none of those that are kept
_FREQUENCIES = ((364, "annual"), (89, "quarterly"), (28, "monthly"), (5, ""), (1, "daily"))


def _is_fred(header: Cells) -> bool:
    """`observation_date,CES3000000001,...`, before 2024 `DATE,...`: a date, then codes in capitals."""
    first, *codes = [plain(cell) for cell in header] or [""]
    return first in ("observation_date", "DATE") and bool(codes) and all(map(_FRED_CODE.fullmatch, codes))


def _fred(rows: Sequence[Cells]) -> Layout:
    """A column a series; in a file of ALFRED, whose codes end in a day, a column a vintage known since that day."""
    codes = [plain(cell) for cell in rows[0]][1:]
    vintages = [_ALFRED_CODE.fullmatch(code) for code in codes]
    is_alfred = all(vintages)
    days = [plain(row[0]) for row in rows[1:] if row]
    series: dict[str, dict[str, str]] = {}
    found: list[tuple[int, dict[str, object] | str]] = []
    for place, (column, vintage) in enumerate(zip(codes, vintages, strict=True), 1):
        code = vintage["code"] if is_alfred and vintage else column
        series_id = f"user_fred_{_slug(code)}"
        series[series_id] = {"source_code": code, **_frequency(days)}
        if is_alfred:
            series[series_id]["known_from_basis"] = "release"
        for number, row in enumerate(rows[1:], 2):
            if not any(plain(cell) for cell in row):
                continue
            if len(row) != len(rows[0]):
                found.append((number, f"{len(row)} cells where the header has {len(rows[0])}"))
                continue
            text = plain(row[place])
            cells: dict[str, object] = {"series_id": series_id, "period": plain(row[0]), "value": text}
            if text in ("", "."):
                if is_alfred or text == "":  # this vintage, or this series of several, does not reach so far
                    continue
                cells |= {"value": "", "status": "missing"}
            if is_alfred and vintage:
                cells["known_from"] = f"{vintage['day'][:4]}-{vintage['day'][4:6]}-{vintage['day'][6:]}"
            found.append((number, cells))
    notes = (
        f"{'an ALFRED' if is_alfred else 'a FRED'} download: {len(series)} series"
        + (f", {len(codes)} vintages" if is_alfred else "")
        + "; FRED hands on the figures of others: their terms, and FRED's, go on to hold",
    )
    columns = ("series_id", "period", "value", "status", "known_from")
    return Layout("FRED", Grid("line ", columns, tuple(found)), series, notes)


def _frequency(days: Iterable[str]) -> dict[str, str]:
    """The frequency that the dates have, where it is one that is kept; nothing for a single date or for weeks."""
    dates = sorted({day for text in days if (day := _day(text))})
    gaps = [later - earlier for earlier, later in pairwise(dates)]
    if not gaps:
        return {}
    shortest = min(gaps) // timedelta(days=1)
    name = next(frequency for days_apart, frequency in _FREQUENCIES if shortest >= days_apart)
    return {"frequency": name} if name else {}


def _day(text: str) -> date | None:
    """The day that a cell names; the check of rows says what is wrong with any other text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# -- DataWeb ---------------------------------------------------------------------------------------------------------

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
#: columns of DataWeb that say which series a row belongs to
_CODES = ("hts number", "naic number", "naics number", "sitc number", "schedule b number")
_DIMENSIONS = (
    *("data type", *_CODES, "description", "country", "district", "quantity description"),
    *("special import program", "import program", "rate provision code"),
)
#: data types in US dollars, by a word that they have
_DOLLARS = re.compile(r"value|duties|charges|c\.?i\.?f", re.IGNORECASE)
_DATAWEB_SOURCE = {
    "source": "USITC DataWeb",
    "licence": "US Government work, public domain",
    "redistribution": "yes",
    "attribution": "Source: US International Trade Commission, DataWeb, from statistics of the US Census Bureau.",
    "homepage_url": "https://dataweb.usitc.gov/",
}


def _header_of(rows: Sequence[Cells]) -> int | None:
    """The place of DataWeb's header among the first rows: it begins with `Data Type` and has a column for time."""
    for place, row in enumerate(rows[:_PREAMBLE]):
        names = [plain(cell).lower() for cell in row]
        if names[:1] == ["data type"] and any(_time(name) or name == "year" for name in names):
            return place
    return None


def _time(name: str) -> tuple[str, int] | None:
    """What a heading says of time: ("year", 2018), ("month", 3), or ("year month", 2018 * 12 + 2) for March 2018."""
    if re.fullmatch(r"(19|20)\d\d", name):
        return "year", int(name)
    if name in _MONTHS:
        return "month", _MONTHS.index(name) + 1
    if (both := re.fullmatch(r"([a-z]+)\.? ((?:19|20)\d\d)", name)) and len(both[1]) >= 3:
        months = [m for m in range(12) if _MONTHS[m].startswith(both[1])]
        return ("year month", int(both[2]) * 12 + months[0]) if len(months) == 1 else None
    return None


def _dataweb(sheets: Mapping[str, Sequence[Cells]], where: str) -> Layout:
    """Every sheet with a table: a row a series and time across, or a row a series and year, or one a series and month."""
    series: dict[str, dict[str, str]] = {}
    values: list[tuple[int, str, str, object]] = []
    unread, problems = [], []
    for title, rows in sheets.items():
        place = _header_of(rows)
        if place is None:
            unread.append(title)
            continue
        names = [plain(cell).lower() for cell in rows[place]]
        for number, row in enumerate(rows[place + 1 :], place + 2):
            cells = dict(zip(names, row, strict=False))
            data_type = plain(cells.get("data type"))
            # a row of sums, or a remark below the table
            if (
                not data_type
                or data_type.lower().startswith("total")
                or sum(c is not None and plain(c) != "" for c in row) < 2
            ):
                continue
            if misfit := _misfit(row, rows[place]):
                problems.append(f"{where}{number}: {misfit}")
                continue
            series_id, fields = _dataweb_series(cells)
            if (
                series.get(series_id, fields)["title"] != fields["title"]
            ):  # two long names with the same beginning
                series_id = f"{series_id[:71].rstrip('_')}_{zlib.crc32(fields['title'].encode()):08x}"
            series.setdefault(series_id, fields)
            for period, value in _dataweb_values(names, row, cells, f"{where}{number}"):
                series[series_id]["frequency"] = "annual" if len(period) == 4 else "monthly"
                values.append((number, series_id, period, value))
    if problems:
        raise UserFileError(problems)
    # months that are not published yet stand as 0 in every row
    last = max((period for _, _, period, value in values if _amount(value)), default="")
    kept = [v for v in values if v[2] <= last]
    found: list[tuple[int, dict[str, object] | str]] = [
        (number, {"series_id": id_, "period": period, "value": _amount_text(value)})
        for number, id_, period, value in kept
    ]
    with_values = {id_ for _, id_, _, _ in kept}
    notes = [f"a download of DataWeb: {len(with_values)} series, to {last}"]
    if len(kept) < len(values):
        notes.append(f"{len(values) - len(kept)} cells after {last} are 0 in every row and were left out")
    notes += [f"sheet '{title}' was not read" for title in unread if title]
    return Layout(
        "USITC DataWeb",
        Grid(where, ("series_id", "period", "value"), tuple(found)),
        {id_: fields for id_, fields in series.items() if id_ in with_values},
        tuple(notes),
    )


def _misfit(row: Cells, header: Cells) -> str:
    """Why a row does not fit the header, whose values would then stand under other months; "" where it fits."""
    # a row of a CSV is a list; openpyxl gives tuples, shorter or longer than the header by cells that are only formatted
    if isinstance(row, list) and len(row) != len(header):
        hint = " (is a comma inside a number that is not quoted?)" if len(row) > len(header) else ""
        return f"{len(row)} cells where the header has {len(header)}{hint}"
    width = max(place for place, name in enumerate(header, 1) if plain(name))
    return "a cell right of the last column of the header" if any(plain(cell) for cell in row[width:]) else ""


def _dataweb_series(cells: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """Id and declaration of the series that a row belongs to."""
    said = {name: plain(cells.get(name)) for name in _DIMENSIONS if plain(cells.get(name))}
    data_type = said["data type"]
    system = next((name for name in _CODES if name in said), None)
    parts = [said[name] for name in _DIMENSIONS if name in said and name not in ("description", "data type")]
    series_id = "_".join(["user_dataweb", *filter(None, map(_slug, [data_type, *parts]))])[:80].rstrip("_")
    titles = [data_type, *(said[n] for n in _DIMENSIONS if n in said and n != "data type")]
    fields = {
        "title": ", ".join(titles)[:500],
        "seasonal_adjustment": "NSA",
        "geography_iso3": "USA",
        "source_code": " / ".join(parts)[:500] or data_type,
        **_DATAWEB_SOURCE,
    }
    if _DOLLARS.search(data_type):
        fields |= {"unit": "USD", "currency": "USD", "measure": "trade_value"}
    elif "quantity description" in said:
        fields |= {"unit": said["quantity description"], "measure": "trade_quantity"}
    if system is not None:
        fields["product_code"] = said[system]
        fields["product_system"] = (
            "HS" if system in ("hts number", "schedule b number") else system.split()[0].upper()
        )
    return series_id, fields


def _dataweb_values(
    names: Sequence[str], row: Cells, cells: Mapping[str, object], where: str
) -> list[tuple[str, object]]:
    """(period, cell) of every value in a row; empty cells are none. Raises UserFileError where the year is no year."""
    year_text = plain(cells.get("year"))
    if "year" in names and not re.fullmatch(r"(19|20)\d\d", year_text):
        raise UserFileError([f"{where}: year '{year_text}' is not a year"])
    timed = [(time, cell) for name, cell in zip(names, row, strict=False) if (time := _time(name))]
    if timed:
        found = []
        for (kind, number), cell in timed:
            if kind == "month" and not year_text:
                raise UserFileError([f"{where}: months without a column Year"])
            period = {
                "year": f"{number}",
                "month": f"{year_text}-{number:02d}",
                "year month": f"{number // 12}-{number % 12 + 1:02d}",
            }[kind]
            found.append((period, cell))
    else:
        left = [n for n in names if n and n not in (*_DIMENSIONS, "year", "month")]
        if len(left) != 1:
            raise UserFileError(
                [f"{where}: one column of values is expected beside Year, not {', '.join(left) or 'none'}"]
            )
        month = plain(cells.get("month")).lower()
        number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month) if month.isdigit() else 0
        if month and not 1 <= number <= 12:
            raise UserFileError([f"{where}: month '{month}' is not a month"])
        found = [(f"{year_text}-{number:02d}" if month else year_text, cells[left[0]])]
    return [(period, cell) for period, cell in found if plain(cell) != ""]


def _amount(cell: object) -> bool:
    """Whether a cell holds anything but zero."""
    return _amount_text(cell).strip("0.") != ""


def _amount_text(cell: object) -> str:
    """A number of DataWeb, whose texts have thousands separators: 1,234,567."""
    text = plain(cell)
    return text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) else text


def _slug(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text.lower()))
