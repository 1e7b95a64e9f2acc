"""The rows of a user's own timelines: the columns of each kind and the type of their cells.

Belongs here: names and types of the columns, from which the store makes its tables and files have their header; a cell's text as a
value and back. Does not belong here: which rows are good (orchestration/intake/timeline/rules.py), files and the store.

The columns are those of the seeds in dbt_project/seeds/timeline (a test compares them), because what a user writes is staged together with
them. Measures have the two columns of seed_measure_event as well, so that one line says all of a measure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Literal

import polars as pl

Kind = Literal["events", "sources", "measures", "positions"]
#: what a cell holds once it is read
Value = str | float | bool | date | None

#: of one cell; the longest whole line of the bundled timelines has 2,125
LONGEST_TEXT = 4_000
#: years in which a day can lie; the months around the last day that dates can hold cannot be counted
_YEARS = range(1900, 2101)

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_TEXT, _DAY, _NUMBER, _FLAG = pl.String(), pl.Date(), pl.Float64(), pl.Boolean()

#: kind -> column -> type, in the order in which other kinds refer to them: an event names its source, a measure its event
TIMELINE_COLUMNS: Mapping[Kind, Mapping[str, pl.DataType]] = {
    "sources": {
        "source_key": _TEXT,
        "kind": _TEXT,
        "title": _TEXT,
        "reference": _TEXT,
        "note": _TEXT,
    },
    "events": {
        "event_id": _TEXT,
        "timeline": _TEXT,
        "event_date": _DAY,
        "end_date": _DAY,
        "date_precision": _TEXT,
        "announced_on": _DAY,
        "effective_on": _DAY,
        "published_on": _DAY,
        "ended_on": _DAY,
        "event_type": _TEXT,
        "title": _TEXT,
        "description": _TEXT,
        "parties": _TEXT,
        "topics": _TEXT,
        "location": _TEXT,
        "source_key": _TEXT,
        "source_reference": _TEXT,
        "confidence": _TEXT,
        "in_force": _FLAG,
        "cluster_id": _TEXT,
    },
    "measures": {
        "measure_id": _TEXT,
        "imposing_iso3": _TEXT,
        "partners": _TEXT,
        "product_scope": _TEXT,
        "hs_codes": _TEXT,
        "topic": _TEXT,
        "rate_pct": _NUMBER,
        "announced_on": _DAY,
        "effective_on": _DAY,
        "published_on": _DAY,
        "ended_on": _DAY,
        "legal_instrument": _TEXT,
        "exemptions": _TEXT,
        "source_key": _TEXT,
        "source_reference": _TEXT,
        "confidence": _TEXT,
        "in_force": _FLAG,
        "event_id": _TEXT,
        "no_event_because": _TEXT,
    },
    "positions": {
        "event_id": _TEXT,
        "party": _TEXT,
        "topic": _TEXT,
        "position": _TEXT,
        "value": _NUMBER,
        "unit": _TEXT,
        "status": _TEXT,
        "source_key": _TEXT,
        "source_reference": _TEXT,
    },
}

#: kind -> what tells two of its rows apart
TIMELINE_KEYS: Mapping[Kind, tuple[str, ...]] = {
    "sources": ("source_key",),
    "events": ("event_id",),
    "measures": ("measure_id",),
    "positions": ("event_id", "party", "topic", "position"),
}

#: kind -> the table of the store that holds its rows (schema raw)
TIMELINE_TABLES: Mapping[Kind, str] = {
    "sources": "own_event_source",
    "events": "own_event",
    "measures": "own_tariff_measure",
    "positions": "own_position",
}


def value_of(cell: object, dtype: pl.DataType) -> Value:
    """What a cell of a CSV or a workbook says: a text, a number, a day, true or false; None for an empty one.

    Raises ValueError with what would be right, where the cell is not of the type.
    """
    if isinstance(cell, str):
        cell = " ".join(cell.split())
    if cell is None or cell == "":
        return None
    if dtype == _DAY:
        return _day(cell)
    if dtype == _NUMBER:
        return _number(cell)
    if dtype == _FLAG:
        return _flag(cell)
    if isinstance(cell, str):
        if not cell.isprintable():
            raise ValueError("holds a character that cannot be shown; type the text again")
        if len(cell) > LONGEST_TEXT:
            raise ValueError(f"has {len(cell):,} characters, at most {LONGEST_TEXT:,} are kept: shorten it")
        return cell
    # a code of goods that a workbook keeps as the number 8703 is the text 8703
    return text_of(cell) if isinstance(cell, bool | float | date) else str(cell)


def text_of(value: Value) -> str:
    """A value as it stands in a CSV of the timelines; an empty text for None. value_of reads it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value.isoformat() if isinstance(value, date) else value


def _day(cell: object) -> date:
    """A day without a time. A workbook's cell of a day arrives as a datetime at midnight."""
    day = None
    if isinstance(cell, date):
        day = date(cell.year, cell.month, cell.day)
    elif isinstance(cell, str) and _ISO_DAY.fullmatch(cell):
        with suppress(ValueError):  # 2026-02-30
            day = date.fromisoformat(cell)
    if day is None:
        raise ValueError("is not a day: write it as 2026-01-31")
    if day.year not in _YEARS:
        raise ValueError(f"lies outside of {_YEARS[0]} to {_YEARS[-1]}")
    return day


def _number(cell: object) -> float:
    if not isinstance(cell, bool | date):
        number = math.nan
        with suppress(ValueError):
            number = float(str(cell))
        if math.isfinite(number) and "_" not in str(cell):  # Python reads 1_000 as a thousand
            return number
    raise ValueError("is not a number: write it as 12.5, without a percent sign or commas")


def _flag(cell: object) -> bool:
    said = {True: "true", False: "false"}.get(cell) if isinstance(cell, bool) else str(cell).lower()
    if said in ("true", "false"):
        return said == "true"
    raise ValueError("is neither true nor false")
