"""What an assistant gets back: the shape of each reply, and what every one of them carries.

Belongs here: the replies as they stand in the tools' output schemas, the words of the command line turned into those of the
tools. Does not belong here: asking the release (tools.py), the protocol (server.py).

Rows are plain values of JSON (readers/json_values.py): dates are ISO texts, and a number that is not finite is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from orchestration.readers.json_values import json_value

#: a row of a reply; what each column means is said by DESCRIBE or docs/tables.md
Row = dict[str, object]

#: command of the command line -> the tool that does the same
_TOOLS = {
    "series": "find_series",
    "events": "find_events",
    "compare": "compare",
    "answers": "list_answers",
    "trace": "trace",
    "cite": "cite",
    "sql": "query",
}


@dataclass(frozen=True)
class Reply:
    """What every reply carries, and what an assistant passes on with any figure of it.

    release: id of the release that was asked; vintage: as of when the figures were known; cautions: what must be said before
    the figures; citations: lines for a list of references, the release last.
    """

    release: str
    vintage: str
    cautions: list[str]
    citations: list[str]


@dataclass(frozen=True)
class Found(Reply):
    """Series or events, the best match first. matches: how many there are, of which `rows` are the first."""

    matches: int
    rows: list[Row]


@dataclass(frozen=True)
class Told(Reply):
    """What can be told about one event and one series.

    event_id: None for a bare date; answer: in words; told: whether a design answers at all, where not the cautions say what stands in the
    way; verdict: outside_usual_range or within_usual_range, the second of which does not show that nothing happened; designs:
    every way of comparing with its estimate, usual range and how often it errs, that of the answer first.
    """

    event_id: str | None
    series_id: str
    answer: str
    told: bool
    verdict: str | None
    designs: list[Row]


@dataclass(frozen=True)
class AnswerList(Reply):
    """What can be told, the best first. matches: how many answers there are, of which `rows` are the first; untold: of what
    nothing can be told and why, or how many answers chance alone would give."""

    matches: int
    rows: list[Row]
    untold: str


@dataclass(frozen=True)
class Compared(Reply):
    """One series before and after one date.

    answered: whether both windows have figures; text: paragraphs, the shortest first; windows: the mean of each; months: every
    month of the windows with its value and status; numbers: the row of rpt_before_after without empty columns;
    other_events: acts that fall into the windows, too; methods: what other methods say, where they were asked for.
    """

    title: str
    answered: bool
    text: list[str]
    windows: list[Row]
    months: list[Row]
    numbers: Row
    other_events: list[Row]
    methods: list[Row]


@dataclass(frozen=True)
class Traced(Reply):
    """Where one number comes from: a row for each version of it that is held, with the agency's page, the public copy, the request, when it
    was retrieved and the sha256 of the bytes."""

    series_id: str
    versions: list[Row]


@dataclass(frozen=True)
class Cited(Reply):
    """Citations of what was named. written: all of them in the form that was asked for."""

    written: str


@dataclass(frozen=True)
class Queried(Reply):
    """What a query answered. columns and types: in order, names may repeat; rows: lists in that order; truncated: there were
    more rows or longer texts than are shown."""

    columns: list[str]
    types: list[str]
    rows: list[list[object]]
    truncated: bool


def row_of(record: object) -> Row:
    """A row of the release, or a dataclass, as plain values of JSON."""
    return cast("Row", json_value(record))


def rows_of(records: Iterable[object]) -> list[Row]:
    """Rows as plain values of JSON."""
    return [row_of(record) for record in records]


def without_empty(record: Mapping[str, object]) -> Row:
    """A row without empty columns and without Welch's t, which stays in the tables for those who check it (sentences.py)."""
    return {
        name: value
        for name, value in row_of(record).items()
        if value not in (None, []) and not name.startswith("welch_")
    }


def in_tool_words(text: str) -> str:
    """A sentence that was written for the command line, in the words of the tools: `headway series WORD` is `find_series
    WORD`, and --as-of DATE is as_of DATE."""
    text = re.sub(r"`headway (\w+)", lambda found: f"`{_TOOLS.get(found[1], f'headway {found[1]}')}", text)
    return re.sub(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)", lambda found: found[1].replace("-", "_"), text)


def sentences(texts: Sequence[str]) -> list[str]:
    """Cautions in the words of the tools, each once."""
    return list(dict.fromkeys(map(in_tool_words, texts)))
