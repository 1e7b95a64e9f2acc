"""How many known actions the feed would have found, and how many documents a month a person would read: measured, not guessed.

Belongs here: the measurement over tests/fixtures/feed and the timelines, and its words in docs/feed.md. Does not belong here: the
rules that are measured (transforms/feed), assertions.

    PYTHONPATH=. python -m tests.support.feed_recall        prints the block of docs/feed.md
    PYTHONPATH=. python -m tests.support.feed_recall write  writes it there
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from orchestration.base.settings import PROJECT
from orchestration.sources.feed.federal_register import AGENCIES
from orchestration.sources.feed.words import keywords
from tests.replay.feed import fr_document
from tests.support.feed_case import Sample, rows, samples
from transforms.feed.reading import Document, candidate_row
from transforms.feed.references import marks
from transforms.feed.text import plain_text
from transforms.parse.federal_register import parse_document

PAGE = PROJECT / "docs" / "feed.md"
START, END = "<!-- measured: tests/support/feed_recall.py -->", "<!-- end of what is measured -->"
_AT = datetime(2026, 11, 29)
#: marks of Federal Register documents
_KINDS = ("page", "eo", "proclamation", "fr")
_YEARS = range(2017, 2027)


@dataclass(frozen=True)
class Measured:
    """events: of the timelines that cite a Federal Register document. at_hand: those of which a document is in the fixtures.
    by_title: found by the title alone; by_text: found by title or text, where the text is at hand. of_known_titles: (found, all) of the
    events whose documents have a title that was seen or remembered. missed: ids of events at hand that were not found.
    documents: number by title_from. asked: documents at hand that the questions reach.
    days: of the real texts, Counter of right, unsure, wrong. titles, flagged, right: of the months with every title."""

    events: int
    at_hand: int
    by_title: int
    by_text: int
    of_known_titles: tuple[int, int]
    missed: tuple[str, ...]
    documents: Counter[str]
    asked: int
    days: Counter[str]
    titles: int
    months: int
    flagged: int
    right: int
    trade: int
    trade_found: int


def measure() -> Measured:
    """The measurement over what is at hand now."""
    events = _events()
    documents = rows("federal_register.csv")
    texts = {_mark(s): s for s in samples("real")}
    by_title = {d["mark"]: _is_candidate(_document(d), None) for d in documents}
    by_text = {d["mark"]: by_title[d["mark"]] or _by_text(d, texts) for d in documents}
    known = {d["mark"] for d in documents if d["title_from"] != "written"}
    at_hand = {event: own & by_title.keys() for event, own in events.items() if own & by_title.keys()}
    found = {event for event, own in at_hand.items() if any(by_text[mark] for mark in own)}
    with_known = {event for event, own in at_hand.items() if own & known}
    titles = rows("presidential_titles.csv")
    flagged = [t for t in titles if _is_candidate(_titled(t), None)]
    return Measured(
        events=len(events),
        at_hand=len(at_hand),
        by_title=sum(any(by_title[mark] for mark in own) for own in at_hand.values()),
        by_text=len(found),
        of_known_titles=(
            sum(any(by_text[mark] for mark in at_hand[event] & known) for event in with_known),
            len(with_known),
        ),
        missed=tuple(sorted(at_hand.keys() - found)),
        documents=Counter(d["title_from"] for d in documents),
        asked=sum(not d["agency"] or d["agency"] in AGENCIES for d in documents),
        days=Counter(_day_read(s) for s in texts.values()),
        titles=len(titles),
        months=len({t["signed_on"][:7] for t in titles}),
        flagged=len(flagged),
        right=sum(t["trade"] == "1" for t in flagged),
        trade=sum(t["trade"] == "1" for t in titles),
        trade_found=sum(t["trade"] == "1" for t in flagged),
    )


def in_words(m: Measured) -> str:
    """The block of docs/feed.md."""
    known_found, known_all = m.of_known_titles
    missed = (
        f" Not found: {', '.join(f'`{event}`' for event in m.missed)}."
        if m.missed
        else " None of them was missed."
    )
    return f"""{START}
| what was measured | result |
|---|---|
| events of 2017-2026 in the timelines that cite a document of the Federal Register | {m.events} |
| of these, events with a cited document at hand | {m.at_hand} |
| found by the title alone | {m.by_title} of {m.at_hand} |
| found by title or text | {m.by_text} of {m.at_hand} |
| the same, only documents whose title was seen or is remembered | {known_found} of {known_all} |
| documents at hand: title seen, remembered, written here | {m.documents["seen"]}, {m.documents["remembered"]}, {m.documents["written"]} |
| documents at hand that come from an office which the feed asks | {m.asked} of {m.documents.total()} |
| first day of the real texts: right, rightly not proposed, wrong | {m.days["right"]}, {m.days["unsure"]}, {m.days["wrong"]} |
| presidential titles of {m.months} whole months | {m.titles} |
| of these taken for a trade action by the title | {m.flagged}, so {m.flagged / m.months:.1f} a month |
| of those, trade actions in a person's judgement (precision) | {m.right} of {m.flagged} |
| trade actions among all titles that the title alone finds | {m.trade_found} of {m.trade} |

{missed.strip()} The lists of words and the rules were written with these documents in sight, so that all of this is measured in sample:
new wording will be missed more often. Real are the {m.days.total()} texts of `tests/fixtures/feed/real` (trimmed) and the titles marked `seen`; the other documents are entries in
the documented form, made from the facts that the timelines hold. A written title shows that the words are on the list, not
that the office used them, so the row without written titles is the one to quote. Notices of agencies are not in the titles of whole
months, so a person reads more than these: how many more is not known.
{END}"""


def _events() -> dict[str, set[str]]:
    """event_id -> marks of the Federal Register documents that it or its source cites."""
    folder = PROJECT / "dbt_project" / "seeds" / "timeline"
    with (folder / "seed_event_source.csv").open(encoding="utf-8", newline="") as file:
        sources = {row["source_key"]: row["reference"] for row in csv.DictReader(file)}
    found = {}
    with (folder / "seed_event.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            told = " | ".join(
                [
                    row["title"],
                    row["description"],
                    row["source_reference"],
                    sources.get(row["source_key"], ""),
                ]
            )
            own = {mark for mark in marks(told) if mark.split(":")[0] in _KINDS}
            if own and date.fromisoformat(row["event_date"]).year in _YEARS:
                found[row["event_id"]] = own
    return found


def _document(row: dict[str, str]) -> Document:
    """The entry of the API for a document of the fixtures, read back by the parser."""
    kind, _, number = row["mark"].partition(":")
    agency = row["agency"] or "executive-office-of-the-president"
    return parse_document(
        fr_document(
            number if kind == "fr" else row["mark"].replace(":", "-"),
            row["title"],
            "2025-01-01",
            type="Presidential Document" if not row["agency"] else row["kind"],
            subtype=row["kind"] if not row["agency"] else None,
            executive_order_number=int(number) if kind == "eo" else None,
            proclamation_number=int(number) if kind == "proclamation" else None,
            agencies=[{"name": agency, "slug": agency}],
        )
    )


def _titled(row: dict[str, str]) -> Document:
    """A document of the list of titles: the words of a file's name, without the mark that tells two of a name apart."""
    words = re.sub(r"-[0-9a-f]{4}$", "", row["title"]).replace("-", " ")
    return Document("federal_register", row["title"][:60], words, date.fromisoformat(row["signed_on"]))


def _is_candidate(document: Document, text: str | None) -> bool:
    return candidate_row(document, keywords(), text=text, retrieved_at=_AT)["standing"] == "candidate"


def _by_text(row: dict[str, str], texts: dict[str, Sample]) -> bool:
    return row["mark"] in texts and _is_candidate(_document(row), plain_text(texts[row["mark"]].text))


def _mark(of: Sample) -> str:
    return f"eo:{of.facts['order']}" if "order" in of.facts else f"proclamation:{of.facts['proclamation']}"


def _day_read(of: Sample) -> str:
    signed = date.fromisoformat(of.facts["signed"])
    document = Document("federal_register", of.name, of.facts["title"], signed, signed_on=signed)
    read = candidate_row(document, keywords(), text=plain_text(of.text), retrieved_at=_AT)["first_day"]
    stated = of.facts["first_day"]
    if read is None:
        return "unsure" if not stated else "wrong"
    return "right" if str(read) == stated else "wrong"


def main() -> None:
    """Print the block, or write it into the page."""
    block = in_words(measure())
    if sys.argv[1:] == ["write"]:
        page = PAGE.read_text(encoding="utf-8")
        begin, end = page.index(START), page.index(END) + len(END)
        PAGE.write_text(page[:begin] + block + page[end:], encoding="utf-8")
    else:
        print(block)


if __name__ == "__main__":
    main()
