"""A comparison as a document to keep or hand on: its months, windows, answer, cautions and citation, in one file.

Belongs here: which parts there are, from the Comparison itself, so that what it learns to say is in the file too. Does not
belong here: how a file is written (document_files.py), the words (sentences.py, caution_lines.py), pages about an event
(readers/reports/).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.readers.citation import Citation
from orchestration.readers.comparison.answer import Answer
from orchestration.readers.comparison.answer_words import design_rows, in_the_way
from orchestration.readers.comparison.caution_lines import caution_lines
from orchestration.readers.comparison.compare import Comparison
from orchestration.readers.comparison.picture import observed
from orchestration.readers.rows import RptBeforeAfter
from orchestration.readers.wording import unit

if TYPE_CHECKING:
    import duckdb

#: a table of a document: records that have the same fields
Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Document:
    """A comparison in parts.

    title: event and series; answer: paragraphs, the shortest first; cautions: sentences; windows: one row before and one
    after; months: each month of the windows; tables: whatever else the comparison holds (its numbers, methods, other events),
    by name; citations: the series, the event and the release.
    """

    title: str
    answer: Sequence[str]
    cautions: Sequence[str]
    windows: Rows
    months: Rows
    tables: Mapping[str, Rows]
    citations: Sequence[Citation]


def document(
    con: duckdb.DuckDBPyConnection, comparison: Comparison, citations: Sequence[Citation]
) -> Document:
    """The parts of `comparison`; con: the release that it was made from."""
    event, series = comparison.event, comparison.series
    about = (
        f"{event['title']} ({event['event_date']})" if event else f"{comparison.result['cut_month']:%Y-%m}"
    )
    return Document(
        title=f"{series['title']} before and after: {about}",
        answer=_paragraphs(comparison),
        cautions=caution_lines(comparison),
        windows=_windows(comparison),
        months=_months(con, comparison),
        tables=_tables(comparison),
        citations=citations,
    )


def _paragraphs(comparison: Comparison) -> list[str]:
    """Every text of the comparison that no other one holds, the shortest first."""
    texts = [
        text
        for field in dataclasses.fields(comparison)
        if isinstance(text := getattr(comparison, field.name), str) and text
    ]
    return sorted((t for t in texts if not any(t in other for other in texts if other is not t)), key=len)


def _windows(comparison: Comparison) -> Rows:
    """First and last month, number of months and mean of both windows."""
    result, shown = comparison.result, unit(comparison.series)
    return [
        {
            "window": "before",
            "first_month": result["pre_start"],
            "last_month": result["pre_end"],
            "months": result["n_pre"],
            "mean": result["pre_mean"],
            "unit": shown,
        },
        {
            "window": "after",
            "first_month": result["post_start"],
            "last_month": result["post_end"],
            "months": result["n_post"],
            "mean": result["post_mean"],
            "unit": shown,
        },
    ]


def _months(con: duckdb.DuckDBPyConnection, comparison: Comparison) -> Rows:
    """Every month from the first of the window before to the last of the window after, as it was compared."""
    query, result = observed(comparison), comparison.result
    relation = con.execute(query.sql, dict(query.parameters))
    names = [column[0] for column in relation.description]
    rows = []
    for values in relation.fetchall():
        row = dict(zip(names, values, strict=True))
        month = row["period_start"]
        if result["pre_start"] <= month <= result["post_end"]:
            rows.append(
                {
                    "series_id": comparison.series["series_id"],
                    "month": month,
                    "window": _window(result, month),
                    "value": row["value"],
                    "status": row.get("status", "first release"),
                    "known_from": row["known_from"],
                }
            )
    return rows


def _window(result: RptBeforeAfter, month: dt.date) -> str:
    """The window that a month is in; the months of a gap, and pairs of which one has no value, are in none."""
    if f"{month:%Y-%m}" in (result["months_left_out"] or ()):
        return "left out"
    if result["pre_start"] <= month <= result["pre_end"]:
        return "before"
    return "after" if month >= result["post_start"] else "left out"


def _tables(comparison: Comparison) -> dict[str, Rows]:
    """Whatever else the comparison holds: a record as names and values, a list as its rows."""
    tables: dict[str, Rows] = {}
    for field in dataclasses.fields(comparison):
        name, value = field.name, getattr(comparison, field.name)
        if isinstance(value, Answer):
            tables["designs"] = design_rows(value)
            tables["in_the_way"] = [{"what": line} for line in in_the_way(value)]
            # the answer in words is a part of its own, and a workbook has each name once
            name, value = "answer_numbers", value.row
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = _plain(value)
        if isinstance(value, Mapping):
            # Welch's t stays in the tables of the release, for those who check it (sentences.py says why)
            shown = {n: v for n, v in value.items() if v is not None and not n.startswith("welch_")}
            rows: Rows = [{"name": n, "value": _cell(v)} for n, v in shown.items()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            rows = [{n: _cell(v) for n, v in _plain(item).items()} for item in value]
        else:
            continue
        if rows:
            tables[name] = rows
    return tables


def _plain(item: object) -> Mapping[str, object]:
    """A row as a mapping, also where it is a dataclass."""
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    return item if isinstance(item, Mapping) else {"value": item}


def _cell(value: object) -> object:
    """A value that stands in one cell: a list as its items, a record as its values."""
    if isinstance(value, list | tuple | set | frozenset):
        return "; ".join(str(_cell(item)) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_cell(field)}" for name, field in value.items() if field is not None)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _cell(_plain(value))
    return value
