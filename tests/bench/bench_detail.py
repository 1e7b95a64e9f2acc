"""Bulk detail: lines parsed and rows loaded a second, against the bare statement of DuckDB over the same bytes, in one run.

Limits of the issue, on two idle cores: 0.5 M lines a second from the zip to typed rows, 1 M typed and sorted rows a second
into the lake. Rows are those of the load test (tests/support/detail_load.py), never data. HEADWAY_DETAIL_ROWS (1e6) says
how many; the time of a busy machine is put into proportion by the baseline beside it.
"""

from __future__ import annotations

import os
import resource
import time
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.detail.compact import compact
from orchestration.intake.detail.lake import add_months
from tests.bench.timing import seconds_of
from tests.support.detail_load import Rows, bulk_text, bulk_zip, fill, new_month
from transforms.detail_tables import IMPORTS
from transforms.parse import census_bulk
from transforms.parse.census_bulk_layouts import IMPORTS_BULK
from transforms.parse.fixed_width import typed_rows

pytestmark = pytest.mark.bench

ROWS = int(float(os.environ.get("HEADWAY_DETAIL_ROWS", "1e6")))
MONTH = date(2023, 5, 1)
#: of the lines of a file of the middle of a year
ZERO_SHARE = 0.5
#: times as many lines a second as DuckDB's read_csv and substr, which do not check digits (measured 3.2)
PARSING_AT_LEAST = 2.0
#: times the seconds of a bare COPY of the same sorted rows; the lake also checks the order, syncs, hashes and makes visible
LOADING_AT_MOST = 2.0
#: a month added to the full lake costs at most as many times the seconds a row of adding it to an empty one
GROWTH_AT_MOST = 1.5


@pytest.fixture(scope="module")
def rows(tmp_path_factory, shared_data) -> Rows:
    return Rows(ROWS, spill=tmp_path_factory.mktemp("spill"), data=shared_data)


def _cpu() -> float:
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def test_lines_a_second(tmp_path, shared_data):
    """From the zip to typed columns: what `read_month` does with the detail, without the totals."""
    frame = Rows(4_000_000, spill=tmp_path / "spill", data=shared_data).of(MONTH, "imports")
    text = bulk_text(frame, MONTH, ZERO_SHARE)
    path = bulk_zip(tmp_path / "IMDB2305.ZIP", text)
    plain = tmp_path / "IMP_DETL.TXT"
    plain.write_bytes(text)
    lines = len(text) // 690

    def ours() -> int:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            info = archive.getinfo("IMP_DETL.TXT")
            blocks = census_bulk._unpacked_ahead(file, archive, info, IMPORTS_BULK.layout, path.name)
            return pl.concat(
                typed_rows(block, IMPORTS_BULK.layout, path.name).frame for block in blocks
            ).height

    def bare() -> None:
        layout = IMPORTS_BULK.layout
        fields = [f"substr(l, {c.first}, {c.last - c.first + 1}) AS {c.name}" for c in layout.codes]
        fields += [
            f"substr(l, {layout.first_amount + 15 * i}, 15)::BIGINT AS {a}"
            for i, a in enumerate(layout.amounts)
        ]
        with duckdb.connect(config={"threads": 2}) as con:
            con.execute(
                f"CREATE TABLE t AS SELECT {', '.join(fields)} FROM read_csv('{plain}', columns = {{'l': 'VARCHAR'}}, "
                "header = false, delim = '\\x01', quote = '', escape = '', new_line = '\\r\\n')"
            )

    assert ours() == frame.height
    began = _cpu()
    seconds = min(seconds_of(ours) for _ in range(3))
    cpu = (_cpu() - began) / 3
    baseline = seconds_of(bare)
    print(
        f"\n{lines:,} lines, {frame.height:,} with an amount: {lines / seconds / 1e6:.2f} M lines/s from the zip "
        f"({lines / cpu / 1e6:.2f} M a core-second); DuckDB read_csv + substr over unpacked text {lines / baseline / 1e6:.2f}"
    )
    assert baseline / seconds >= PARSING_AT_LEAST


def test_rows_a_second(tmp_path, rows):
    """Every month into an empty lake, then a revised month into the full one; beside each, bare COPY of the same rows."""
    settings = Settings(project=PROJECT, home=tmp_path / "home")
    began = _cpu()
    loaded = list(fill(settings, rows))
    total, seconds = sum(part.rows for part in loaded), sum(part.seconds for part in loaded)
    making = _cpu() - began
    dollars = sum(rows.dollars(month, flow) for month in rows.months for flow in ("imports", "exports"))
    assert sum(part.value_usd for part in loaded) == dollars, (
        "a load test that loses a dollar measures something else"
    )
    frame = rows.of(MONTH, "imports", factor=2.0)
    target = tmp_path / "bare.parquet"

    def bare() -> None:
        with duckdb.connect(config={"threads": 2}) as con:
            con.register("frame", frame)
            con.execute(
                f"COPY (SELECT 'imports' AS flow, DATE '{MONTH}' AS month, '2024-12-01' AS vintage, * FROM frame) TO "
                f"'{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880)"
            )

    revised, bares = [], []
    for number in range(1, 4):
        bares.append(seconds_of(bare))
        month = new_month(frame, "imports", MONTH, number)
        began_core, began_wall = _cpu(), time.perf_counter()
        add_months(settings, [month], known_on=date(2025, 1, number))
        revised.append(time.perf_counter() - began_wall)
        core = _cpu() - began_core
    first = next(p for p in loaded if p.rows and p.rows == frame.height)
    size = sum(part.bytes for part in loaded)
    print(
        f"\n{total:,} rows in {len(loaded)} months ({rows.products} products a chapter): {total / seconds / 1e6:.2f} M rows/s, "
        f"{size / total:.1f} bytes a row, {making:.0f} core-seconds with making the rows"
        f"\na revised month of {frame.height:,} rows: {min(revised):.2f} s ({frame.height / core / 1e6:.2f} M rows a core-second), "
        f"when the lake was empty {first.seconds:.2f} s; bare COPY {min(bares):.2f} s"
        f"\npeak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"
    )
    assert min(revised) <= LOADING_AT_MOST * min(bares) + 0.5
    assert min(revised) <= GROWTH_AT_MOST * first.seconds + 0.5
    years = compact(settings)
    print(
        f"compacted {len(years)} years, {sum(y.bytes for y in years) / sum(y.rows for y in years):.1f} bytes a row"
    )
    _histories(settings)


def _histories(settings: Settings) -> None:
    """One product and partner over all months, from month files and from compacted years."""
    catalogue = Catalogue.load(settings.detail)
    with duckdb.connect(config={"threads": 2}) as con:
        for name, compacted in (("months", False), ("years", True)):
            files = [str(f) for f in catalogue.files("imports", compacted=compacted)]
            query = (
                f"SELECT month, sum(consumption_value)::BIGINT FROM read_parquet({files}, hive_partitioning = false) "
                "WHERE hs10 = '8703230140' AND country_code = '2010' GROUP BY month"
            )
            con.execute(query).fetchall()
            seconds = min(seconds_of(lambda query=query: con.execute(query).fetchall()) for _ in range(5))
            print(f"one product and partner from {len(files)} files of {name}: {seconds:.3f} s")


def test_the_order_of_columns_is_that_of_the_lake(rows):
    """A frame with its columns in another order would be measured while it is put right."""
    assert rows.of(MONTH, "imports").columns == [*IMPORTS.codes, *IMPORTS.amounts]
    assert Path(rows.freight).exists()
