"""The release as an asset: downstream of every model, so that a failed test leaves the last release current.

Belongs here: the asset and its metadata.
Does not belong here: publishing (release/folders.py) and its order (build/steps.py).
"""

import dagster as dg

from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.defs.assets.result import Materialized
from orchestration.defs.jobs import ALLOW_SHRINK, ONLY_IF_CHANGED, WAIT_SECONDS, WRITER_POOL


def build_release_asset(
    models: dg.AssetsDefinition, *, pool: str | None = WRITER_POOL
) -> dg.AssetsDefinition:
    """`release` depends on all of dbt: it runs only when every model was built and every test passed."""

    @dg.asset(
        key="release",
        deps=list(models.keys),
        group_name="release",
        description="The checked file that readers open: warehouse/current/headway.duckdb.",
        kinds={"duckdb", "parquet"},
        pool=pool,
    )
    def release(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> Materialized:
        from orchestration.build.steps import (
            is_current,
            publish,
        )  # as in assets/dbt.py: a run needs it, the definitions do not

        if ONLY_IF_CHANGED in context.run.tags:
            with writer_lock(settings, wait=WAIT_SECONDS):
                unchanged = is_current(settings)
            if unchanged:
                return dg.MaterializeResult(metadata={"unchanged": True})
        published = publish(settings, allow_shrink=ALLOW_SHRINK in context.run.tags)
        return dg.MaterializeResult(
            metadata={
                "run_id": published.run_id,
                "path": dg.MetadataValue.path(str(published.path)),
                "dagster/row_count": sum(published.rows.values()),
                "bytes": published.bytes,
                "checks": dg.MetadataValue.json([c.as_dict() for c in published.checks]),
            }
        )

    return release
