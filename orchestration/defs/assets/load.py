"""One asset for each file of bundled figures, which archives, parses and loads it; and the tables of the store as assets.

Belongs here: factories over the datasets, metadata of a load. Does not belong here: the work (intake/figures/load.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import dagster as dg

from orchestration.base.duck import scalar
from orchestration.base.settings import Settings
from orchestration.defs.assets.result import Materialized
from orchestration.defs.jobs import WRITER_POOL
from orchestration.intake.figures.load import FIGURES, ingest_figures
from orchestration.intake.figures.manifest import read_manifest
from orchestration.store.tables import RAW_TABLES, open_store


def build_load_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One asset for each file of the bundled figures."""
    return [_figures_asset(f["dataset"], f["title"]) for f in read_manifest(settings.figures)["files"]]


def _figures_asset(dataset: str, title: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=[FIGURES, dataset],
        group_name=FIGURES,
        description=f"Bundled figures: {title}.",
        kinds={"parquet", "duckdb"},
        pool=WRITER_POOL,
    )
    def load(settings: dg.ResourceParam[Settings]) -> Materialized:
        account = ingest_figures(settings, dataset)
        return dg.MaterializeResult(metadata={"dagster/row_count": account.rows_in, **asdict(account)})

    return load


def build_store_asset(datasets: Sequence[dg.AssetsDefinition]) -> dg.AssetsDefinition:
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
        pool=WRITER_POOL,
    )
    def store(settings: dg.ResourceParam[Settings]) -> Iterator[Materialized]:
        with open_store(settings.store, read_only=True) as con:
            for table in RAW_TABLES:
                rows = scalar(con, f"select count(*) from raw.{table}")
                yield dg.MaterializeResult(asset_key=["raw", table], metadata={"dagster/row_count": rows})

    return store
