"""The one Definitions object: assets, checks, jobs and schedules put together.

Belongs here: assembly. Does not belong here: anything that asks the network, parses dbt or opens a database.
The dbt manifest is read, not made: `headway build`, `headway serve` and `make build` make it when the project changed.
"""

import dagster as dg

from orchestration import dbt_runner, jobs, schedules
from orchestration.assets.dbt import build_dbt_assets
from orchestration.assets.load import build_load_assets, build_store_asset
from orchestration.assets.release import build_release_asset
from orchestration.settings import Settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """The definitions of one warehouse. Raises FileNotFoundError saying what to run when no manifest exists yet."""
    manifest = dbt_runner.manifest_path(settings)
    if not manifest.exists():
        raise FileNotFoundError(
            f"{manifest} does not exist yet: run `headway build` once; it reads the dbt project"
        )
    datasets = build_load_assets(settings)
    models = build_dbt_assets(manifest)
    return dg.Definitions(
        assets=[*datasets, build_store_asset(datasets), models, build_release_asset(models)],
        jobs=[jobs.BUILD, jobs.REFRESH],
        schedules=[schedules.WEEKDAYS],
        executor=jobs.EXECUTOR,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster -m orchestration.definitions` loads: the warehouse of HEADWAY_HOME."""
    return build_definitions(Settings.load())
