"""The release as an asset: downstream of every model, so that a failed test leaves the last release current.

Belongs here: the asset and its metadata. Does not belong here: publishing (release.py) and its order (pipeline.py).
"""

import dagster as dg

from orchestration import pipeline
from orchestration.assets.dbt import WRITER_POOL
from orchestration.jobs import ONLY_IF_CHANGED
from orchestration.settings import Settings


def build_release_asset(models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """`release` depends on all of dbt: it runs only when every model was built and every test passed."""

    @dg.asset(
        key="release",
        deps=list(models.keys),
        group_name="release",
        description="The checked file that readers open: warehouse/current/headway.duckdb.",
        kinds={"duckdb", "parquet"},
        pool=WRITER_POOL,
    )
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        settings = Settings.load()
        if ONLY_IF_CHANGED in context.run.tags and pipeline.is_current(settings):
            return dg.MaterializeResult(metadata={"unchanged": True})
        published = pipeline.publish(settings, allow_shrink=pipeline.ALLOW_SHRINK in context.run.tags)
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
