"""The panel of products of six digits: designs of the warehouse's panels of US imports, asked of the cells that the detail holds.

Belongs here: which designs, what of the seeds and of the derived tables they take, the table with its contract. Does not belong here: cells
and lists (SQL of dbt_project/detail), rates by law and the estimate (transforms/statistics), the file of results (panel_results.py).

It runs on the driver after the models of either engine, because a regression is no SQL: what the models made of any number of lines is
at most a cell for each product, partner and month. Nothing of it is written twice: rates, runs and gates are those of rpt_panel_exposure,
and so are columns, types, grain and conditions, which are read from its yml.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from orchestration.base.duck import literal, scalar, session
from orchestration.base.errors import DetailError
from orchestration.base.settings import Settings
from orchestration.build.detail.derived import DerivedTable, described_files
from orchestration.build.panel_results import panel_results
from orchestration.build.statistics_cache import folder
from transforms.statistics import panel_rates
from transforms.statistics.months import day, number
from transforms.statistics.panel import EXPOSURE_SCHEMA
from transforms.statistics.panel_cells import windows

#: the table, the panel in it, and the table whose contract it keeps
TABLE, PANEL, LIKE = "rpt_detail_panel_exposure", "us_imports_hs6", "rpt_panel_exposure"
#: digits of its products
DIGITS = 6
_DESCRIPTION = (
    "Imports of exposed products of six digits from exposed partners against others, before and after a family of tariff measures: the designs "
    "of rpt_panel_exposure on the cells of fct_detail_panel_cell, with the goods on lists counted by tariff lines of ten digits. Cells count "
    "alike (weighting none). It tells how exposed goods changed relative to others, never a total and never a cause. A run that cannot be made, "
    "such as one whose months the detail does not hold, has a reason and no number."
)
#: columns that say something else here than in LIKE
_OWN_WORDS = {
    "panel_id": "us_imports_hs6: products of six digits from the 30 partners that the panels compare, of the detail lake.",
    "is_primary": "Whether it is the run of the family to be read first. The others show whether it stands.",
}


def add_panel(settings: Settings, out: Path, made: Sequence[DerivedTable]) -> DerivedTable:
    """Work the panel out of the tables `made` in folder `out`, write it beside them, and describe it.

    Runs whose cells, rates and design are what they were are taken from the home's file of results. Raises DetailError where the rows
    do not keep the contract.
    """
    files = {table.name: [out / file.path for file in table.files] for table in made}
    seeds = settings.dbt_project / "seeds"
    wanted = designs(seeds)
    cells = pl.read_parquet(files["fct_detail_panel_cell"]).with_columns(panel_id=pl.lit(PANEL))
    coverage = pl.read_parquet(files["fct_detail_list_coverage"])
    rows = panel_results(
        "detail_panels",
        cells,
        rates(seeds, wanted, cells, coverage),
        wanted,
        seed(seeds / "timeline" / "seed_episode.csv", days=("starts_on", "ends_on")),
        where=folder(settings),
    ).select(list(EXPOSURE_SCHEMA))
    contract = read_contract(settings.dbt_project)
    target = out / TABLE
    target.mkdir(parents=True)
    rows.select(list(contract.columns)).sort(contract.key).write_parquet(
        target / "part-0000.parquet", compression="zstd"
    )
    check(target / "part-0000.parquet", contract, out / ".spill")
    columns = {name: _OWN_WORDS.get(name, words) for name, (_, words) in contract.columns.items()}
    return DerivedTable(
        TABLE, _DESCRIPTION, contract.key, columns, True, rows.height, described_files(out, TABLE)
    )


def designs(seeds: Path) -> pl.DataFrame:
    """The runs, as rows of int_panel_design: every design of a panel of US imports for consumption, by chapter, industry or heading, once."""
    panels = seed(seeds / "panels" / "seed_panel.csv").filter(
        (pl.col("flow") == "imports") & (pl.col("basis") == "consumption")
    )
    asked = ["family_id", "cut_month", "window_months", "gap_months", "exposure_kind"]
    families = seed(
        seeds / "panels" / "seed_panel_family.csv", days=("quiet_until",), flags=("rates_held",)
    ).select("family_id", "quiet_until", "rates_held")
    primary = seed(seeds / "panels" / "seed_panel_weighting.csv", flags=("is_primary",)).filter("is_primary")
    return (
        seed(
            seeds / "panels" / "seed_panel_design.csv",
            days=("cut_month",),
            numbers=("window_months", "gap_months"),
            flags=("is_primary",),
        )
        .join(panels, on="panel_id", how="semi")
        .group_by(asked, maintain_order=True)
        .agg(pl.col("is_primary").any())
        .join(families, on="family_id", maintain_order="left")
        .with_columns(
            panel_id=pl.lit(PANEL),
            product_level=pl.lit(DIGITS, pl.Int64),
            # by the square root of value 19 % of leads fire, so that no family's primary run is weighted
            weighting=pl.lit(primary["weighting"][0]),
            # a break of the panel's source would stand here; the bulk files have none
            break_month=pl.lit(None, pl.Date),
            break_reason=pl.lit(None, pl.String),
        )
    )


def rates(seeds: Path, wanted: pl.DataFrame, cells: pl.DataFrame, coverage: pl.DataFrame) -> pl.DataFrame:
    """Rates by law of the cells in the months of the designs' windows: panel_rates.RATE_SCHEMA.

    cells, coverage: rows of fct_detail_panel_cell (with panel_id) and fct_detail_list_coverage.
    """
    by_law = wanted.filter(pl.col("exposure_kind") == "statutory")
    spans = [
        windows(number(cut), width, gap)
        for cut, width, gap in by_law.select("cut_month", "window_months", "gap_months").iter_rows()
    ]
    months = sorted({month for span in spans for month in (*span.before, *span.after)})
    measures = seed(
        seeds / "timeline" / "seed_tariff_measure.csv",
        days=("effective_on", "ended_on"),
        lists=("partners",),
        decimals=("rate_pct",),
    )
    spells = seed(
        seeds / "panels" / "seed_panel_spell.csv",
        days=("effective_from", "effective_to"),
        decimals=("rate_pct",),
    ).select(
        "measure_id",
        "partner_iso3",
        "rate_pct",
        "effective_from",
        # as stg_panel_spell: the first day on which it no longer holds
        day_after=pl.col("effective_to").dt.offset_by("1d"),
    )
    known = panel_rates.Measures(
        seed(seeds / "panels" / "seed_panel_measure.csv"),
        measures.select("measure_id", "partners", "rate_pct", "effective_on", "ended_on"),
        spells,
    )
    families = by_law.select("family_id", "panel_id").join(
        seed(seeds / "panels" / "seed_panel_family.csv", lists=("measures",)).select("family_id", "measures"),
        on="family_id",
    )
    products = cells.select("panel_id", "product_code", "partner_iso3").unique()
    return panel_rates.rates(
        families,
        products.with_columns(classification=pl.lit("HS")),
        coverage.select("list_id", "coverage", product_code="hs6", product_system=pl.lit("HS")),
        panel_rates.by_month(
            known, products["partner_iso3"], pl.Series([day(month) for month in months], dtype=pl.Date)
        ),
    )


def seed(
    path: Path,
    *,
    days: Sequence[str] = (),
    numbers: Sequence[str] = (),
    decimals: Sequence[str] = (),
    flags: Sequence[str] = (),
    lists: Sequence[str] = (),
) -> pl.DataFrame:
    """A seed as text, with some columns read as dates, whole numbers, doubles, truth values or lists (parted by semicolons)."""
    return pl.read_csv(path, infer_schema=False).with_columns(
        *(pl.col(name).str.to_date() for name in days),
        *(pl.col(name).cast(pl.Int64) for name in numbers),
        *(pl.col(name).cast(pl.Float64) for name in decimals),
        *(pl.col(name).str.to_lowercase() == "true" for name in flags),
        *(pl.col(name).str.split(";").list.eval(pl.element().str.strip_chars()) for name in lists),
    )


class Contract:
    """What rpt_panel_exposure promises. columns: name -> (type, description), in order; key: its grain; conditions: SQL that
    every row fulfils."""

    def __init__(self, model: dict[str, Any]) -> None:
        self.columns: dict[str, tuple[str, str]] = {
            column["name"]: (column["data_type"], column["description"]) for column in model["columns"]
        }
        tests = {
            kind: [test[kind]["arguments"] for test in model["data_tests"] if kind in test]
            for kind in ("unique_combination", "holds")
        }
        ((key),) = (arguments["columns"] for arguments in tests["unique_combination"])
        self.key: tuple[str, ...] = tuple(key)
        self.conditions: list[str] = [arguments["condition"] for arguments in tests["holds"]]


def read_contract(dbt_project: Path) -> Contract:
    """The contract of LIKE, from its yml."""
    path = dbt_project / "models" / "marts" / "reports" / f"{LIKE}.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return Contract(model)


def check(path: Path, contract: Contract, spill: Path) -> None:
    """Raise DetailError where the rows of a file have other columns or types, a key twice, or a condition that does not hold."""
    with session(spill, threads=1) as con:
        rows = f"read_parquet({literal(path)})"
        found = {name: kind.lower() for name, kind, *_ in con.execute(f"DESCRIBE FROM {rows}").fetchall()}
        wrong = [
            f"{name} is {found.get(name)}"
            for name, (kind, _) in contract.columns.items()
            if found.get(name) != kind.lower()
        ]
        key = ", ".join(contract.key)
        if not wrong and scalar(con, f"SELECT count(*) - count(DISTINCT ({key})) FROM {rows}"):
            wrong.append(f"({key}) is there twice")
        if not wrong:  # conditions name columns
            wrong = [
                condition
                for condition in contract.conditions
                if scalar(con, f"SELECT count(*) FROM {rows} WHERE NOT coalesce({condition}, false)")
            ]
    if wrong:
        raise DetailError(
            f"{TABLE} does not keep the contract of {LIKE}, so nothing changed: {'; '.join(wrong[:5])}"
        )
