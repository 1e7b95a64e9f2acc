"""The two ways in which `headway` prints: tables and lines for people, JSON for programs.

Belongs here: tables, records, lines, JSON, progress, whatever they show.
Does not belong here: how a particular result is shown (results.py), computing anything.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.base.progress import listening
from orchestration.readers.json_values import json_value

#: columns of the output where it is no terminal: a pipe has no width, so no line is folded
_WIDTH_OF_A_PIPE = 10_000
#: characters of what a stage is doing that are shown beside its bar
_LONGEST_DETAIL = 60
#: before the second line of a row
_INDENT = "    "
#: types of a column that is aligned to the right; no value does not change what a column is
_NUMBERS = (int, float, Decimal, type(None))


class Printer:
    """Prints to standard output; progress and warnings go to standard error, so that the output can be piped.

    as_json: print JSON for programs in place of tables and lines for people.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        # markup and emoji are off: [red] or :car: in a figure's title are the title
        self._console = Console(
            highlight=False,
            markup=False,
            emoji=False,
            width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE,
        )

    @property
    def width(self) -> int:
        """Characters of a line: of the terminal, or enough for any line where the output is none."""
        return self._console.width

    def json(self, value: object) -> None:
        """One JSON value, whatever `as_json` says; see readers/json_values.py for what becomes of dataclasses, dates and NaN."""
        print(json.dumps(json_value(value), ensure_ascii=False, allow_nan=False, indent=2))

    def line(self, text: str = "") -> None:
        """One line of text; for programs an object with `message`."""
        if self.as_json:
            self.json({"message": text})
        else:
            self._console.print(_folded(text, self.width), soft_wrap=True)

    def labelled(self, label: str, colour: str, text: str) -> None:
        """A line that begins with a coloured word; for people only."""
        line = _folded(f"{label:<6} {text}", self.width)
        self._console.print(Text.assemble((line[: len(label)], colour), line[len(label) :]), soft_wrap=True)

    def warning(self, text: str) -> None:
        """A line on standard error, for what must be read and must not be piped."""
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        console.print(_folded(text, console.width) if console.is_terminal else text, soft_wrap=True)

    def rows(self, rows: Sequence[Mapping[str, object]], narrow: Sequence[str] = ()) -> None:
        """A table of records that have the same fields; where there are none, a line that says so.

        narrow: the same records as one text each, for a terminal that is narrower than the table: as records of a line a field they would
        fill more than a screen.
        """
        if self.as_json:
            self.json(list(rows))
        elif not rows:
            self._console.print("nothing matches")
        elif narrow and not self._fits(list(rows[0]), [[_cell(v) for v in row.values()] for row in rows]):
            for text in narrow:
                first, *more = _folded(text, self.width - len(_INDENT)).split("\n")
                self._console.print("\n".join([first, *(_INDENT + line for line in more)]), soft_wrap=True)
        else:
            self.table(list(rows[0]), [[*row.values()] for row in rows])

    def _fits(self, names: Sequence[str], texts: Sequence[Sequence[str]]) -> bool:
        """Whether a table of these texts is as wide as a line or less."""
        widths = [max([len(name), *(len(row[i]) for row in texts)]) for i, name in enumerate(names)]
        return sum(widths) + 2 * len(widths) <= self.width

    def table(self, names: Sequence[str], rows: Sequence[Sequence[object]], *, grouped: bool = True) -> None:
        """A table for people. Where it is wider than the terminal, each row becomes a record: nobody can read folded
        columns.

        grouped: numbers as 12,662 and 26,249.75. Without it they stand as they can be typed again: only the author of a
        query knows whether 2025 is a year.
        """
        texts = [[_cell(value) if grouped else _bare(value) for value in row] for row in rows]
        if not self._fits(names, texts):
            for row in texts:
                self._fields(zip(names, row, strict=True))
                self._console.print()
            return
        numeric = [all(isinstance(row[i], _NUMBERS) for row in rows) for i in range(len(names))]
        table = _grid(list(zip(names, numeric, strict=True)))
        for row in texts:
            table.add_row(*map(Text, row))
        self._console.print(table)

    def compact(
        self,
        columns: Sequence[tuple[str, bool, bool]],
        rows: Sequence[Sequence[str]],
        below: Sequence[Sequence[str]],
    ) -> None:
        """A table of one line a row; a terminal shows a long one page by page.

        columns: (heading, whether its texts may be cut to fit, whether it holds numbers). below: what stands under each row,
        in as many lines as it needs, the texts after the first in brackets.
        """
        widths = [
            max([cell_len(name), *(cell_len(row[i]) for row in rows)])
            for i, (name, _, _) in enumerate(columns)
        ]
        # the widest text gives way first
        while sum(widths) + 2 * len(widths) - 2 > self.width and any(cut for _, cut, _ in columns):
            widths[max((w, i) for i, w in enumerate(widths) if columns[i][1])[1]] -= 1
        table = _grid([(name, number) for name, _, number in columns])
        for row in rows:
            table.add_row(*(Text(_cut(text, width)) for text, width in zip(row, widths, strict=True)))
        with (
            self._console.capture() as captured
        ):  # in its own width: what may not be cut is not cut by a narrow terminal
            self._console.print(table, width=max(self.width, sum(widths) + 2 * len(widths)), crop=False)
        lines = [line.rstrip() for line in captured.get().splitlines()]
        for place, (text, *more) in reversed([*enumerate(below, 2)] if any(below) else []):
            whole = f"{text} ({', '.join(more)})" if any(more) else text
            lines[place - 1 : place] = [lines[place - 1], *_folded(whole, self.width, _INDENT).split("\n")]
        self._paged(lines)

    def long_lines(self, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table whose rows stay on one line each, however long; a terminal shows a long one page by page."""
        texts = [[_cell(value) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(names, *texts, strict=True)]
        numeric = [all(isinstance(row[i], _NUMBERS) for row in rows) for i in range(len(names))]
        self._paged(
            "  ".join(
                text.rjust(width) if number else text.ljust(width)
                for text, width, number in zip(line, widths, numeric, strict=True)
            ).rstrip()
            for line in (names, *texts)
        )

    def _paged(self, lines: Iterable[str]) -> None:
        """Lines as they are, through the pager of the user (PAGER) where they are more than a terminal has."""
        lines = list(lines)
        if self._console.is_terminal and len(lines) >= self._console.height:
            os.environ.setdefault(
                "LESS", "-RS"
            )  # colours; a long line goes on to the right and is not folded
            click.echo_via_pager("\n".join(lines) + "\n")
        else:
            click.echo("\n".join(lines))

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
            self._console.print(f"{name:<{width}}  {text}", soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show the progress that work inside the block reports (base/progress.py), on standard error.

        A terminal shows a bar for each stage, a file or pipe one line a stage; for programs nothing is shown.
        """
        if self.as_json:
            yield
            return
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        with _bars(console) if console.is_terminal else _stage_lines(console):
            yield


def _grid(columns: Sequence[tuple[str, bool]]) -> Table:
    """A table without lines; columns: (heading, whether it holds numbers)."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, number in columns:
        table.add_column(Text(name), justify="right" if number else "left", no_wrap=True)
    return table


def _cut(text: str, width: int) -> str:
    """A text of one line, with … for what is left out."""
    shown = Text(text)
    shown.truncate(width, overflow="ellipsis")
    return shown.plain


def _folded(text: str, width: int, indent: str = "") -> str:
    """A text in lines of at most `width` characters that break between words only: an id or address that is longer is left to
    the terminal, which does not cut it when it is copied."""
    return "\n".join(
        "\n".join(
            textwrap.wrap(
                line,
                width,
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
        for line in text.split("\n")
    )


@contextmanager
def _stage_lines(console: Console) -> Iterator[None]:
    """One line for each stage, when it begins."""
    begun: set[str] = set()

    def announce(stage: str, detail: str, done: int | None, total: int | None) -> None:
        if stage not in begun:
            begun.add(stage)
            console.print(f"{stage} ...")

    with listening(announce):
        yield


@contextmanager
def _bars(console: Console) -> Iterator[None]:
    """A bar for each stage, with what the stage is doing beside it."""
    # most commands show none, and the import takes 20 ms
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description:<10}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, detail: str, done: int | None, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, detail="")
            bars.update(tasks[stage], completed=done, total=total, detail=detail[:_LONGEST_DETAIL])

        with listening(advance):
            yield


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
