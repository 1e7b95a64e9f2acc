"""dbt models, seeds and tests as Dagster assets and checks, with row counts and column descriptions.

Belongs here: the mapping from dbt's names to asset keys, and turning dbt's results into Dagster events.
Does not belong here: running dbt (build/steps.py, build/dbt_runner.py), SQL.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.base import duck
from orchestration.base.settings import Settings
from orchestration.build import steps
from orchestration.defs.jobs import WRITER_POOL

#: what dagster-dbt makes of one event of dbt
AssetEvent = (
    dg.Output[Any]
    | dg.AssetMaterialization
    | dg.AssetObservation
    | dg.AssetCheckResult
    | dg.AssetCheckEvaluation
)


class Translator(DagsterDbtTranslator):
    """dbt's names as asset keys: sources are the tables of the store (`raw/observation`), models are grouped by layer.

    A resource is what the manifest says of it; Any, because dagster-dbt declares it so.
    """

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey([self.get_group_name(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        if dbt_resource_props["resource_type"] == "seed":
            return "seeds"
        layer: str = dbt_resource_props["fqn"][1]  # staging, intermediate or marts
        return layer


TRANSLATOR = Translator(
    settings=DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_source_tests_as_checks=True)
)


def build_dbt_assets(manifest: Path) -> dg.AssetsDefinition:
    """One multi-asset for the whole project: dbt itself orders its models, in one process."""

    # read here, because given a path dagster-dbt reads the file again for every event
    content = json.loads(manifest.read_bytes())

    @dbt_assets(manifest=content, dagster_dbt_translator=TRANSLATOR, name="transform", pool=WRITER_POOL)
    def transform(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[AssetEvent]:
        result = steps.transform(settings)
        rows = row_counts(settings)
        for raw in result.events:
            message = DbtCoreCliEventMessage(raw_event=raw, event_history_metadata={})
            for event in message.to_default_asset_events(
                manifest=content, dagster_dbt_translator=TRANSLATOR, context=context
            ):
                if isinstance(event, dg.Output):
                    name = raw["data"]["node_info"]["node_name"]
                    extra = {"dagster/row_count": rows[name]} if name in rows else {}
                    event = dg.Output(
                        event.value, event.output_name, metadata={**dict(event.metadata or {}), **extra}
                    )
                yield event
        if not result.success:
            raise dg.Failure(
                "dbt: " + "; ".join(result.failures[:5]),
                metadata={"failures": dg.MetadataValue.json(result.failures)},
                allow_retries=False,
            )

    return transform


def row_counts(settings: Settings) -> dict[str, int]:
    """Table -> rows of every table that dbt built. Exact counts cost nothing: DuckDB answers them from the row groups."""
    if not settings.build_database.exists():
        return {}
    with duck.opened(settings.build_database) as con:
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not internal"
        ).fetchall()
        return {
            table: duck.scalar(con, f"select count(*) from {duck.quoted(schema)}.{duck.quoted(table)}")
            for schema, table in names
        }
