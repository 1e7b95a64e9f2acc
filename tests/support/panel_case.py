"""Panels for tests: made-up cubes, and the bundled chapters and industries with the rates by law that the seeds give.

Belongs here: making cubes and rates. Does not belong here: assertions, the code under test but for its types.
"""

from __future__ import annotations

import calendar
import csv
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from orchestration.base.settings import PROJECT
from tests.support.bundled import FIGURES
from transforms.statistics.months import day, number
from transforms.statistics.panel_cells import Cube, cube

SEEDS = PROJECT / "dbt_project" / "seeds"
START = date(2010, 1, 1)
#: the cut of the made-up panels, a month's number
CUT = number(date(2015, 1, 1))
MONTHS = 84


def made_up(
    seed: int,
    *,
    products: int = 30,
    partners: int = 8,
    noise: float = 0.25,
    moved: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[Cube, np.ndarray]:
    """A cube of random trade and an exposure (products, partners): one partner's goods are exposed by halves.

    Every cell has a level, a product's and a partner's common path, and noise that is a random walk: months of a cell resemble each
    other as they do in trade. moved: what is added to ln(value) from CUT on, from the exposure.
    """
    rng = np.random.default_rng(seed)
    exposure = np.zeros((products, partners))
    exposure[:, 0] = rng.permutation(np.linspace(0, 0.25, products))
    level = rng.normal(16, 1, (products, partners, 1))
    paths = rng.normal(0, 0.03, (products, 1, MONTHS)) + rng.normal(0, 0.03, (1, partners, MONTHS))
    wandering = rng.normal(0, noise / 6, (products, partners, MONTHS)).cumsum(axis=2)
    logs = level + paths.cumsum(axis=2) + wandering + rng.normal(0, noise / 3, wandering.shape)
    if moved is not None:
        logs[:, :, CUT - number(START) :] += moved(exposure)[:, :, None]
    codes = tuple(f"{place:02d}" for place in range(1, products + 1))
    countries = tuple(f"A{place:02d}" for place in range(partners))
    value = np.exp(logs)
    return Cube(codes, countries, number(START), value, np.zeros_like(value), ("HS 2012",) * MONTHS), exposure


def rates_of(table: Cube, exposure: np.ndarray, first: int = CUT) -> pl.DataFrame:
    """Rates by law whose ln(1 + rate) is the exposure from the month `first` on: rows as int_panel_rate has them."""
    rows = [
        (code, country, day(month), float(np.expm1(exposure[p, c])))
        for p, code in enumerate(table.products)
        for c, country in enumerate(table.partners)
        if exposure[p, c] > 0
        for month in range(first, table.last + 1)
    ]
    schema = {
        "product_code": pl.String,
        "partner_iso3": pl.String,
        "period_start": pl.Date,
        "rate": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def chapters() -> Cube:
    """The bundled chapters from 30 partners, as the panel us_imports_hs2 takes them."""
    return _bundled("trade_flow_census_hs2.parquet", ("98", "99"))


@cache
def industries() -> Cube:
    """The bundled industries from 30 partners, as the panel us_imports_naics3 takes them."""
    return _bundled("trade_flow_census_naics3.parquet", ("980", "990"))


def _bundled(file: str, without: tuple[str, ...]) -> Cube:
    with (SEEDS / "reference" / "seed_geography.csv").open(encoding="utf-8") as lines:
        places = {
            row["schedule_c_code"]: row["iso3"] for row in csv.DictReader(lines) if row["kind"] == "country"
        }
    key = ["product_code", "partner_code", "period_start"]
    cells = (
        pl.read_parquet(FIGURES / file)
        .filter(
            (pl.col("classification") != "TOTAL")
            & pl.col("partner_code").is_in(list(places))
            & ~pl.col("product_code").is_in(list(without))
        )
        .sort("known_from")
        .unique(key, keep="last")
        .with_columns(partner_iso3=pl.col("partner_code").replace_strict(places))
    )
    return cube(cells)


def statutory_rates(measures: set[str], table: Cube) -> pl.DataFrame:
    """The rates of some measures on a cube of chapters, worked out from the seeds day by day: rows as int_panel_rate has them."""
    lists = {row["measure_id"]: row["list_id"] for row in _seed("panels/seed_panel_measure.csv")}
    covered: dict[str, dict[str, float]] = {}
    for row in _seed("panels/seed_panel_coverage.csv"):
        covered.setdefault(row["list_id"], {})[row["product_code"]] = float(row["coverage"])
    own = {(row["measure_id"], row["partner_iso3"]): row for row in _seed("panels/seed_panel_spell.csv")}
    total: dict[tuple[str, str, date], float] = {}
    for row in _seed("timeline/seed_tariff_measure.csv"):
        measure = row["measure_id"]
        if measure not in measures:
            continue
        named = row["partners"].split(";")
        for country in table.partners:
            if country not in named and "WLD" not in named:
                continue
            spell = own.get((measure, country))
            first = date.fromisoformat(spell["effective_from"] if spell else row["effective_on"])
            ended = row["ended_on"] or "2100-01-01"
            after = (
                date.fromisoformat(spell["effective_to"]) + timedelta(days=1)
                if spell
                else date.fromisoformat(ended)
            )
            rate = float(spell["rate_pct"] if spell else row["rate_pct"]) / 100
            for month in range(table.first, table.last + 1):
                start = day(month)
                length = calendar.monthrange(start.year, start.month)[1]
                days = sum(first <= start + timedelta(days=n) < after for n in range(length))
                for code, share in covered[lists[measure]].items() if days and rate else ():
                    key = (code, country, start)
                    total[key] = total.get(key, 0.0) + share * rate * days / length
    rows = [(code, country, start, rate) for (code, country, start), rate in sorted(total.items())]
    return pl.DataFrame(
        rows,
        schema={
            "product_code": pl.String,
            "partner_iso3": pl.String,
            "period_start": pl.Date,
            "rate": pl.Float64,
        },
        orient="row",
    )


def exports_to_five(shared: Path) -> Cube:
    """US exports by subheading to China (2017-01 to 2020-04), Ireland, Switzerland, Turkey and Vietnam, from the collected copies."""
    china = pl.read_parquet(shared / "product" / "us_exports_hs6_china_month_2017_2020.parquet").select(
        product_code="hs6", partner_iso3=pl.lit("CHN"), period_start="month", value_usd="exports_to_china_usd"
    )
    others = pl.read_parquet(shared / "product" / "us_exports_hs10_4partners_month_2013_2026.parquet")
    countries = {"4190": "IRL", "4419": "CHE", "4890": "TUR", "5520": "VNM"}
    others = (
        others.filter(pl.col("month").is_between(china["period_start"].min(), china["period_start"].max()))
        .group_by(
            product_code=pl.col("schedule_b10").str.slice(0, 6),
            partner_iso3=pl.col("cty_code").replace_strict(countries),
            period_start="month",
        )
        .agg(value_usd=pl.col("all_val_usd").sum())
    )
    cells = pl.concat([china, others]).filter(~pl.col("product_code").str.slice(0, 2).is_in(["98", "99"]))
    return cube(
        cells.with_columns(duty_usd=pl.lit(None, dtype=pl.Int64), classification_version=pl.lit("HS 2017"))
    )


def rates_of_china(shared: Path, table: Cube) -> pl.DataFrame:
    """China's rates on American goods by subheading and month, from the Peterson Institute's compilation: for tests only."""
    steps = pl.read_parquet(shared / "product" / "tariff_china_on_us_hs6_2018_2019.parquet").drop_nulls()
    by_code: dict[str, list[tuple[date, float]]] = {}
    for since, code, rate in steps.sort("time_of_tariff").iter_rows():
        by_code.setdefault(code, []).append((since, rate / 100))
    rows = []
    for code in table.products:
        spells = by_code.get(code, [])
        for month in range(table.first, table.last + 1) if spells else ():
            start, after = day(month), day(month + 1)
            length, total = (after - start).days, 0.0
            for place, (since, rate) in enumerate(spells):
                first = start if place == 0 else max(since, start)
                last = spells[place + 1][0] if place + 1 < len(spells) else after
                total += rate * max(0, (min(last, after) - first).days) / length
            rows.append((code, "CHN", start, total))
    schema = {
        "product_code": pl.String,
        "partner_iso3": pl.String,
        "period_start": pl.Date,
        "rate": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def measures_of(family: str) -> set[str]:
    """The measures of a family, from its seed."""
    rows = {row["family_id"]: row for row in _seed("panels/seed_panel_family.csv")}
    return set(rows[family]["measures"].split(";"))


def all_measures() -> set[str]:
    """The measures whose rate by law the panels know."""
    return {row["measure_id"] for row in _seed("panels/seed_panel_measure.csv")}


def _seed(path: str) -> list[dict[str, str]]:
    with (SEEDS / path).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wanted(**changes: object) -> pl.DataFrame:
    """One design as int_panel_design has it, with `changes` of its columns."""
    row = {
        "family_id": "f",
        "panel_id": "p",
        "product_level": 2,
        "cut_month": day(CUT),
        "window_months": 12,
        "gap_months": 3,
        "exposure_kind": "statutory",
        "weighting": "none",
        "is_primary": True,
        "quiet_until": date(2014, 9, 30),
        "rates_held": True,
        "break_month": None,
        "break_reason": None,
    } | changes
    return pl.DataFrame([row], schema_overrides={"break_month": pl.Date, "break_reason": pl.String})
