"""How a series, an event or a release is cited: as a line of text, as BibTeX, as CSL JSON.

Belongs here: what a citation states and how the three forms write it. Does not belong here: the lookup of an id from a
person's words (lookup.py), where a single number comes from (`trace`, lookup.py), printing (cli/).

A series is cited as its agency's data, with the table and the page that the agency publishes it on, and then the release of
Headway that it was read from: the figures of another release may be others.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.readers.lookup import OWN, resolve_event, resolve_series, trace
from orchestration.readers.release_file import current_file, has_table, read, release_record
from orchestration.readers.rows import DimEvent, DimEventSource, DimSeries, DimSource

if TYPE_CHECKING:
    import duckdb

FORMATS = ("text", "bibtex", "csl")
#: the words that mean the current release
_CURRENT = ("release", "current")
_TITLE = "Headway: trade and auto-production statistics joined with the timelines of trade negotiations"
#: BibTeX's own characters as LaTeX writes them
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass(frozen=True)
class Citation:
    """What is cited. `key` is unique among what is cited from one release.

    author: agency, document or project; issued: day of the newest figure's vintage, of the event, or of the release;
    accessed: when the bytes were retrieved; kind: dataset or document; notes: sentences on code, unit, copy and licence.
    """

    key: str
    kind: str
    author: str
    title: str
    issued: dt.date
    release: str
    url: str | None = None
    accessed: dt.date | None = None
    notes: Sequence[str] = ()

    def text(self) -> str:
        """One line for a list of references."""
        what = " [data set]" if self.kind == "dataset" else ""
        parts = [f"{self.author} ({self.issued.year}): {self.title}{what}.", *self.notes]
        if self.url:
            accessed = f", retrieved {self.accessed}" if self.accessed else ""
            parts.append(f"{self.url}{accessed}.")
        if self.release != self.key:
            parts.append(f"In: Headway, release {self.release}.")
        return " ".join(parts)

    def bibtex(self) -> str:
        """An entry of BibTeX and BibLaTeX; both braces of the author keep the name of an agency whole."""
        note = " ".join(
            [*self.notes, *([] if self.release == self.key else [f"Headway, release {self.release}."])]
        )
        fields = {
            "author": "{" + _latex(self.author) + "}",
            "title": "{" + _latex(self.title) + "}",
            "year": str(self.issued.year),
            "month": str(self.issued.month),
            "url": self.url and re.sub(r"[{}\\\s]", lambda found: f"%{ord(found[0]):02X}", self.url),
            "urldate": self.accessed and self.accessed.isoformat(),
            "note": note and _latex(note),
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@misc{{{re.sub(r'[^A-Za-z0-9:_-]', '-', self.key)},", *lines, "}"])

    def csl(self) -> dict[str, object]:
        """An item of CSL JSON, as Zotero, Mendeley and pandoc read it."""
        item = {
            "id": self.key,
            "type": self.kind,
            "author": [{"literal": self.author}],
            "title": self.title,
            "issued": _date_parts(self.issued),
            "URL": self.url,
            "accessed": _date_parts(self.accessed) if self.accessed else None,
            "version": self.release,
            "container-title": None if self.release == self.key else "Headway",
            "note": " ".join(self.notes) or None,
        }
        return {name: value for name, value in item.items() if value is not None}


def cite(settings: Settings, con: duckdb.DuckDBPyConnection, text: str) -> Citation:
    """The citation of what `text` names: a series, an event, or a release (its id, or `release` for the current one).

    Raises UsageError with the nearest ids where it names nothing, ReleaseError for a release that cannot be read.
    """
    name = text.strip()
    if name.lower() in _CURRENT or (settings.releases / name / "release.json").is_file():
        return cite_release(settings, None if name.lower() in _CURRENT else name)
    release = str(release_record(current_file(settings))["run_id"])
    try:
        return cite_series(con, resolve_series(con, name), release)
    except UsageError as no_series:
        if re.fullmatch(r"\d{4}-\d{1,2}(-\d{1,2})?", name):
            raise UsageError(
                f"'{name}' is a date; name an event (`headway events {name}` lists them)"
            ) from None
        try:
            event_id = resolve_event(con, name)
        except UsageError as no_event:
            raise UsageError(f"{no_series}; {no_event}; or say `release`") from None
        return cite_event(con, event_id, release)


def cite_series(con: duckdb.DuckDBPyConnection, series_id: str, release: str) -> Citation:
    """A series as its agency's data: its table and page, since when the newest figure is known, licence and attribution.

    Raises UsageError for a series without figures.
    """
    series = read(con, DimSeries, "where series_id = ?", [series_id])[0]
    source = next(iter(read(con, DimSource, "where source_id = ?", [series["source_id"]])), None)
    if series["first_period"] is None or series["last_period"] is None:
        raise UsageError(f"{series_id} has no figures yet, so there is nothing to cite")
    newest = next(v for v in trace(con, series_id, series["last_period"].isoformat()) if v["is_latest"])
    span = f"{series['first_period']:%Y-%m} to {series['last_period']:%Y-%m}"
    agency = source["agency"] if source else series["source_id"]
    url = newest["agency_page"] or (source["homepage_url"] if source else None) or None
    table = newest["agency_table"]
    code = (
        series["source_code"]
        if series["source_code"] and series["source_code"] not in (table or "")
        else None
    )
    unit = (
        series["unit"]
        if series["unit_multiplier"] == 1
        else f"{series['unit_multiplier']:,} {series['unit']}"
    )
    notes = [
        f"{'; '.join(filter(None, (table, code and f'code {code}', f'series_id {series_id}')))}.",
        f"{unit}, {series['frequency']}, {series['seasonal_adjustment']}, {span}.",
        f"Figures known on {newest['known_from']:%Y-%m-%d}.",
    ]
    if newest["copy_repository"]:
        commit = f" at {newest['copy_commit'][:12]}" if newest["copy_commit"] else ""
        notes.append(f"Read from the public copy in {newest['copy_repository']}{commit}.")
    if source:
        notes += [_sentence(source["attribution"]), _sentence(f"Licence: {source['licence']}")]
    return Citation(
        key=series_id,
        kind="dataset",
        author=agency,
        title=series["title"],
        issued=newest["known_from"].date(),
        release=release,
        url=url,
        accessed=newest["retrieved_at"].date() if newest["retrieved_at"] else None,
        notes=notes,
    )


def cite_event(con: duckdb.DuckDBPyConnection, event_id: str, release: str) -> Citation:
    """An event by the document that it was taken from."""
    event = read(con, DimEvent, "where event_id = ?", [event_id])[0]
    document = None
    if has_table(con, "dim_event_source"):
        document = next(iter(read(con, DimEventSource, "where source_key = ?", [event["source_key"]])), None)
    reference = event["source_reference"] or (document["reference"] if document else None) or ""
    address = re.search(r"https?://[^\s;,)]+", reference)
    return Citation(
        key=event_id,
        kind="document",
        author=document["title"] if document else event["source_key"] or "Headway",
        title=f"{event['title']}, {event['event_date']}",
        issued=event["event_date"],
        release=release,
        url=address[0] if address else None,
        notes=[
            _sentence(text)
            for text in (
                _without(reference, address),
                f"Event {event_id}{' of own timelines' if event['origin'] == OWN else ''}",
            )
            if text
        ],
    )


def cite_comparison(
    settings: Settings, con: duckdb.DuckDBPyConnection, series_id: str, event_id: str | None
) -> list[Citation]:
    """What a comparison rests on: its series, its event unless a bare date was asked for, and the release."""
    release = cite_release(settings)
    events = [cite_event(con, event_id, release.key)] if event_id else []
    return [cite_series(con, series_id, release.key), *events, release]


def cite_release(settings: Settings, run_id: str | None = None) -> Citation:
    """A release of the warehouse itself; run_id: which one, the current where it is None."""
    file = current_file(settings) if run_id is None else settings.releases / run_id / "headway.duckdb"
    record = release_record(file)
    version = record.get("versions", {}).get("headway")
    digest = record.get("files", {}).get("headway.duckdb", {}).get("sha256")
    made = record.get("created_at") or dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC).isoformat()
    return Citation(
        key=str(record["run_id"]),
        kind="dataset",
        author="Headway",
        title=_TITLE,
        issued=dt.datetime.fromisoformat(made).date(),
        release=str(record["run_id"]),
        notes=[
            f"{f'Version {version}, release' if version else 'Release'} {record['run_id']}.",
            *([f"SHA-256 of headway.duckdb: {digest}."] if digest else []),
            "The figures keep the terms of their publishers (table dim_source).",
        ],
    )


def written(citations: Sequence[Citation], fmt: str) -> str:
    """The citations in one of FORMATS."""
    if fmt == "csl":
        return json.dumps([citation.csl() for citation in citations], ensure_ascii=False, indent=2)
    if fmt == "bibtex":
        return "\n\n".join(citation.bibtex() for citation in citations)
    return "\n".join(citation.text() for citation in citations)


def _date_parts(day: dt.date) -> Mapping[str, object]:
    return {"date-parts": [[day.year, day.month, day.day]]}


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _without(reference: str, address: re.Match[str] | None) -> str:
    """What a reference says beside its address."""
    rest = reference.replace(address[0], "") if address else reference
    return " ".join(rest.split()).strip(" ;,")


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
