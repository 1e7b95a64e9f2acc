"""The answer before this one: what the next answer to the same request is compared with, and what of it the store holds.

Belongs here: the last accepted answer, which series were refused when it came, what the same bytes say of series proven since.
Does not belong here: reading titles (titles.py), parsing and comparing (question.py, dataset.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from orchestration.intake.agency import question
from orchestration.sources.spec import Dataset, Request, Response
from orchestration.store import loading
from orchestration.store.archive import Archive, ArchivedPayload


def last_answer(archive: Archive, dataset: Dataset, request: Request) -> ArchivedPayload | None:
    """The last accepted answer to the same request."""
    return archive.last(dataset.source_id, dataset.name, question.request_url(dataset.api, request))


@dataclass(frozen=True)
class Earlier:
    """The last accepted answer to a request.

    loaded: the same where the store holds all of it that the request may load; None where a series was refused when it came and its
            title is proven since. Then the answer must be sent and parsed again, and nothing is compared with it.
    """

    archived: ArchivedPayload | None
    loaded: ArchivedPayload | None

    @classmethod
    def of(
        cls, con: duckdb.DuckDBPyConnection, archive: Archive, dataset: Dataset, request: Request
    ) -> Earlier:
        """What was answered to `request`, whose titles are checked, before it is asked again."""
        archived = last_answer(archive, dataset, request)
        if archived is None or not loading.recorded(con, archived.payload_id, loading.version_of(archived)):
            return cls(archived, None)
        proven_since = _refused(archived).keys() - request.context.get("refused_titles", {}).keys()
        return cls(archived, None if proven_since else archived)

    def as_known(self, request: Request, response: Response) -> tuple[Request, Response]:
        """The request and its response as they are to be loaded.

        What the same bytes say of series that were refused is known since these bytes came first, and a store made again from the
        archive gives it the same known_from.
        """
        archived = self.archived
        if archived is None or self.loaded or not _is_same(response, archived):
            return request, response
        return self.with_what_was_proven(request), replace(response, retrieved_at=archived.retrieved_at)

    def with_what_was_proven(self, request: Request) -> Request:
        """The request, which was answered as before, without refusals of series that were loaded by that answer.

        A title that cannot be read today must not take them out of a store that is made again from the archive.
        """
        refused = request.context.get("refused_titles", {})
        if not refused or self.archived is None:
            return request
        still = {series_id: why for series_id, why in refused.items() if series_id in _refused(self.archived)}
        return replace(request, context={**request.context, "refused_titles": still})


def _refused(archived: ArchivedPayload) -> Mapping[str, Any]:
    """The series that were refused when an answer came."""
    refused: Mapping[str, Any] = question.archived_request(archived).context.get("refused_titles", {})
    return refused


def _is_same(response: Response, archived: ArchivedPayload) -> bool:
    return hashlib.sha256(response.content).hexdigest() == archived.sha256
