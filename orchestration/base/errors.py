"""The errors a user can meet, each with what happened, where, and what to do.

Belongs here: exception classes shared by modules, and their exit codes.
Does not belong here: handling; the command line turns these into one line and an exit status.
"""

from __future__ import annotations

from importlib.util import find_spec


class HeadwayError(Exception):
    """Base of every error that is shown to a user as one line."""

    exit_code = 1


class UsageError(HeadwayError):
    """The request cannot be answered as asked (unknown series, bad date); says what would work."""

    exit_code = 2


def require_pages(package: str, target: str) -> None:
    """Raise UsageError where `package` of the pages is not installed: `make build` leaves out what no build needs.

    target: the target of make that installs it.
    """
    if find_spec(package) is None:
        raise UsageError(f"what shows pages is not installed yet: `make {target}` installs it and opens them")


class PayloadError(HeadwayError):
    """A payload whose content cannot be trusted. It is quarantined whole; nothing of it is loaded."""


class ArchiveError(HeadwayError):
    """Archived bytes are missing, damaged or could not be written."""


class StoreError(HeadwayError):
    """The store could not be written; what it held before is intact."""


class WriterBusyError(HeadwayError):
    """Another run holds the writer lock."""


class ReleaseError(HeadwayError):
    """A release failed its checks or could not be written; the last good one stays current."""


class SourceError(HeadwayError):
    """A source could not be fetched."""


class PermanentSourceError(SourceError):
    """Asking again would not help: bad request, bad key, schema changed."""


class TransientSourceError(SourceError):
    """Asking again later may help: timeout, 429, 5xx. `retry_after`: seconds the server asked to wait, if it did.

    too_often:   the server answered that it is asked too often (429): `retry_after` is then when its quota renews.
    unavailable: the server itself did not answer or said that it cannot; False where this one answer was no good.
    failed_at_it: the server answered that it failed at this question (500, 502, 504, its page of a failed query), so that
                  it may still answer a smaller one.
    """

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        *,
        too_often: bool = False,
        unavailable: bool = False,
        failed_at_it: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.too_often = too_often
        self.unavailable = unavailable
        self.failed_at_it = failed_at_it


class FiguresError(HeadwayError):
    """The bundled figures are damaged or incomplete, or cannot be made from what was given."""


class DetailError(HeadwayError):
    """The detail lake, or a file meant for it, is damaged or not what it should be; what the lake held before is intact."""


class CatalogueError(HeadwayError):
    """series.csv says something that cannot be: a repeated id, an unknown publisher, a value outside a closed list."""
