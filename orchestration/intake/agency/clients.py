"""What the datasets of one run share: a client and a quota an API, and which APIs refused us.

Belongs here: making them once and closing them together. Does not belong here: transport (http.py), budgets (quota.py), what an
answer means (dataset.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import duckdb

from orchestration.base.settings import Settings
from orchestration.intake.agency.http import Client
from orchestration.intake.agency.quota import Quota
from orchestration.intake.registration import register
from orchestration.sources.spec import Api


class Clients:
    """What the datasets of one run share: one client and one quota for each API, and which APIs refused us.

    Sharing the client keeps the pause between requests across datasets. `refused` names each API that refused us for
    the rest of the run (key, quota, server down), with the reason. The clients are closed with `stack`.
    """

    def __init__(
        self, settings: Settings, stack: ExitStack, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings, self._stack, self._sleep = settings, stack, sleep
        self._made: dict[str, tuple[Client, Quota]] = {}
        self._registered = False
        self.refused: dict[str, str] = {}

    def of(self, api: Api, has_key: bool) -> tuple[Client, Quota]:
        """The client and the quota of `api`, made at the first call; `has_key` decides which budgets count."""
        if api.name not in self._made:
            quota = Quota(self._settings, api, has_key=has_key)

            def before() -> None:
                quota.check()
                quota.spend()

            client = self._stack.enter_context(Client(api, before=before, sleep=self._sleep))
            self._made[api.name] = client, quota
        return self._made[api.name]

    def register(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write sources and series into the store behind `con`, at the first call of a run only."""
        if not self._registered:
            register(self._settings, con)
            self._registered = True
