"""From the bytes of a page to plain text and its sentences. What comes from outside is data: no markup is left in it.

Belongs here: taking tags off, bounding sizes, splitting sentences. Does not belong here: what a sentence means (days.py,
rates.py), the fields of one agency (transforms/parse).
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

#: characters of a document that are read: the longest proclamation with its annexes has some 600,000
LONGEST_TEXT = 1_500_000
#: characters of a quoted sentence, so that one page-long clause cannot fill a table
LONGEST_SENTENCE = 700
#: characters of a title or another short field
LONGEST_FIELD = 500

#: whose contents are no text of the document
_UNSEEN = frozenset({"script", "style", "noscript", "template", "head", "nav", "footer", "svg"})
#: tags after which a new line begins
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul", "fp"}
)  # fmt: skip
#: a full stop after these ends no sentence
_SHORT = frozenset(
    {"a.m", "p.m", "U.S", "U.S.C", "S", "et", "seq", "Sec", "sec", "Secs", "No", "no", "Nos", "nos", "Fed", "Reg", "Stat", "Pub", "v", "vol", "art", "para", "subpara", "Inc", "Ltd", "Corp", "Co", "St", "Mr", "Mrs", "Ms", "Dr", "i.e", "e.g", "cf", "C.F.R", "D.C", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sept", "Sep", "Oct", "Nov", "Dec", "al", "approx"}
)  # fmt: skip
#: a possible end of a sentence: the mark, closing quotes or brackets, then a space
_END = re.compile(r"[.!?][\"”’)\]]*\s+(?=[\"“‘(\[A-Z0-9])")
#: a heading or a list item ends what stood before it, even without a full stop
_BREAK = re.compile(r"\n\s*\n+")
#: emphasis of Markdown and typewriter marks of the Federal Register's text files
_MARKS = re.compile(r"\*{1,3}|\[\[Page \d+\]\]|<bullet>")


class _Text(HTMLParser):
    """Collects the text of a page, without the contents of scripts and the like."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n\n" if tag != "br" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)


def plain_text(content: bytes | str) -> str:
    """The text of an HTML, XML or plain document: no tags, no control characters, at most LONGEST_TEXT characters.

    Blocks are separated by an empty line. Bytes that are no UTF-8 are read as Windows-1252, which older government pages
    use; nothing in a document can make this raise.
    """
    raw = content if isinstance(content, str) else _decoded(content)
    raw = raw[:LONGEST_TEXT]
    if re.search(r"<\s*/?\s*[a-zA-Z!?]", raw):
        reader = _Text()
        reader.feed(raw)
        reader.close()
        raw = "".join(reader.pieces)
    raw = _MARKS.sub("", raw)
    lines = (" ".join(_printable(line).split()) for line in raw.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def field(value: object, longest: int = LONGEST_FIELD) -> str | None:
    """A short field as one line without markup, at most `longest` characters; None where it is empty or no text."""
    if value is None or isinstance(value, dict | list):
        return None
    # twice: an agency's JSON may hold a text in which markup is written as entities
    line = " ".join(plain_text(html.unescape(str(value)[: 20 * longest])).split())
    line = re.sub(r"[<>]", "", line)
    return shortened(line, longest) or None


def sentences(text: str) -> list[str]:
    """The sentences of a plain text in their order, each on one line, in full."""
    found: list[str] = []
    for block in _BREAK.split(text):
        line = " ".join(block.split())
        start = 0
        for end in _END.finditer(line):
            if _is_abbreviation(line[start : end.start()]):
                continue
            found.append(line[start : end.end()].strip())
            start = end.end()
        if rest := line[start:].strip():
            found.append(rest)
    return found


def quoted(sentence: str, start: int = 0, end: int = 0) -> str:
    """A sentence to be kept beside what was read from it at [start, end), cut to LONGEST_SENTENCE around that place.

    Angle brackets are taken out: what is quoted must not be taken for markup anywhere.
    """
    clean = sentence.replace("<", "‹").replace(">", "›")
    if len(clean) <= LONGEST_SENTENCE:
        return clean
    room = LONGEST_SENTENCE - 8
    first = max(0, min(start - room // 2, len(clean) - room))
    last = min(len(clean), max(first + room, min(end, first + room)))
    return ("... " if first else "") + clean[first:last].strip() + (" ..." if last < len(clean) else "")


def shortened(text: str, longest: int) -> str:
    """`text`, or its beginning and three dots where it is longer than `longest` characters."""
    return text if len(text) <= longest else text[: longest - 4].rstrip() + " ..."


def _decoded(content: bytes) -> str:
    # four bytes a character at most, so that a huge body is not decoded to be thrown away
    cut = content[: 4 * LONGEST_TEXT]
    try:
        return cut.decode("utf-8-sig")
    except UnicodeDecodeError:
        return cut.decode("cp1252", "replace")


def _printable(line: str) -> str:
    """The line without control and direction characters, with plain spaces in place of the other kinds."""
    return "".join(
        " " if unicodedata.category(c) in ("Zs", "Cc") else c for c in line if unicodedata.category(c) != "Cf"
    )


def _is_abbreviation(before: str) -> bool:
    """Whether the full stop after `before` belongs to a short form, an initial or a number of a list."""
    word = re.split(r"[\s(\[“\"]", before)[-1]
    return word in _SHORT or bool(re.fullmatch(r"[A-Z]|\d{1,2}|[ivx]+|\(?[a-z]\)?", word))
