"""Declared lists of words: parties, topics, words of a trade action, and words of documents that are none.

Belongs here: finding declared words in a text. Does not belong here: the lists themselves
(orchestration/sources/feed/keywords.csv).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

#: what a list of words is for
KINDS = ("party", "topic", "action", "ignore")


@dataclass(frozen=True)
class Keyword:
    """One declared word or phrase. kind: one of KINDS; meaning: the id that it stands for ('CAN', 'autos_tariffs'), the same
    for all words of 'action' and 'ignore'. A `*` at its end stands for any ending, one at its beginning for any beginning."""

    kind: str
    meaning: str
    phrase: str

    @property
    def pattern(self) -> str:
        """The phrase as a regular expression of whole words, in which any spacing counts as one blank."""
        words = r"\s+".join(re.escape(word) for word in self.phrase.strip("*").split())
        start = r"\w*" if self.phrase.startswith("*") else ""
        end = r"\w*" if self.phrase.endswith("*") else ""
        return rf"(?<!\w){start}{words}{end}(?!\w)"


@dataclass(frozen=True)
class Keywords:
    """All declared words."""

    words: tuple[Keyword, ...]

    def meanings(self, kind: str, text: str) -> list[str]:
        """The meanings of `kind` whose words a text holds, sorted."""
        return sorted(
            meaning for meaning, pattern in self._patterns.get(kind, {}).items() if pattern.search(text)
        )

    def frequent(self, kind: str, text: str, at_least: int) -> list[str]:
        """The meanings of `kind` whose words stand in a text `at_least` times, sorted."""
        patterns = self._patterns.get(kind, {})
        return sorted(
            meaning for meaning, pattern in patterns.items() if len(pattern.findall(text)) >= at_least
        )

    def has(self, kind: str, text: str) -> bool:
        """Whether a text holds a word of `kind`."""
        return bool(self.meanings(kind, text))

    @cached_property
    def _patterns(self) -> Mapping[str, Mapping[str, re.Pattern[str]]]:
        gathered: dict[str, dict[str, list[str]]] = {}
        for word in self.words:
            gathered.setdefault(word.kind, {}).setdefault(word.meaning, []).append(word.pattern)
        return {
            kind: {
                meaning: re.compile("|".join(patterns), re.IGNORECASE)
                for meaning, patterns in meanings.items()
            }
            for kind, meanings in gathered.items()
        }


def declared(rows: Iterable[Mapping[str, str]]) -> Keywords:
    """The keywords of rows with the columns kind, meaning, phrase. Raises ValueError for an unknown kind or an empty cell."""
    words = []
    for number, row in enumerate(rows, start=2):
        word = Keyword(row["kind"].strip(), row["meaning"].strip(), row["phrase"].strip())
        if word.kind not in KINDS or not word.meaning or not word.phrase.strip("* "):
            raise ValueError(f"line {number}: {row} is no keyword: kind is one of {', '.join(KINDS)}")
        words.append(word)
    return Keywords(tuple(words))
