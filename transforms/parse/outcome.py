"""What can be wrong with a reply, as a closed list of exceptions that parsers raise.

Belongs here: one class for each outcome that a caller treats differently, and what each of them carries.
Does not belong here: retrying, waiting (orchestration/intake/agency), exit statuses.
"""

from __future__ import annotations

from collections.abc import Iterable


class ReplyError(Exception):
    """A reply without data that may be loaded.

    source: id of the source; what: what happened; do: what to do about it; transient: whether the same request may succeed
    if it is sent again without any change.
    Messages never quote a request, so they cannot hold a key; a parser that quotes the agency's words removes keys that
    the agency repeats.
    """

    transient = False

    def __init__(self, source: str, what: str, do: str) -> None:
        super().__init__(f"{source}: {what}; {do}")
        self.source = source
        self.what = what
        self.do = do


class UnreadableError(ReplyError):
    """The bytes are not whole or not in the announced format (no bytes, cut, gzip, other encoding)."""

    transient = True


class HtmlInsteadError(UnreadableError):
    """An HTML page (error page, maintenance, bot wall) where data was asked for."""


class ServerError(ReplyError):
    """The agency says that it failed or is too busy: 408, 5xx, over capacity."""

    transient = True


class QuotaError(ReplyError):
    """The allowance is spent. `reset_after`: seconds until it renews; None = at the end of the agency's day."""

    def __init__(self, source: str, what: str, do: str, *, reset_after: float | None = None) -> None:
        super().__init__(source, what, do)
        self.reset_after = reset_after


class AuthError(ReplyError):
    """The key is missing, wrong or not allowed to ask this."""


class RefusedError(AuthError):
    """The server refuses this program (HTTP 403), whatever it asks: its user agent, Referer or address. Not a spent
    allowance: waiting does not help."""


class BadRequestError(ReplyError):
    """The agency understood and refused: unknown series, variable, table or period."""


class NoSuchFileError(BadRequestError):
    """There is no file under this address; it may lie under another name."""


class UnclearRefusalError(BadRequestError):
    """A refusal that reads the same for a bad key and for a bad request; ask for a known series to tell them apart."""


class NotYetReleasedError(ReplyError):
    """What was asked for is not out yet (or is locked while it is being published)."""


class EmptyReplyError(ReplyError):
    """A valid answer without any row."""


class TruncatedError(ReplyError):
    """The agency left out a part of what was asked because of a limit; ask for less at a time."""


class SchemaChangedError(ReplyError):
    """The reply is readable, but not what the parser knows: columns, codes, units or repeated keys.

    `missing`: names that should be there; `unknown`: names or codes that were not known.
    """

    def __init__(
        self,
        source: str,
        what: str,
        do: str = "compare the reply with the agency's documentation and adapt the parser",
        *,
        missing: Iterable[str] = (),
        unknown: Iterable[str] = (),
    ) -> None:
        self.missing = tuple(missing)
        self.unknown = tuple(unknown)
        named = "".join(
            f" ({label}: {', '.join(names)})"
            for label, names in (("missing", self.missing), ("unknown", self.unknown))
            if names
        )
        super().__init__(source, what + named, do)
