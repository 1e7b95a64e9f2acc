"""A refresh of everything where nothing changed: what it costs beside the requests themselves.

Belongs here: the overhead of plan, comparison and account. Does not belong here: parsing and loading (bench_sources.py).
"""

from __future__ import annotations

import shutil
import statistics
import time
from dataclasses import replace

import pytest

from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.agency.plan import RefreshPlan, plan_refresh
from orchestration.operations.refresh import run_refresh
from orchestration.sources.datasets import DATASETS
from tests.replay.agencies import TODAY, Agencies
from tests.support.source_case import unpaced

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

#: seconds of CPU a source, requests included
LIMIT = 1.0


def refresh(settings: Settings, plan: RefreshPlan) -> float:
    """CPU seconds of this thread: the servers that stand for the agencies run in others."""
    started = time.thread_time()
    outcome = run_refresh(settings, plan, build=False, sleep=lambda _: None)
    assert outcome.exit_code == 0, outcome.problems
    return time.thread_time() - started


def test_a_refresh_where_nothing_changed(home, tmp_path, replay, monkeypatch):
    own = Settings(PROJECT, tmp_path / "home")
    shutil.copytree(home.home, own.home, symlinks=True)
    Agencies().serve(replay, monkeypatch.setenv)
    datasets = unpaced(DATASETS)
    for _ in range(2):  # the first fills, the second asks in windows that have grown
        refresh(own, plan_refresh(own, today=TODAY, datasets=datasets))
    plan = plan_refresh(own, today=TODAY, datasets=datasets)
    assert plan.requests > 20
    print(f"\nRefresh of everything where nothing changed (limit: {LIMIT:g} s of CPU a source)")
    seconds = {}
    for source in dict.fromkeys(d.dataset.source_id for d in plan.datasets):
        alone = replace(plan, datasets=tuple(d for d in plan.datasets if d.dataset.source_id == source))
        seconds[source] = statistics.median(refresh(own, alone) for _ in range(3))
        print(f"  {source:<16} {alone.requests:3} requests   {seconds[source]:6.3f} s")
    assert max(seconds.values()) < LIMIT, seconds
