"""Bringing one dataset up to date: asking what is planned, archiving and loading what is new, and an account of it.

Belongs here: what each outcome of a request means for the rest of the run, what datasets of one run share (Clients).
Does not belong here: the order of a whole refresh (operations/refresh.py), the plan (plan.py), transport (http.py),
budgets (quota.py), formats (transforms/parse).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

import duckdb

from orchestration.base.errors import PayloadError, SourceError, TransientSourceError
from orchestration.base.lock import writer_lock
from orchestration.base.progress import report
from orchestration.base.settings import Settings
from orchestration.intake.agency import question
from orchestration.intake.agency.account import DatasetOutcome, Tally
from orchestration.intake.agency.completeness import refuse_other_unit, refuse_truncated
from orchestration.intake.agency.http import Client
from orchestration.intake.agency.plan import WAIT_FOR_WRITER, PlannedDataset
from orchestration.intake.agency.quota import Quota, QuotaSpentError
from orchestration.intake.registration import register
from orchestration.sources.spec import Api, Dataset, Request, Response
from orchestration.store import loading
from orchestration.store.archive import Archive, ArchivedPayload, Quarantined
from orchestration.store.ingest import ingest
from orchestration.store.tables import open_store
from transforms.parse.outcome import (
    AuthError,
    EmptyReplyError,
    NotYetReleasedError,
    QuotaError,
    ReplyError,
    SchemaChangedError,
    TruncatedError,
)
from transforms.schema import FrameError, Parsed

_NEVER = datetime(1, 1, 1)  # noqa: DTZ001 - times of the archive are naive UTC


def refresh_dataset(
    settings: Settings, planned: PlannedDataset, *, clients: Clients | None = None
) -> DatasetOutcome:
    """Ask and load one dataset under the writer lock. Raises errors of lock, archive and store; no others."""
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
        run = _Run(con, Archive(settings), dataset, client, quota, tally, planned.accept_shrunk)
        failed_wholes: set[str] = set()
        for number, request in enumerate(run.in_order(planned.requests)):
            if request.pages_of and request.pages_of in failed_wholes:
                tally.not_asked(f"{request.title or request.path}: an earlier page of it failed")
                continue
            report("fetch", f"{dataset.title}: {request.title}", number, len(planned.requests))
            answer = run.ask(request)
            if answer is _STOP:
                clients.refused[dataset.api.name] = tally.problems[-1]
                tally.not_asked_any_more(len(planned.requests) - number - 1)
                break
            if answer is _FAILED and request.pages_of:
                failed_wholes.add(request.pages_of)
    return tally.outcome()


_FAILED, _STOP = object(), object()

#: so many requests in a row, each tried as often as the API allows (about 20 s), and the server is taken to be down: of the
#: 74 requests of a full plan of the Census each would wait as long
_DOWN_AFTER = 3


class _RemovedError(Exception):
    """The agency gives an answer again that an operator removed."""

    def __init__(self, removed: Quarantined) -> None:
        super().__init__(
            f"the same answer as {removed.payload_id}, which was removed ({removed.reason}); "
            f"to take it after all delete {removed.path.with_suffix('.json')}"
        )


class Clients:
    """What datasets share in one run: a client and a budget an API, so that pacing holds across datasets, and which APIs
    refuse us for good (key, quota). Closed with `stack`."""

    def __init__(
        self, settings: Settings, stack: ExitStack, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings, self._stack, self._sleep = settings, stack, sleep
        self._made: dict[str, tuple[Client, Quota]] = {}
        self._registered = False
        self.refused: dict[str, str] = {}

    def of(self, api: Api, has_key: bool) -> tuple[Client, Quota]:
        if api.name not in self._made:
            quota = Quota(self._settings, api, has_key=has_key)

            def before() -> None:
                quota.check()
                quota.spend()

            client = self._stack.enter_context(Client(api, before=before, sleep=self._sleep))
            self._made[api.name] = client, quota
        return self._made[api.name]

    def register(self, con: duckdb.DuckDBPyConnection) -> None:
        """Sources and series into the store, once a run."""

        if not self._registered:
            register(self._settings, con)
            self._registered = True


@dataclass
class _Run:
    """The requests of one dataset. `ask` gives _FAILED, or _STOP where the rest of the API would fail as well."""

    con: duckdb.DuckDBPyConnection
    archive: Archive
    dataset: Dataset
    client: Client
    quota: Quota
    tally: Tally
    accept_shrunk: bool = False
    seen: list[Response] = field(default_factory=list)

    @cached_property
    def removed(self) -> dict[str, Quarantined]:
        """What answers say that an operator removed, by digest."""
        aside = self.archive.quarantined()
        return {q.content_sha256: q for q in aside if q.removed and q.content_sha256}

    def in_order(self, requests: Sequence[Request]) -> list[Request]:
        """As planned; where the quota does not suffice, those first that were answered longest ago, so that every
        question has its turn."""
        left = self.quota.left()
        if left is None or left >= len(requests) or any(r.pages_of for r in requests):
            return list(requests)

        def answered_at(request: Request) -> datetime:
            last = self._last(request)
            return last.last_seen_at if last else _NEVER

        return sorted(requests, key=answered_at)

    def ask(self, request: Request) -> object | None:
        self.seen.clear()
        said = request.title or request.path
        failed_before, self.client.failed_in_a_row = self.client.failed_in_a_row, 0
        try:
            self._fetch_and_load(request)
        except (EmptyReplyError, NotYetReleasedError) as nothing:
            self.tally.nothing_there(said, nothing.what)
        except QuotaSpentError as spent:
            self.tally.failed(f"{said}: {spent}")
            return _STOP
        except QuotaError as refused:
            self.quota.refused(refused.reset_after)
            self.tally.failed(
                f"{said}: {refused.what}; not asked again before {self.quota.renews_at():%Y-%m-%d %H:%M} UTC"
            )
            return _STOP
        except AuthError as refused:
            self.tally.failed(f"{said}: {refused.what}; {_about_key(self.dataset.api)}")
            return _STOP
        except _RemovedError as gone:  # its bytes are in quarantine
            self.tally.failed(f"{said}: {gone}")
            return _FAILED
        except (ReplyError, FrameError, PayloadError) as bad:
            self._set_aside(request, str(bad).removeprefix(f"{self.dataset.source_id}: "))
            return _FAILED
        except TransientSourceError as error:
            if error.retry_after:
                self.quota.refused(error.retry_after)
            self._set_aside(request, str(error))
            self.client.failed_in_a_row = failed_before + 1 if error.unavailable else 0
            return _STOP if self.client.failed_in_a_row >= _DOWN_AFTER else _FAILED
        except SourceError as error:
            self.tally.failed(f"{said}: {error}")
            return _FAILED
        return None

    def _fetch_and_load(self, request: Request) -> None:
        last = self._last(request)
        held = last is not None and loading.recorded(self.con, last.payload_id, "1") is not None
        with self.tally.counting_requests(self.client):
            response, parsed = self.client.fetch(
                request,
                lambda response: self._read(request, response, last, held),
                conditional=question.conditional_headers(last) if last and held else None,
            )
        if parsed is None:
            self.archive.seen_again(
                last, response.retrieved_at, None if response.not_modified else self._extra(request, response)
            )
            self.tally.unchanged()
            return
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
        """What the sidecar says of an answer that lacks values and was let in; {} for one that lacks none."""
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
        name = f"{self.dataset.source_id}/{self.dataset.name}"
        return (
            f"to accept it as it is: headway refresh --source {self.dataset.source_id} --accept-shrunk {name}"
        )

    def _read(
        self, request: Request, response: Response, last: ArchivedPayload | None, held: bool
    ) -> Parsed | None:
        """What the answer says, or None if that is what the last one said."""
        self.seen.append(response)
        if self.removed or (last and held):
            said = question.digest(self.dataset.api, response.content)
            if said in self.removed:
                raise _RemovedError(self.removed[said])
        if last and held:
            if said == last.extra.get("content_sha256"):
                return None
        elif last and hashlib.sha256(response.content).hexdigest() == last.sha256:
            # archived by a run that died before it loaded it: known since then, and a rebuild says the same
            response = replace(response, retrieved_at=last.retrieved_at)
        try:
            return self.dataset.parse(response.content, request, response)
        except (ReplyError, FrameError, PayloadError):
            raise
        except Exception as error:
            raise SchemaChangedError(
                self.dataset.source_id, f"the parser failed on it ({type(error).__name__}: {error})"
            ) from error

    def _set_aside(self, request: Request, reason: str) -> None:
        """Quarantine the last answer, if there was one, and note the failure."""
        if not self.seen:
            self.tally.failed(f"{request.title or request.path}: {reason}")
            return
        response = self.seen[-1]
        payload = self.archive.put(
            response.content,
            source_id=self.dataset.source_id,
            dataset=self.dataset.name,
            request_url=question.request_url(self.dataset.api, request),
            retrieved_at=response.retrieved_at,
            http_status=response.status,
            media_type=response.media_type,
            extra=self._extra(request, response),
        )
        # bytes that were accepted before stay in the archive, whatever a newer parser thinks of them
        self.archive.quarantine(payload if payload.stored else response.content, reason)
        self.tally.quarantined(f"{request.title or request.path}: {reason}")

    def _last(self, request: Request) -> ArchivedPayload | None:
        url = question.request_url(self.dataset.api, request)
        return self.archive.last(self.dataset.source_id, self.dataset.name, url)

    def _extra(self, request: Request, response: Response) -> dict:
        return question.extra_of(self.dataset.api, request, response)


def _last_period(request: Request) -> date | None:
    text = request.context.get("last_period")
    return date.fromisoformat(text) if text else None


def _about_key(api: Api) -> str:
    if api.contact_variable:
        return f"set {api.contact_variable} to an e-mail address"
    return (
        f"check {api.secret.variable} ({api.secret.where_to_get})"
        if api.secret
        else "it asks for no key we know"
    )
