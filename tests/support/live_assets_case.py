"""Dagster's definitions with a small agency behind them, and running them.

Belongs here: what the tests of live assets, schedules and sensors share. Does not belong here: assertions.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.base.settings import Settings
from orchestration.defs import jobs
from orchestration.defs.assets.live import build_live_assets
from orchestration.defs.schedules import build_schedules

EASTERN = ZoneInfo("America/New_York")


def definitions(*datasets, **more) -> dg.Definitions:
    live = build_live_assets(datasets)

    @dg.asset(deps=[key for asset in live for key in asset.keys])
    def store() -> None:
        pass

    job = jobs.refresh_job()
    build = jobs.build_job([key for asset in live for key in asset.keys])
    schedules = build_schedules(datasets, job, [dg.AssetKey("store")])
    return dg.Definitions(
        assets=[*live, store],
        jobs=[job, build],
        schedules=schedules,
        executor=jobs.EXECUTOR,
        resources={"settings": Settings.load()},
        **more,
    )


def execute(found: dg.Definitions, instance: dg.DagsterInstance, job: str = "refresh", **more):
    return found.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **more)
