"""One asset for each file of bundled figures, which are archived, parsed and loaded; and the tables of the store as assets.

Belongs here: factories over the datasets, metadata of a load. Does not belong here: the work (intake/figures/load.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import dagster as dg

from orchestration.base.duck import scalar
from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.defs.assets.result import Materialized
from orchestration.defs.jobs import WAIT_SECONDS, WRITER_POOL
from orchestration.intake.figures.manifest import read_manifest
from orchestration.store.opened import FIGURES, open_store
from orchestration.store.tables import RAW_TABLES


def build_load_assets(settings: Settings, *, pool: str | None = WRITER_POOL) -> list[dg.AssetsDefinition]:
    """One asset for each file of the bundled figures, loaded in one step that opens the store once."""

    @dg.multi_asset(
        name=FIGURES,
        specs=[
            dg.AssetSpec(
                [FIGURES, file["dataset"]],
                group_name=FIGURES,
                description=f"Bundled figures: {file['title']}.",
                kinds={"parquet", "duckdb"},
                skippable=True,
            )
            for file in read_manifest(settings.figures)["files"]
        ],
        pool=pool,
        can_subset=True,
    )
    def load(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[Materialized]:
        # with DuckDB, which the definitions can do without
        from orchestration.intake.figures.load import ingest_figures

        chosen = sorted(key.path[-1] for key in context.selected_asset_keys)
        for dataset, account in ingest_figures(settings, chosen):
            yield dg.MaterializeResult(
                asset_key=[FIGURES, dataset],
                metadata={"dagster/row_count": account.rows_in, **asdict(account)},
            )

    return [load]


def build_store_asset(
    datasets: Sequence[dg.AssetsDefinition], *, pool: str | None = WRITER_POOL
) -> dg.AssetsDefinition:
    """The tables of the store, downstream of every dataset, so that lineage runs from the agencies to the reports."""
    upstream = [key for dataset in datasets for key in dataset.keys]

    @dg.multi_asset(
        specs=[
            dg.AssetSpec(
                ["raw", table],
                group_name="store",
                deps=upstream,
                kinds={"duckdb"},
                description=f"raw.{table}",
            )
            for table in RAW_TABLES
        ],
        name="store",
        pool=pool,
    )
    def store(settings: dg.ResourceParam[Settings]) -> Iterator[Materialized]:
        for table, rows in stored_rows(settings).items():
            yield dg.MaterializeResult(asset_key=["raw", table], metadata={"dagster/row_count": rows})

    return store


def stored_rows(settings: Settings) -> dict[str, int]:
    """Table of the store -> its rows. Raises WriterBusyError after ten minutes of waiting for another run."""
    with writer_lock(settings, wait=WAIT_SECONDS), open_store(settings.store, read_only=True) as con:
        return {table: scalar(con, f"select count(*) from raw.{table}") for table in RAW_TABLES}
