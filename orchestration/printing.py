"""How results are printed: tables and paragraphs for people, JSON for programs.

Belongs here: rendering of what plain functions return. Does not belong here: computing anything.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestration.progress import listening


def _plain(value: Any) -> Any:
    """A value that json can write: dataclasses as objects, dates as ISO text, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return (
            value.strftime("%Y-%m-%d %H:%M")
            if (value.hour, value.minute) != (0, 0)
            else value.strftime("%Y-%m-%d")
        )
    if isinstance(value, list | tuple):
        return ", ".join(_text(v) for v in value)
    return str(value)


class Printer:
    """Prints to standard output; progress goes to standard error, so that output can be piped."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())

    def json(self, value: Any) -> None:
        print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))

    def line(self, text: str) -> None:
        if self.as_json:
            self.json({"message": text})
        else:
            self.console.print(text, markup=False)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """A table of records; nothing found is said, not shown as an empty table."""
        if self.as_json:
            self.json(list(rows))
        elif not rows:
            self.console.print("nothing matches")
        else:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for name in rows[0]:
                numeric = all(isinstance(r[name], int | float) or r[name] is None for r in rows)
                table.add_column(name, justify="right" if numeric else "left", overflow="fold")
            for row in rows:
                table.add_row(*(_escape(_text(v)) for v in row.values()))
            self.console.print(table)

    def record(self, values: Mapping[str, Any]) -> None:
        """One record, a line a field."""
        if self.as_json:
            self.json(dict(values))
            return
        width = max(map(len, values), default=0)
        for name, value in values.items():
            self.console.print(f"{name:<{width}}  {_text(value)}", markup=False)

    @contextmanager
    def progress(self) -> Iterator[None]:
        """A bar on a terminal, a line a stage elsewhere; both on standard error."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        if self.as_json:
            yield
            return
        console = Console(stderr=True, highlight=False)
        if not console.is_terminal:
            seen: set[str] = set()

            def say(stage: str, detail: str, done: int | None, total: int | None) -> None:
                if stage not in seen:
                    seen.add(stage)
                    console.print(f"{stage} ...", markup=False)

            with listening(say):
                yield
            return
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, TextColumn("{task.fields[detail]}"), console=console) as bars:
            tasks: dict[str, Any] = {}

            def advance(stage: str, detail: str, done: int | None, total: int | None) -> None:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(stage, total=total, detail="")
                bars.update(tasks[stage], completed=done, total=total, detail=detail[:60])

            with listening(advance):
                yield


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
