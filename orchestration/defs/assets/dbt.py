"""dbt's models and seeds as Dagster assets, with row counts and column descriptions; their data tests as checks.

Belongs here: the mapping from dbt's names to asset keys, and turning dbt's results into Dagster's.
Does not belong here: running dbt (build/steps.py, build/dbt_runner.py), SQL.

The assets are made from the manifest directly. The library for dbt gives each of 460 tests a check of its own: with four events
a check, each stored in a transaction of its own, Dagster's log took a seventh of a build. A table has one check here, which
lists its tests and names those that failed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.base import duck
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.build.data_tests import TestResult, subject_of
from orchestration.defs.jobs import ANEW, WAIT_SECONDS, WRITER_POOL

#: a node of dbt's manifest: Any, because dbt publishes no types of its JSON
Node = Mapping[str, Any]
#: the check of a table: all of its data tests
DATA_TESTS = "data_tests"


def asset_key(node: Node) -> dg.AssetKey:
    """`raw/observation` for a table of the store, else layer and name: `marts/dim_event`, `seeds/seed_event`."""
    if node["resource_type"] == "source":
        return dg.AssetKey([node["source_name"], node["name"]])
    return dg.AssetKey([group_name(node), node["name"]])


def group_name(node: Node) -> str:
    """seeds, or the layer of a model: staging, intermediate or marts."""
    return "seeds" if node["resource_type"] == "seed" else str(node["fqn"][1])


def build_dbt_assets(manifest: Path, *, pool: str | None = WRITER_POOL) -> dg.AssetsDefinition:
    """One multi-asset for the whole project: dbt itself orders its models, in one process."""
    content = json.loads(manifest.read_bytes())
    nodes: dict[str, Node] = {**content["nodes"], **content["sources"]}
    made = {
        name: node for name, node in content["nodes"].items() if node["resource_type"] in ("model", "seed")
    }
    # Dagster takes checks of an asset only from what makes it: a test of a table of the store shows at the model that reads it
    shown_at = {parent: name for name, node in reversed(made.items()) for parent in _parents(node)} | {
        name: name for name in made
    }
    tests = _tests_by_subject(content["nodes"].values(), shown_at)

    @dg.multi_asset(
        name="transform",
        specs=[_spec(node, nodes) for node in made.values()],
        check_specs=[
            dg.AssetCheckSpec(
                DATA_TESTS,
                asset=asset_key(nodes[subject]),
                description="Data tests of dbt: " + ", ".join(sorted(names)) + ".",
            )
            for subject, names in tests.items()
        ],
        pool=pool,
    )
    def transform(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        from orchestration.build import (
            steps,
        )  # with numpy and all that makes models: a run needs it, the definitions do not

        result = steps.transform(settings, anew=ANEW in context.run.tags)
        rows = row_counts(settings)
        for built in result.built:
            if built.status == "success":
                yield dg.MaterializeResult(
                    asset_key=asset_key(made[built.unique_id]),
                    metadata={
                        "Execution Duration": built.seconds,
                        **({"dagster/row_count": rows[built.name]} if built.name in rows else {}),
                    },
                )
        of_subject: dict[str, list[TestResult]] = {}
        for test in result.tests:
            of_subject.setdefault(shown_at[test.subject], []).append(test)
        for subject, tested in of_subject.items():
            yield _check_result(asset_key(nodes[subject]), tested)
        if not result.success:
            raise dg.Failure(
                "dbt: " + "; ".join(result.failures[:5]),
                metadata={"failures": dg.MetadataValue.json(result.failures)},
                allow_retries=False,
            )

    return transform


def _tests_by_subject(nodes: Iterable[Node], shown_at: Mapping[str, str]) -> dict[str, list[str]]:
    """Unique id of a model or seed -> names of the data tests shown at it. shown_at: subject of a test -> where it is shown."""
    by_name = {unique_id.rpartition(".")[2]: unique_id for unique_id in shown_at}
    tests: dict[str, list[str]] = {}
    for node in nodes:
        if node["resource_type"] == "test":
            tests.setdefault(shown_at[subject_of(dict(node), by_name)], []).append(node["name"])
    return tests


def _parents(node: Node) -> Sequence[str]:
    """Unique ids of what a model reads; a seed reads nothing."""
    found: Sequence[str] = node.get("depends_on", {}).get("nodes", ())
    return found


def _spec(node: Node, nodes: Mapping[str, Node]) -> dg.AssetSpec:
    """The asset of a model or seed: what it reads, its description and its columns."""
    columns = [
        dg.TableColumn(c["name"], c["data_type"] or "?", description=c["description"] or None)
        for c in node["columns"].values()
    ]
    return dg.AssetSpec(
        asset_key(node),
        deps=[asset_key(nodes[parent]) for parent in _parents(node)],
        description=node["description"] or None,
        group_name=group_name(node),
        code_version=node["checksum"]["checksum"],
        kinds={"dbt", "duckdb"},
        metadata={"dagster/column_schema": dg.TableSchema(columns)} if columns else {},
        skippable=True,  # a failed model leaves those that read it unmade
    )


def _check_result(key: dg.AssetKey, tests: list[TestResult]) -> dg.AssetCheckResult:
    """The check of a table from its tests: passed where all did; a warning where none of the others is more."""
    bad = [test for test in tests if test.status != "pass"]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=DATA_TESTS,
        passed=not bad,
        severity=dg.AssetCheckSeverity.WARN
        if all(test.status == "warn" for test in bad)
        else dg.AssetCheckSeverity.ERROR,
        description="; ".join(f"{test.name}: {test.message}" for test in bad)[:1000] or None,
        metadata={"tests": len(tests), "failed": len(bad)},
    )


def row_counts(settings: Settings) -> dict[str, int]:
    """Table -> rows of every table that dbt built. Exact counts cost nothing: DuckDB answers them from the row groups."""
    if not settings.build_database.exists():
        return {}
    with writer_lock(settings, wait=WAIT_SECONDS), duck.opened(settings.build_database) as con:
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not internal"
        ).fetchall()
        return {
            table: duck.scalar(con, f"select count(*) from {duck.quoted(schema)}.{duck.quoted(table)}")
            for schema, table in names
        }
