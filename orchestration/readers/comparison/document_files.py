"""A document as a file: Excel, CSV, a page of HTML, Markdown.

Belongs here: how each format shows the parts. Does not belong here: which parts there are (document.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import html
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.base.errors import UsageError
from orchestration.base.files import replacing
from orchestration.readers.comparison.document import Document, Rows

SUFFIXES = (".xlsx", ".csv", ".html", ".md")
#: heading of each table that a document may have; another one is shown under its own name
_HEADINGS = {
    "windows": "The windows",
    "months": "The months",
    "event": "The event",
    "series": "The series",
    "designs": "How it is compared",
    "in_the_way": "What stands in the way",
    "answer_numbers": "Every number of the answer",
    "result": "Every number of the two windows",
    "other_events": "Other events in the windows",
    "episodes": "Unusual months in the windows",
    "same_months_now": "The same months with today's figures",
    "control": "Compared with a control set",
    "methods": "What other methods say",
    "held": "Which versions of the months are held",
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{padding:.2rem .7rem .2rem 0;text-align:left;"
    "vertical-align:top;border-bottom:1px solid #ddd}td.n{text-align:right;font-variant-numeric:tabular-nums}"
    "pre{white-space:pre-wrap}"
)


def check_path(path: Path) -> None:
    """Raises UsageError where `write` could not write to `path`; asked before the work is done."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"a comparison cannot be written as '{path.suffix or path.name}'; end the name in {', '.join(SUFFIXES)}"
        )
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(
            f"{path} cannot be written: {'it is a folder' if path.is_dir() else 'there is no such folder'}"
        )


def write(document: Document, path: Path) -> Path:
    """The document as a file of the kind that its name ends in, whole or not at all. Raises UsageError as check_path."""
    check_path(path)
    try:
        with replacing(path) as temporary:
            _WRITERS[path.suffix.lower()](document, temporary)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _parts(document: Document) -> Iterator[tuple[str, Rows]]:
    """The tables in their order, with a heading each: what the answer rests on stands before the many months."""
    tables = dict(document.tables)
    first: dict[str, Rows] = {name: tables.pop(name) for name in ("designs", "in_the_way") if name in tables}
    shown: dict[str, Rows] = {**first, "windows": document.windows, "months": document.months, **tables}
    for name, rows in shown.items():
        yield _HEADINGS.get(name, name.replace("_", " ").capitalize()), rows


def _csv(document: Document, file: Path) -> None:
    """One table that any program reads: a row a month, then a row for each other fact; `part` says what it belongs to."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["part", "row", "name", "value", "window", "status", "known_from"])
        for n, month in enumerate(document.months, 1):
            shown = (month[name] for name in ("month", "value", "window", "status", "known_from"))
            writer.writerow(["month", n, *map(_text, shown)])
        for n, window in enumerate(document.windows, 1):
            writer.writerows(
                ["window", n, name, _text(value), window["window"]]
                for name, value in window.items()
                if name != "window"
            )
        writer.writerow(["title", 1, "", document.title])
        for part, texts in (("answer", document.answer), ("caution", document.cautions)):
            writer.writerows([part, n, "", text] for n, text in enumerate(texts, 1))
        for part, rows in document.tables.items():
            for n, row in enumerate(rows, 1):
                if list(row) == ["name", "value"]:
                    writer.writerow([part, n, row["name"], _text(row["value"])])
                else:
                    writer.writerows([part, n, name, _text(value)] for name, value in row.items())
        writer.writerows(["citation", n, c.key, c.text()] for n, c in enumerate(document.citations, 1))


def _markdown(document: Document, file: Path) -> None:
    lines = [f"# {_line(document.title)}", ""]
    for text in document.answer:
        lines += [_line(text), ""]
    lines += ["## Before it is read", "", *(f"- {_line(text)}" for text in document.cautions), ""]
    for heading, rows in _parts(document):
        if rows:
            names = list(rows[0])
            lines += [f"## {heading}", "", _row(names), _row(["---"] * len(names))]
            lines += [_row([_text(row.get(name)) for name in names]) for row in rows]
            lines.append("")
    lines += ["## How to cite it", "", *(f"- {_line(c.text())}" for c in document.citations), ""]
    file.write_text("\n".join(lines), encoding="utf-8")


def _html(document: Document, file: Path) -> None:
    """A page that asks nothing of a network."""
    title = html.escape(document.title)
    body = [f"<h1>{title}</h1>", *(f"<p>{html.escape(text)}</p>" for text in document.answer)]
    body += ["<h2>Before it is read</h2>", _list(document.cautions)]
    for heading, rows in _parts(document):
        if rows:
            names = list(rows[0])
            body += [f"<h2>{html.escape(heading)}</h2>", "<table><thead><tr>"]
            body += [f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in names]
            body.append("</tr></thead><tbody>")
            body += ["<tr>" + "".join(_html_cell(row.get(name)) for name in names) + "</tr>" for row in rows]
            body.append("</tbody></table>")
    bibtex = "\n\n".join(c.bibtex() for c in document.citations)
    body += ["<h2>How to cite it</h2>", _list([c.text() for c in document.citations])]
    body.append(f"<pre>{html.escape(bibtex)}</pre>")
    file.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'unsafe-inline'\"><style>{_STYLE}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n",
        encoding="utf-8",
    )


def _xlsx(document: Document, file: Path) -> None:
    """A workbook: the answer first, then a sheet for each table. A date is a date, and a text is never a formula."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(file), options) as book:
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("answer")
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 110)
        facts = [
            ("comparison", document.title),
            *(("answer", text) for text in document.answer),
            *(("caution", text) for text in document.cautions),
            *(("cite", citation.text()) for citation in document.citations),
        ]
        for line, (name, text) in enumerate(facts):
            sheet.write_string(line, 0, name, bold)
            sheet.write_string(line, 1, text, wrapped)
        for name, rows in {"windows": document.windows, "months": document.months, **document.tables}.items():
            if rows:
                _sheet(book.add_worksheet(name[:31]), rows, bold, day)


# xlsxwriter has neither types nor stubs: its sheets and formats are Any


def _sheet(sheet: Any, rows: Rows, bold: Any, day: Any) -> None:
    """A table with its header, columns as wide as what they hold."""
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(rows[0]):
        sheet.write_string(0, place, name, bold)
        widest = max(len(name), *(len(_text(row.get(name))) for row in rows))
        sheet.set_column(place, place, min(widest + 2, 60))
        for line, row in enumerate(rows, 1):
            value = row.get(name)
            if isinstance(value, dt.datetime | dt.date):
                sheet.write_datetime(line, place, value, day)
            elif isinstance(value, bool):
                sheet.write_boolean(line, place, value)
            elif isinstance(value, int | float) and math.isfinite(value):
                sheet.write_number(line, place, value)
            elif _text(value):
                sheet.write_string(line, place, _text(value))


_WRITERS = {".csv": _csv, ".md": _markdown, ".html": _html, ".xlsx": _xlsx}


def _text(value: object) -> str:
    """A value as it stands in a cell: a date in ISO form, a number with all of its digits, no value as nothing."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return (
            value.isoformat(sep=" ", timespec="minutes")
            if value.time() != dt.time()
            else value.date().isoformat()
        )
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _line(text: str) -> str:
    """A text as one line of Markdown that is read as it stands."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|" else c for c in " ".join(text.split()))


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(c if c == "---" else _line(c) for c in cells) + " |"


def _list(texts: Any) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in texts) + "</ul>"


def _html_cell(value: object) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"<td{' class=n' if number else ''}>{html.escape(_text(value))}</td>"
