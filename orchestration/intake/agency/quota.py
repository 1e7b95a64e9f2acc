"""Budgets of requests, remembered across runs: what was asked of an API in its window, and until when it is spent.

Belongs here: counting, and the answer to "may I ask, and if not, when again".
Does not belong here: pacing within a run and retries (http.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.base.errors import SourceError
from orchestration.base.settings import Settings
from orchestration.sources.spec import Api, Budget


class QuotaSpentError(SourceError):
    """The budget is spent; `renews_at` (UTC) is when to ask again. Not a failure of the source."""

    def __init__(self, message: str, renews_at: datetime) -> None:
        super().__init__(message)
        self.renews_at = renews_at


class Quota:
    """The spent requests of one API. Kept in <home>/state/quota-<api>.json; written under the writer lock.

    A refusal by the agency (`spent_until`) is kept too: the agency counts what other programs of the same key or
    address asked, which no count of ours can know.
    """

    def __init__(
        self,
        settings: Settings,
        api: Api,
        *,
        has_key: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = settings.home / "state" / f"quota-{api.name.lower()}{'' if has_key else '-keyless'}.json"
        self._api = api
        self._budgets = api.budgets if has_key else (api.budgets_without_key or api.budgets)
        self._now = now
        self._asked, self._blocked_until = self._read()

    def left(self) -> int | None:
        """Requests that may still be made now; None where the API sets no limit."""
        if self._blocked_until and self._now() < self._blocked_until:
            return 0
        return min((b.requests - self._count(b) for b in self._budgets), default=None)

    def tightest(self) -> tuple[int, Budget] | None:
        """(requests spent, budget) of the budget with the fewest left; None where the API sets no limit."""
        counted = [(self._count(b), b) for b in self._budgets]
        return min(counted, key=lambda c: c[1].requests - c[0], default=None)

    def check(self) -> None:
        """Raises QuotaSpentError when nothing may be asked now."""
        if self.left() == 0:
            renews_at = self.renews_at()
            raise QuotaSpentError(
                f"{self._api.name}: the quota is spent; it renews at {renews_at:%Y-%m-%d %H:%M} UTC",
                renews_at,
            )

    def spend(self, requests: int = 1) -> None:
        """Count requests that were sent, whatever came back."""
        self._asked += [self._now()] * requests
        self._write()

    def refused(self, reset_after: float | None) -> None:
        """The agency says that the quota is spent; without a time, until the end of its day (or an hour)."""
        daily = next((b for b in self._budgets if b.renews_in), None)
        if reset_after is not None:
            self._blocked_until = self._now() + timedelta(seconds=reset_after)
        else:
            self._blocked_until = (
                _midnight_after(self._now(), daily) if daily else self._now() + timedelta(hours=1)
            )
        self._write()

    def renews_at(self) -> datetime:
        """When the next request may be made, UTC."""
        moments = [self._blocked_until] if self._blocked_until else []
        for budget in self._budgets:
            if self._count(budget) >= budget.requests:
                oldest = sorted(t for t in self._asked if t >= self._start(budget))[0]
                moments.append(
                    _midnight_after(self._now(), budget)
                    if budget.renews_in
                    else oldest + timedelta(seconds=budget.seconds)
                )
        return max(moments, default=self._now())

    def _start(self, budget: Budget) -> datetime:
        if budget.renews_in:
            return _midnight_after(self._now(), budget) - timedelta(days=1)
        return self._now() - timedelta(seconds=budget.seconds)

    def _count(self, budget: Budget) -> int:
        start = self._start(budget)
        return sum(t >= start for t in self._asked)

    def _read(self) -> tuple[list[datetime], datetime | None]:
        try:
            kept = json.loads(self._path.read_text())
            asked = [datetime.fromisoformat(t) for t in kept["asked"]]
            blocked = datetime.fromisoformat(kept["blocked_until"]) if kept["blocked_until"] else None
        except FileNotFoundError:
            return [], None
        except (ValueError, KeyError, TypeError):
            return [], None  # a damaged count costs at most one refusal, which is remembered again
        longest = timedelta(seconds=max((b.seconds for b in self._budgets), default=0) + 86_400)
        return [t for t in asked if t >= self._now() - longest], blocked

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        kept = {
            "asked": [t.isoformat() for t in self._asked],
            "blocked_until": self._blocked_until.isoformat() if self._blocked_until else None,
        }
        temporary = Path(f"{self._path}.new")
        temporary.write_text(json.dumps(kept))
        temporary.replace(self._path)


def _midnight_after(moment: datetime, budget: Budget) -> datetime:
    zone = ZoneInfo(budget.renews_in or "UTC")
    tomorrow = moment.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)
