"""Bringing one dataset up to date: asking the planned requests, archiving and loading what is new, accounting for it.

Belongs here: what the outcome of a request means for the rest of the run.
Does not belong here: the order of a whole refresh (operations/refresh.py), the plan (plan.py), what the datasets of a run share
(clients.py), transport (http.py), budgets (quota.py), formats (transforms/parse).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum, auto
from functools import cached_property, partial

import duckdb

from orchestration.base.errors import PayloadError, SourceError, TransientSourceError
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.agency import names, question, titles
from orchestration.intake.agency.account import DatasetOutcome, Tally
from orchestration.intake.agency.clients import Clients
from orchestration.intake.agency.completeness import refuse_other_unit, refuse_truncated
from orchestration.intake.agency.earlier import Earlier, last_answer
from orchestration.intake.agency.http import Client
from orchestration.intake.agency.plan import WAIT_FOR_WRITER, PlannedDataset, dataset_name
from orchestration.intake.agency.quota import Quota, QuotaSpentError
from orchestration.intake.agency.remedies import about_key, about_manners
from orchestration.sources.spec import Dataset, Request, Response
from orchestration.store.archive import Archive, Quarantined
from orchestration.store.ingest import ingest
from orchestration.store.opened import open_store
from orchestration.store.repair import load_what_was_left
from transforms.parse.body import JsonObject
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    NoSuchFileError,
    NotYetReleasedError,
    QuotaError,
    RefusedError,
    ReplyError,
    SchemaChangedError,
    TruncatedError,
    UnclearRefusalError,
)
from transforms.schema import FrameError, Parsed

_NEVER = datetime(1, 1, 1)  # noqa: DTZ001 - times of the archive are naive UTC


def refresh_dataset(
    settings: Settings, planned: PlannedDataset, *, clients: Clients | None = None
) -> DatasetOutcome:
    """Ask one dataset what is planned and load the answers, all of it under the writer lock.

    clients: what the datasets of one run share; without it this dataset opens and closes its own.
    Returns the account of the dataset: a bad answer or a refusal is in its `problems` and raises nothing.
    Raises WriterBusyError, ArchiveError and StoreError of lock, archive and store, which concern every dataset.
    """
    dataset, tally = planned.dataset, Tally(planned.dataset)
    if planned.skip:
        return tally.skipped(planned.skip, counts=planned.skip_counts)
    with ExitStack() as stack:
        clients = clients or Clients(settings, stack)
        if dataset.api.name in clients.refused:
            return tally.skipped(clients.refused[dataset.api.name], counts=True)
        client, quota = clients.of(dataset.api, planned.has_key)
        stack.enter_context(writer_lock(settings, wait=WAIT_FOR_WRITER))
        con = stack.enter_context(open_store(settings.store))
        clients.register(con)
        known = titles.KnownTitles.of(settings, dataset)
        archive = Archive(settings)
        parser_of = partial(question.parser_of_live, datasets=[dataset])
        for payload, left in load_what_was_left(con, archive, dataset.source_id, dataset.name, parser_of):
            tally.left_by_a_killed_run(payload.payload_id, left)
        run = _Run(con, archive, dataset, client, quota, tally, known, planned.accept_shrunk)
        wholes_with_failed_page: set[str] = set()
        for number, request in enumerate(run.in_order(planned.requests)):
            if request.pages_of and request.pages_of in wholes_with_failed_page:
                tally.not_asked(f"{request.title or request.path}: an earlier page of it failed")
                continue
            report("fetch", f"{dataset.title}: {request.title}", number, len(planned.requests))
            ending = run.ask(request)
            if ending is _Ending.STOP:
                clients.refused[dataset.api.name] = tally.problems[-1]
                tally.not_asked_any_more(len(planned.requests) - number - 1)
                break
            if ending is _Ending.FAILED and request.pages_of:
                wholes_with_failed_page.add(request.pages_of)
    return tally.outcome()


class _Ending(Enum):
    """How one request ended, as far as the requests after it are concerned."""

    ANSWERED = auto()
    #: there is no usable answer to this request; the requests after it may still succeed
    FAILED = auto()
    #: the API refuses us (key, quota) or is down, so that every further request to it would fail as well
    STOP = auto()


#: After so many unavailable requests in a row the server is taken to be down. Each of them was tried as often as the API
#: allows, which takes about 20 s; the 74 requests of a full plan of the Census would otherwise all wait as long.
_DOWN_AFTER = 3


class _RemovedError(Exception):
    """The agency repeated an answer that an operator had removed from the warehouse."""

    def __init__(self, removed: Quarantined) -> None:
        super().__init__(
            f"the same answer as {removed.payload_id}, which was removed ({removed.reason}); "
            f"to take it after all delete {removed.path.with_suffix('.json')}"
        )


@dataclass
class _Run:
    """The requests of one dataset while they are asked: what each answer means for the store and for the account."""

    con: duckdb.DuckDBPyConnection
    archive: Archive
    dataset: Dataset
    client: Client
    quota: Quota
    tally: Tally
    known_titles: titles.KnownTitles
    accept_shrunk: bool = False
    #: responses to the current request in the order of its attempts; the last one goes to quarantine if it is bad
    responses: list[Response] = field(default_factory=list)
    #: path of a list page -> paths of its links
    links: dict[str, list[str]] = field(default_factory=dict)
    #: whether the server failed at a whole of this dataset and answered its parts: then the next whole is not tried
    in_parts: bool = False

    @cached_property
    def removed(self) -> dict[str, Quarantined]:
        """Answers that an operator removed, by the digest of what they say (question.digest)."""
        quarantined = self.archive.quarantined()
        return {q.content_sha256: q for q in quarantined if q.removed and q.content_sha256}

    def in_order(self, requests: Sequence[Request]) -> list[Request]:
        """The requests in the order in which they are asked: as planned, as long as the quota is enough for all.

        Otherwise those come first that were answered longest ago, so that every request has its turn. Pages of one
        whole keep their order.
        """
        requests_left = self.quota.left()
        if requests_left is None or requests_left >= len(requests) or any(r.pages_of for r in requests):
            return list(requests)

        def answered_at(request: Request) -> datetime:
            earlier = last_answer(self.archive, self.dataset, request)
            return earlier.last_seen_at if earlier else _NEVER

        return sorted(requests, key=answered_at)

    def ask(self, request: Request) -> _Ending:
        """Ask one request, load its answer and write what happened into the account; tells how the request ended."""
        if self.in_parts and request.smaller:
            return self._ask_smaller(request)
        self.responses.clear()
        title = request.title or request.path
        failed_before, self.client.failed_in_a_row = self.client.failed_in_a_row, 0
        try:
            self._ask_under_each_name(request)
        except BadRequestError as refused:
            if request.instead:
                return self._ask_instead(request, refused)
            self._set_aside(request, self._without_source(refused))
            return _Ending.FAILED
        except (EmptyReplyError, NotYetReleasedError) as nothing:
            self.tally.nothing_there(title, nothing.what)
        except QuotaSpentError as spent:
            self.tally.failed(f"{title}: {spent}")
            return _Ending.STOP
        except QuotaError as refused:
            self.quota.refused(refused.reset_after)
            self.tally.failed(
                f"{title}: {refused.what}; not asked again before {self.quota.renews_at():%Y-%m-%d %H:%M} UTC"
            )
            return _Ending.STOP
        except AuthError as refused:
            remedy = (about_manners if isinstance(refused, RefusedError) else about_key)(self.dataset.api)
            self.tally.failed(f"{title}: {refused.what}; {remedy}")
            return _Ending.STOP
        except _RemovedError as repeated:  # the bytes of the answer are in quarantine already
            self.tally.failed(f"{title}: {repeated}")
            return _Ending.FAILED
        except (ReplyError, FrameError, PayloadError) as bad:
            self._set_aside(request, self._without_source(bad))
            return _Ending.FAILED
        except TransientSourceError as error:
            if error.too_often and error.retry_after:
                self.quota.refused(error.retry_after)
            if request.smaller and error.failed_at_it:
                self.tally.notes.append(f"{title}: {error}; asked in {len(request.smaller)} parts")
                # the whole counts as failed, so that a server that is down is not asked for all of the parts as well
                self.client.failed_in_a_row = failed_before + 1
                return self._ask_smaller(request)
            self._set_aside(request, str(error))
            self.client.failed_in_a_row = failed_before + 1 if error.unavailable else 0
            return _Ending.STOP if self.client.failed_in_a_row >= _DOWN_AFTER else _Ending.FAILED
        except SourceError as error:
            self.tally.failed(f"{title}: {error}")
            return _Ending.FAILED
        return _Ending.ANSWERED

    def _without_source(self, error: Exception) -> str:
        """The text of an error without the name of the source, which the account has already."""
        return str(error).removeprefix(f"{self.dataset.source_id}: ")

    def _ask_under_each_name(self, request: Request) -> None:
        """Ask for a file under its path, its alternatives and the links of its list page, until one of them has it.

        Raises what the answer raises. Where none has it: NotYetReleasedError for a guessed file, else NoSuchFileError.
        """
        paths = (request.path, *request.alternatives)
        absent: list[NoSuchFileError] = []
        for path in paths:
            try:
                return self._fetch_and_load(replace(request, path=path))
            except NoSuchFileError as error:
                absent.append(error)
        for path in names.linked_paths(request, self.dataset.source_id, self.client, self.tally, self.links):
            if path not in paths:
                with suppress(NoSuchFileError):
                    return self._fetch_and_load(replace(request, path=path))
        first = absent[0]
        if request.guessed:
            others = f", nor under {len(paths) - 1} other names" if len(paths) > 1 else ""
            raise NotYetReleasedError(first.source, f"{first.what}{others}", first.do)
        raise first

    def _ask_instead(self, request: Request, refused: BadRequestError) -> _Ending:
        """Ask what stands in for a request that was refused as a bad one, and name what of it is bad.

        A refusal that may be about the key is told apart by the API's probe: where that is refused too, nothing more is
        asked.
        """
        title = request.title or request.path
        probe = self.dataset.api.probe
        if isinstance(refused, UnclearRefusalError) and probe is not None and not self._is_answered(probe):
            self._set_aside(
                request,
                f"{self._without_source(refused)}; {probe.title} is refused as well: "
                f"{about_key(self.dataset.api)}",
            )
            return _Ending.STOP
        self.tally.notes.append(f"{title}: refused as a whole ({refused.what}), asked otherwise")
        endings = [self.ask(part) for part in request.instead]
        if _Ending.STOP in endings:
            return _Ending.STOP
        return _Ending.ANSWERED if _Ending.ANSWERED in endings else _Ending.FAILED

    def _ask_smaller(self, request: Request) -> _Ending:
        """Ask for the parts of a request that is too much for the server. The answer to each part counts by itself: a part
        that fails costs only its own rows."""
        endings: list[_Ending] = []
        for part in request.smaller:
            endings.append(self.ask(part))
            if endings[-1] is _Ending.STOP:
                return _Ending.STOP
        self.in_parts = self.in_parts or _Ending.ANSWERED in endings
        return _Ending.FAILED if _Ending.FAILED in endings else _Ending.ANSWERED

    def _is_answered(self, probe: Request) -> bool:
        """Whether the API answers its probe, and not as it refused the last request."""
        refusal = self.responses[-1].content if self.responses else b""

        def is_another(answer: Response) -> bool:
            return 200 <= answer.status < 300 and answer.content != refusal

        try:
            with self.tally.counting_requests(self.client):
                return bool(self.client.fetch(probe, is_another)[1])
        except SourceError:
            return False

    def _fetch_and_load(self, request: Request) -> None:
        with self.tally.counting_requests(self.client):
            request = titles.with_titles_checked(self.dataset, request, self.known_titles, self.client)
        earlier = Earlier.of(self.con, self.archive, self.dataset, request)
        loaded = earlier.loaded
        with self.tally.counting_requests(self.client):
            response, parsed = self.client.fetch(
                request,
                lambda response: self._read(request, response, earlier),
                conditional=question.conditional_headers(loaded) if loaded else None,
            )
        if parsed is None:
            if loaded is None:
                raise PayloadError(
                    "the answer is 'not modified', but no earlier answer to it is in the store"
                )
            known = None
            if not response.not_modified:
                known = self._extra(earlier.with_what_was_proven(request), response)
            self.archive.seen_again(loaded, response.retrieved_at, known)
            self.tally.unchanged()
            return
        request, response = earlier.as_known(request, response)
        refuse_other_unit(self.con, parsed, source=self.dataset.source_id)
        accepted = self._refuse_or_accept_shrunk(request, parsed)
        outcome = ingest(
            self.con,
            self.archive,
            content=response.content,
            parse=lambda _: parsed,
            source_id=self.dataset.source_id,
            dataset=self.dataset.name,
            request_url=question.request_url(self.dataset.api, request),
            retrieved_at=response.retrieved_at,
            http_status=response.status,
            media_type=response.media_type,
            extra={**self._extra(request, response), **accepted},
        )
        if isinstance(outcome, Quarantined):
            self.tally.quarantined(f"{request.title or request.path}: {outcome.reason}")
        else:
            self.tally.loaded(outcome, parsed)

    def _refuse_or_accept_shrunk(self, request: Request, parsed: Parsed) -> dict[str, str]:
        """The note in the sidecar of an answer that lacks known values and is accepted all the same; {} if none lack.

        Raises TruncatedError, with how to accept the answer, unless the operator said that it is to be accepted.
        """
        if not (parsed.complete or "last_period" in request.context):
            return {}
        try:
            refuse_truncated(
                self.con, parsed, source=self.dataset.source_id, last_period=_last_period(request)
            )
        except TruncatedError as lacking:
            if not self.accept_shrunk:
                raise TruncatedError(
                    lacking.source, lacking.what, f"{lacking.do}; {self._how_to_accept}"
                ) from lacking
            self.tally.notes.append(
                f"{request.title or request.path}: accepted as told, though {lacking.what}"
            )
            return {"accepted_shrunk": lacking.what}
        return {}

    @property
    def _how_to_accept(self) -> str:
        source = self.dataset.source_id
        return (
            f"to accept it as it is: headway refresh --source {source} "
            f"--accept-shrunk {dataset_name(self.dataset)}"
        )

    def _read(self, request: Request, response: Response, earlier: Earlier) -> Parsed | None:
        """The parsed answer, or None if it says the same as the earlier one."""
        self.responses.append(response)
        if self.removed or earlier.loaded:
            digest = question.digest(self.dataset.api, response.content)
            if digest in self.removed:
                raise _RemovedError(self.removed[digest])
            if earlier.loaded and digest == earlier.loaded.extra.get("content_sha256"):
                return None
        request, response = earlier.as_known(request, response)
        try:
            return question.parsed_answer(self.dataset, response.content, request, response)
        except (ReplyError, FrameError, PayloadError):
            raise
        except Exception as error:
            raise SchemaChangedError(
                self.dataset.source_id, f"the parser failed on it ({type(error).__name__}: {error})"
            ) from error

    def _set_aside(self, request: Request, reason: str) -> None:
        """Quarantine the last response, if there was one, and note the failure in the account."""
        if not self.responses:
            self.tally.failed(f"{request.title or request.path}: {reason}")
            return
        response = self.responses[-1]
        self.archive.put(
            response.content,
            source_id=self.dataset.source_id,
            dataset=self.dataset.name,
            request_url=question.request_url(self.dataset.api, request),
            retrieved_at=response.retrieved_at,
            http_status=response.status,
            media_type=response.media_type,
            extra=self._extra(request, response),
            refused=reason,
        )
        self.tally.quarantined(f"{request.title or request.path}: {reason}")

    def _extra(self, request: Request, response: Response) -> JsonObject:
        return question.extra_of(self.dataset.api, request, response)


def _last_period(request: Request) -> date | None:
    text = request.context.get("last_period")
    return date.fromisoformat(text) if text else None
