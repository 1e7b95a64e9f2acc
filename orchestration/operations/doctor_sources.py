"""Whether each source answers this program, for `headway doctor --online`: one small question to each API.

Belongs here: asking and judging the answer. Does not belong here: the question (`Api.probe` of each agency's module), the
checks that need no network (doctor.py, doctor_keys.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from orchestration.base.errors import SourceError
from orchestration.base.settings import Settings
from orchestration.intake.agency.clients import Clients
from orchestration.intake.agency.keys import enabled, key_problem
from orchestration.intake.agency.question import as_json_gives_it_back
from orchestration.intake.agency.remedies import about_key, about_manners
from orchestration.operations.doctor_keys import Finding, State
from orchestration.sources.spec import Api, Dataset, PlanContext, Request, Response
from transforms.parse.body import is_html, refuse_status
from transforms.parse.outcome import (
    AuthError,
    HtmlInsteadError,
    QuotaError,
    RefusedError,
    ReplyError,
    UnclearRefusalError,
)
from transforms.schema import FrameError
from transforms.titles import other_titles


@dataclass(frozen=True)
class SourceFinding(Finding):
    """What one question to an API showed; None where it could not be seen.

    reachable:    whether an answer came; accepted: whether it is data, and not a refusal or a page
    titles:       how many codes have a title in the answer and in what we expect
    other_titles: code -> what is wrong with its title
    """

    reachable: bool | None = None
    accepted: bool | None = None
    titles: int | None = None
    other_titles: Mapping[str, str] | None = None


def examine_sources(settings: Settings, datasets: Sequence[Dataset]) -> Iterator[SourceFinding]:
    """A finding for each API of `datasets`, in their order. Nothing is stored; each question counts against the quota.

    An API that is off or whose key is missing is not asked, which is no failure.
    """
    of_api: dict[str, list[Dataset]] = {}
    for dataset in datasets:
        of_api.setdefault(dataset.api.name, []).append(dataset)
    for asked in of_api.values():
        yield _examine(settings, asked)


def _examine(settings: Settings, datasets: Sequence[Dataset]) -> SourceFinding:
    """The finding of one API, asked as the first of its datasets that is on."""
    dataset = next((d for d in datasets if enabled(d)), datasets[0])
    api = dataset.api
    what = f"{dataset.source_id} ({api.name})"
    if not enabled(dataset):
        return SourceFinding(what, "ok", f"not asked: off, {dataset.disabled_reason}")
    problem, has_key = key_problem(api.secret)
    if problem:
        return SourceFinding(what, "note", f"not asked: {problem}")
    request, titles_are_there = api.probe, api.read_probe is not None
    if request is None:
        planned = [plan for d in datasets if enabled(d) for plan in d.plan(_today(has_key))]
        if not planned:
            return SourceFinding(what, "note", "not asked: nothing can be new today")
        request = as_json_gives_it_back(planned[0])
    try:
        with ExitStack() as stack:
            client, _ = Clients(settings, stack).of(replace(api, attempts=1), has_key)
            _, titles = client.fetch(request, lambda answer: _titles(dataset, request, answer))
    except (ReplyError, SourceError, FrameError) as error:
        return _failed(what, api, error)
    wrong = other_titles(titles or {}, api.titles)
    compared = len(set(titles or {}) & set(api.titles))
    detail = f"reachable, accepted ({request.title})"
    if titles_are_there and api.titles:
        absent = sorted(set(api.titles) - set(titles or {}))
        detail += f", {compared - len(wrong)} of {len(api.titles)} code titles as expected"
        if wrong or absent:
            named = [f"{code}: {why}" for code, why in wrong.items()] + [
                f"{code}: no title" for code in absent
            ]
            return SourceFinding(
                what,
                "wrong",
                f"{detail}; {'; '.join(named)}",
                "compare the codes with the agency's list and correct series.csv",
                True,
                True,
                compared,
                {**wrong, **dict.fromkeys(absent, "no title")},
            )
    return SourceFinding(what, "ok", detail, "", True, True, compared if api.titles else None, wrong)


def _today(has_key: bool) -> PlanContext:
    return PlanContext(datetime.now(UTC).date(), since=None, full=False, has_key=has_key)


def _titles(dataset: Dataset, request: Request, answer: Response) -> Mapping[str, str]:
    """code -> title of an answer; {} where it holds none. Raises what a refusal means."""
    api = dataset.api
    if api.probe is None:
        dataset.parse(answer.content, request, answer)
        return {}
    if api.read_probe is not None:
        return api.read_probe(answer)
    refuse_status(dataset.source_id, answer.status, answer.content[:500].decode("utf-8", "replace"))
    if is_html(answer.content):
        raise HtmlInsteadError(dataset.source_id, "a page instead of data", "look at it in a browser")
    return {}


def _failed(what: str, api: Api, error: ReplyError | SourceError | FrameError) -> SourceFinding:
    """The finding of a question that brought no data: whether an answer came at all, and what to do."""
    said = error.what if isinstance(error, ReplyError) else str(error)
    if isinstance(error, QuotaError):
        return SourceFinding(what, "note", f"reachable, and the quota is spent: {said}", error.do, True, None)
    state: State = "wrong"
    if isinstance(error, SourceError):
        if re.search(r"\bHTTP \d{3}\b", said) or not getattr(error, "unavailable", True):
            return SourceFinding(
                what, state, f"reachable, not accepted: {said}", "try again later", True, False
            )
        return SourceFinding(what, state, f"not reachable: {said}", "check network and proxy", False, None)
    remedy = getattr(error, "do", "look at the answer")
    if isinstance(error, RefusedError):
        remedy = about_manners(api)
    elif isinstance(error, AuthError | UnclearRefusalError):
        remedy = about_key(api)
    return SourceFinding(what, state, f"reachable, not accepted: {said}", remedy, True, False)
