"""Keys of the agencies, and which datasets are switched on, as the environment says.

Belongs here: reading keys and saying what is wrong with one. Does not belong here: sending keys (http.py).
No message of this module holds a key.
"""

from __future__ import annotations

import os
import re

from orchestration.sources.spec import Dataset, Secret


def key_of(secret: Secret | None) -> str | None:
    """The key from the environment; None where the variable is unset or blank, and for an API without a key."""
    return (os.environ.get(secret.variable, "").strip() or None) if secret else None


def is_well_formed(secret: Secret, key: str) -> bool:
    """Whether a key has the form that the agency gives its keys; only the agency knows whether it is valid."""
    return re.fullmatch(secret.pattern, key) is not None


def key_problem(secret: Secret | None) -> tuple[str, bool]:
    """What is wrong with the key of an API ("" if nothing is), and whether there is a key to ask the API with."""
    key = key_of(secret)
    if secret is None or (key is None and not secret.required):
        return "", False
    if key is None:
        return f"it needs a key: {how_to_set(secret)}", False
    if not is_well_formed(secret, key):
        return not_well_formed(secret), False
    return "", True


def how_to_set(secret: Secret) -> str:
    """What to do about a missing key."""
    return f"set {secret.variable} (free, from {secret.where_to_get})"


def not_well_formed(secret: Secret) -> str:
    """What to do about a key that no key of this agency looks like."""
    return f"{secret.variable} is not well-formed; get a key from {secret.where_to_get}"


def enabled(dataset: Dataset) -> bool:
    """Whether a dataset is on: by default, or by HEADWAY_ENABLE_<api>=1."""
    return dataset.enabled or os.environ.get(f"HEADWAY_ENABLE_{dataset.api.name}", "") in ("1", "true", "yes")
