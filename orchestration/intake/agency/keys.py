"""Keys of the agencies and what is switched on, from the environment.

Belongs here: reading them and saying what is wrong with them. Does not belong here: sending keys (http.py).
A key is never part of a message of this module.
"""

from __future__ import annotations

import os
import re

from orchestration.sources.spec import Dataset, Secret


def key_of(secret: Secret | None) -> str | None:
    """The key from the environment; None where there is none."""
    return (os.environ.get(secret.variable, "").strip() or None) if secret else None


def is_well_formed(secret: Secret, key: str) -> bool:
    return re.fullmatch(secret.pattern, key) is not None


def key_problem(secret: Secret | None) -> tuple[str, bool]:
    """What keeps an API from being asked, or "", and whether there is a key to ask it with."""
    key = key_of(secret)
    if secret is None or (key is None and not secret.required):
        return "", False
    if key is None:
        return f"it needs a key: set {secret.variable} (free, from {secret.where_to_get})", False
    if not is_well_formed(secret, key):
        return f"{secret.variable} is not well-formed; get a key from {secret.where_to_get}", False
    return "", True


def enabled(dataset: Dataset) -> bool:
    """Whether a dataset is on: by default, or by HEADWAY_ENABLE_<api>=1."""
    return dataset.enabled or os.environ.get(f"HEADWAY_ENABLE_{dataset.api.name}", "") in ("1", "true", "yes")
