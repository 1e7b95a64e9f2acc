"""Downloads of USITC DataWeb: tables with time across or in rows, as series and observations.

Belongs here: finding such a table by its header, its rows and the series that they belong to. Does not belong here: opening files
(user_layout.py, user_table.py), checks of values (user_file.py).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence

from transforms.parse.user_declaration import Cells, Layout, plain, slug
from transforms.parse.user_table import Grid, Place, UserFileError

#: rows above a header: DataWeb writes two or three
PREAMBLE = 10
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


def header_of(rows: Sequence[Cells]) -> int | None:
    """The place of DataWeb's header among the first rows: it begins with `Data Type` and has a column for time."""
    for place, row in enumerate(rows[:PREAMBLE]):
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


def place_of(rows: Sequence[Cells]) -> Place | None:
    """Where the table of a sheet stands, of which cells are checked before they are read; None for a sheet without."""
    place = header_of(rows)
    if place is None:
        return None
    names = [plain(cell).lower() for cell in rows[place]]
    under = list(enumerate(rows[place + 1 :], place + 2))
    has_time = any(map(_time, names))
    columns = {
        column: name
        for column, name in enumerate(names, 1)
        if name and (name in (*_DIMENSIONS, "year", "month") or _time(name) or not has_time)
    }
    kinds = {number: _kind(names, row) for number, row in under}
    return Place(
        rows={place + 1, *(number for number, kind in kinds.items() if kind in ("data", "untyped"))},
        below=[number for number, kind in kinds.items() if kind != "sum"],
        columns=columns,
    )


def _kind(names: Sequence[str], row: Cells) -> str:
    """What a row under the header is: "data", a "sum", a "remark", or "untyped", data without its Data Type."""
    cells = dict(zip(names, row, strict=False))
    data_type = plain(cells.get("data type"))
    said = [plain(cells.get(name)) for name in _DIMENSIONS]
    if any(
        re.match(r"(sub-?)?total", text, re.IGNORECASE) for text in (said if not data_type else [data_type])
    ):
        return "sum"
    if data_type:
        return "data" if sum(plain(cell) != "" for cell in row) >= 2 else "remark"
    named = any(plain(cells.get(name)) for name in (*_CODES, "country"))
    others = {name for name in cells if name not in (*_DIMENSIONS, "year", "month")}
    return "untyped" if named and any(plain(cells[name]) for name in others) else "remark"


def dataweb(sheets: Mapping[str, Sequence[Cells]]) -> Layout:
    """Every sheet with a table: a row a series and time across, or a row a series and year, or one a series and month.

    sheets: title -> its rows; the rows of a CSV have the title "". Raises UserFileError.
    """
    where = "line " if "" in sheets else "row "
    series: dict[str, dict[str, str]] = {}
    values: list[tuple[int, str, str, object]] = []
    unread, problems = [], []
    for title, rows in sheets.items():
        place = header_of(rows)
        if place is None:
            unread.append(title)
            continue
        names = [plain(cell).lower() for cell in rows[place]]
        for number, row in enumerate(rows[place + 1 :], place + 2):
            kind = _kind(names, row)
            if kind in ("sum", "remark"):
                continue
            cells = dict(zip(names, row, strict=False))
            at = f"sheet {title} row {number}" if title else f"line {number}"
            if kind == "untyped":
                problems.append(f"{at}: a code or country and a value, and no Data Type")
                continue
            if misfit := _misfit(row, rows[place]):
                problems.append(f"{at}: {misfit}")
                continue
            series_id, fields = _dataweb_series(cells)
            if (
                series.get(series_id, fields)["title"] != fields["title"]
            ):  # two long names with the same beginning
                series_id = f"{series_id[:71].rstrip('_')}_{zlib.crc32(fields['title'].encode()):08x}"
            series.setdefault(series_id, fields)
            for period, value in _dataweb_values(names, row, cells, at):
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
    series_id = "_".join(["user_dataweb", *filter(None, map(slug, [data_type, *parts]))])[:80].rstrip("_")
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
