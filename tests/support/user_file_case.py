"""Import files made in a test: reading one, its problems, workbooks.

Belongs here: what the tests of files, tables and declarations share. Does not belong here: assertions about one format.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import openpyxl
import pytest

from transforms.parse.user_file import UserFile, parse_user_file
from transforms.parse.user_table import UserFileError

NOW = datetime(2026, 11, 21, 12)
#: INEGI BIE 15166, vehicles made in Mexico
OPTIONS = {
    "series_id": "user_mex_production",
    "title": "Vehicles made in Mexico",
    "unit": "vehicles",
    "frequency": "monthly",
    "seasonal_adjustment": "NSA",
    "geography_iso3": "MEX",
    "source": "My copy",
}

MONTHS = "January,February,March,April"
#: customs value of cars, the shape of a download by month: remarks above, a row of sums and a remark below
DATAWEB = f"""Customs Value
"Imports for consumption, HTS items"
Data Type,HTS Number,Description,Country,Year,{MONTHS}
Customs Value,8703,"Motor cars, passenger",Mexico,2024,"1,234,567","2,000",3,4
Customs Value,8703,"Motor cars, passenger",Mexico,2025,5,0,7,0
Customs Value,8703,"Motor cars, passenger",Canada,2025,9,10,0,0
Total:,,,,,"1,234,591","2,010",10,4
Sources: compiled from official statistics.
"""


def parse(text: str | bytes, declaration: str | None = None, **options: str) -> UserFile:
    content = text.encode() if isinstance(text, str) else text
    return parse_user_file(
        content,
        options=OPTIONS | options if declaration is None else options,
        declaration=declaration.encode() if declaration is not None else None,
        retrieved_at=NOW,
    )


def problems(text: str | bytes, declaration: str | None = None, **options: str) -> tuple[str, ...]:
    with pytest.raises(UserFileError) as refused:
        parse(text, declaration, **options)
    return refused.value.problems


def the_problem(text: str | bytes, declaration: str | None = None, **options: str) -> str:
    found = problems(text, declaration, **options)
    assert len(found) == 1, found
    return found[0]


def read(text: str | bytes, declaration: str | None = None, **options: str) -> UserFile:
    return parse_user_file(
        text if isinstance(text, bytes) else text.encode(),
        options=options,
        declaration=declaration.encode() if declaration else None,
        retrieved_at=NOW,
    )


def refused(text: str | bytes, declaration: str | None = None, **options: str) -> str:
    with pytest.raises(UserFileError) as error:
        read(text, declaration, **options)
    return str(error.value)


def workbook(
    sheets: dict[str, list[list[object]]], change: Callable[[openpyxl.Workbook], None] | None = None
) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if change:
        change(book)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def values(file: UserFile) -> dict[tuple[str, str], float | None]:
    frame = file.parsed.frame
    return {(row["series_id"], row["period_start"].isoformat()): row["value"] for row in frame.to_dicts()}
