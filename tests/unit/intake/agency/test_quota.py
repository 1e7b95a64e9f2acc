"""Budgets over days: counted across runs and restarts, in the agency's own day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.agency.quota import Quota, QuotaSpentError
from orchestration.sources.spec import Api, Budget
from tests.support.examples import examples
from tests.support.refresh_case import settings_at

DAY = Budget(25, 86_400, "America/New_York")
API = Api(
    "BLS",
    "https://bls.example",
    budgets=(Budget(500, 86_400, "America/New_York"),),
    budgets_without_key=(DAY,),
)
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)  # 12:00 in New York


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def quota(home: Path, clock: Clock, api: Api = API, has_key: bool = False) -> Quota:
    return Quota(settings_at(home), api, has_key=has_key, now=clock)


def test_what_is_spent_is_remembered_by_the_next_run(tmp_path) -> None:
    """A second run on the same day would get refusals that count against us."""
    clock = Clock()
    first = quota(tmp_path, clock)
    assert first.left() == 25
    first.spend(24)
    again = quota(tmp_path, clock)
    assert again.left() == 1 and again.tightest() == (24, DAY)
    again.check()
    again.spend()
    with pytest.raises(QuotaSpentError, match="2026-11-21 05:00 UTC") as spent:
        quota(tmp_path, clock).check()
    assert spent.value.renews_at == datetime(2026, 11, 21, 5, tzinfo=UTC)


def test_the_day_is_that_of_the_agency(tmp_path) -> None:
    """Midnight UTC is seven in the evening in Washington: the quota of the old day still counts."""
    clock = Clock()
    quota(tmp_path, clock).spend(25)
    clock.now = datetime(2026, 11, 21, 4, 59, tzinfo=UTC)
    assert quota(tmp_path, clock).left() == 0
    clock.now = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
    assert quota(tmp_path, clock).left() == 25


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_days_of_23_and_25_hours(tmp_path, day) -> None:
    """On the days the clocks change, a window of 24 hours would forget or keep an hour of requests."""
    clock = Clock(datetime.fromisoformat(f"{day}T05:30:00+00:00"))
    quota(tmp_path, clock).spend(25)
    renews = quota(tmp_path, clock).renews_at()
    clock.now = renews - timedelta(minutes=1)
    assert quota(tmp_path, clock).left() == 0
    clock.now = renews
    assert quota(tmp_path, clock).left() == 25


@pytest.mark.parametrize(
    ("asked", "again", "left"),
    [
        # 25 hours: what was asked in the first of them is of the same day in the last one
        ("2026-11-01T04:10", "2026-11-01T05:10", 0),
        ("2026-11-01T04:10", "2026-11-02T04:50", 0),
        ("2026-11-01T03:50", "2026-11-01T04:10", 25),
        # 23 hours: the last hour of the day before is not of it
        ("2026-03-08T04:30", "2026-03-08T13:30", 25),
        ("2026-03-08T05:10", "2026-03-09T03:50", 0),
    ],
)
def test_a_day_begins_at_its_midnight_when_the_clocks_change(tmp_path, asked, again, left) -> None:
    """24 hours before the next midnight is another hour then: a spent quota would count as whole, or a whole one as spent."""
    clock = Clock(datetime.fromisoformat(f"{asked}:00+00:00"))
    quota(tmp_path, clock).spend(25)
    clock.now = datetime.fromisoformat(f"{again}:00+00:00")
    assert quota(tmp_path, clock).left() == left


@pytest.mark.parametrize("seconds", [90_000, 31_536_000, 1e13, float("inf")])
def test_no_refusal_holds_for_more_than_a_day(tmp_path, seconds) -> None:
    """A slip of the agency would end the updates for a year, or the run with an OverflowError."""
    clock = Clock()
    quota(tmp_path, clock).refused(seconds)
    assert quota(tmp_path, clock).renews_at() == NOON + timedelta(days=1)
    clock.now += timedelta(days=1)
    assert quota(tmp_path, clock).left() == 25


@pytest.mark.parametrize("seconds", [0, -5, float("nan")])
def test_a_time_to_wait_that_is_none_is_not_waited_for(tmp_path, seconds) -> None:
    quota(tmp_path, Clock()).refused(seconds)
    assert quota(tmp_path, Clock()).left() == 25


def test_a_refusal_of_a_year_that_an_earlier_version_kept_is_forgotten(tmp_path) -> None:
    quota(tmp_path, Clock()).refused(60)
    (file,) = (tmp_path / "state").iterdir()
    state = {**json.loads(file.read_text()), "blocked_until": (NOON + timedelta(days=365)).isoformat()}
    file.write_text(json.dumps(state))
    assert quota(tmp_path, Clock()).left() == 25


def test_with_and_without_a_key_are_two_budgets(tmp_path) -> None:
    clock = Clock()
    quota(tmp_path, clock).spend(25)
    assert quota(tmp_path, clock, has_key=True).left() == 500


def test_several_windows_at_once(tmp_path) -> None:
    """Banxico: 200 in five minutes and 10,000 a day."""
    api = Api("BANXICO", "https://x", budgets=(Budget(2, 300), Budget(3, 86_400, "America/Mexico_City")))
    clock = Clock()
    budget = quota(tmp_path, clock, api, has_key=True)
    budget.spend(2)
    assert budget.left() == 0 and budget.renews_at() == NOON + timedelta(seconds=300)
    clock.now += timedelta(seconds=301)
    assert budget.left() == 1
    budget.spend()
    assert budget.renews_at() == datetime(2026, 11, 21, 6, tzinfo=UTC)


def test_a_refusal_by_the_agency_outweighs_our_count(tmp_path) -> None:
    """The quota without a key is per address: what neighbours asked is in it."""
    clock = Clock()
    quota(tmp_path, clock).refused(None)
    assert quota(tmp_path, clock).left() == 0
    assert quota(tmp_path, clock).renews_at() == datetime(2026, 11, 21, 5, tzinfo=UTC)
    quota(tmp_path, clock).refused(120)
    clock.now += timedelta(seconds=121)
    assert quota(tmp_path, clock).left() == 25


def test_no_budget_means_no_limit_but_a_refusal_still_holds(tmp_path) -> None:
    free = Api("FED", "https://fed.example")
    clock = Clock()
    budget = quota(tmp_path, clock, free)
    assert budget.left() is None and budget.tightest() is None
    budget.refused(None)
    with pytest.raises(QuotaSpentError):
        budget.check()
    clock.now += timedelta(hours=1)
    budget.check()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"asked": 3}', b'{"asked": ["x"], "blocked_until": null}']
)
def test_a_damaged_count_costs_one_refusal_at_most(tmp_path, damage) -> None:
    clock = Clock()
    quota(tmp_path, clock).spend(25)
    (file,) = (tmp_path / "state").iterdir()
    file.write_bytes(damage)
    assert quota(tmp_path, clock).left() == 25


def test_the_count_does_not_grow_for_ever(tmp_path) -> None:
    clock = Clock()
    for _ in range(5):
        quota(tmp_path, clock).spend(25)
        clock.now += timedelta(days=1)
    (file,) = (tmp_path / "state").iterdir()
    assert len(json.loads(file.read_text())["asked"]) <= 75


@examples(40)
@given(st.lists(st.integers(0, 6 * 3600), max_size=40))
def test_never_more_than_the_budget_in_any_window(tmp_path_factory, waits) -> None:
    """Independent count: whatever the order of asking and waiting, no window of the API holds more than it allows."""
    api = Api("X", "https://x", budgets=(Budget(3, 3600), Budget(7, 86_400, "America/New_York")))
    home, clock, sent = tmp_path_factory.mktemp("q"), Clock(), []
    for wait in waits:
        clock.now += timedelta(seconds=wait)
        budget = quota(home, clock, api, has_key=True)
        if budget.left():
            budget.check()
            budget.spend()
            sent.append(clock.now)
    for moment in sent:
        assert sum(timedelta(0) <= moment - other < timedelta(hours=1) for other in sent) <= 3
    days = [(moment - timedelta(hours=5)).date() for moment in sent]  # New York in November
    assert max(map(days.count, days), default=0) <= 7
