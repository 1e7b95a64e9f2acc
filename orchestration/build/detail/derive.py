"""One run of the detail models: from the files of the lake to tables in Parquet, on DuckDB or on Spark.

Belongs here: the order of a run and its result. Does not belong here: the engines (duckdb_engine.py, spark_engine.py), the panel that is
worked out of the tables (panel.py), folders and switching (derived.py), SQL (dbt_project/detail).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from orchestration.base import progress
from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.duck import literal, scalar, session
from orchestration.base.errors import DetailError, UsageError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.build.dbt_call import invoke
from orchestration.build.detail import duckdb_engine, spark_engine
from orchestration.build.detail.attach import write_attached
from orchestration.build.detail.derived import (
    Derived,
    DerivedTable,
    derived_of,
    described_files,
    new_folder,
    publish,
)
from orchestration.build.detail.panel import TABLE, add_panel
from orchestration.build.detail.relations import relations

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

Engine = Literal["duckdb", "spark"]
#: memory of DuckDB unless HEADWAY_DETAIL_MEMORY says otherwise: half of a machine of 8 GB
MEMORY = "4GB"


@dataclass(frozen=True)
class DetailBuilt:
    """A finished run: what is current now, and how long it took, in seconds."""

    derived: Derived
    seconds: float


def project_of(settings: Settings) -> Path:
    """The folder of the dbt project of the detail."""
    return settings.dbt_project / "detail"


def build_detail(
    settings: Settings,
    engine: Engine = "duckdb",
    *,
    master: str | None = None,
    as_of: date | None = None,
    configuration: Mapping[str, str] | None = None,
    wait: float = 0.0,
) -> DetailBuilt:
    """Run every detail model and its tests over the latest vintage of each month, or the one known by the end of `as_of`, and make
    the result current.

    master: of Spark (spark://host:7077, local[*], ...), this machine if not given. configuration: more settings of Spark.
    wait: seconds to wait for another run that writes.
    Raises UsageError for an empty lake or where the engine is not installed, DetailError where a model or test failed: what was
    current then stays so. WriterBusyError while another run writes.
    """
    if engine == "duckdb" and (master or configuration):
        raise UsageError("--master and --conf are Spark's: headway detail build --engine spark --master ...")
    started = time.monotonic()
    with writer_lock(settings, wait=wait):
        catalogue = Catalogue.load(settings.detail)
        if not any(catalogue.chosen(flow, as_of) for flow in catalogue.flows):
            known = "" if as_of is None else f" that was known on {as_of:%Y-%m-%d}"
            raise UsageError(f"the detail lake holds no month{known}: headway detail add FILE")
        work = settings.detail / "work" / engine
        (work / "inputs").mkdir(parents=True, exist_ok=True)
        out = new_folder(derived_of(settings))
        read = relations(settings, catalogue, as_of, work / "inputs")
        try:
            on_spark = engine == "spark"
            with (
                spark_engine.session(master or spark_engine.HERE, work, configuration or {})
                if on_spark
                else nullcontext()
            ) as spark:
                if spark is None:
                    duckdb_engine.prepare(read, work)
                else:
                    spark_engine.prepare(spark, read)
                manifest = _run(settings, engine, work, out)
            tables = _tables_of(manifest)
            if not on_spark:
                keys = {table.name: table.key for table in tables}
                duckdb_engine.write(keys, work, out, memory=os.environ.get("HEADWAY_DETAIL_MEMORY", MEMORY))
            made = _counted(out, tables)
            progress.report("detail", TABLE)
            built = Derived(
                out,
                engine,
                as_of.isoformat() if as_of else None,
                catalogue.fingerprint,
                f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                (*made, add_panel(settings, out, made)),
            )
            publish(built)
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise
        write_attached(settings.detail, catalogue, built)
    return DetailBuilt(built, time.monotonic() - started)


def _run(settings: Settings, engine: Engine, work: Path, out: Path) -> Manifest:
    """dbt's models and data tests. Raises DetailError with what failed."""
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.contracts.graph.manifest import Manifest

    environment = {
        "HEADWAY_DETAIL_WORK": str(work),
        "HEADWAY_DETAIL_TABLES": str(out),
    }
    say = progress.listener()  # dbt calls back in threads of its own, which know no listener

    def listen(event: EventMsg) -> None:
        if event.info.name == "NodeFinished":
            say("detail", event.data.node_info.node_name, None, None)

    project, target = project_of(settings), work / "target"
    options = ("--target", engine)
    parsed = invoke(settings, ["parse", *options], target=target, project=project, variables=environment)
    if not isinstance(parsed.result, Manifest):
        raise DetailError(f"the detail models cannot be read: {parsed.exception}")
    outcome = invoke(
        settings,
        ["build", "--exclude-resource-type", "unit_test", *options],
        manifest=parsed.result,
        callbacks=[listen],
        target=target,
        project=project,
        variables=environment,
    )
    if not isinstance(outcome.result, RunExecutionResult):
        raise DetailError(f"the detail models could not run on {engine}: {outcome.exception}")
    bad = [
        f"{result.node.name}: {(result.message or str(result.status)).splitlines()[0]}"
        for result in outcome.result.results
        if str(result.status) in ("error", "fail")
    ]
    if bad:
        raise DetailError(
            f"of the detail models {len(bad)} failed on {engine}, so nothing changed: {'; '.join(bad[:5])}"
        )
    return parsed.result


def _tables_of(manifest: Manifest) -> list[DerivedTable]:
    """The tables that the models make, as their yml describes them, without rows and files."""
    return [
        DerivedTable(
            node.name,
            node.description,
            tuple(node.config.meta["key"]),
            {column.name: column.description for column in node.columns.values()},
            bool(node.config.meta["released"]),
            0,
            (),
        )
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.config.materialized == "table"
    ]


def _counted(out: Path, tables: list[DerivedTable]) -> tuple[DerivedTable, ...]:
    """The tables with their files and rows, counted in the files themselves."""
    counted = []
    with session(out / ".spill", threads=1) as con:
        for table in sorted(tables, key=lambda table: table.name):
            files = described_files(out, table.name)
            listed = ", ".join(literal(out / file.path) for file in files)
            rows = scalar(con, f"SELECT count(*) FROM read_parquet([{listed}])")
            counted.append(
                DerivedTable(
                    table.name, table.description, table.key, table.columns, table.released, rows, files
                )
            )
    return tuple(counted)
