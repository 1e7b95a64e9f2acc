"""The one Definitions object: assets, checks, jobs and schedules put together.

Belongs here: assembly. Does not belong here: anything that asks the network, parses dbt or opens a database.
The dbt manifest is read, not made: `headway build`, `headway serve` and `make build` make it when the project changed.
"""

import dagster as dg

from orchestration.base.settings import Settings
from orchestration.defs import feed, jobs, schedules, sensors
from orchestration.defs.assets.dbt import build_dbt_assets
from orchestration.defs.assets.live import build_live_assets
from orchestration.defs.assets.load import build_load_assets, build_store_asset
from orchestration.defs.assets.release import build_release_asset
from orchestration.sources.agencies import statcan
from orchestration.sources.datasets import DATASETS


def build_definitions(settings: Settings, *, pool: str | None = jobs.WRITER_POOL) -> dg.Definitions:
    """The definitions of one warehouse. pool: that of the steps that write; None where the caller holds the writer lock. Raises FileNotFoundError, with the command to run, while there is no manifest."""
    manifest = settings.dbt_manifest
    if not manifest.exists():
        raise FileNotFoundError(
            f"{manifest} does not exist yet: run `headway build` once; it reads the dbt project"
        )
    figures, live = build_load_assets(settings, pool=pool), build_live_assets(DATASETS, pool=pool)
    models = build_dbt_assets(manifest, pool=pool)
    store, release = build_store_asset([*figures, *live], pool=pool), build_release_asset(models, pool=pool)
    offline = [*figures, store, models, release]
    build, refresh = jobs.build_job([key for asset in live for key in asset.keys]), jobs.refresh_job()
    keys = [key for asset in offline for key in asset.keys]
    return dg.Definitions(
        assets=[*live, *offline],
        jobs=[build, refresh, feed.feed_job],
        schedules=[*schedules.build_schedules(DATASETS, refresh, keys), feed.feed_schedule()],
        sensors=[
            sensors.changed_series_sensor(DATASETS, statcan.CHANGED_SERIES, statcan.codes, refresh, keys),
            sensors.tell_of_failed_runs,
            sensors.tell_of_partial_refreshes,
        ],
        executor=jobs.EXECUTOR,
        resources={"settings": settings},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster -m orchestration.definitions` loads: the warehouse of HEADWAY_HOME."""
    return build_definitions(Settings.load())
