"""Federal Reserve Board Data Download Program: SDMX 1.0 compact XML (bare or in a release's zip) and both CSV layouts.

Belongs here: series attributes, observation codes, period ends, header blocks, base years in units.
Does not belong here: requests, which series are kept.

Format: https://www.federalreserve.gov/datadownload and frb_common.xsd beside each release. Same for G.17, G.5, H.10.
Traps: months are dated by their last day; a missing value is -9999 with OBS_STATUS "ND", and only the status tells that
it is missing; UNIT_MULT is the multiplier itself (1000000), not a power; the base year of an index is in its
unit (Index:_2017_100) and changes with annual revisions; CSV packages write a multiplier as 1e+09; a series may stand in several datasets of one release;
message:Prepared is when the file was made, before the release (G.19 of October 2015: 14:24 for a 15:00 release),
so it is no release time; a bad package id gives an HTML page with status 200.
"""

from __future__ import annotations

import csv
import io
import re
import xml.parsers.expat
from collections.abc import Iterable
from datetime import date

from transforms.parse.body import excerpt, is_html, read_text, refuse_status, shape_checked, zip_members
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError, UnreadableError
from transforms.parse.reply import Rows, SeriesReply, parse_number
from transforms.periods import period_start

SOURCE = "fed"
_FREQUENCY = {"129": "monthly", "162": "quarterly", "203": "annual", "8": "daily", "9": "daily"}
_NORMAL, _MISSING = {"A"}, {"ND", "NA", "NC"}
_OTHER_FREQUENCY = "observations that are not daily, monthly, quarterly or annual"
_BASE = re.compile(r"(\d{4})\D+100\b")
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?|-?Q([1-4]))?")
#: labels of the header block of a CSV package -> name in details; they differ by layout in case, colon and blanks
_LABELS = {
    "series description": "title",
    "descriptions": "title",
    "description": "title",
    "unit": "unit",
    "multiplier": "unit_multiplier",
    "currency": "currency",
    "unique identifier": "identifier",
    "time period": "code",
    "series name": "code",
}


@shape_checked(SOURCE)
def parse_reply(
    content: bytes,
    *,
    codes: Iterable[str] | None = None,
    status: int = 200,
    content_type: str | None = None,
) -> SeriesReply:
    """Observations of a release's zip, its data XML or a CSV package, of all series or only of `codes`.

    source_code is the series name ('IP.B50001.S'); details: title, unit, unit_multiplier, currency, identifier
    ('G17/IP_MAJOR_INDUSTRY_GROUPS/IP.B50001.S'), base_year where the unit holds one.
    Raises UnreadableError, HtmlInsteadError, EmptyReplyError (none of `codes`), SchemaChangedError.
    """
    if not 200 <= status < 300:
        refuse_status(SOURCE, status, content[:2000].decode("utf-8", "replace"))
    wanted = None if codes is None else set(codes)
    rows = Rows(SOURCE)
    if content.startswith(b"PK"):
        data = [member for _, member in zip_members(content, r".+_data\.xml", source=SOURCE)]
        if not data:
            raise SchemaChangedError(SOURCE, "archive without data", missing=["<release>_data.xml"])
        for member in data:
            _read_xml(member, wanted, rows)
    elif re.match(rb"(\xef\xbb\xbf)?\s*<", content) and not is_html(content):
        _read_xml(content, wanted, rows)
    else:
        text = read_text(content, source=SOURCE, status=status, content_type=content_type)
        _read_csv(text, wanted, rows)
    for detail in rows.details.values():
        if "unit_multiplier" in detail:
            detail["unit_multiplier"] = _plain(detail["unit_multiplier"])
        if base := _BASE.search(detail.get("unit", "")):
            detail["base_year"] = base[1]
    reply = rows.reply()
    if reply.frame.is_empty():
        raise EmptyReplyError(SOURCE, "no observation of the wanted series", "check series names and package")
    return reply


def _plain(multiplier: str) -> str:
    """A multiplier in digits: the CSV packages write a billion as 1e+09. One that is no whole number stays as it is."""
    try:
        value = parse_number(multiplier)
    except ValueError:
        return multiplier
    return str(int(value)) if value == int(value) else multiplier


class _Compact:
    """Expat handlers for the compact message. Namespace prefixes are ignored, because they differ between releases."""

    def __init__(self, wanted: set[str] | None, rows: Rows) -> None:
        self._wanted, self._rows = wanted, rows
        self._text: list[str] | None = None
        self._release = self._dataset = self._annotation = ""
        self._code: str | None = None
        self._frequency: str | None = None
        self.parser = xml.parsers.expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype

    def doctype(self, *_: object) -> None:
        raise SchemaChangedError(SOURCE, "data XML with a document type, which it never had")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "Obs" if self._code:
                self._observation(self._code, attributes)
            case "Series":
                self._series(attributes)
            case "DataSet":
                self._dataset = attributes.get("id", "")
            case "ID" | "Prepared" | "AnnotationType" | "AnnotationText":
                self._text = []

    def end(self, name: str) -> None:
        local, text = name.rpartition(":")[2], "".join(self._text or []).strip()
        match local:
            case "Series":
                self._code = None
                self.parser.StartElementHandler = self.start
            case "ID":
                self._release = self._release or text
            case "Prepared":
                self._rows.messages.append(f"file prepared {text} (Eastern time)")
            case "AnnotationType":
                self._annotation = text
            case "AnnotationText" if self._code and self._annotation == "Short Description":
                self._rows.details[self._code]["title"] = text
        self._text = None

    def characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _series(self, attributes: dict[str, str]) -> None:
        missing = [a for a in ("SERIES_NAME", "FREQ", "UNIT", "UNIT_MULT") if a not in attributes]
        if missing:
            raise SchemaChangedError(SOURCE, "series with other attributes", missing=missing)
        code = attributes["SERIES_NAME"]
        if self._wanted is not None and code not in self._wanted:
            # without a handler expat does not make the attributes of each observation: 1.0 s instead of 5.2 s for 3 of
            # the 1,000 series in 88 MB; `end` sets the handler again
            self.parser.StartElementHandler = None
            return
        self._code = code
        self._frequency = _FREQUENCY.get(attributes["FREQ"])
        detail = self._rows.details.setdefault(code, {})
        stated = {
            "unit": attributes["UNIT"],
            "unit_multiplier": attributes["UNIT_MULT"],
            "currency": attributes.get("CURRENCY", ""),
        }
        if any(detail.get(name, value) != value for name, value in stated.items()):
            raise SchemaChangedError(SOURCE, f"{code} comes with two units", unknown=[attributes["UNIT"]])
        detail.update(stated)
        detail.setdefault("identifier", f"{self._release}/{self._dataset}/{code}")

    def _observation(self, code: str, attributes: dict[str, str]) -> None:
        if self._frequency is None:
            self._rows.drop(_OTHER_FREQUENCY)
            return
        state, text = attributes.get("OBS_STATUS", ""), attributes.get("OBS_VALUE", "")
        try:
            if state not in _NORMAL | _MISSING:
                raise ValueError(f"OBS_STATUS {state}")
            value = None if state in _MISSING else parse_number(text)
            if state in _NORMAL and float(text) == -9999:
                raise ValueError("the filler -9999 with status A")
            end = date.fromisoformat(attributes["TIME_PERIOD"])
        except (KeyError, ValueError) as error:
            self._rows.reject(f"not readable: {error}", {"series": code, **attributes})
            return
        note = f"OBS_STATUS {state}" if state in _MISSING else None
        self._rows.add(
            code,
            period_start(end, self._frequency),
            self._frequency,
            value,
            "missing" if value is None else "normal",
            note=note,
        )


def _read_xml(content: bytes, wanted: set[str] | None, rows: Rows) -> None:
    parser = _Compact(wanted, rows).parser
    try:
        parser.Parse(content, True)
    except xml.parsers.expat.ExpatError as error:
        raise UnreadableError(
            SOURCE,
            f"XML broken or cut after {parser.CurrentByteIndex:,} of {len(content):,} bytes ({error})",
            "fetch it again",
        ) from error


def _read_csv(text: str, wanted: set[str] | None, rows: Rows) -> None:
    table = [line for line in csv.reader(io.StringIO(text, newline=None)) if line]
    labels = [_LABELS.get(line[0].strip().rstrip(":").strip().lower()) for line in table]
    if "code" in labels:  # layout seriescolumn: a header block above, one column a series
        last = labels.index("code")
        blocks = dict(zip(labels[: last + 1], (line[1:] for line in table[: last + 1]), strict=True))
        periods = [line[0] for line in table[last + 1 :]]
        body = [line[1:] for line in table[last + 1 :]]
        width = len(blocks["code"])
        if any(len(line) != width for line in body):
            raise UnreadableError(SOURCE, "CSV cut off: a row with fewer cells than series", "fetch it again")
        columns = list(zip(*body, strict=True)) or [()] * width
        series = [({k: v[i] for k, v in blocks.items() if k}, columns[i]) for i in range(width)]
    else:  # layout seriesrow: labels as the first line, one line a series
        header = [_LABELS.get(cell.strip().rstrip(":").strip().lower()) for cell in table[0]] if table else []
        if "code" not in header:
            raise SchemaChangedError(
                SOURCE, f"CSV of another layout: {excerpt(text)}", missing=["Series Name:"]
            )
        first = header.index("code") + 1
        periods = table[0][first:]
        if any(len(line) != len(table[0]) for line in table[1:]):
            raise UnreadableError(
                SOURCE, "CSV cut off: a line with fewer cells than periods", "fetch it again"
            )
        series = [
            ({k: line[i] for i, k in enumerate(header[:first]) if k}, tuple(line[first:]))
            for line in table[1:]
        ]
    starts = [_csv_period(period) for period in periods]
    for detail, cells in series:
        code = detail.pop("code", "").strip()
        if wanted is None or code in wanted:
            _read_column(code, {k: v.strip() for k, v in detail.items()}, starts, cells, rows)


def _csv_period(text: str) -> tuple[date, str]:
    """First day and frequency of a period as the CSV layouts write it: 2017, 2017-04, 2017Q2 or 2017-04-30."""
    match = _PERIOD.fullmatch(text.strip())
    if not match:
        raise SchemaChangedError(SOURCE, "CSV period", unknown=[text])
    year, month, day, quarter = match.groups()
    try:
        if quarter:
            return date(int(year), 3 * int(quarter) - 2, 1), "quarterly"
        if day:
            return date(int(year), int(month), int(day)), "daily"
        return date(int(year), int(month or 1), 1), "monthly" if month else "annual"
    except ValueError as error:
        raise SchemaChangedError(SOURCE, "CSV period", unknown=[text]) from error


def _read_column(
    code: str, detail: dict[str, str], starts: list[tuple[date, str]], cells: tuple[str, ...], rows: Rows
) -> None:
    """Add one series of a CSV package to `rows`: `cells` in the periods `starts`."""
    rows.details[code] = detail
    filled = [i for i, cell in enumerate(cells) if cell.strip()]
    for i, ((start, frequency), cell) in enumerate(zip(starts, cells, strict=True)):
        text = cell.strip()
        if not text and (not filled or i < filled[0] or i > filled[-1]):
            rows.drop("blank cells before or after a series")
            continue
        try:
            value = None if not text or text in _MISSING else parse_number(text)
        except ValueError as error:
            rows.reject(f"not readable: {error}", {"series": code, "period": start, "value": cell})
            continue
        rows.add(code, start, frequency, value, "missing" if value is None else "normal")
