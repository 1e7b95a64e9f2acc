"""How a refresh is printed: the plan before it, the account after it.

Belongs here: rows and lines made of a RefreshPlan and a RefreshOutcome.
Does not belong here: tables and JSON in general (cli/printer.py), computing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestration.intake.agency.account import RefreshOutcome
    from orchestration.intake.agency.plan import PlannedDataset, RefreshPlan

#: an agency may name every series and year of which it has nothing
_NOTES = 3
_COUNTS = ("requests", "fetched", "unchanged", "appended", "revised", "withdrawn", "rejected", "quarantined")


def plan_rows(plan: RefreshPlan) -> list[dict[str, Any]]:
    """One row a dataset."""
    return [
        {
            "source": p.dataset.source_id,
            "dataset": p.dataset.name,
            "requests": len(p.requests),
            "quota used": p.quota,
            "key": _key(p),
            "note": p.skip or _short_of(p),
        }
        for p in plan.datasets
    ]


def plan_requests(plan: RefreshPlan) -> list[dict[str, Any]]:
    """One row a request, in words."""
    return [
        {"source": p.dataset.source_id, "dataset": p.dataset.name, "request": r.title or r.path}
        for p in plan.datasets
        for r in p.requests
    ]


def _key(planned: PlannedDataset) -> str:
    secret = planned.dataset.api.secret
    if secret is None:
        return "not needed"
    if planned.has_key:
        return f"{secret.variable} is set"
    return f"{secret.variable} is missing" if secret.required else f"{secret.variable} is not set (optional)"


def _short_of(planned: PlannedDataset) -> str:
    if planned.accept_shrunk:
        return "answers that lack values known before are accepted"
    left = planned.quota_left
    if left is not None and left < len(planned.requests):
        return f"the quota is enough for {left} of them; the rest is asked when it renews"
    return ""


def outcome_rows(outcome: RefreshOutcome) -> list[dict[str, Any]]:
    """One row a dataset."""
    return [
        {"source": d.source_id, "dataset": d.dataset, "state": d.state, **{n: getattr(d, n) for n in _COUNTS}}
        for d in outcome.datasets
    ]


def outcome_lines(outcome: RefreshOutcome) -> Iterator[str]:
    """What has to be read beside the counts: problems first, then what was skipped, then notes."""
    for problem in outcome.problems:
        yield f"! {problem}"
    for d in outcome.datasets:
        if d.state == "skipped" and not d.counts:
            yield f"- {d.source_id}/{d.dataset}: {d.skip}"
        for note in d.notes[:_NOTES]:
            yield f"- {d.source_id}/{d.dataset}: {note}"
        if (more := len(d.notes) - _NOTES) > 0:
            yield f"- {d.source_id}/{d.dataset}: {more} more notes (--json shows all)"
    if outcome.released and outcome.release:
        yield f"released {outcome.release.run_id}"
    elif not outcome.build_problem:
        yield "nothing changed: the current release stays"


def outcome_record(outcome: RefreshOutcome) -> dict[str, Any]:
    """The whole account for programs."""
    return {
        "exit_code": outcome.exit_code,
        "changed": outcome.changed,
        "released": outcome.release.run_id if outcome.released and outcome.release else None,
        "build_problem": outcome.build_problem or None,
        "seconds": round(outcome.seconds, 3),
        "datasets": outcome.datasets,
    }
