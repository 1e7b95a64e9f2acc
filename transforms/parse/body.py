"""From the bytes of a reply to text, JSON or the members of a zip, or to the outcome that the bytes stand for.

Belongs here: checks of status, emptiness, encoding, HTML, JSON and zip that are the same for every agency.
Does not belong here: what one agency's fields or error texts mean (the agency's module), I/O.
"""

from __future__ import annotations

import csv
import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import polars as pl

from transforms.parse.archive_member import member_names, read_member
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    HtmlInsteadError,
    QuotaError,
    RefusedError,
    SchemaChangedError,
    ServerError,
    UnreadableError,
)
from transforms.schema import FrameError

#: an object in the JSON of an agency: Any, as only the code that reads a field can tell what it must be
JsonObject = dict[str, Any]

P = ParamSpec("P")
R = TypeVar("R")
_BOM = b"\xef\xbb\xbf"
_HTML_START = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|script)\b", re.I | re.S)
_ASK_AGAIN = "ask again; if it stays like this, look at the archived bytes"
#: bytes to which one zip may unpack; the largest of these sources so far is 71 MB (Federal Reserve H.15)
ZIP_LIMIT = 1024**3


def shape_checked(source: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator of a parser: an error over a reply of an unforeseen shape becomes a SchemaChangedError of `source`.

    Checks inside the parsers name the likely changes; this catches the others (a list where an object was, a
    number where a text was), so that no reply can end a run with an unclassified error.
    """

    def decorate(parse: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(parse)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return parse(*args, **kwargs)
            except (
                ArithmeticError,
                AttributeError,
                LookupError,
                TypeError,
                ValueError,
                csv.Error,
                pl.exceptions.PolarsError,
            ) as error:
                what = f"reply of another shape ({type(error).__name__}: {excerpt(str(error))})"
                raise SchemaChangedError(source, what) from error

        return checked

    return decorate


def excerpt(text: str, length: int = 160) -> str:
    """The beginning of a text on one line, tags removed, for an error message."""
    plain = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return plain if len(plain) <= length else plain[: length - 3] + "..."


def is_html(content: bytes) -> bool:
    """True if the bytes begin like an HTML page (after a BOM, blanks or comments)."""
    return _HTML_START.match(content.removeprefix(_BOM)[:2000]) is not None


def refuse_status(source: str, status: int, text: str) -> None:
    """Raise what an HTTP status means where the agency has no rule of its own; 2xx passes.

    `text` is quoted in the message, so keys must already be removed from it.
    """
    answer = f"HTTP {status}" + (f" ({excerpt(text)})" if text.strip() else "")
    if 200 <= status < 300:
        return
    if status == 429:
        raise QuotaError(source, f"{answer}: too many requests", "wait and ask more slowly", reset_after=60)
    if status == 403:
        raise RefusedError(
            source,
            f"{answer}: refused",
            "check user agent, contact and Referer sent, and the key if one is needed",
        )
    if status in (401, 407):
        raise AuthError(source, f"{answer}: access refused", "check the key and the contact address sent")
    if status in (408, 425) or status >= 500:
        raise ServerError(source, f"{answer}: the agency's server failed", "ask again later")
    if 300 <= status < 400:
        raise BadRequestError(source, f"{answer}: redirected elsewhere", "check the address of the source")
    raise BadRequestError(source, f"{answer}: the request was refused", "check the request's parameters")


def read_text(content: bytes, *, source: str, status: int, content_type: str | None) -> str:
    """The text of a 2xx reply, BOM removed. The bytes decide, `content_type` only names what came instead.

    Raises UnreadableError for no bytes, binary, or bytes that are not UTF-8; HtmlInsteadError for a page;
    what `refuse_status` raises for other statuses.
    """
    if not 200 <= status < 300:
        refuse_status(source, status, content.decode("utf-8", "replace"))
    kind = content_type or "no content type"
    if not content.removeprefix(_BOM).strip():
        raise UnreadableError(source, f"HTTP {status} without any bytes ({kind})", _ASK_AGAIN)
    if content[:2] == b"\x1f\x8b":
        raise UnreadableError(source, f"gzip bytes where text was expected ({kind})", _ASK_AGAIN)
    if is_html(content):
        page = excerpt(content.decode("utf-8", "replace"))
        raise HtmlInsteadError(source, f"an HTML page instead of data ({kind}): {page}", _ASK_AGAIN)
    try:
        return content.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            source, f"not UTF-8 text at byte {error.start} of {len(content)} ({kind})", _ASK_AGAIN
        ) from error


def read_json(content: bytes, *, source: str, status: int, content_type: str | None) -> object:
    """The JSON value of a 2xx reply. Literal line breaks inside strings are accepted, because BLS sends them.

    Raises what `read_text` and `load_json` raise.
    """
    text = read_text(content, source=source, status=status, content_type=content_type)
    return load_json(text, source=source, content_type=content_type)


def load_json(text: str, *, source: str, content_type: str | None = None) -> object:
    """The JSON value of a text. Raises UnreadableError, which says whether the text was cut or is no JSON at all."""
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        starts_like_json = text.lstrip()[:1] in ("{", "[")
        if starts_like_json and text.rstrip()[-1:] not in ("}", "]"):
            what = f"JSON cut off after {len(text)} characters"
        else:
            kind = content_type or "no content type"
            what = f"not JSON at character {error.pos} ({kind}): {excerpt(text)}"
        raise UnreadableError(source, what, _ASK_AGAIN) from error
    except RecursionError as error:
        raise UnreadableError(source, "JSON nested too deeply", _ASK_AGAIN) from error


def zip_members(
    content: bytes, pattern: str, *, source: str, limit: int = ZIP_LIMIT
) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every archive member whose base name matches `pattern`, in the archive's order.

    Raises UnreadableError for a damaged archive, for names that point outside the archive, and for more than
    `limit` bytes unpacked in all.
    """
    try:
        names = member_names(content)
        outside = [n for n in names if n.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", n)]
        if outside:
            raise FrameError(f"member {outside[0]!r} points outside the archive")
        bytes_left = limit
        for name in names:
            if re.fullmatch(pattern, name.rsplit("/", 1)[-1], re.I):
                data = read_member(content, name, max_bytes=bytes_left)
                bytes_left -= len(data)
                yield name, data
    except FrameError as error:
        raise UnreadableError(source, f"zip archive refused: {error}", _ASK_AGAIN) from error
