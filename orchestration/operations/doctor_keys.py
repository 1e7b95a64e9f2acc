"""Whether the key of an agency is there and well-formed.

Belongs here: the check of one key, and the shape of a finding. Does not belong here: the other checks and their order
(doctor.py), asking an agency whether it accepts its key (doctor_sources.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestration.intake.agency.keys import enabled, key_of, key_problem
from orchestration.sources.spec import Dataset

#: of one thing that was checked: in order; works, but worth knowing; to be fixed
State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing that was checked: its state, the details, and for what is not in order what to do."""

    what: str
    state: State
    detail: str
    remedy: str = ""


def examine_key(dataset: Dataset) -> tuple[State, str, str]:
    """(state, detail, remedy) for a Finding; the key itself is in none of them. Nothing is asked."""
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
    return "ok", f"{secret.variable} is set and well-formed", ""
