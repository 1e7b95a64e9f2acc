"""Whether a code of an agency still means what we take it for, by the title that the agency gives it.

Belongs here: comparing titles with the words that must be in them.
Does not belong here: asking for titles, and which words are expected (the module of each agency).

Codes are often known from public programs and not from the agency itself, and an agency may give a code to another
series: then the numbers look plausible and are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def other_titles(
    titles: Mapping[str, str], expected: Mapping[str, Sequence[str]], ours: Mapping[str, str] | None = None
) -> dict[str, str]:
    """code -> why, for codes whose title lacks one of the expected words, with both titles; codes without a title pass.

    titles:   code -> title in the agency's words.
    expected: code -> words or phrases that must stand in the title, in any case and order. A word with `!` before it must
              not stand there ("!Unadjusted"); of words with `|` between them one must ("Total|Industrial activity").
    ours:     code -> our own title, for the message; where it is not given, the expected words stand for it.
    """
    reasons = {}
    for code, words in expected.items():
        title = titles.get(code)
        if title is None:
            continue
        lacking = [word for word in words if not _stands_in(word, title)]
        if lacking:
            meant = (ours or {}).get(code) or "; ".join(words)
            reasons[code] = f"its title is {title!r}, ours is {meant!r} ({', '.join(lacking)} expected)"
    return reasons


def _stands_in(word: str, title: str) -> bool:
    unwanted = word.startswith("!")
    found = any(_plain(choice) in _plain(title) for choice in word.removeprefix("!").split("|"))
    return found != unwanted


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
