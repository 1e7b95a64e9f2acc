"""Rates of duty, read from the sentences of a document by declared rules; each with its sentence.

Belongs here: which percentages are rates of a duty that the document sets. Does not belong here: days (days.py), what the
duty is on.

A percentage is a rate where the words around it say so (a duty, tariff, surtax or surcharge, ad valorem) and nothing says that
it is the rate before, a ceiling, a share of a value, that of a duty that ends or that goods are exempted from, or what somebody
recommended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transforms.feed.endings import is_ending
from transforms.feed.text import quoted

#: so many rates of a document are kept
MOST_RATES = 12
_NUMBER = re.compile(
    r"(?<![\d.,/])(\d{1,3}(?:\.\d{1,2})?)(?:\s*-\s*|\s+|\s?)(?:percent|per\s+cent|%)", re.IGNORECASE
)
#: 'an additional 25 percent ad valorem rate of duty', '25 percent tariff'
_FOLLOWED = re.compile(
    r"\W{0,3}(?:additional\s+)?(?:ad\s+valorem|(?:rate\s+of\s+)?dut(?:y|ies)|tariffs?|surtax(?:es)?|surcharge|import\s+(?:tax|dut)|"
    r"rates?\s+of\s+dut|additional\s+(?:dut|rate|tariff))",
    re.IGNORECASE,
)
#: 'ad valorem rate of duty of 35 percent', 'surtax at the rate of 25 %', 'increase from 25 percent to 35 percent'
_PRECEDED = re.compile(
    r"(?:dut(?:y|ies)|tariffs?|surtax(?:es)?|surcharge|ad\s+valorem(?:\s+rate(?:\s+of\s+dut(?:y|ies))?)?|rates?\s+of\s+dut(?:y|ies))"
    r"(?:\s+(?:\w+\s+){0,4}?(?:of|at|to|is|be|equal\s+to|rate\s+of))\s+(?:an?\s+additional\s+)?$",
    re.IGNORECASE,
)
_INSERTED = re.compile(r"(?:by\s+inserting|inserting)\s+[\"“‘]?$", re.IGNORECASE)
#: the rate before, a ceiling, a floor, a share
_NOT_SET = re.compile(
    r"(?:\bfrom|\bin\s+lieu\s+of|\binstead\s+of|\brather\s+than|\bup\s+to|\bnot\s+(?:to\s+)?exceed(?:ing)?|\bno\s+more\s+than|"
    r"\bat\s+least|\bless\s+than|\bmore\s+than|\bover|\bby\s+deleting|deleting|\bstriking|previous(?:ly)?|\bequal\s+to)\s+[\"“‘]?"
    r"(?:an?\s+|the\s+)?(?:additional\s+)?$",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"\W{0,3}of\s+(?:the\s+)?(?:(?:aggregate|total|customs|transaction)\s+)*(?:value|GDP|gross|steel|market|imports|content|vehicles|parts|"
    r"volume|MSRP|capacity|shares?|goods)|\W{0,3}(?:U\.S\.|United States|regional|domestic|North American)?\s*(?:content|market|capacity|"
    r"import\s+penetration)|\s+in\s+(?:the\s+past|\d{4})",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"\brecommend(?:ed|s|ation)?\b|\bopined\b|\b(?:I|which|that)\s+(?:had\s+|also\s+)?(?:imposed|reduced|increased|declared)\b|"
    r"\bpursuant to which\b|\bhad been\b|\bbackground\b",
    re.IGNORECASE,
)
#: 'from 25 percent to 35 percent', 'deleting "25%"', 'rate of 25 percent under ..., shall instead': the rate before
_FORMER = re.compile(
    r"(?:\bfrom|deleting|striking)\s+[\"“‘]?(\d{1,3}(?:\.\d{1,2})?)\s*(?:percent|per\s+cent|%)[\"”’]?(?=\s+(?:to|each|and|where)\b)"
    r"|(\d{1,3}(?:\.\d{1,2})?)\s*(?:percent|per\s+cent|%)(?=[^.;%]{0,160}\bshall\s+instead\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Rate:
    """A rate in percent of the value, and the sentence it was read from."""

    percent: float
    sentence: str


def rates(sentences: Sequence[str]) -> list[Rate]:
    """The rates of duty that the sentences set, each number once, in their order, at most MOST_RATES."""
    found: dict[float, Rate] = {}
    former = {float(m[1] or m[2]) for sentence in sentences for m in _FORMER.finditer(sentence)}
    for sentence in sentences:
        if _TOLD.search(sentence) or not re.search(
            r"dut(?:y|ies)|tariff|surtax|surcharge|ad\s+valorem|9903\.", sentence, re.IGNORECASE
        ):
            continue
        for match in _NUMBER.finditer(sentence):
            before, after = sentence[max(0, match.start() - 200) : match.start()], sentence[match.end() :]
            if _NOT_SET.search(before) or _SHARE.match(after) or is_ending(sentence, *match.span()):
                continue
            if not (
                _FOLLOWED.match(after)
                or _PRECEDED.search(before)
                or _follows_from(before)
                or _INSERTED.search(before)
            ):
                continue
            percent = float(match[1])
            if 0 <= percent <= 300 and percent not in found and percent not in former:
                found[percent] = Rate(percent, quoted(sentence, *match.span()))
        if len(found) >= MOST_RATES:
            break
    return list(found.values())[:MOST_RATES]


def _follows_from(before: str) -> bool:
    """Whether the number is the second of 'from 25 percent to 35 percent', or of 'reduced to 10 percent'."""
    return bool(
        re.search(r"\bfrom\s+\d[\d.]*\s*(?:percent|per\s+cent|%)\s+to\s+$", before, re.IGNORECASE)
        or re.search(
            r"\b(?:rate|dut(?:y|ies)|tariff|surtax)\b.{0,160}\b(?:reduced|increased|raised|lowered|set)\s+(?:to|at)\s+$",
            before,
            re.IGNORECASE,
        )
    )
