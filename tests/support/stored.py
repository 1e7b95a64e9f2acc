"""What a store holds.

Belongs here: rows of a query on a store. Does not belong here: what is expected of them, stores in memory (store_case.py).
"""

from __future__ import annotations

from orchestration.base.settings import Settings
from orchestration.store.opened import open_store


def rows(settings: Settings, query: str, *parameters: object) -> list[tuple]:
    """The rows of `query` on the store of this home."""
    with open_store(settings.store, read_only=True) as con:
        return con.execute(query, list(parameters)).fetchall()
