"""Canada: the page of one regulation (SOR) and of one customs notice.

Belongs here: title, number and days of these pages. Does not belong here: which pages there are (sources/feed/canada.py), what
a text means (transforms/feed). Known from the addresses and the wording of the pages; no recorded page was at hand.
"""

from __future__ import annotations

import re
from datetime import date

from transforms.feed.days import day_of
from transforms.feed.reading import Document
from transforms.feed.text import field, plain_text
from transforms.parse.body import refuse_status
from transforms.parse.outcome import NoSuchFileError, SchemaChangedError, UnreadableError

JUSTICE, CBSA = "canada_justice", "cbsa"
HOSTS = ("laws-lois.justice.gc.ca", "www.cbsa-asfc.gc.ca")
_TITLE = re.compile(rb"<h1[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"\bSOR/(\d{4}-\d{1,4})\b")
_REGISTRATION = re.compile(
    r"Registration\s+(?:SOR/\d{4}-\d+\s+)?([A-Z][a-z]+ \d{1,2}, \d{4}|\d{4}-\d{2}-\d{2})"
)
_NOTICE = re.compile(r"Customs Notice\s+(\d{2}-\d{1,2})", re.IGNORECASE)
_PLACE = re.compile(r"Ottawa,?\s+(?:the\s+)?([A-Z][a-z]+ \d{1,2}, \d{4})")
_MODIFIED = re.compile(r"Date modified:?\s+(\d{4}-\d{2}-\d{2})", re.IGNORECASE)
#: characters at the head of a page in which its number and days stand
_HEAD = 4_000


def parse_regulation(content: bytes, *, status: int, number: str) -> tuple[Document, str]:
    """A regulation and its plain text. number: '2025-119', as asked for; the page must name it.

    Raises NoSuchFileError for 404, SchemaChangedError for a page that does not name number and day of registration.
    """
    title, text = _page(JUSTICE, content, status)
    named = _NUMBER.search(text[:_HEAD])
    registered = _REGISTRATION.search(" ".join(text[:_HEAD].split()))
    signed = _day(registered[1]) if registered else None
    if named is None or named[1] != number or signed is None:
        raise SchemaChangedError(JUSTICE, f"the page does not name SOR/{number} and its day of registration")
    document = Document(
        source_id=JUSTICE,
        number=f"SOR-{number}",
        title=title,
        published_on=signed,
        kind="Regulation",
        signed_on=signed,
        citation=f"SOR/{number}",
        agencies="Government of Canada",
        url=f"https://{HOSTS[0]}/eng/regulations/SOR-{number}/FullText.html",
        by=("CAN",),
        hosts=HOSTS,
        registered_on=signed,
        marks=(f"sor:{number}",),
    )
    return document, text


def parse_notice(content: bytes, *, status: int, number: str) -> tuple[Document, str]:
    """A customs notice and its plain text. number: '25-15', as asked for; the page must name it. Raises as `parse_regulation`."""
    title, text = _page(CBSA, content, status)
    named = _NOTICE.search(f"{title} {text[:_HEAD]}")
    dated = _PLACE.search(" ".join(text.split()))
    modified = _MODIFIED.search(text)
    signed = _day(dated[1]) if dated else (_day(modified[1]) if modified else None)
    if named is None or named[1] != number or signed is None:
        raise SchemaChangedError(CBSA, f"the page does not name Customs Notice {number} and its day")
    regulations = {f"sor:{found}" for found in _NUMBER.findall(text)}
    document = Document(
        source_id=CBSA,
        number=f"CN-{number}",
        title=title,
        published_on=signed,
        kind="Customs notice",
        signed_on=signed,
        citation=f"Customs Notice {number}",
        agencies="Canada Border Services Agency",
        url=f"https://{HOSTS[1]}/publications/cn-ad/cn{number}-eng.html",
        by=("CAN",),
        hosts=HOSTS,
        # a notice that explains one regulation is cited where that regulation is
        marks=(f"cn:{number}", *(regulations if len(regulations) == 1 else ())),
    )
    return document, text


def _page(source: str, content: bytes, status: int) -> tuple[str, str]:
    if status == 404:
        raise NoSuchFileError(source, "HTTP 404: there is no such page (yet)", "nothing is new")
    if not 200 <= status < 300:
        refuse_status(source, status, content[:2000].decode("utf-8", "replace"))
    if content[:5] == b"%PDF-":
        raise UnreadableError(
            source, "a PDF where a page was asked for", "read it by hand; its text is not taken"
        )
    heading = _TITLE.search(content[:200_000])
    text = plain_text(content)
    if heading is None or not text:
        raise SchemaChangedError(source, "the page has no heading")
    return field(heading[1].decode("utf-8", "replace")) or "", text


def _day(text: str) -> date | None:
    found = day_of(text)
    if found is None:
        try:
            found = date.fromisoformat(text)
        except ValueError:
            return None
    return found
