"""One document read by all declared rules: a row of raw.feed_candidate.

Belongs here: which text each rule is given, whether a document is a candidate at all, the row. Does not belong here: the rules
(days.py, rates.py, references.py, keywords.py), the agencies' formats (transforms/parse), deciding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

import polars as pl

from transforms.feed import references
from transforms.feed.days import FirstDay, first_day
from transforms.feed.keywords import Keywords
from transforms.feed.rates import Rate, rates
from transforms.feed.text import LONGEST_FIELD, field, quoted, sentences
from transforms.schema import FEED_CANDIDATE, Parsed

#: a party or topic that only the body names counts from so many mentions on: a proclamation names many countries once
MENTIONS = 3
#: pages after its first one by which a document is found cited; annexes are not cited by page
_CITED_PAGES = 40


@dataclass(frozen=True)
class Document:
    """What an agency's list says of a document, as plain text. Texts come without markup and bounded (text.field).

    number:     by which the agency knows it; the feed id is <source_id>:<number>
    signed_on:  day of signature or registration; published_on: day of publication
    by:         parties of which the document is an act, always among its parties: ('USA',)
    hosts:      hosts to which its link may lead; another link is dropped
    first_day:  a first day that the agency states in a field of its own, with the field in words
    rates:      rates that the agency states in fields of their own
    """

    source_id: str
    number: str
    title: str
    published_on: date
    kind: str | None = None
    abstract: str | None = None
    signed_on: date | None = None
    citation: str | None = None
    executive_order: str | None = None
    proclamation: str | None = None
    agencies: str | None = None
    url: str | None = None
    pages: tuple[int, int] | None = None
    by: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    registered_on: date | None = None
    first_day: FirstDay | None = None
    rates: tuple[Rate, ...] | None = None
    headings: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def feed_id(self) -> str:
        """The id of its candidate."""
        return f"{self.source_id}:{self.number}"


def candidate_row(
    document: Document, keywords: Keywords, *, text: str | None, retrieved_at: datetime
) -> dict[str, object]:
    """The row of raw.feed_candidate that the rules make of a document.

    text: the document's plain text (text.plain_text); None where only its entry in a list is at hand, whose abstract is then
    read in its place. retrieved_at: naive UTC.
    """
    body = text if text is not None else (document.abstract or "")
    lines = sentences(body)
    decided = document.signed_on or document.published_on
    day = document.first_day or first_day(lines, decided=decided, registered=document.registered_on)
    if text is None and not day.rule:
        day = FirstDay(None, None, "", "the document itself was not read yet")
    found_rates = list(document.rates) if document.rates is not None else rates(lines)
    headings = sorted({*document.headings, *references.headings(body)})[: references.MOST_HEADINGS]
    told = " ".join(
        [
            document.title,
            document.abstract or "",
            day.sentence or "",
            *(rate.sentence for rate in found_rates),
        ]
    )
    standing, because = _standing(document, keywords, day, found_rates, headings)
    marks = references.own_marks(
        document_number=document.number,
        citation=document.citation,
        executive_order=document.executive_order,
        proclamation=document.proclamation,
        pages=_cited_pages(document.pages),
    )
    numbers = sorted(rate.percent for rate in found_rates)
    return {
        "feed_id": document.feed_id,
        "part": "entry" if text is None else "text",
        "period_start": document.published_on,
        "title": document.title or "(without a title)",
        "standing": standing,
        "standing_because": because,
        "kind": document.kind,
        "document_number": document.number,
        "signed_on": document.signed_on,
        "citation": document.citation,
        "executive_order": document.executive_order,
        "proclamation": document.proclamation,
        "agencies": document.agencies,
        "url": safe_url(document.url, document.hosts),
        "first_day": day.day,
        "first_day_sentence": quoted(day.sentence) if day.sentence else None,
        "first_day_rule": day.rule or None,
        "first_day_note": day.note or None,
        "rate_pct": numbers[0] if len(numbers) == 1 else None,
        "rates": _joined(f"{number:g}" for number in numbers),
        "rate_sentences": "\n".join(f"{r.percent:g}: {quoted(r.sentence)}" for r in found_rates) or None,
        "headings": _joined(headings),
        "parties": _joined(sorted({*document.by, *_named("party", keywords, told, body)})),
        "topics": _joined(_named("topic", keywords, told, body)),
        "marks": _joined(sorted({*marks, *document.marks})),
        "text_chars": len(text) if text is not None else None,
        "source_id": document.source_id,
        "status": "normal",
        "known_from": retrieved_at,
        "known_from_basis": "retrieved",
    }


def parsed(rows: Iterable[dict[str, object]], messages: Sequence[str] = ()) -> Parsed:
    """Rows of candidates as what the loader accepts."""
    frame = pl.DataFrame(list(rows), schema=FEED_CANDIDATE.polars_schema, orient="row")
    return Parsed(FEED_CANDIDATE, frame, messages=tuple(messages))


def safe_url(url: str | None, hosts: Iterable[str]) -> str | None:
    """A link of an agency's answer if it leads by https to one of `hosts` and holds nothing but a plain address; else None."""
    if (
        not url
        or len(url) > LONGEST_FIELD
        or any(c in url for c in "\"'<>\\`{}|^ \t\r\n")
        or not url.isascii()
    ):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if (
        parts.scheme != "https"
        or parts.hostname not in set(hosts)
        or port
        or parts.username
        or parts.password
    ):
        return None
    return url


def day(value: object) -> date | None:
    """A day of an agency's field written like 2025-03-26; None for anything else."""
    text = field(value)
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def _standing(
    document: Document,
    keywords: Keywords,
    day: FirstDay,
    found_rates: Sequence[Rate],
    headings: Sequence[str],
) -> tuple[str, str]:
    """Whether a document is a candidate, and by which rule."""
    if keywords.has("ignore", document.title):
        return "aside", "its title is on the list of documents that are no trade actions"
    if keywords.has("action", document.title):
        return "candidate", "its title names a trade action"
    if headings:
        return "candidate", f"it names {len(headings)} heading{'s' * (len(headings) > 1)} of 9903"
    if day.rule == "entry":
        return "candidate", "it names a first day of entry for consumption"
    if found_rates:
        return "candidate", "it sets a rate of duty"
    if keywords.has("action", document.abstract or ""):
        return "candidate", "its abstract names a trade action"
    return (
        "aside",
        "neither title nor abstract names a trade action, and no heading, rate or day of entry was found",
    )


def _named(kind: str, keywords: Keywords, told: str, body: str) -> list[str]:
    """Parties or topics: of title, abstract and the sentences read, and those that the body names often."""
    return sorted({*keywords.meanings(kind, told), *keywords.frequent(kind, body, MENTIONS)})


def _cited_pages(pages: tuple[int, int] | None) -> tuple[int, int] | None:
    return (pages[0], min(pages[1], pages[0] + _CITED_PAGES)) if pages else None


def _joined(values: Iterable[str]) -> str | None:
    return ";".join(values) or None
