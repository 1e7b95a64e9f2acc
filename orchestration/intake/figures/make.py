"""Making the bundled figures: the Parquet files under warehouse/figures and their manifest.

Belongs here: build_figures. Does not belong here: the layout of the collected files (collected/), reading and checking the
manifest (manifest.py), loading into the store (load.py).

The same input gives the same bytes: rows are sorted by key, nothing depends on the clock or the machine, and the version
of the Parquet writer is pinned. A vintage holds all values of its copy, not only those that changed. A copy may cover only
part of a series, so no file is `complete` (transforms.schema.Parsed): a period that a copy lacks is not withdrawn.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import polars as pl

from orchestration.base.errors import FiguresError
from orchestration.base.settings import PROJECT
from orchestration.intake.figures.collected import (
    employment,
    flows,
    mexico_vehicles,
    observations,
    partner_history,
    products,
    single_copies,
    transborder,
)
from orchestration.intake.figures.collected.shared import COLLECTED_ON, Input
from orchestration.intake.figures.manifest import (
    FORMAT,
    MANIFEST,
    FileEntry,
    InputEntry,
    Manifest,
    RowCount,
    SeriesEntry,
    rows_by_table,
)
from orchestration.sources.registry import FIGURES_DATASETS, SOURCES_BY_ID, load_series_catalogue
from transforms.checks import check_frame, unit_changes
from transforms.periods import period_end
from transforms.schema import FREIGHT_FLOW, OBSERVATION, TRADE_FLOW, FrameError, Table

#: of the whole folder: the figures live in the repository
MAX_BYTES = 16_000_000
TRADE_SERIES = PROJECT / "dbt_project" / "seeds" / "series" / "seed_series_from_trade_flow.csv"

#: The least number of days from the end of a period to its first publication, by publisher. A copy that is dated earlier
#: is misdated (employment is published 4 days after the month, trade 28 or more, vehicle sales 1).
_EARLIEST_DAYS = {"bls": 1, "bea": 1, "fed": 1, "bank_of_canada": 0, "statcan": 4, "inegi": 1, "treasury": 3}
_EARLIEST_DAYS |= {"census": 28, "usitc": 28, "bts": 28, "oica": 28, "banxico": 0}


@dataclass(frozen=True)
class FiguresReport:
    """What build_figures wrote: rows by raw table, series in the catalogue, and an account of every collected row."""

    files: int
    bytes: int
    rows: dict[str, int]
    series: int
    inputs: tuple[InputEntry, ...]


@dataclass(frozen=True)
class _File:
    """One file to be written: rows of `table` from one publisher."""

    dataset: str
    table: Table
    frame: pl.DataFrame
    publisher: str


def build_figures(source: Path, out: Path) -> FiguresReport:
    """Make the snapshot from the collected files in `source` (figures/, load/, newer/, payloads/, product/) and put it at `out`.

    The folder at `out` is replaced as a whole, and only once everything was read, checked and written beside it.
    Raises FiguresError for a missing or unreadable collected file, rows that would be rejected, a copy dated before its
    figures came out, a change of unit between two copies, and a snapshot larger than MAX_BYTES.
    """
    catalogue = load_series_catalogue()
    files: list[_File] = []
    inputs: list[Input] = []
    for read in (_read_observations, _read_trade_flows, _read_freight):
        try:
            read_files, accounts = read(source, catalogue)
        except (OSError, FrameError, ValueError, pl.exceptions.PolarsError) as error:
            raise FiguresError(f"cannot make the figures from {source}: {error}") from error
        for file in read_files:
            _refuse_doubtful(file, catalogue)
        files += read_files
        inputs += accounts

    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    entries = [_write(file, fresh) for file in files]
    manifest: Manifest = {
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
    return FiguresReport(
        len(entries), size, rows_by_table(entries), catalogue.height, tuple(manifest["inputs"])
    )


def _read_observations(source: Path, catalogue: pl.DataFrame) -> tuple[list[_File], list[Input]]:
    folder, newer = source / "figures", source / "newer"
    releases = employment.national(newer, catalogue)
    us_monthly = observations.us_monthly(folder, catalogue)
    observed = [
        replace(us_monthly, frame=employment.before_what_it_lacks(us_monthly.frame, releases.frame)),
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
        transborder.by_mode(newer, catalogue),
        transborder.by_group(newer, catalogue),
        transborder.by_chapter(newer, catalogue),
        mexico_vehicles.production(newer),
        mexico_vehicles.quoted(newer),
        partner_history.released(newer),
        releases,
        employment.states(newer, catalogue),
        single_copies.metals_and_machinery(newer, catalogue),
        single_copies.fix_rate(newer),
        single_copies.mexican_prices(newer, catalogue),
        single_copies.payroll_employment(newer),
        single_copies.registrations(newer),
        single_copies.quoted_sales(newer),
    ]
    kinds = sorted({item.kind for item in observed})
    files = [
        file
        for kind in kinds
        for file in _by_publisher(
            pl.concat([item.frame for item in observed if item.kind == kind]), catalogue, kind
        )
    ]
    return files, observed


def _read_trade_flows(source: Path, _: pl.DataFrame) -> tuple[list[_File], list[Input]]:
    folder, newer = source / "figures", source / "newer"
    imports = flows.partner_totals(folder, "us_imports_by_country.parquet", "imports", "general")
    exports = flows.partner_totals(folder, "us_exports_by_country.parquet", "exports", "total_exports")
    history = partner_history.cells(newer, pl.concat([imports.frame, exports.frame]))
    chapters, industries = flows.imports_by_chapter(folder), flows.imports_by_industry(folder)
    partners = products.chapters(source / "product", chapters.frame)
    detailed = products.industries(newer)
    vehicles, claims = flows.chapter_87(folder), flows.usmca_claims(folder)
    chapter_claims, heading_claims = products.usmca_claims(newer, 2), products.usmca_claims(newer, 4)
    files = [
        _File(f"trade_flow_{name}", TRADE_FLOW, pl.concat([part.frame for part in parts]), publisher)
        for name, publisher, parts in (
            ("census_partner_totals", "census", [imports, exports, history]),
            ("census_hs2", "census", [chapters, partners]),
            ("census_naics3", "census", [industries]),
            ("census_naics6", "census", [detailed]),
            ("census_hs87_general", "census", [vehicles["census"]]),
            ("usitc_hs87", "usitc", [vehicles["usitc"]]),
            ("usitc_hs2", "usitc", [chapter_claims]),
            ("usitc_hs4", "usitc", [claims, heading_claims]),
            ("bts_hs87", "bts", [vehicles["bts"]]),
        )
    ]
    inputs = [imports, exports, history, chapters, partners, industries, detailed, *vehicles.values()]
    return files, [*inputs, claims, chapter_claims, heading_claims]


def _read_freight(source: Path, _: pl.DataFrame) -> tuple[list[_File], list[Input]]:
    zips = sorted((source / "payloads" / "bts_transborder").glob("transborder_*.zip"))
    inputs = flows.freight(source / "load", zips)
    return [
        _File("freight_flow_bts", FREIGHT_FLOW, pl.concat([item.frame for item in inputs]), "bts")
    ], inputs


def _by_publisher(frame: pl.DataFrame, catalogue: pl.DataFrame, kind: str) -> list[_File]:
    """Observations of one kind split into one file a publisher, who is the catalogue's source of the series."""
    owned = frame.join(catalogue.select("series_id", "source_id"), on="series_id", how="left")
    return [
        _File(
            "_".join(part for part in ("observation", publisher, kind) if part),
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


def _write(file: _File, folder: Path) -> FileEntry:
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
        # a column of dates that is not empty: polars cannot tell the type of its minimum
        "first_period": cast("date", frame["period_start"].min()).isoformat(),
        "last_period": cast("date", frame["period_start"].max()).isoformat(),
        "known_from": [_day(moment) for moment in frame["known_from"].unique().sort()],
    }


def _order(table: Table) -> tuple[str, ...]:
    """The columns to sort by: vintage by vintage within a slice, which is also what compresses best."""
    return (*table.slice, "known_from", *(name for name in table.key if name not in table.slice))


def _series_entries(files: list[_File], catalogue: pl.DataFrame) -> list[SeriesEntry]:
    """The series that the files hold, in the order of the catalogue, with the span of each."""
    observed = pl.concat([file.frame for file in files if file.table is OBSERVATION])
    cells = pl.concat([file.frame for file in files if file.table is TRADE_FLOW])
    values = pl.concat(
        [observed.select("series_id", "period_start", "value", "known_from"), derived_observations(cells)]
    )
    spans = (
        values.filter(pl.col("value").is_not_null())
        .group_by("series_id")
        .agg(
            first_period=pl.col("period_start").min(),
            last_period=pl.col("period_start").max(),
            observations=pl.col("period_start").n_unique(),
            vintages=pl.col("known_from").unique().sort(),
        )
    )
    # the catalogue also declares series that only the agencies' live answers hold; the inner join leaves them out
    joined = catalogue.join(spans, on="series_id", how="inner", maintain_order="left")
    return [_series_entry(row) for row in joined.iter_rows(named=True)]


def _series_entry(row: dict[str, Any]) -> SeriesEntry:
    """The entry of a row of the catalogue with its span; polars gives the values of a row without types."""
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
    """Series cut from trade flows, as the seed declares them: series_id, period_start, value, known_from.

    cells: rows of raw.trade_flow. Only the spans in the manifest and tests use this; the warehouse derives the same series
    in dbt. Values are in US dollars; a share is in percent: 100 times the claimed value over the value for consumption
    that was known at the same time, null where nothing was imported.
    """
    key = [name for name in TRADE_FLOW.key if name != "period_start"]
    key_without_basis = [name for name in key if name != "basis"]
    declared = pl.read_csv(
        TRADE_SERIES, schema_overrides={"product_code": pl.String, "partner_code": pl.String}
    ).with_columns(pl.col("product_level").cast(pl.Int16))
    total = cells.filter(pl.col("basis") == "consumption").select(
        *key_without_basis, "period_start", "known_from", total_usd="value_usd"
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
        .join(total, on=[*key_without_basis, "period_start", "known_from"], how="left")
        .select("series_id", "period_start", value.cast(pl.Float64).alias("value"), "known_from")
    )


def _account(item: Input) -> InputEntry:
    return {
        "file": item.file,
        "rows": item.rows,
        "used": item.rows - sum(rows for rows, _ in item.left_out),
        "left_out": [RowCount(rows=rows, reason=reason) for rows, reason in item.left_out],
        "added": [RowCount(rows=rows, reason=reason) for rows, reason in item.added],
    }


def _replace(fresh: Path, out: Path) -> None:
    """Put the new folder in place of the old one, which is deleted only when the new one is in its place."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
