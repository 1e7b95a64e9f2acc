"""What a user declares about the series in an import file (layout: docs/import.md): identity, unit, source, licence.

Belongs here: the fields of a declaration, their checks, the source that follows from them; the shape of a download that declares
its series itself.
Does not belong here: rows of values (user_file.py), encodings and sheets (user_table.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TypedDict

from transforms.parse.user_table import Grid
from transforms.schema import ADJUSTMENTS, BASES, FLOWS, FREQUENCIES, SERIES_SCHEMA

Cells = Sequence[object]

#: every source and series of a user begins with it, so that none can be taken for an agency's
SOURCE_PREFIX = "user"
#: is part of the licence of a source whose figures may not be passed on
NO_REDISTRIBUTION = "redistribution not permitted"

#: what may be declared: the columns of raw.series, fields of the source, and since when the values are known
SERIES_COLUMNS = tuple(c for c in SERIES_SCHEMA if c not in ("source_id", "fred_alias"))
SOURCE_COLUMNS = ("source", "licence", "redistribution", "attribution", "homepage_url")
VINTAGE_COLUMNS = ("known_from", "known_from_basis")
DECLARED = (*SERIES_COLUMNS, *SOURCE_COLUMNS, *VINTAGE_COLUMNS)
REQUIRED = ("series_id", "title", "unit", "frequency", "seasonal_adjustment", "geography_iso3", "source")
_DEFAULTS = {
    "measure": "other",
    "unit_multiplier": "1",
    "licence": "not stated",
    "redistribution": "no",
    "known_from_basis": "observed_by",  # the weaker of the two claims: the values were known by then at the latest
}
_CLOSED = {
    "frequency": FREQUENCIES,
    "seasonal_adjustment": ADJUSTMENTS,
    "flow": FLOWS,
    "basis": BASES,
    "redistribution": ("yes", "no"),
    "known_from_basis": ("observed_by", "release"),
}
#: field -> (regular expression, what it asks for in words, most characters)
_PATTERNS = {
    # the prefix keeps it apart from every published series, now and later
    "series_id": (r"user(_[a-z0-9]+)+", "a slug that begins with user_, like user_sales_dealer", 80),
    "measure": (r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "a slug like production", 40),
    "geography_iso3": (r"[A-Z]{3}", "three capital letters like MEX", 3),
    "partner_iso3": (r"[A-Z]{3}", "three capital letters like MEX", 3),
    "currency": (r"[A-Z]{3}", "three capital letters like USD", 3),
    "unit_multiplier": (r"1(0{0,12})", "1, 1000, 1000000 ...", 13),
    "homepage_url": (r"https?://\S+", "an address beginning with https://", 300),
}
#: characters of a declared text without a pattern
_MAX_TEXT = 500
#: a spreadsheet runs a cell that begins with one of these as a formula, and declared texts are exported to spreadsheets
_FORMULA = ("=", "+", "-", "@")


class DeclaredSource(TypedDict):
    """The source of a user's file: the fields of orchestration.sources.spec.Source."""

    source_id: str
    agency: str
    country_iso3: str | None
    title: str
    homepage_url: str
    licence: str
    attribution: str
    cadence: str
    publication_lag_days: int | None
    needs_key: bool


def declared_series(
    declared: Grid | None, options: Mapping[str, str], problems: list[str]
) -> dict[str, dict[str, str]]:
    """series_id -> declared fields, with defaults for those that are not declared.

    declared: the series file or sheet, one row a series; without it `options` declare one series. options: fields that
    hold for every row that leaves them empty. What is wrong with the fields is appended to `problems`, a line each; a
    series without an id is under "".
    """
    problems += [f"option {name} is not known" for name in options if name not in DECLARED]
    given = {name: value.strip() for name, value in options.items() if value.strip()}
    if declared is None:
        entries = [("options", given)]
    else:
        problems += [
            f"series: column '{c}' is not known (known: {', '.join(DECLARED)})"
            for c in declared.columns
            if c not in DECLARED
        ]
        entries = []
        for number, cells in declared.rows:
            if isinstance(cells, str):
                problems.append(f"{declared.at(number)}: {cells}")
                continue
            row = {name: plain(cell) for name, cell in cells.items() if name in DECLARED and plain(cell)}
            problems += [
                f"{declared.at(number)}: {name} is '{row[name]}' here and '{value}' in the options"
                for name, value in given.items()
                if row.get(name, value) != value
            ]
            entries.append((declared.at(number), given | row))
        if not declared.rows:
            problems.append("series: no series is declared")
    series: dict[str, dict[str, str]] = {}
    for where, entry in entries:
        _check_entry(where, entry, problems)
        series_id = entry.get("series_id", "")  # "": _check_entry has noted the lack as a problem
        if series_id and series_id in series:
            problems.append(f"{where}: series_id '{series_id}' is declared twice")
        series.setdefault(series_id, _DEFAULTS | entry)
    return series


def _check_entry(where: str, entry: Mapping[str, str], problems: list[str]) -> None:
    """Append to `problems` what is wrong with the declared fields of one series; `where` names its place."""
    missing = [name for name in REQUIRED if name not in entry]
    if missing:
        problems.append(
            f"{where}: {', '.join(missing)} missing; say it in the series declaration or as an option"
        )
    for name, value in entry.items():
        pattern, example, longest = _PATTERNS.get(name, (None, "", _MAX_TEXT))
        if name in _CLOSED and value not in _CLOSED[name]:
            problems.append(f"{where}: {name} '{value}' is not one of {', '.join(_CLOSED[name])}")
        elif pattern and not (re.fullmatch(pattern, value) and len(value) <= longest):
            problems.append(f"{where}: {name} '{value[:100]}' is not {example}")
        elif len(value) > longest:
            problems.append(f"{where}: {name} is {len(value)} characters long; at most {longest} are kept")
        elif any(unicodedata.category(c) == "Cc" for c in value):
            problems.append(f"{where}: {name} holds a line break or control character")
        elif not pattern and value.startswith(_FORMULA):
            problems.append(
                f"{where}: {name} begins with '{value[0]}', which a spreadsheet takes for a formula"
            )
        elif name == "known_from":
            try:
                moment(value)
            except ValueError as error:
                problems.append(f"{where}: {error}")


def declared_source(series: Mapping[str, Mapping[str, str]], problems: list[str]) -> DeclaredSource | None:
    """The one source of all series of a file, or None where no series names one.

    series: as declared_series returns it. Series with several sources are appended to `problems`.
    """
    declared = {tuple(entry.get(c) for c in SOURCE_COLUMNS) for entry in series.values()}
    if len(declared) > 1:
        problems.append(
            f"all series of one file have the same {', '.join(SOURCE_COLUMNS)}; import them from separate files"
        )
    if not declared:
        return None
    name, licence, redistribution, attribution, homepage = declared.pop()
    if not name:
        return None
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "_".join(re.findall(r"[a-z0-9]+", ascii_name))[:40].strip("_")
    allowed = "redistribution permitted" if redistribution == "yes" else NO_REDISTRIBUTION
    return {
        "source_id": f"{SOURCE_PREFIX}_{slug}" if slug else SOURCE_PREFIX,
        "agency": name,
        "country_iso3": None,
        "title": f"{name} (imported by the user)",
        "homepage_url": homepage or "",
        "licence": f"{licence} ({allowed})",
        "attribution": attribution or f"Source: {name}",
        "cadence": "irregular",
        "publication_lag_days": None,
        "needs_key": False,
    }


def plain(cell: object) -> str:
    """A cell as text: 5.0 is '5', a midnight is '2018-01-31', None is ''."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()


def moment(cell: object) -> datetime:
    """A day (its midnight) or a time as naive UTC; a time without a zone counts as UTC. Raises ValueError for others."""
    text = plain(cell)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"known_from '{text}' is not a date: write 2018-01-31 or 2018-01-31T13:30+00:00"
        ) from error
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else parsed


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


def slug(text: str) -> str:
    """A text as a part of an id."""
    return "_".join(re.findall(r"[a-z0-9]+", text.lower()))
