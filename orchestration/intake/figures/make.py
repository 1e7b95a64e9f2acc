"""The bundled figures: making the snapshot under warehouse/figures, and its manifest.

Belongs here: build_figures. Does not belong here: the layout of the collected files (collected/), reading and checking the
manifest (manifest.py), loading into the store (load.py).

Same input, same bytes: rows are sorted by key, nothing of the clock or the machine enters, and the writer's version is
pinned. Vintages are whole as copied, not only what changed; a copy may cover part of a series, so no file is `complete`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.base.errors import FiguresError
from orchestration.base.settings import PROJECT
from orchestration.intake.figures.collected import flows, observations
from orchestration.intake.figures.collected.shared import COLLECTED_ON, Input
from orchestration.intake.figures.manifest import FORMAT, MANIFEST
from orchestration.sources.registry import FIGURES_DATASETS, SOURCES_BY_ID, load_series_catalogue
from transforms.checks import check_frame, unit_changes
from transforms.periods import period_end
from transforms.schema import FREIGHT_FLOW, OBSERVATION, TRADE_FLOW, FrameError, Table

MAX_BYTES = 10_000_000
TRADE_SERIES = PROJECT / "dbt_project" / "seeds" / "series" / "seed_series_from_trade_flow.csv"

#: the least number of days from the end of a period to its first publication, by publisher: a copy dated earlier is
#: misdated (employment comes 4 days after the month, trade 28 or more, vehicle sales 1)
_EARLIEST_DAYS = {"bls": 1, "bea": 1, "fed": 1, "bank_of_canada": 0, "statcan": 4, "inegi": 1, "treasury": 3}
_EARLIEST_DAYS |= {"census": 28, "usitc": 28, "bts": 28, "oica": 28}


@dataclass(frozen=True)
class FiguresReport:
    """What build_figures wrote. `inputs` accounts for every collected row: rows = used + left out."""

    files: int
    bytes: int
    rows: dict[str, int]
    series: int
    inputs: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class _File:
    dataset: str
    table: Table
    frame: pl.DataFrame
    publisher: str


def build_figures(source: Path, out: Path) -> FiguresReport:
    """Make the snapshot from the collected files in `source` (figures/, load/, payloads/) and put it at `out`.

    The folder at `out` is replaced as a whole, and only once everything was read, checked and written beside it.
    Raises FiguresError for a missing or unreadable collected file, rows that would be rejected, a copy dated before its
    figures came out, a change of unit between two copies, and a snapshot larger than MAX_BYTES.
    """
    catalogue = load_series_catalogue()
    files: list[_File] = []
    inputs: list[Input] = []
    for read in (_read_observations, _read_trade_flows, _read_freight):
        try:
            found, accounts = read(source, catalogue)
        except (OSError, FrameError, ValueError, pl.exceptions.PolarsError) as error:
            raise FiguresError(f"cannot make the figures from {source}: {error}") from error
        for file in found:
            _refuse_doubtful(file, catalogue)
        files += found
        inputs += accounts

    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    entries = [_write(file, fresh) for file in files]
    manifest = {
        "format": FORMAT,
        "compiled_on": COLLECTED_ON.isoformat(),
        "files": entries,
        "series": _series_entries(files, catalogue),
        "inputs": [_account(item) for item in inputs],
    }
    (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in fresh.iterdir())
    if size > MAX_BYTES:
        raise FiguresError(f"the figures take {size:,} bytes, more than {MAX_BYTES:,}; nothing was replaced")
    _replace(fresh, out)
    rows: dict[str, int] = {}
    for entry in entries:
        rows[entry["table"]] = rows.get(entry["table"], 0) + entry["rows"]
    return FiguresReport(len(entries), size, rows, catalogue.height, tuple(manifest["inputs"]))


def _read_observations(source: Path, catalogue: pl.DataFrame) -> tuple[list[_File], list[Input]]:
    folder = source / "figures"
    observed = [
        observations.us_monthly(folder, catalogue),
        observations.canada_levels(folder, catalogue),
        *(
            observations.mexico(folder, name, catalogue)
            for name in ("mexico_vehicles.csv", "mexico_trade_balance.csv", "mexico_industrial_activity.csv")
        ),
        observations.customs_duties(folder),
        observations.bank_of_canada(folder),
        observations.oica(folder),
        observations.statcan_sales(folder),
        observations.statcan_registrations(folder),
        observations.statcan_table(source / "payloads" / "statcan" / "20100001-eng.zip", catalogue),
    ]
    return _by_publisher(pl.concat([item.frame for item in observed]), catalogue), observed


def _read_trade_flows(source: Path, _: pl.DataFrame) -> tuple[list[_File], list[Input]]:
    folder = source / "figures"
    imports = flows.partner_totals(folder, "us_imports_by_country.parquet", "imports", "general")
    exports = flows.partner_totals(folder, "us_exports_by_country.parquet", "exports", "total_exports")
    chapters, industries = flows.imports_by_chapter(folder), flows.imports_by_industry(folder)
    vehicles, claims = flows.chapter_87(folder), flows.usmca_claims(folder)
    files = [
        _File(f"trade_flow_{name}", TRADE_FLOW, pl.concat([part.frame for part in parts]), publisher)
        for name, publisher, parts in (
            ("census_partner_totals", "census", [imports, exports]),
            ("census_hs2", "census", [chapters]),
            ("census_naics3", "census", [industries]),
            ("census_hs87_general", "census", [vehicles["census"]]),
            ("usitc_hs87", "usitc", [vehicles["usitc"]]),
            ("usitc_hs4", "usitc", [claims]),
            ("bts_hs87", "bts", [vehicles["bts"]]),
        )
    ]
    return files, [imports, exports, chapters, industries, *vehicles.values(), claims]


def _read_freight(source: Path, _: pl.DataFrame) -> tuple[list[_File], list[Input]]:
    zips = sorted((source / "payloads" / "bts_transborder").glob("transborder_*.zip"))
    inputs = flows.freight(source / "load", zips)
    return [
        _File("freight_flow_bts", FREIGHT_FLOW, pl.concat([item.frame for item in inputs]), "bts")
    ], inputs


def _by_publisher(frame: pl.DataFrame, catalogue: pl.DataFrame) -> list[_File]:
    owned = frame.join(catalogue.select("series_id", "source_id"), on="series_id", how="left")
    return [
        _File(
            f"observation_{publisher}",
            OBSERVATION,
            owned.filter(pl.col("source_id") == publisher).drop("source_id"),
            publisher,
        )
        for publisher in owned["source_id"].unique().sort()
    ]


def _refuse_doubtful(file: _File, catalogue: pl.DataFrame) -> None:
    """Raise FiguresError for rows the loader would reject, misdated copies and changes of unit."""
    try:
        _, rejected = check_frame(file.table, file.frame, today=COLLECTED_ON)
    except FrameError as error:
        raise FiguresError(f"{file.dataset}: {error}") from error
    if rejected:
        number, reason, text = rejected[0]
        raise FiguresError(
            f"{file.dataset}: {len(rejected)} rows would be rejected, first row {number}: {reason}: {text}"
        )

    frequency = dict(catalogue.select("series_id", "frequency").iter_rows())
    slices = [name for name in file.table.slice if name != "period_start"]
    newest = file.frame.group_by(*slices, "known_from").agg(pl.col("period_start").max())
    for row in newest.iter_rows(named=True):
        end = period_end(row["period_start"], frequency.get(row.get("series_id"), "monthly"))
        possible = end + timedelta(days=_EARLIEST_DAYS[file.publisher])
        if row["known_from"].date() < possible:
            raise FiguresError(
                f"{file.dataset}: {row[slices[0]]} of {row['period_start']} is dated {row['known_from']:%Y-%m-%d}, before "
                f"it can have been published ({possible}); correct the date of the copy in collected/shared.py"
            )
    if file.table is OBSERVATION:
        for series_id, day, ratio in unit_changes(file.frame):
            raise FiguresError(
                f"{file.dataset}: the copy of {series_id} known from {day} is {ratio:.3f} times the one before: another "
                "base or unit; give it a series of its own"
            )


def _write(file: _File, folder: Path) -> dict[str, Any]:
    """Write one Parquet file sorted by key; returns its entry in the manifest."""
    frame = file.frame.select(list(file.table.polars_schema)).sort(*_order(file.table))
    path = folder / f"{file.dataset}.parquet"
    frame.write_parquet(
        path, compression="zstd", compression_level=12, statistics=True, row_group_size=200_000
    )
    content = path.read_bytes()
    return {
        "path": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows": frame.height,
        "table": file.table.name,
        "dataset": file.dataset,
        "title": FIGURES_DATASETS[file.dataset],
        "publisher": file.publisher,
        "complete": False,
        "compiled_on": COLLECTED_ON.isoformat(),
        "first_period": frame["period_start"].min().isoformat(),
        "last_period": frame["period_start"].max().isoformat(),
        "known_from": [_day(moment) for moment in frame["known_from"].unique().sort()],
    }


def _order(table: Table) -> tuple[str, ...]:
    """Vintage by vintage within a slice, which is also what compresses best."""
    return (*table.slice, "known_from", *(name for name in table.key if name not in table.slice))


def _series_entries(files: list[_File], catalogue: pl.DataFrame) -> list[dict[str, Any]]:
    observed = pl.concat([file.frame for file in files if file.table is OBSERVATION])
    cells = pl.concat([file.frame for file in files if file.table is TRADE_FLOW])
    known = pl.concat(
        [observed.select("series_id", "period_start", "value", "known_from"), derived_observations(cells)]
    )
    spans = (
        known.filter(pl.col("value").is_not_null())
        .group_by("series_id")
        .agg(
            first_period=pl.col("period_start").min(),
            last_period=pl.col("period_start").max(),
            observations=pl.col("period_start").n_unique(),
            vintages=pl.col("known_from").unique().sort(),
        )
    )
    # series.csv also declares series that only the live sources bring
    joined = catalogue.join(spans, on="series_id", how="inner", maintain_order="left")
    return [_series_entry(row) for row in joined.iter_rows(named=True)]


def _series_entry(row: dict[str, Any]) -> dict[str, Any]:
    publisher = SOURCES_BY_ID[row["source_id"]]
    return {
        "series_id": row["series_id"],
        "title": row["title"],
        "agency": publisher.agency,
        "agency_code": row["source_code"],
        "unit": row["unit"],
        "unit_multiplier": row["unit_multiplier"],
        "frequency": row["frequency"],
        "seasonal_adjustment": row["seasonal_adjustment"],
        "basis": row["basis"],
        "licence": publisher.licence,
        "attribution": publisher.attribution,
        "first_period": row["first_period"].isoformat(),
        "last_period": row["last_period"].isoformat(),
        "observations": row["observations"],
        "vintages": [_day(moment) for moment in row["vintages"]],
        "notes": row["notes"],
    }


def derived_observations(cells: pl.DataFrame) -> pl.DataFrame:
    """Series read off trade flows, as declared in the seed: series_id, period_start, value, known_from.

    Only for the spans in the manifest and for tests; the warehouse derives them in dbt. A share is 100 times the claimed
    value over the value for consumption known at the same time; where nothing was imported it is null.
    """
    key = [
        "reporter_iso3",
        "partner_code",
        "flow",
        "basis",
        "classification",
        "product_level",
        "product_code",
    ]
    declared = pl.read_csv(
        TRADE_SERIES, schema_overrides={"product_code": pl.String, "partner_code": pl.String}
    ).with_columns(pl.col("product_level").cast(pl.Int16))
    total = cells.filter(pl.col("basis") == "consumption").select(
        *(name for name in key if name != "basis"), "period_start", "known_from", total_usd="value_usd"
    )
    value = (
        pl.when(pl.col("measure") == "value_usd")
        .then("value_usd")
        .when(pl.col("measure") == "duty_usd")
        .then("duty_usd")
        .when(pl.col("total_usd") != 0)
        .then(100 * pl.col("value_usd") / pl.col("total_usd"))
    )
    return (
        declared.join(cells, on=key)
        .join(
            total, on=[*(name for name in key if name != "basis"), "period_start", "known_from"], how="left"
        )
        .select("series_id", "period_start", value.cast(pl.Float64).alias("value"), "known_from")
    )


def _account(item: Input) -> dict[str, Any]:
    return {
        "file": item.file,
        "rows": item.rows,
        "used": item.rows - sum(rows for rows, _ in item.left_out),
        "left_out": [{"rows": rows, "reason": reason} for rows, reason in item.left_out],
        "added": [{"rows": rows, "reason": reason} for rows, reason in item.added],
    }


def _replace(fresh: Path, out: Path) -> None:
    """Put the new folder in place of the old; the old one is gone only when the new one stands there."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
