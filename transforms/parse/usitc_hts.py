"""USITC: the list of editions of the tariff schedule, an edition's 9903 lines, and the difference of two editions.

Belongs here: the list page, the edition's JSON, comparing. Does not belong here: which editions are asked for
(sources/feed/usitc.py). The day of an edition is no first day of a duty: that stands in the documents which it names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from transforms.feed.days import FirstDay, day_of
from transforms.feed.rates import Rate
from transforms.feed.reading import Document
from transforms.feed.references import marks
from transforms.feed.text import field, plain_text, quoted
from transforms.parse.body import load_json, refuse_status, shape_checked
from transforms.parse.outcome import SchemaChangedError, UnreadableError

SOURCE = "usitc_hts"
HOSTS = ("www.usitc.gov", "hts.usitc.gov")
LIST_PATH = "/harmonized_tariff_information/hts/archive/list"
_LINK = re.compile(
    r"""href\s*=\s*["']([^"']*?/hts_(\d{4})_(basic|revision_(\d{1,3}))\w*?_json\.json)["']""", re.IGNORECASE
)
_LONG_DAY = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}, \d{4}"
)
#: lines named in a title
_NAMED = 6


@dataclass(frozen=True)
class Edition:
    """An edition of the list. path: of its JSON file; listed_on: the day that stands before it on the page, if one does;
    marks: the documents that the page names for it."""

    name: str
    order: tuple[int, int]
    path: str
    listed_on: date | None
    marks: tuple[str, ...]


def parse_editions(content: bytes, *, status: int) -> list[Edition]:
    """The editions that the list page links to, the newest first. Raises SchemaChangedError where it links to none."""
    page = content[:8_000_000].decode("utf-8", "replace")
    if not 200 <= status < 300:
        refuse_status(SOURCE, status, page[:2000])
    links = list(_LINK.finditer(page))
    found: dict[str, Edition] = {}
    for number, link in enumerate(links):
        year, revision = int(link[2]), int(link[4] or 0)
        before = page[links[number - 1].end() if number else max(0, link.start() - 6000) : link.start()]
        after = page[link.end() : links[number + 1].start() if number + 1 < len(links) else link.end() + 6000]
        days = _LONG_DAY.findall(plain_text(before))
        # what stands after the link up to the next edition's day belongs to this edition
        own = plain_text(after)
        next_day = _LONG_DAY.search(own)
        own = own[: next_day.start()] if next_day else own
        name = f"{year}HTSRev{revision}" if revision else f"{year}HTSBasic"
        path = re.sub(r"^https?://[^/]+", "", link[1])
        edition = Edition(
            name, (year, revision), path, day_of(days[-1]) if days else None, tuple(sorted(marks(own)))
        )
        found.setdefault(name, edition)
    if not found:
        raise SchemaChangedError(SOURCE, "the list of editions links to no JSON file of an edition")
    return sorted(found.values(), key=lambda e: e.order, reverse=True)


@shape_checked(SOURCE)
def parse_lines(content: bytes, *, status: int) -> dict[str, list[str]]:
    """heading -> [general rate, digest of the whole line], of the 9903 lines of an edition; descriptions are left out.

    Raises UnreadableError for cut JSON, SchemaChangedError for an edition without 9903 lines.
    """
    if not 200 <= status < 300:
        refuse_status(SOURCE, status, content[:2000].decode("utf-8", "replace"))
    text = content.decode("utf-8", "replace")
    if not text.strip():
        raise UnreadableError(SOURCE, "no bytes", "ask again")
    found: dict[str, list[str]] = {}
    for line in load_json(text, source=SOURCE):  # type: ignore[attr-defined]  # shape_checked names what is no list
        heading = str(line.get("htsno") or "")
        if heading.startswith("9903.") and len(heading) >= 10:
            told = [str(line.get(name) or "") for name in ("description", "general", "special", "other")]
            digest = hashlib.sha256("\x1f".join(told).encode()).hexdigest()[:12]
            found[heading] = [field(line.get("general"), 120) or "", digest]
    if not found:
        raise SchemaChangedError(SOURCE, "the edition has no line of 9903")
    return found


def difference(
    old: Mapping[str, list[str]], new: Mapping[str, list[str]]
) -> tuple[list[str], list[str], list[str]]:
    """Headings that are (added, removed, changed) from one edition to the next, each sorted."""
    return (
        sorted(new.keys() - old.keys()),
        sorted(old.keys() - new.keys()),
        sorted(heading for heading in old.keys() & new.keys() if list(old[heading]) != list(new[heading])),
    )


def edition_document(
    name: str,
    new: Mapping[str, list[str]],
    *,
    before: str | None,
    old: Mapping[str, list[str]],
    published_on: date,
    cited: tuple[str, ...],
) -> Document:
    """The candidate of an edition: what changed in its 9903 lines since the edition `before` (None: nothing to compare with)."""
    added, removed, changed = difference(old, new) if before else ([], [], [])
    changes = [
        (f"{len(kind)} {what}", kind)
        for what, kind in (("added", added), ("removed", removed), ("changed", changed))
        if kind
    ]
    if not before:
        title = f"{name}: the first edition that is held; nothing to compare it with"
    elif not changes:
        title = f"{name}: no line of 9903 differs from {before}"
    else:
        listed = [*added, *changed, *removed]
        more = " ..." if len(listed) > _NAMED else ""
        title = f"{name}: headings of 9903 {', '.join(text for text, _ in changes)} since {before}: {', '.join(listed[:_NAMED])}{more}"
    found: dict[float, Rate] = {}
    for heading in [*added, *(h for h in changed if old[h][0] != new[h][0])]:
        if match := re.search(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)\s*%", new[heading][0]):
            found.setdefault(
                float(match[1]), Rate(float(match[1]), quoted(f"{heading}, general rate: {new[heading][0]}"))
            )
    return Document(
        source_id=SOURCE,
        number=name,
        title=title,
        published_on=published_on,
        kind="HTS edition",
        citation=name,
        agencies="U.S. International Trade Commission",
        url=f"https://{HOSTS[0]}{LIST_PATH}",
        by=("USA",),
        hosts=HOSTS,
        first_day=FirstDay(
            None,
            None,
            "edition",
            "the day of an edition is not the first day of a duty; see the documents it names",
        ),
        rates=tuple(found.values()),
        headings=(*added, *changed, *removed),
        marks=cited,
    )
