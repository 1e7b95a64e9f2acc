"""What the detail models read: each flow of the lake as the files of its chosen vintages, and small tables from the seeds.

Belongs here: names, columns and files of these relations. Does not belong here: showing them to an engine (duckdb_engine.py,
spark_engine.py), choosing vintages (base/detail_catalogue.py), SQL (dbt_project/detail).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.settings import Settings
from transforms.detail_tables import DETAIL_TABLES

#: lists of one measure in stages: a line on several of them pays once, from the first on (as intake/figures/panel_seeds.py counts)
IN_STAGES = ("s301_1", "s301_2", "s301_3", "s301_4a")
#: bundled trade by chapter: its partners are those that the panels compare
_PANEL_FIGURES = "trade_flow_census_hs2.parquet"


@dataclass(frozen=True)
class Relation:
    """A relation over Parquet files, none for an empty one. columns: name -> VARCHAR, DATE, BIGINT or BOOLEAN, in order."""

    name: str
    columns: Mapping[str, str]
    files: tuple[Path, ...]


def relations(settings: Settings, catalogue: Catalogue, as_of: date | None, inputs: Path) -> list[Relation]:
    """All that the models read. The small tables are written below `inputs`, which exists; paths are absolute."""
    flows = [
        Relation(flow, table.columns, tuple(path.resolve() for path in catalogue.files(flow, as_of)))
        for flow, table in DETAIL_TABLES.items()
    ]
    small = {"tariff_list_code": list_codes(settings.dbt_project), "country": countries(settings)}
    made = []
    for name, frame in small.items():
        path = inputs.resolve() / f"{name}.parquet"
        frame.write_parquet(path)
        made.append(Relation(name, {column: _SQL[kind] for column, kind in frame.schema.items()}, (path,)))
    return [*flows, *made]


_SQL: dict[pl.DataType | type[pl.DataType], str] = {
    pl.String(): "VARCHAR",
    pl.Int64(): "BIGINT",
    pl.Boolean(): "BOOLEAN",
}


def list_codes(dbt_project: Path) -> pl.DataFrame:
    """Codes of the lists of goods: list_id, hs_code, one_of (the lists of which a line is on one; null: this list alone),
    priority (the place of the list among these; 0 alone)."""
    with (dbt_project / "seeds" / "exposure" / "seed_tariff_list_code.csv").open(encoding="utf-8") as file:
        rows = [
            (
                row["list_id"],
                code.strip(),
                "s301" if row["list_id"] in IN_STAGES else None,
                IN_STAGES.index(row["list_id"]) if row["list_id"] in IN_STAGES else 0,
            )
            for row in csv.DictReader(file)
            for code in row["hs_codes"].split(";")
        ]
    schema = {"list_id": pl.String, "hs_code": pl.String, "one_of": pl.String, "priority": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").unique(maintain_order=True)


def countries(settings: Settings) -> pl.DataFrame:
    """Countries of Schedule C: country_code, partner_iso3, in_panel (whether the panels of the warehouse compare it)."""
    compared = set(
        pl.scan_parquet(settings.figures / _PANEL_FIGURES)
        .select(pl.col("partner_code").unique())
        .collect()["partner_code"]
    )
    path = settings.dbt_project / "seeds" / "reference" / "seed_geography.csv"
    with path.open(encoding="utf-8") as file:
        rows = [
            (row["schedule_c_code"], row["iso3"], row["schedule_c_code"] in compared)
            for row in csv.DictReader(file)
            if row["kind"] == "country" and row["schedule_c_code"] not in ("", "-") and row["iso3"]
        ]
    schema = {"country_code": pl.String, "partner_iso3": pl.String, "in_panel": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")
