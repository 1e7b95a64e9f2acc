"""Whether the key of an agency is there, well-formed and accepted.

Belongs here: the check of one key. Does not belong here: the other checks and their order (doctor.py).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from orchestration.base.errors import SourceError
from orchestration.base.settings import Settings
from orchestration.intake.agency.dataset import Clients
from orchestration.intake.agency.keys import enabled, key_of, key_problem
from orchestration.intake.agency.question import as_json_gives_it_back
from orchestration.sources.spec import Dataset, PlanContext, Request, Secret
from transforms.parse.outcome import AuthError, QuotaError, ReplyError, UnclearRefusalError

#: of one thing that was checked: in order; works, but worth knowing; to be fixed
State = Literal["ok", "note", "wrong"]


def examine_key(settings: Settings, dataset: Dataset, *, online: bool) -> tuple[State, str, str]:
    """(state, detail, remedy) for a Finding; the key itself is in none of them. `online` sends one request."""
    secret = dataset.api.secret
    if secret is None:
        return "ok", f"{dataset.api.name} needs no key", ""
    get_one = f"set {secret.variable}, free from {secret.where_to_get}"
    if key_of(secret) is None:
        if not secret.required:
            return "note", f"{secret.variable} is not set: smaller quota", get_one
        if not enabled(dataset):
            return "ok", f"{secret.variable} is not set; the source is off: {dataset.disabled_reason}", ""
        return "note", f"{secret.variable} is not set: the source is skipped", get_one
    problem, _ = key_problem(secret)
    if problem:
        return "wrong", f"{secret.variable} is set but not well-formed", f"get one from {secret.where_to_get}"
    if not online:
        return "ok", f"{secret.variable} is set and well-formed", ""
    return _ask(settings, dataset, secret)


def _ask(settings: Settings, dataset: Dataset, secret: Secret) -> tuple[State, str, str]:
    """One request, and what its answer says of the key: an answer that is refused for another reason accepts the key."""
    variable = secret.variable
    request = _smallest(dataset)
    if request is None:
        return "note", f"{variable} is set; there is nothing to ask {dataset.api.name} now", ""
    try:
        with ExitStack() as stack:
            client, _ = Clients(settings, stack).of(replace(dataset.api, attempts=1), True)
            client.fetch(request, lambda response: dataset.parse(response.content, request, response))
    except AuthError as refused:
        return "wrong", f"{variable} is refused: {refused.what}", f"get one from {secret.where_to_get}"
    except QuotaError as spent:
        return "ok", f"{variable} is accepted; {spent.what}", ""
    except UnclearRefusalError as refused:
        return "wrong", f"{variable} is probably refused: {refused.what}", refused.do
    except ReplyError as other:
        return "ok", f"{variable} is accepted ({type(other).__name__}: {other.what})", ""
    except SourceError as error:
        return "note", f"{variable} could not be tried: {error}", "try again later"
    return "ok", f"{variable} is accepted", ""


def _smallest(dataset: Dataset) -> Request | None:
    """The smallest question that the API answers with a key only; None where the dataset has nothing to ask now."""
    if dataset.api.probe is not None:
        return dataset.api.probe
    planned = dataset.plan(PlanContext(datetime.now(UTC).date(), since=None, full=False, has_key=True))
    return as_json_gives_it_back(planned[0]) if planned else None
