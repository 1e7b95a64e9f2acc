"""Import files made in a test: reading one, its problems, workbooks.

Belongs here: what the tests of files, tables and declarations share. Does not belong here: assertions about one format.
"""

from __future__ import annotations

from datetime import datetime

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
