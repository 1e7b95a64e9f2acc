"""The two ways in which `headway` prints: tables and lines for people, JSON for programs.

Belongs here: tables, records, lines, JSON, progress, whatever they show.
Does not belong here: how a particular result is shown (results.py), computing anything.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from orchestration.base.progress import listening

#: columns of the output where it is no terminal: a pipe has no width, so no line is folded
_WIDTH_OF_A_PIPE = 10_000
#: characters of what a stage is doing that are shown beside its bar
_LONGEST_DETAIL = 60


class Printer:
    """Prints to standard output; progress and warnings go to standard error, so that the output can be piped.

    as_json: print JSON for programs in place of tables and lines for people.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)

    def json(self, value: object) -> None:
        """One JSON value, whatever `as_json` says; see `_as_json` for what becomes of dataclasses, dates and NaN."""
        print(json.dumps(_as_json(value), ensure_ascii=False, allow_nan=False, indent=2))

    def line(self, text: str = "") -> None:
        """One line of text; for programs an object with `message`."""
        if self.as_json:
            self.json({"message": text})
        else:
            self._console.print(text, markup=False)

    def labelled(self, label: str, colour: str, text: str) -> None:
        """A line that begins with a coloured word; for people only."""
        self._console.print(f"[{colour}]{label:<6}[/] {escape(text)}")

    def warning(self, text: str) -> None:
        """A line on standard error, for what must be read and must not be piped."""
        Console(stderr=True).print(text, markup=False)

    def rows(self, rows: Sequence[Mapping[str, object]]) -> None:
        """A table of records that have the same fields; where there are none, a line that says so."""
        if self.as_json:
            self.json(list(rows))
        elif not rows:
            self._console.print("nothing matches")
        else:
            self.table(list(rows[0]), [[*row.values()] for row in rows])

    def table(self, names: Sequence[str], rows: Sequence[Sequence[object]], *, grouped: bool = True) -> None:
        """A table for people. Where it is wider than the terminal, each row becomes a record: nobody can read folded
        columns.

        grouped: numbers as 12,662 and 26,249.75. Without it they stand as they can be typed again: only the author of a
        query knows whether 2025 is a year.
        """
        texts = [[_cell(value) if grouped else _bare(value) for value in row] for row in rows]
        widths = [max([len(name), *(len(row[i]) for row in texts)]) for i, name in enumerate(names)]
        if sum(widths) + 2 * len(widths) > self._console.width:
            for row in texts:
                self._fields(zip(names, row, strict=True))
                self._console.print()
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for i, name in enumerate(names):
            numeric = all(isinstance(row[i], int | float | Decimal) or row[i] is None for row in rows)
            table.add_column(escape(name), justify="right" if numeric else "left", no_wrap=True)
        for row in texts:
            table.add_row(*map(escape, row))
        self._console.print(table)

    def record(self, values: Mapping[str, object]) -> None:
        """One record, with a line for each field."""
        if self.as_json:
            self.json(dict(values))
            return
        self._fields([(name, _cell(value)) for name, value in values.items()])

    def _fields(self, fields: Iterable[tuple[str, str]]) -> None:
        """A line for each (name, text); names may repeat."""
        fields = list(fields)
        width = max((len(name) for name, _ in fields), default=0)
        for name, text in fields:
            self._console.print(f"{name:<{width}}  {text}", markup=False)

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show the progress that work inside the block reports (base/progress.py), on standard error.

        A terminal shows a bar for each stage, a file or pipe one line a stage; for programs nothing is shown.
        """
        if self.as_json:
            yield
            return
        console = Console(stderr=True, highlight=False)
        with _bars(console) if console.is_terminal else _stage_lines(console):
            yield


@contextmanager
def _stage_lines(console: Console) -> Iterator[None]:
    """One line for each stage, when it begins."""
    begun: set[str] = set()

    def announce(stage: str, detail: str, done: int | None, total: int | None) -> None:
        if stage not in begun:
            begun.add(stage)
            console.print(f"{stage} ...", markup=False)

    with listening(announce):
        yield


@contextmanager
def _bars(console: Console) -> Iterator[None]:
    """A bar for each stage, with what the stage is doing beside it."""
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, detail: str, done: int | None, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, detail="")
            bars.update(tasks[stage], completed=done, total=total, detail=detail[:_LONGEST_DETAIL])

        with listening(advance):
            yield


def _as_json(value: object) -> object:
    """A value that JSON can hold: dataclasses as objects, dates as ISO text, numbers that are not finite as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _as_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _as_json(field) for name, field in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_as_json(element) for element in value]
    if isinstance(value, Decimal):
        return _as_json(float(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _bare(value: object) -> str:
    """A value as `_cell` writes it, but a number without separators and with up to ten digits of its own."""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 2**53 else f"{value:.10g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(_bare, value))
    return _cell(value)


def _cell(value: object) -> str:
    """A value as it stands in a table or record.

    A cell shows the figure itself, with four decimals; sentences round to four digits instead (readers/wording.py).
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if abs(value) >= 0.001 or value == 0:
            return f"{value:,.4f}".rstrip("0").rstrip(".")
        return f"{value:.3g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        has_time = (value.hour, value.minute) != (0, 0)
        return value.strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d")
    if isinstance(value, list | tuple):
        return ", ".join(_cell(element) for element in value)
    return str(value)
