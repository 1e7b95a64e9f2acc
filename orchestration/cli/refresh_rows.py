"""How a refresh is printed: the plan before it, the account after it.

Belongs here: rows and lines made from a RefreshPlan and a RefreshOutcome.
Does not belong here: tables and JSON in general (printer.py), computing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.intake.agency.account import RefreshOutcome
    from orchestration.intake.agency.plan import PlannedDataset, RefreshPlan

#: what a build or refresh says that makes no release
NOTHING_CHANGED = "nothing changed: the current release stays"
#: notes of a dataset that are printed: an agency may name every series and year of which it has nothing
_NOTES = 3
_COUNTS = ("requests", "fetched", "unchanged", "appended", "revised", "withdrawn", "rejected", "quarantined")


def plan_rows(plan: RefreshPlan) -> list[dict[str, object]]:
    """One row for each dataset of the plan: how much it asks, and why it asks nothing or less than planned."""
    return [
        {
            "source": p.dataset.source_id,
            "dataset": p.dataset.name,
            "requests": len(p.requests),
            "quota used": p.quota,
            "key": _key(p),
            "note": p.skip or _note(p),
        }
        for p in plan.datasets
    ]


def plan_requests(plan: RefreshPlan) -> list[dict[str, object]]:
    """One row for each request of the plan, described in words."""
    return [
        {"source": p.dataset.source_id, "dataset": p.dataset.name, "request": r.title or r.path}
        for p in plan.datasets
        for r in p.requests
    ]


def _key(planned: PlannedDataset) -> str:
    """Whether the key of a dataset's API is set."""
    secret = planned.dataset.api.secret
    if secret is None:
        return "not needed"
    if planned.has_key:
        return f"{secret.variable} is set"
    return f"{secret.variable} is missing" if secret.required else f"{secret.variable} is not set (optional)"


def _note(planned: PlannedDataset) -> str:
    """What is special about the requests of a dataset that is asked."""
    if planned.accept_shrunk:
        return "answers that lack values known before are accepted"
    requests_left = planned.quota_left
    if requests_left is not None and requests_left < len(planned.requests):
        return f"the quota is enough for {requests_left} of them; the rest is asked when it renews"
    return ""


def outcome_rows(outcome: RefreshOutcome) -> list[dict[str, object]]:
    """One row for each dataset: its state and its counts."""
    return [
        {"source": d.source_id, "dataset": d.dataset, "state": d.state, **{n: getattr(d, n) for n in _COUNTS}}
        for d in outcome.datasets
    ]


def outcome_lines(outcome: RefreshOutcome) -> Iterator[str]:
    """What a person has to read beside the counts: problems first, then what was skipped and the notes, then the release."""
    for problem in outcome.problems:
        yield f"! {problem}"
    for d in outcome.datasets:
        if d.state == "skipped" and not d.counts:
            yield f"- {d.name}: {d.skip}"
        for note in d.notes[:_NOTES]:
            yield f"- {d.name}: {note}"
        if (more := len(d.notes) - _NOTES) > 0:
            yield f"- {d.name}: {more} more notes (--json shows all)"
    if outcome.released and outcome.release:
        yield f"released {outcome.release.run_id}"
    elif not outcome.build_problem:
        yield NOTHING_CHANGED


def outcome_record(outcome: RefreshOutcome) -> dict[str, object]:
    """The whole account for programs; seconds: time that the refresh took."""
    return {
        "exit_code": outcome.exit_code,
        "changed": outcome.changed,
        "released": outcome.release.run_id if outcome.released and outcome.release else None,
        "build_problem": outcome.build_problem or None,
        "seconds": round(outcome.seconds, 3),
        "datasets": outcome.datasets,
    }
