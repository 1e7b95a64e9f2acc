"""Text of the data made safe for Markdown, which is what Streamlit makes of every string.

Belongs here: escaping. Does not belong here: formats of numbers and dates, names of codes (orchestration/readers/wording.py),
sentences about a comparison (compare_words.py).
"""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def escaped(text: object) -> str:
    """Text as Markdown that shows exactly that text: no heading, link, image, colour, formula or HTML comes of it."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(str(text).split()))
