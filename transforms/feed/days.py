"""The first day of a trade action, read from its text by declared rules; where they disagree, nothing is proposed.

Belongs here: patterns of days and the choice among them. Does not belong here: sentences (text.py), rates (rates.py).

The rules, from the strongest on; the strongest that finds anything decides, and several days of one rule decide nothing:
1. `entry`: goods "entered for consumption, or withdrawn from warehouse for consumption, on or after ... <day>".
2. `in_force`: "comes into force on <day>", or "on the day on which they are registered" (Canada).
3. `applies`: a duty, tariff or surtax that applies or is imposed "on or after", "as of", "effective" or "beginning" <day>.
4. `document`: "this order is effective ... <day>".
`effective_on` of the Federal Register is no rule: it is empty for most presidential documents and wrong for proposals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from transforms.feed.endings import NOTE, is_ending
from transforms.feed.text import quoted

_MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12,
}  # fmt: skip
_MONTH = "|".join(_MONTHS)
_DAY = rf"(?:(?:{_MONTH})\s+\d{{1,2}},?\s+(?:19|20)\d{{2}}|\d{{1,2}}\s+(?:{_MONTH}),?\s+(?:19|20)\d{{2}})"
#: '12:01 a.m. eastern daylight time on', in any of its spellings
_HOUR = (
    r"(?:at\s+)?(?:12:0[01]\s*a\.?\s*m\.?,?\s*(?:\(?(?:eastern|E[SD]?T|local)[\w\s]*?\)?\s*(?:time)?)?,?\s*"
    r"(?:\([A-Z]{2,4}\),?\s*)?(?:on\s+|of\s+)?)?"
)
_AFTER = rf"(?:on\s+(?:or|and)\s+after|on)\s+{_HOUR}(?P<day>{_DAY})"

#: sentences whose days are about something else: goods already on the way, foreign trade zones, comments, hearings, reports
_ASIDE = re.compile(
    r"foreign[\s-]trade zone|privileged foreign|loaded onto a vessel|in transit on the final mode|"
    r"comments?(?: \w+){0,5}? (?:must|should|may|are|will|period)|public hearing|hearing will|submit(?:ted)? (?:written )?comments|"
    r"request to appear|liquidat|protest|refund|drawback|applied retroactively \(|petition (?:was|were)",
    re.IGNORECASE,
)
#: a recital of what was done before: its day is that of an earlier act
_RECITAL = re.compile(
    r"\b(?:I|which|that|order|proclamation|USTR|Trade Representative)\s+(?:had\s+)?(?:imposed|declared|proclaimed|determined to "
    r"impose)\b|\bpreviously\b|\bbackground\b",
    re.IGNORECASE,
)
#: nothing is imposed yet: somebody may, or proposes to
_DISCRETION = re.compile(
    r"\bmay be (?:imposed|applied|increased)|\bat (?:his|her|the Secretary'?s?) discretion|\bin (?:his|her) discretion",
    re.IGNORECASE,
)
_MAY = re.compile(
    r"\bmay be (?:imposed|applied|increased)|\bat (?:his|her|the Secretary'?s?) discretion|\bin (?:his|her) discretion|"
    r"\bpropos(?:es|ed|al|ing)\b|\bis considering\b|\bwould (?:be|apply|take effect)\b|\bmay determine\b",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    rf"(?:entered\s+for\s+consumption|withdrawn\s+from\s+warehouse|entries\s+(?:of|filed|made)|\bentered\b|\bimported\b)"
    rf"(?:(?!\bbefore\b|\bprior to\b).){{0,160}}?\bon\s+(?:or|and)\s+after\s+{_HOUR}(?P<day>{_DAY})",
    re.IGNORECASE,
)
_IN_FORCE = re.compile(
    rf"\bcom(?:e|es|ing)\s+into\s+(?:force|effect)\s+(?:on\s+)?{_HOUR}(?:on\s+)?(?P<day>{_DAY})",
    re.IGNORECASE,
)
_REGISTERED = re.compile(
    r"\bcomes?\s+into\s+force\s+on\s+the\s+day\s+on\s+which\s+(?:it\s+is|they\s+are)\s+registered",
    re.IGNORECASE,
)
_APPLIES = re.compile(
    rf"\b(?:dut(?:y|ies)|tariffs?|surtax(?:es)?|surcharge|rates?|heading\s[\d.]+|modifications?|amendments?|measures?|quotas?)\b"
    rf"(?:(?!\bbefore\b|\bprior to\b|\buntil\b).){{0,200}}?"
    rf"\b(?:on\s+(?:or|and)\s+after|as\s+of|effective(?:\s+(?:on|as\s+of))?|beginning(?:\s+on)?|starting(?:\s+on)?|takes?\s+effect"
    rf"(?:\s+on)?|appl(?:y|ies)\s+(?:from|on))\s+{_HOUR}(?P<day>{_DAY})",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    rf"\b(?:this|these)\s+(?:\w+\s+){{0,3}}?(?:order|proclamation|notice|rule|determination|action|AD|memorandum|regulations?|"
    rf"amendments?|modifications?)\s+(?:is|are|shall\s+be|becomes?|takes?|will\s+be)\s+(?:effective|effect)\s*(?:on\s+)?{_HOUR}"
    rf"(?P<day>{_DAY})",
    re.IGNORECASE,
)
_PAUSE = re.compile(
    rf"\b(?:paused?|suspend(?:ed|s)?|not\s+(?:take\s+effect|apply)|delayed|postponed)\b.{{0,160}}?\buntil\s+{_HOUR}(?P<day>{_DAY})",
    re.IGNORECASE,
)
_RULES = (("entry", _ENTRY), ("in_force", _IN_FORCE), ("applies", _APPLIES), ("document", _DOCUMENT))
#: days that are named in a note, at most
_LISTED = 6


@dataclass(frozen=True)
class FirstDay:
    """What the rules make of a text.

    day:      the first day; None where no rule is sure
    sentence: the sentence it was read from; of the first unsure find, where there is no day
    rule:     the name of the rule that decided; "" where none found anything
    note:     why nothing is proposed; "" where a day is
    """

    day: date | None
    sentence: str | None
    rule: str
    note: str


def day_of(text: str) -> date | None:
    """A day written like 'March 26, 2025' or '26 March 2025' alone; None for anything else, and for 30 February."""
    words = text.replace(",", " ").split()
    if len(words) != 3:
        return None
    month = _MONTHS.get(words[0].lower()) or _MONTHS.get(words[1].lower())
    numbers = [w for w in words if w.isdigit()]
    if month is None or len(numbers) != 2:
        return None
    try:
        return date(int(numbers[1]), month, int(numbers[0]))
    except ValueError:
        return None


def first_day(
    sentences: Sequence[str], *, decided: date | None = None, registered: date | None = None
) -> FirstDay:
    """The first day that the sentences of a document name for its action.

    decided:    the day of signature or publication: an earlier first day is retroactive or told of an earlier act, which the
                rules cannot tell apart, and is not proposed
    registered: the day of registration, for texts that come into force on it
    """
    finds: dict[str, dict[date, str]] = {}
    setting: set[tuple[str, date]] = set()
    doubts: dict[date, str] = {}
    pause: tuple[date, str] | None = None
    for sentence in sentences:
        if registered and (match := _REGISTERED.search(sentence)):
            finds.setdefault("in_force", {}).setdefault(registered, quoted(sentence, *match.span()))
            setting.add(("in_force", registered))
        if pause is None and (match := _PAUSE.search(sentence)) and (until := day_of(match["day"])):
            pause = until, quoted(sentence, *match.span())
        doubtful = _MAY.search(sentence) is not None
        if _DISCRETION.search(sentence):
            for named in re.finditer(_DAY, sentence, re.IGNORECASE):
                if (day := day_of(named[0])) is not None and (decided is None or day >= decided):
                    doubts.setdefault(day, quoted(sentence, *named.span()))
        for rule, pattern in _RULES:
            matches = [(day, m) for m in pattern.finditer(sentence) if (day := day_of(m["day"]))]
            if not matches:
                continue
            for day, match in matches:
                # what is said aside counts only before the aside begins: 'on or after February 4, except that goods loaded ...'
                if _aside(sentence, match.start(), match.end()):
                    continue
                quote = quoted(sentence, *match.span())
                if not doubtful and not _RECITAL.search(sentence[: match.start()]):
                    if is_ending(sentence, *match.span()):
                        finds.setdefault(rule, {}).setdefault(day, quote)
                        continue
                    # the sentence to be read beside a day is one that sets a duty, where there is any
                    if (rule, day) not in setting:
                        setting.add((rule, day))
                        finds.setdefault(rule, {})[day] = quote
            break
    return _chosen(finds, setting, doubts, pause, decided)


def _chosen(
    finds: dict[str, dict[date, str]],
    setting: set[tuple[str, date]],
    doubts: dict[date, str],
    pause: tuple[date, str] | None,
    decided: date | None,
) -> FirstDay:
    for rule, _ in _RULES:
        days = finds.get(rule, {})
        if not days:
            continue
        later = {day: quote for day, quote in days.items() if decided is None or day >= decided}
        if not later:
            day, quote = next(iter(sorted(days.items())))
            why = f"{_named(days)} lies before the document itself: retroactive, or told of an earlier act"
            return FirstDay(None, quote, rule, why)
        if len(later) > 1:
            quote = later[min(later)]
            return FirstDay(None, quote, rule, f"several first days are named: {_named(later)}")
        day, quote = next(iter(later.items()))
        if day in doubts:
            return FirstDay(None, doubts[day], rule, f"from {day} on a duty may be imposed; none is yet")
        if (rule, day) not in setting:
            # an accepted candidate becomes a duty that takes effect unless a person says otherwise
            return FirstDay(None, quote, rule, f"from {day} on the text {NOTE}: no duty begins")
        return FirstDay(day, quote, rule, "")
    if pause is not None:
        until, quote = pause
        return FirstDay(None, quote, "pause", f"a pause until {until}; the text names no first day")
    if doubts:
        return FirstDay(
            None, doubts[min(doubts)], "proposal", f"proposed or left to discretion: {_named(doubts)}"
        )
    return FirstDay(None, None, "", "no sentence names a first day")


def _aside(sentence: str, start: int, end: int) -> bool:
    """Whether the day at [start, end) is about something else: an aside stands in the clause that leads to it."""
    clause = sentence[max(0, start - 200) : end]
    # a new clause begins after '; ' and after ', except', and what stood before it says nothing of it
    clause = re.split(r";\s|,\s+except\b", clause)[-1]
    return _ASIDE.search(clause) is not None


def _named(days: dict[date, str]) -> str:
    named = [f"{day}" for day in sorted(days)]
    more = f" and {len(named) - _LISTED} more" if len(named) > _LISTED else ""
    return ", ".join(named[:_LISTED]) + more
