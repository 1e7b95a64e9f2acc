"""The shape of a source: who publishes, under which licence, how often. Data, not behaviour.

Belongs here: frozen dataclasses that registry.py fills with rows.
Does not belong here: requests, parsing, Dagster.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A publisher. `publication_lag_days`: from the end of a reference period to its first release, typical."""

    source_id: str
    agency: str
    country_iso3: str | None
    title: str
    homepage_url: str
    licence: str
    attribution: str
    cadence: str
    publication_lag_days: int | None
    needs_key: bool = False
