"""Lists that a person looks through: a compact table that fits the terminal, all of it on demand, csv for a spreadsheet.

Belongs here: which columns a list of series, events or sources shows, how they fit, its options (--limit, --columns,
--wide, --csv). Does not belong here: finding the rows (readers/lookup.py), tables of anything else (printer.py).

An id is never cut or folded: it is what a person copies into the next command.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from orchestration.base.errors import UsageError

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer

P = ParamSpec("P")
R = TypeVar("R")
Row = Mapping[str, Any]  # a row of a table of the release: each column has its own type

#: characters that a text needs to say something; where fewer are left, it stands under its row
_READABLE = 30


@dataclass(frozen=True)
class Choice:
    """What a person asks of a list. limit: rows at most, 0 for all; columns: names of columns, none for the compact ones;
    wide: every column; csv: as a file for a spreadsheet."""

    limit: int = 0
    columns: str | None = None
    wide: bool = False
    csv: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a compact table. cell: its text of a row; text: it may be cut, or stand under the row."""

    heading: str
    cell: Callable[[Row], str]
    text: bool = False
    number: bool = False


def choosing(*, limit: int = 0) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The options of a command that lists something; they arrive as the fields of a Choice. limit: rows unless one is asked
    for."""

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        for option in (
            click.option("--csv", is_flag=True, help="All columns as CSV."),
            click.option("--wide", is_flag=True, help="All columns, each row on one line."),
            click.option(
                "--columns", metavar="A,B,...", help="These columns (--wide shows which there are)."
            ),
            click.option(
                "--limit",
                type=click.IntRange(min=0),
                default=limit,
                show_default=bool(limit),
                help="Rows at most; 0 shows all.",
            ),
        ):
            command = option(command)
        return command

    return decorate


def show_list(out: Printer, rows: Sequence[Row], compact: Sequence[Column], choice: Choice) -> None:
    """The rows as they were asked for. Raises UsageError for a column that they do not have."""
    shown = list(rows[: choice.limit or None])
    if choice.columns and rows:
        names = [name.strip() for name in choice.columns.split(",") if name.strip()]
        if unknown := [name for name in names if name not in rows[0]]:
            raise UsageError(f"there is no column {', '.join(unknown)}; there are {', '.join(rows[0])}")
        shown = [{name: row[name] for name in names} for row in shown]
    if out.as_json:
        out.json(shown)
    elif choice.csv:
        _write_csv(shown)
    elif not shown:
        out.line("nothing matches")
    elif choice.wide or choice.columns:
        out.long_lines(list(shown[0]), [[*row.values()] for row in shown])
    else:
        beside, below = _fitted(out.width, shown, compact)
        out.compact(
            [(column.heading, column.text, column.number) for column in beside],
            [[column.cell(row) for column in beside] for row in shown],
            [[text for column in below if (text := column.cell(row))] for row in shown],
        )
    if len(shown) < len(rows):
        out.warning(f"{len(shown)} of {len(rows)} are shown: --limit shows more")


def _fitted(
    width: int, rows: Sequence[Row], columns: Sequence[Column]
) -> tuple[Sequence[Column], Sequence[Column]]:
    """The columns that stand beside each other within `width` characters, and those that go under the row.

    A list of which a text would be cut to less than can be read has its texts under the rows.
    """
    fixed = [c for c in columns if not c.text]
    texts = [c for c in columns if c.text]

    def needed(column: Column) -> int:
        return max(len(column.heading), *(len(column.cell(row)) for row in rows))

    left = width - sum(needed(c) + 2 for c in fixed)
    if left >= sum(min(needed(c), _READABLE) + 2 for c in texts) - 2:
        return columns, []
    return fixed, texts


def _write_csv(rows: Sequence[Row]) -> None:
    """Rows of the same columns as CSV; a list as its items joined by ; and no value as nothing."""
    if not rows:
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([";".join(map(str, v)) if isinstance(v, list) else v for v in row.values()])


# -- the lists -------------------------------------------------------------------------------------------------------

_MULTIPLIERS = {1_000: "thousand", 1_000_000: "million", 1_000_000_000: "billion"}


def _unit(row: Row) -> str:
    """'USD million', 'thousand persons': a currency stands before its multiplier."""
    unit, multiplier = row["unit"], row["unit_multiplier"]
    if multiplier == 1:
        return str(unit)
    word = _MULTIPLIERS.get(multiplier, f"{multiplier:,}")
    return f"{unit} {word}" if unit.isupper() else f"{word} {unit}"


def _span(row: Row) -> str:
    """Years from the first to the last figure."""
    first, last = row["first_period"], row["last_period"]
    if first is None or last is None:
        return ""
    return f"{first.year}-{last.year}" if first.year != last.year else str(first.year)


def _period(day: dt.date | None, frequency: str) -> str:
    """The period that begins on `day`, as long as the frequency needs it: 2026, 2026Q1, 2026-08 or 2026-08-31."""
    if day is None:
        return ""
    match frequency:
        case "annual":
            return str(day.year)
        case "quarterly":
            return f"{day.year}Q{(day.month + 2) // 3}"
        case "daily":
            return day.isoformat()
    return f"{day:%Y-%m}"


SERIES = (
    Column("series", lambda row: row["series_id"]),
    Column("title", lambda row: row["title"], text=True),
    Column("span", _span),
    Column("unit", _unit, text=True),
    Column("last", lambda row: _period(row["last_period"], row["frequency"])),
)

#: a day that is only known to its month or year is not shown as a day
_PRECISE = {"month": 7, "year": 4}

EVENTS = (
    Column("event", lambda row: row["event_id"]),
    Column("date", lambda row: row["event_date"].isoformat()[: _PRECISE.get(row["date_precision"], 10)]),
    Column("title", lambda row: row["title"], text=True),
)


def _codes(row: Row) -> str:
    """'HS 2', 'NAICS 3', 'TOTAL', or nothing: classification and digits of its codes."""
    level = row["product_level"]
    return " ".join(str(part) for part in (row["classification"], level or None) if part is not None)


def _figures(row: Row) -> str:
    """'USA imports for consumption: trade value', 'USA employment (SA)': what the figures are, without their partner."""
    basis = f", {row['basis'].replace('_', ' ')}" if row["basis"] else ""
    flow = f" {row['flow']}{basis}:" if row["flow"] else ""
    adjusted = "" if row["seasonal_adjustment"] == "NSA" else f", {row['seasonal_adjustment']}"
    return f"{row['geography_iso3']}{flow} {row['measure'].replace('_', ' ')}{adjusted}"


def _counted(row: Row) -> str:
    """'102 series', or '97 codes' of flows."""
    count, what = (
        (row["series_count"], "series") if row["held_as"] == "series" else (row["product_count"], "codes")
    )
    return f"{count} {what}"


def _holes(row: Row) -> str:
    """Missing periods; of several partners the fewest and the most."""
    fewest, most = row["fewest_holes"], row["most_holes"]
    return str(most) if fewest == most else f"{fewest}-{most}"


def _stretches(row: Row) -> str:
    """The first stretches without figures, and how many more there are."""
    holes = row["holes"]
    more = f" and {len(holes) - SHOWN_HOLES} more" if len(holes) > SHOWN_HOLES else ""
    return f"without {', '.join(holes[:SHOWN_HOLES])}{more}" if holes else ""


#: stretches without figures that a row names; --wide and --csv have all
SHOWN_HOLES = 2

#: of the rows of readers/coverage.py
COVERAGE = (
    Column("source", lambda row: row["source_id"]),
    Column("codes", _codes),
    Column("partner", lambda row: row["partner"] or ""),
    Column("of", _counted),
    Column("figures", _figures, text=True),
    Column("first", lambda row: _period(row["first_period"], row["frequency"])),
    Column("last", lambda row: _period(row["last_period"], row["frequency"])),
    Column("holes", _holes, number=True),
    Column("stretches", _stretches, text=True),
)

#: of the rows that readers/comparison/answer_words.py makes
ANSWERS = (
    Column("cut", lambda row: row["cut"]),
    Column("series", lambda row: row["series"]),
    Column("differs by", lambda row: row["differs by"]),
    Column("what", lambda row: row["what"], text=True),
    Column("verdict", lambda row: row["verdict"], text=True),
    Column("design", lambda row: row["design"], text=True),
    Column("windows", lambda row: f"{row['months']} months", text=True),
    Column("usual range", lambda row: f"usual {row['usual range']}" if row["usual range"] else "", text=True),
    Column("errs", lambda row: f"errs {row['errs']}" if row["errs"] else "", text=True),
)

#: of the rows of intake/feed_review.py
CANDIDATES = (
    Column("published", lambda row: row["published_on"].isoformat()),
    Column("candidate", lambda row: row["feed_id"]),
    Column("first day", lambda row: row["first_day"].isoformat() if row["first_day"] else "-"),
    Column("rate", lambda row: f"{row['rate_pct']:g}" if row["rate_pct"] is not None else "-", number=True),
    Column("cited", lambda row: "yes" if row["cited_by_events"] or row["cited_by_measures"] else "no"),
    Column("title", lambda row: row["title"], text=True),
)

FRESHNESS = (
    Column("source", lambda row: row["source_id"]),
    Column("dataset", lambda row: row["dataset"]),
    Column("frequency", lambda row: row["frequency"]),
    Column("state", lambda row: row["state"].replace("_", " ")),
    Column("latest", lambda row: _period(row["latest_period"], row["frequency"])),
    Column(
        "days behind",
        lambda row: "" if row["days_behind"] is None else f"{row['days_behind']:,}",
        number=True,
    ),
)
