"""A small detail lake for tests: made-up lines in real codes, some months known twice, and the tables of both engines row by row.

Belongs here: writing such a lake and its catalogue, reading what was derived. Does not belong here: assertions, the code that adds
months from agency files (which has cases of its own).
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from orchestration.base.detail_catalogue import CATALOGUE, LakeFile, MonthVintage, encoded
from orchestration.base.settings import PROJECT
from orchestration.build.detail.derived import Derived
from orchestration.build.detail.relations import list_codes
from transforms.detail_tables import DETAIL_TABLES

_KIND = {"VARCHAR": pl.String, "DATE": pl.Date, "BIGINT": pl.Int64}


def made_up(
    flow: str, month: date, vintage: str, rows: int, seed: int = 1, products: int = 300
) -> pl.DataFrame:
    """Lines of a flow in a month: codes of products are the lists' own, filled up to ten digits, and some that are on none; amounts are
    long-tailed whole dollars. The same arguments give the same lines."""
    table = DETAIL_TABLES[flow]
    rng = np.random.default_rng([seed, month.year, month.month, len(vintage), rows])
    codes = np.array(
        sorted({code.ljust(10, "0") for code in list_codes(PROJECT / "dbt_project")["hs_code"].to_list()})
    )
    # the spread of an own generator, so that all months have the same products
    of_list = np.random.default_rng(seed).choice(codes, products, replace=False)
    on_none = np.array([f"0101{n:06d}" for n in range(products // 10)])
    goods = np.concatenate([of_list, on_none, ["9801001012", "9999950000"]])
    pick = {
        "hs10": goods,
        "country_code": np.array(["1220", "2010", "5700", "4280", "5880", "5520", "9999"]),
        "subcountry_code": np.array(["0"]),
        "district_entry": np.array([f"{n:02d}" for n in range(1, 40)]),
        "district_unlading": np.array([f"{n:02d}" for n in range(1, 40)]),
        "district": np.array([f"{n:02d}" for n in range(1, 40)]),
        "rate_provision": np.array(["10", "18", "61", "69"]),
        "domestic_foreign": np.array(["1", "2"]),
        "trade_type": np.array(["1", "2"]),
        "usa_state": np.array(["MI", "TX", "OH", "CA"]),
        "commodity_2": np.array(["72", "84", "87", "98"]),
        "port_code": np.array(["3801", "2304", "0901"]),
        "mode": np.array(["3", "5"]),
    }
    columns: dict[str, object] = {
        "flow": [flow] * rows,
        "month": [month] * rows,
        "vintage": [vintage] * rows,
    }
    for code in table.codes:
        columns[code] = rng.choice(pick.get(code, np.array([""])), rows)
    for amount in table.amounts:
        value = np.floor(rng.lognormal(9, 3, rows)).astype(np.int64)
        columns[amount] = np.where(rng.random(rows) < 0.2, 0, value)
    return pl.DataFrame(columns, schema={c: _KIND[kind] for c, kind in table.columns.items()}).sort(
        table.sorted_by
    )


def write_lake(detail: Path, frames: dict[tuple[str, date, str], pl.DataFrame]) -> None:
    """The lake and its catalogue below `detail`, with a frame for each (flow, month, vintage), added in this order."""
    entries = []
    for (flow, month, vintage), frame in frames.items():
        relative = f"flow={flow}/month={month:%Y-%m}/vintage={vintage}/part-0000.parquet"
        path = detail / "lake" / relative
        path.parent.mkdir(parents=True)
        frame.write_parquet(path, compression="zstd")
        content = path.read_bytes()
        file = LakeFile(relative, frame.height, len(content), hashlib.sha256(content).hexdigest())
        entries.append(
            MonthVintage(
                flow, f"{month:%Y-%m}", vintage, (file,), frame.height, 0, {}, "made up", "0" * 64, ""
            )
        )
    (detail / CATALOGUE).write_bytes(encoded([asdict(entry) for entry in entries]))


def small_lake(
    detail: Path, *, rows: int = 3_000, months: int = 3, products: int = 300
) -> dict[tuple[str, date, str], pl.DataFrame]:
    """A lake of every flow: `rows` lines of imports a month, half as many of the others; the first month is known twice."""
    frames = {}
    first = date(2018, 9, 1)
    for flow in DETAIL_TABLES:
        for place in range(months):
            month = date(first.year + (first.month - 1 + place) // 12, (first.month - 1 + place) % 12 + 1, 1)
            lines = rows if flow == "imports" else rows // 2
            frames[flow, month, "2026-10-05"] = made_up(flow, month, "2026-10-05", lines, products=products)
        frames[flow, first, "2026-11-05"] = made_up(flow, first, "2026-11-05", lines + 7, products=products)
    write_lake(detail, frames)
    return frames


def rows_of(built: Derived, name: str) -> pl.DataFrame:
    """A derived table, sorted by its key, with the types that its files have."""
    table = built.table(name)
    return pl.read_parquet(built.files(name)).sort(table.key)
