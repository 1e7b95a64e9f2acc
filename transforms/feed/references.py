"""What identifies a document in law: page of the Federal Register, numbers of orders, proclamations, regulations, bulletins.

Belongs here: finding such marks in any text, and whether a text cites a document. Does not belong here: which texts there
are (the timelines, dbt_project/seeds/timeline).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: headings of subchapter III of chapter 99 of the tariff, in which additional duties stand
_HEADING = re.compile(r"(?<![\d.])9903\.\d{2}\.\d{2}(?!\d)")
#: so many headings of a document are kept; an annex can list more
MOST_HEADINGS = 200

_NUMBERS = r"((?:\d{4,5})(?:(?:,| and|, and| or|;)?\s+\d{4,5})*)"
_PAGE = re.compile(r"\b(\d{2,3})\s+(?:FR|Fed\.\s*Reg\.|F\.R\.)\s+(\d{1,3}(?:,\d{3})+|\d{3,6})(?!\d)")
_MORE_PAGES = re.compile(r"\s*(?:,|and|;)\s*(\d{4,6})(?!\d|\s+FR|\s+Fed)")
_ORDER = re.compile(rf"\b(?:EO|E\.O\.|Executive Orders?)\s+(?:No\.\s*)?{_NUMBERS}")
_PROCLAMATION = re.compile(rf"\bProclamations?\s+(?:No\.\s*)?{_NUMBERS}")
_DOCUMENT = re.compile(r"(?<![\d-])((?:19|20)\d{2}-\d{5})(?![\d-])")
_SOR = re.compile(r"\bSOR[/-](\d{4}-\d{1,4})\b", re.IGNORECASE)
_CSMS = re.compile(r"\bCSMS\s*(?:#|No\.?|message)?\s*#?\s*(\d{8})\b", re.IGNORECASE)
_NOTICE = re.compile(r"\b(?:Customs Notice|CN)\s+(\d{2}-\d{1,2})\b|\bcn(\d{2}-\d{1,2})-eng", re.IGNORECASE)


def headings(text: str) -> list[str]:
    """The 9903 headings named in a text, sorted, each once, at most MOST_HEADINGS of them."""
    return sorted(set(_HEADING.findall(text)))[:MOST_HEADINGS]


def marks(text: str | None) -> set[str]:
    """The marks of documents in a text: `page:90:14705`, `eo:14193`, `proclamation:10908`, `fr:2025-08917`,
    `sor:2025-119`, `csms:67834313`, `cn:25-15`."""
    if not text:
        return set()
    found: set[str] = set()
    for match in _PAGE.finditer(text):
        volume = match[1]
        found.add(f"page:{volume}:{match[2].replace(',', '')}")
        # '90 FR 9113, 9117 and 9121': the volume is written once
        position = match.end()
        while more := _MORE_PAGES.match(text, position):
            found.add(f"page:{volume}:{more[1]}")
            position = more.end()
    for kind, pattern in (("eo", _ORDER), ("proclamation", _PROCLAMATION)):
        for match in pattern.finditer(text):
            found |= {f"{kind}:{number}" for number in re.findall(r"\d{4,5}", match[1])}
    found |= {f"fr:{number}" for number in _DOCUMENT.findall(text)}
    found |= {f"sor:{number}" for number in _SOR.findall(text)}
    found |= {f"csms:{number}" for number in _CSMS.findall(text)}
    found |= {f"cn:{a or b}" for a, b in _NOTICE.findall(text)}
    return found


def own_marks(
    *,
    document_number: str | None = None,
    citation: str | None = None,
    executive_order: str | None = None,
    proclamation: str | None = None,
    pages: tuple[int, int] | None = None,
) -> set[str]:
    """The marks by which others may cite a document; `pages` are its first and last page, as timelines cite any of them."""
    found = marks(citation) | marks(document_number)
    if pages and citation and (page := _PAGE.match(citation)):
        first, last = pages
        found |= {f"page:{page[1]}:{number}" for number in range(first, min(last, first + 400) + 1)}
    if executive_order:
        found.add(f"eo:{executive_order}")
    if proclamation:
        found.add(f"proclamation:{proclamation}")
    return found


def cited_by(own: Iterable[str], references: Iterable[tuple[str, str]]) -> list[str]:
    """The ids of the rows that cite a document, sorted. references: (id, text) of rows; own: as `own_marks` gives them."""
    wanted = set(own)
    return sorted({row_id for row_id, text in references if wanted & marks(text)}) if wanted else []
