"""An asset a dataset: archive, parse and append to the store; and the tables of the store as assets dbt builds on.

Belongs here: factories over the datasets, metadata of a load. Does not belong here: the work (pipeline.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import dagster as dg

from orchestration import pipeline
from orchestration.assets.dbt import WRITER_POOL
from orchestration.figures import read_manifest
from orchestration.settings import Settings
from orchestration.store import open_store

#: what dbt reads, see models/staging/_sources.yml
RAW_TABLES = (
    "source",
    "series",
    "payload",
    "load",
    "rejected_row",
    "coverage",
    "observation",
    "observation_current",
    "trade_flow",
    "trade_flow_current",
    "freight_flow",
    "freight_flow_current",
)


def build_load_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One asset for each file of the bundled figures."""
    return [_figures_asset(f["dataset"], f["title"]) for f in read_manifest(settings.figures)["files"]]


def _figures_asset(dataset: str, title: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=[pipeline.FIGURES, dataset],
        group_name=pipeline.FIGURES,
        description=f"Bundled figures: {title}.",
        kinds={"parquet", "duckdb"},
        pool=WRITER_POOL,
    )
    def load() -> dg.MaterializeResult:
        account = pipeline.ingest_figures(Settings.load(), dataset)
        return dg.MaterializeResult(metadata={"dagster/row_count": account.rows_in, **asdict(account)})

    return load


def build_store_asset(datasets: Sequence[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    """The tables of the store, downstream of every dataset: lineage runs from source to report."""
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
    def store() -> Iterator[dg.MaterializeResult]:
        with open_store(Settings.load().store, read_only=True) as con:
            for table in RAW_TABLES:
                rows = con.execute(f"select count(*) from raw.{table}").fetchall()[0][0]
                yield dg.MaterializeResult(asset_key=["raw", table], metadata={"dagster/row_count": rows})

    return store
