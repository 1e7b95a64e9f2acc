"""Budgets of requests, remembered across runs: when each API was asked, and until when its quota is spent.

Belongs here: counting requests, and whether another one may be sent now, or from when on.
Does not belong here: pauses within a run and retries (http.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestration.base.errors import SourceError
from orchestration.base.files import write_whole
from orchestration.base.settings import Settings
from orchestration.sources.spec import Api, Budget

#: an agency that says later is asked again after this: its clock or its arithmetic may be wrong, and a mistake must not end the updates
_LONGEST_REFUSAL = 86_400.0


class QuotaSpentError(SourceError):
    """The budget is spent until `renews_at` (UTC). This is no failure of the source."""

    def __init__(self, message: str, renews_at: datetime) -> None:
        super().__init__(message)
        self.renews_at = renews_at


class Quota:
    """The requests that were sent to one API. Kept in <home>/state/quota-<api>.json, written under the writer lock.

    A refusal by the agency is kept too (`blocked_until` in the file): the agency also counts the requests of other
    programs with the same key or address, which this program cannot know.
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
        self._sent_at, self._blocked_until = self._read()

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
        self._sent_at += [self._now()] * requests
        self._write()

    def refused(self, reset_after: float | None) -> None:
        """Note that the agency refused a request because the quota is spent.

        reset_after: seconds until it renews, as the agency says, of which at most a day counts. Without it the quota counts as spent until the end of
        the agency's day, or for an hour where no budget counts by the day.
        """
        daily = next((b for b in self._budgets if b.renews_in), None)
        if reset_after is not None:
            # a number that is none (NaN) or lies in the past is no time to wait for
            seconds = min(reset_after, _LONGEST_REFUSAL) if reset_after > 0 else 0.0
            self._blocked_until = self._now() + timedelta(seconds=seconds)
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
                oldest = min(t for t in self._sent_at if t >= self._start(budget))
                moments.append(
                    _midnight_after(self._now(), budget)
                    if budget.renews_in
                    else oldest + timedelta(seconds=budget.seconds)
                )
        return max(moments, default=self._now())

    def _start(self, budget: Budget) -> datetime:
        """The beginning of the window of a budget that ends now, or of its current day."""
        if budget.renews_in:
            return _midnight(self._now(), budget)
        return self._now() - timedelta(seconds=budget.seconds)

    def _count(self, budget: Budget) -> int:
        start = self._start(budget)
        return sum(t >= start for t in self._sent_at)

    def _read(self) -> tuple[list[datetime], datetime | None]:
        try:
            state = json.loads(self._path.read_text())
            sent_at = [datetime.fromisoformat(t) for t in state["asked"]]
            blocked = datetime.fromisoformat(state["blocked_until"]) if state["blocked_until"] else None
        except FileNotFoundError:
            return [], None
        except (ValueError, KeyError, TypeError):
            return [], None  # a damaged file costs at most one refusal by the agency, which is then kept
        if blocked and blocked - self._now() > timedelta(seconds=_LONGEST_REFUSAL + 3600):
            blocked = None  # an earlier version believed any time; one day of the agency has 25 hours
        longest = timedelta(seconds=max((b.seconds for b in self._budgets), default=0) + 86_400)
        return [t for t in sent_at if t >= self._now() - longest], blocked

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "asked": [t.isoformat() for t in self._sent_at],
            "blocked_until": self._blocked_until.isoformat() if self._blocked_until else None,
        }
        write_whole(self._path, json.dumps(state).encode())


def _midnight(moment: datetime, budget: Budget, days: int = 0) -> datetime:
    """The midnight with which the day of `moment` begins in the zone of a budget, or that of another day, in UTC. The day has 23 or 25 hours
    where the clocks change, so that no midnight is counted from another one."""
    zone = ZoneInfo(budget.renews_in or "UTC")
    day = moment.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _midnight_after(moment: datetime, budget: Budget) -> datetime:
    """The next midnight in the zone of a budget, in UTC."""
    return _midnight(moment, budget, days=1)
