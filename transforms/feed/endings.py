"""Sentences that end a duty or exempt goods from it: their day is none of a new duty, and their rate is none that is set.

Belongs here: the words of endings and exemptions, and how far they reach. Does not belong here: days (days.py), rates (rates.py).
"""

from __future__ import annotations

import re

#: what a candidate says of such a day
NOTE = "ends or exempts a duty"
_ENDS = re.compile(
    r"\b(?:shall|will|do|does|is|are|must)\s+(?:no\s+longer|not)\s+(?:be\s+)?(?:apply|applicable|subject|in\s+effect|imposed|assessed|"
    r"collected|due|owed)\b"
    r"|\b(?:shall|will)\s+(?:hereby\s+)?be\s+(?:terminated|revoked|rescinded|repealed|lifted|eliminated|exempt(?:ed)?|excluded)\b"
    r"|\b(?:is|are)\s+(?:hereby\s+)?(?:terminated|revoked|rescinded|repealed|lifted|eliminated|exempt(?:ed)?\s+from|excluded\s+from)\b"
    r"|\b(?:dut(?:y|ies)|tariffs?|surtax(?:es)?|surcharge)\b[^.;]{0,120}?\b(?:is|are|shall\s+be|will\s+be)\s+removed\b(?!\s+from)"
    r"|\bceases?\s+to\s+(?:apply|be\s+(?:in\s+effect|subject|imposed|collected))\b"
    r"|\bexclusions?\s+(?:shall\s+|will\s+)?(?:appl(?:y|ies)|extends?|is\s+effective|are\s+effective)\b",
    re.IGNORECASE,
)
#: a duty that is set in the same clause: 'shall no longer be subject to ... and shall be subject to ...'
_SETS = re.compile(
    r"\b(?:shall|will|must)\s+(?:(?:also|now|instead|then|hereby|continue\s+to)\s+)?(?:be\s+(?:subject|imposed|assessed|applied|increased|"
    r"reduced|set)|apply|pay)\b|(?<!that\s)(?<!which\s)\b(?:is|are)\s+(?:hereby\s+)?(?:subject\s+to|imposed)\b",
    re.IGNORECASE,
)
#: where another clause begins, of which an ending says nothing
_CLAUSE = re.compile(r";\s|,\s+(?:except|provided|but|unless)\b", re.IGNORECASE)


def is_ending(sentence: str, start: int, end: int) -> bool:
    """Whether what stands at [start, end) is told of the end of a duty, or of goods exempted from it, in its clause."""
    first = max((m.end() for m in _CLAUSE.finditer(sentence, 0, start)), default=0)
    following = _CLAUSE.search(sentence, end)
    clause = sentence[first : following.start() if following else len(sentence)]
    return _ENDS.search(clause) is not None and _SETS.search(clause) is None
