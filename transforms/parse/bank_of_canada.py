"""Bank of Canada Valet: observations as JSON and as CSV.

Belongs here: both layouts, how an absent value looks in them, the error object.
Does not belong here: requests, monthly means of daily rates (transforms/means.py).

Format: https://www.bankofcanada.ca/valet/docs
Traps: the CSV has a BOM and several tables under headings; a series without a value on a day is not in the row of that
day (JSON) or blank there (CSV); annual and monthly series are dated by their first day and do not state their frequency.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import date

from transforms.parse.body import excerpt, load_json, read_text, shape_checked
from transforms.parse.outcome import BadRequestError, EmptyReplyError, SchemaChangedError, UnreadableError
from transforms.parse.reply import Rows, SeriesReply, parse_number

SOURCE = "bank_of_canada"


@shape_checked(SOURCE)
def parse_reply(
    content: bytes, *, frequency: str = "daily", status: int = 200, content_type: str | None = None
) -> SeriesReply:
    """Observations of .../observations/<names>/json or /csv (told apart by the first character).

    The reply does not state a frequency: `frequency` is that of the series asked for. details: title, description.
    Raises BadRequestError (404 with a message), EmptyReplyError (no row), SchemaChangedError and what `read_text`
    raises.
    """
    if status in (400, 404):
        _refuse(content, status)
    text = read_text(content, source=SOURCE, status=status, content_type=content_type)
    rows = Rows(SOURCE)
    if text.lstrip()[0] in "{[":
        _read_json(text, content_type, frequency, rows)
    else:
        _read_csv(text, frequency, rows)
    return rows.reply()


def _refuse(content: bytes, status: int) -> None:
    """Raise BadRequestError with the message of an error object; returns if the body is none."""
    try:
        message = json.loads(content)["message"]
    except (ValueError, KeyError, TypeError):
        return
    raise BadRequestError(SOURCE, f"HTTP {status}: {excerpt(str(message))}", "check series names and dates")


def _read_json(text: str, content_type: str | None, frequency: str, rows: Rows) -> None:
    reply = load_json(text, source=SOURCE, content_type=content_type)
    fields = reply if isinstance(reply, dict) else {}
    missing = [k for k in ("seriesDetail", "observations") if k not in fields]
    if missing:
        raise SchemaChangedError(SOURCE, "reply with other fields", missing=missing)
    for code, detail in fields["seriesDetail"].items():
        rows.details[code] = {"title": detail.get("label", ""), "description": detail.get("description", "")}
    if not fields["observations"]:
        raise EmptyReplyError(SOURCE, "no observations in the period asked for", "check the dates")
    for observation in fields["observations"]:
        for code, cell in observation.items():
            if code == "d":
                continue
            if code not in rows.details:
                raise SchemaChangedError(SOURCE, "observation of an undeclared series", unknown=[code])
            _add(rows, code, observation.get("d"), (cell or {}).get("v"), frequency)


def _read_csv(text: str, frequency: str, rows: Rows) -> None:
    lines = list(csv.reader(io.StringIO(text, newline=None)))
    headings = {line[0].strip(): number for number, line in enumerate(lines) if len(line) == 1}
    if "SERIES" not in headings or "OBSERVATIONS" not in headings:
        raise SchemaChangedError(
            SOURCE, f"CSV without its tables: {excerpt(text)}", missing=["SERIES", "OBSERVATIONS"]
        )
    for line in lines[headings["SERIES"] + 2 :]:
        if not line or not line[0].strip():
            break
        rows.details[line[0]] = {"title": line[1], "description": line[2] if len(line) > 2 else ""}
    header, *observations = lines[headings["OBSERVATIONS"] + 1 :] or [[]]
    if not header or header[0].strip().lower() != "date":
        raise SchemaChangedError(SOURCE, "observations without a date column", missing=["date"])
    observations = [line for line in observations if any(cell.strip() for cell in line)]
    if not observations:
        raise EmptyReplyError(SOURCE, "no observations in the period asked for", "check the dates")
    for line in observations:
        if len(line) != len(header):
            raise UnreadableError(
                SOURCE, f"row {line[0]} has {len(line)} of {len(header)} cells", "ask again"
            )
        for code, cell in zip(header[1:], line[1:], strict=True):
            if cell.strip():
                _add(rows, code, line[0], cell, frequency)
            else:
                rows.drop("blank cells (no value on that day)")


def _add(rows: Rows, code: str, day: str | None, text: str | None, frequency: str) -> None:
    """Add one cell to the rows; a number or day that cannot be read is rejected."""
    try:
        value = parse_number(text) if text else None
        start = date.fromisoformat(day or "")
    except ValueError as error:
        rows.reject(f"not readable: {error}", {"series": code, "date": day, "value": text})
        return
    rows.add(code, start, frequency, value, "missing" if value is None else "normal")
