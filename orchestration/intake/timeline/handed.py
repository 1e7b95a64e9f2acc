"""A file with rows for the user's own timelines, as a person hands it over: a CSV text or an Excel workbook, under their names of columns.

Belongs here: which kind of rows a table holds, whose column is whose, the example that shows how such a file looks.
Does not belong here: cells of CSV and Excel (transforms/parse/user_table.py), whether the rows are good (own.py).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.intake.timeline.own import GivenRow, TimelineError, as_csv, typed
from orchestration.intake.timeline.rules import Problem, rulebook
from transforms.parse.user_table import Grid, UserFileError, is_workbook, read_csv, read_sheets
from transforms.timeline import TIMELINE_COLUMNS, Kind

#: kind -> columns that tell its table from those of the others, tried in this order
_TOLD_BY: Mapping[Kind, tuple[str, ...]] = {
    "measures": ("measure_id",),
    "positions": ("event_id", "position"),
    "events": ("event_id", "event_date"),
    "sources": ("source_key", "kind"),
}

#: one row of each kind, made up, that passes every rule: what `headway timeline template` writes
EXAMPLES: Mapping[Kind, Mapping[str, object]] = {
    "sources": {
        "source_key": "USER_COMPANY_NEWS",
        "kind": "professional",
        "title": "News page of the company",
        "reference": "https://example.com/news",
        "note": "Made up, to show the form",
    },
    "events": {
        "event_id": "user-plant-closes-2024-09",
        "timeline": "user_plants",
        "event_date": "2024-09-30",
        "date_precision": "day",
        "announced_on": "2024-03-12",
        "effective_on": "2024-09-30",
        "event_type": "plant",
        "title": "The plant in our town closes",
        "description": "The last shift ends.",
        "parties": "CAN;USA",
        "topics": "production;labor",
        "location": "Our town",
        "source_key": "USER_COMPANY_NEWS",
        "source_reference": "Notice of 12 March 2024, https://example.com/news/2024-03-12",
        "confidence": "high",
        "in_force": "true",
    },
    "measures": {
        "measure_id": "user-remission-cars-2024",
        "imposing_iso3": "CAN",
        "partners": "USA",
        "product_scope": "Cars of makers that keep their plants",
        "hs_codes": "8703",
        "topic": "autos_tariffs",
        "rate_pct": "0",
        "announced_on": "2024-03-12",
        "effective_on": "2024-09-30",
        "legal_instrument": "Order of the province",
        "source_key": "USER_COMPANY_NEWS",
        "source_reference": "Notice of 12 March 2024",
        "confidence": "medium",
        "in_force": "true",
        "event_id": "user-plant-closes-2024-09",
    },
    "positions": {
        "event_id": "user-plant-closes-2024-09",
        "party": "INDUSTRY",
        "topic": "production",
        "position": "The plant is kept for parts",
        "value": "300",
        "unit": "vehicles per year",
        "status": "proposed",
        "source_key": "USER_COMPANY_NEWS",
        "source_reference": "Notice of 12 March 2024",
    },
}


@dataclass(frozen=True)
class HandedFile:
    """What a file holds. rows: by kind, for put_rows; notes: what the person should know of it (sheets that were not read)."""

    rows: Mapping[Kind, Sequence[GivenRow]]
    notes: tuple[str, ...] = ()


def read_handed(
    path: Path, *, kind: Kind | None = None, names: Mapping[str, str] | None = None
) -> HandedFile:
    """The rows of a CSV (one kind) or a workbook (a sheet for each kind, called after it, or one sheet).

    kind: what the rows are; without it the columns tell. names: our column -> theirs. A column that is neither ours nor named is a
    problem, so that none is lost. Raises UsageError for a file that cannot be read, TimelineError with the places of what is unclear.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    theirs = {ours: name.strip().lower() for ours, name in (names or {}).items()}
    try:
        if not is_workbook(content):
            found, grid = _of_csv(content, path.name, kind, theirs)
            return HandedFile({found: _rows(grid, theirs)})
        grids, ignored = read_sheets(content, TIMELINE_COLUMNS)
        rows: dict[Kind, Sequence[GivenRow]] = {}
        for title, grid in grids.items():
            own = (
                kind or next((k for k in TIMELINE_COLUMNS if k == title), None) or _told(grid.columns, theirs)
            )
            if own is None:
                raise _unclear(path.name)
            rows[own] = _rows(grid, theirs)
    except UserFileError as error:
        raise TimelineError([Problem(path.name, None, line) for line in error.problems]) from error
    if not rows:
        raise TimelineError(
            [
                Problem(
                    path.name,
                    None,
                    f"no sheet is called {', '.join(TIMELINE_COLUMNS)}; sheets: {', '.join(ignored)}",
                )
            ]
        )
    return HandedFile(rows, tuple(f"sheet '{title}' was not read" for title in ignored))


def _of_csv(content: bytes, name: str, kind: Kind | None, theirs: Mapping[str, str]) -> tuple[Kind, Grid]:
    """The table of a CSV and its kind. Raises UserFileError, TimelineError where the columns do not tell the kind."""
    for candidate, told_by in _TOLD_BY.items() if kind is None else ((kind, _TOLD_BY[kind]),):
        try:
            return candidate, read_csv(content, [theirs.get(column, column) for column in told_by], what=name)
        except UserFileError as error:
            if kind is not None or "lacks columns" not in error.problems[0]:
                raise
    raise _unclear(name)


def _told(columns: Sequence[str], theirs: Mapping[str, str]) -> Kind | None:
    return next(
        (kind for kind, told_by in _TOLD_BY.items() if all(theirs.get(c, c) in columns for c in told_by)),
        None,
    )


def _unclear(name: str) -> TimelineError:
    told = "; ".join(f"{kind} by {' and '.join(columns)}" for kind, columns in _TOLD_BY.items())
    return TimelineError(
        [
            Problem(
                name,
                None,
                f"the columns do not say what the rows are ({told}): say it with --kind, and with --map OURS=THEIRS which column is "
                "which; `headway timeline template` shows a file",
            )
        ]
    )


def _rows(grid: Grid, theirs: Mapping[str, str]) -> list[GivenRow]:
    """The rows of a table under our names. Raises UserFileError for rows that do not fit the header, and for a named column that is not there."""
    missing = [name for name in theirs.values() if name not in grid.columns]
    problems = [
        f"there is no column '{name}' to be mapped; columns: {', '.join(grid.columns)}" for name in missing
    ]
    problems += [f"{grid.at(number)}: {cells}" for number, cells in grid.rows if isinstance(cells, str)]
    if problems:
        raise UserFileError(problems)
    ours = {name: column for column, name in theirs.items()}
    return [
        GivenRow({ours.get(column, column): cell for column, cell in cells.items()}, grid.at(number))
        for number, cells in grid.rows
        if not isinstance(cells, str)
    ]


def template_csv(kind: Kind) -> bytes:
    """An example file of one kind: the header and a row."""
    row, _ = typed(kind, GivenRow(EXAMPLES[kind], "example"))
    return as_csv(kind, [row])


def template_xlsx() -> bytes:
    """An example workbook: a sheet for each kind, each with a row; every cell is a text."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}
    ) as book:
        bold = book.add_format({"bold": True})
        for kind, columns in TIMELINE_COLUMNS.items():
            sheet = book.add_worksheet(kind)
            sheet.write_row(0, 0, list(columns), bold)
            sheet.write_row(1, 0, [str(EXAMPLES[kind].get(column, "")) for column in columns])
            sheet.set_column(0, len(columns) - 1, 22)
            sheet.freeze_panes(1, 1)
    return out.getvalue()


def allowed_values(settings: Settings) -> list[dict[str, str]]:
    """The columns that have a closed list, and what may stand there, from the rules of the seeds."""
    book = rulebook(settings.dbt_project)
    lines = []
    for kind in TIMELINE_COLUMNS:
        rules = book.rules(kind)
        closed = {column: list(values) for column, values in rules.accepted.items()}
        for column, (seed, name) in rules.references.items():
            if seed not in (
                "seed_event",
                "seed_event_source",
                "seed_event_cluster",
            ):  # long lists, or none of the user's
                closed[column] = book.closed(seed, name)
        for each in rules.lists:
            if each.get("closed_list"):
                closed[each["column"]] = book.closed(
                    f"seed_{each['closed_list']}", each["closed_list"], each.get("kinds", ())
                )
        lines += [
            {"kind": kind, "column": column, "allowed": "; ".join(values)}
            for column in TIMELINE_COLUMNS[kind]
            if (values := closed.get(column))
        ]
    return lines
