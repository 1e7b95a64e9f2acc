"""A project with a small, real part of the bundled figures, in which a whole build takes a fraction: the code and the models of this clone
beside a tenth of its series and a sixteenth of its trade flows.

For tests of what a run does (killed, repaired, begun with a copy, brought up to date): this is the same work for any figures. What the
figures say is asked of the whole warehouse (tests/support/whole_warehouse.py). Belongs here: which series and flows, making the project.
Does not belong here: building it, assertions.

The catalogue of series and the seeds are those of the project, but for the series that are read off trade flows or derived from
others, and for declared breaks: of these stays what the figures here hold. The timelines are whole, and a quarter of their events is compared.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from orchestration.base.settings import PROJECT
from orchestration.intake.figures.manifest import MANIFEST, read_manifest

#: Of each publisher and each way in which series are compared some: what the questions of the tests ask for, and controls, donors and
#: inputs of these.
SERIES = frozenset({
    "usa_imports_goods_can", "usa_imports_goods_chn", "usa_imports_goods_mex", "usa_exports_goods_can",
    "usa_exports_goods_chn", "usa_exports_goods_mex", "usa_employment_total_nonfarm",
    "usa_employment_manufacturing", "usa_employment_motor_vehicles_parts", "usa_import_prices_mex",
    "usa_sales_light_vehicles", "usa_industrial_production_motor_vehicles_parts", "fx_usd_mxn",
    "fx_usd_cad", "fx_usd_mxn_banxico", "fx_usd_cad_bank_of_canada", "usa_customs_duties_net",
    "mex_production_light_vehicles", "mex_sales_cars_luxury", "mex_exports_goods",
    "mex_production_light_vehicles_without_foton", "can_exports_goods", "can_exports_motor_vehicles_parts",
    "can_employment_manufacturing", "can_sales_new_vehicles_quoted", "usa_freight_exports_mex",
    "mex_production_vehicles_annual",
})  # fmt: skip
#: jobs by state: fewer than 20 states are not compared with each other, and no older months of them are needed than the last slump
_STATES = (
    "al", "az", "ca", "fl", "ga", "il", "in", "ks", "ky", "ma", "mi", "mn", "mo", "nc", "nj", "ny", "oh",
    "pa", "sc", "tn", "tx", "wa", "wi",
)  # fmt: skip
STATES = frozenset(f"usa_{code}_employment_manufacturing" for code in _STATES)
STATES_SINCE = date(2008, 1, 1)
#: of all other figures: an older month makes a date more to compare with, and nothing else
SINCE = date(1995, 1, 1)
#: partners by the code of the Census Bureau: the world, Canada, Mexico, China, Germany, Japan, Korea, and Panama with a break in its figures
PARTNERS = ("-", "1220", "2010", "5700", "4280", "5880", "5800", "2250")
#: of goods: iron and steel, and vehicles, by chapter of the HS
CHAPTERS = ("72", "87")
#: months of freight by state, which are many rows each: from before the jobs that are compared, and the newest
FREIGHT = (date(2015, 1, 1), date(2024, 8, 1), date(2024, 9, 1))
#: series that are read off the flows
READ_OFF = frozenset(
    f"usa_{name}{partner}"
    for name in ("imports_general_", "imports_consumption_", "duties_", "imports_hs87_")
    for partner in ("wld", "can", "mex")
)
#: of each method one derived series, as far as the figures for it are here
DERIVED = frozenset({
    "usa_import_share_goods_mex", "usa_duty_rate_goods_mex", "usa_imports_goods_per_weekday_mex",
    "usa_imports_goods_real_mex", "mex_exports_goods_mxn", "usa_balance_goods_mex",
    "usa_employment_motor_vehicles_parts_index",
})  # fmt: skip
#: Events that are compared: those of these clusters, and those that a design, a family or an expected effect names. The others are
#: shown, and left out of the reports as events of low confidence are.
CLUSTERS = frozenset({"nafta_talks_2017_2018", "china_301_2018_2020", "section_232_metals_can_mex_2018_2019"})
#: what of the project is the same in the small one
_CODE = ("orchestration", "transforms")
_MADE = shutil.ignore_patterns("target", "logs", ".user.yml")


def make_small_project(folder: Path) -> Path:
    """Write the small project to `folder`, which does not exist, and return it.

    Code is copied with its bytecode, so that a process that starts there compiles nothing.
    """
    for name in _CODE:
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copytree(PROJECT / "dbt_project", folder / "dbt_project", ignore=_MADE)
    shutil.copy2(PROJECT / "pyproject.toml", folder / "pyproject.toml")
    _cut_figures(folder / "warehouse" / "figures")
    _cut_seeds(folder / "dbt_project" / "seeds")
    return folder


def _cut_figures(target: Path) -> None:
    source = PROJECT / "warehouse" / "figures"
    target.mkdir(parents=True)
    manifest = read_manifest(source)
    for entry in manifest["files"]:
        path = target / entry["path"]
        rows = pl.scan_parquet(source / entry["path"]).filter(_is_kept(entry["table"])).collect()
        assert rows.height, f"{entry['dataset']} is empty in the small world"
        rows.write_parquet(path)
        content = path.read_bytes()
        entry.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), rows=rows.height)
    manifest["series"] = [entry for entry in manifest["series"] if entry["series_id"] in SERIES | STATES]
    (target / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def _is_kept(table: str) -> pl.Expr:
    """Which rows of a bundled file are in the small world."""
    if table == "observation":
        since = pl.when(pl.col("series_id").is_in(STATES)).then(STATES_SINCE).otherwise(SINCE)
        return pl.col("series_id").is_in(SERIES | STATES) & (pl.col("period_start") >= since)
    if table == "freight_flow":
        return (pl.col("hs2") == "87") & pl.col("period_start").is_in(FREIGHT)
    level, code, system = pl.col("product_level"), pl.col("product_code"), pl.col("classification")
    goods = (
        (level == 0)
        | ((system == "HS") & code.str.slice(0, 2).is_in(CHAPTERS))
        # industries of three digits add up to their total only where all are here
        | ((system == "NAICS") & ((level == 3) | code.str.starts_with("336")))
    )
    return pl.col("partner_code").is_in(PARTNERS) & goods & (pl.col("period_start") >= SINCE)


def _cut_seeds(seeds: Path) -> None:
    """Leave out of the seeds the series that are not here, and what is declared of them."""
    series = seeds / "series"
    _keep(series / "seed_series_from_trade_flow.csv", lambda row: row["series_id"] in READ_OFF)
    _keep(seeds / "derived" / "seed_derived_series.csv", lambda row: row["series_id"] in DERIVED)
    here = SERIES | STATES | READ_OFF | DERIVED
    _keep(series / "seed_declared_break.csv", lambda row: row["series_id"] in here)
    _keep(series / "seed_declared_flow_break.csv", lambda row: row["partner_code"] in PARTNERS)
    _leave_events_out(seeds)


def _leave_events_out(seeds: Path) -> None:
    """Of low confidence, which alone keeps an event out of the reports, is every event but those that are to be compared."""
    named = {
        row["event_id"]
        for name in (
            "panels/seed_panel_family.csv",
            "panels/seed_state_design.csv",
            "comparison/seed_expected_effect.csv",
        )
        for row in _rows(seeds / name)[1]
    }

    def judged(row: dict[str, str]) -> dict[str, str]:
        compared = row["cluster_id"] in CLUSTERS or row["event_id"] in named
        return row if compared else {**row, "confidence": "low"}

    path = seeds / "timeline" / "seed_event.csv"
    names, rows = _rows(path)
    _write(path, names, [judged(row) for row in rows])


def _keep(path: Path, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Rewrite a seed with the rows that are wanted. A seed without any would have no columns to load, and so fails here."""
    names, rows = _rows(path)
    kept = [row for row in rows if wanted(row)]
    assert kept, f"{path.name} is empty in the small world"
    _write(path, names, kept)


def _rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The names of the columns of a seed, and its rows."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def _write(path: Path, names: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
