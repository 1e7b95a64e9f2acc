"""Questions to the detail lake by its size: products by partner and month, one history, an earlier day, whole builds on both engines, and
the panel of products of six digits.

Belongs here: timing against bare DuckDB and polars over the same files, the slope from one size to ten times it. Does not belong here:
adding months (bench_detail.py), making rows (tests/support/detail_load.py).

HEADWAY_DETAIL_HOMES: homes with a lake, separated by colons, such as `python -m tests.support.detail_load HOME ROWS` makes; without it
one of a million rows is made. The lines are a load test, never data.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.settings import PROJECT, Settings
from orchestration.build.detail import spark_engine
from orchestration.build.detail.attach import write_attached
from orchestration.build.detail.derive import build_detail
from orchestration.build.detail.panel import TABLE
from tests.bench.timing import median_seconds
from tests.support.detail_load import Rows, fill
from tests.support.panel_case import rates_of
from transforms.detail_tables import DETAIL_TABLES
from transforms.statistics.months import number
from transforms.statistics.panel import Design, Rates, work_out
from transforms.statistics.panel_cells import Cube

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

#: seconds at 100 million rows, and times latest that an earlier day may take
LATEST, HISTORY, AS_OF = 15.0, 0.15, 1.1
#: seconds and bytes that the panel may take
PANEL, PANEL_MEMORY = 300.0, 8e9
_AGGREGATE = (
    "SELECT substr(hs10, 1, 6) AS hs6, country_code, month, sum(consumption_value)::BIGINT AS consumption_value, "
    "sum(calculated_duty)::BIGINT AS calculated_duty FROM {} GROUP BY ALL"
)
_RUN = """
import resource, sys, time
import duckdb
con = duckdb.connect(config={{"threads": 2, "memory_limit": "4GB"}})
con.execute("SET enable_progress_bar = false")  # python -c counts as a terminal
con.execute("ATTACH '{file}' AS detail (READ_ONLY)")
begun = time.perf_counter()
con.execute("CREATE TEMP TABLE answer AS " + sys.argv[1])
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


_PANEL = """
import resource, sys, time
from pathlib import Path
from orchestration.base.settings import PROJECT, Settings
from orchestration.build.detail.panel import TABLE, add_panel
from orchestration.build.detail.derived import current, derived_of
settings, out = Settings(PROJECT, Path(sys.argv[1])), Path(sys.argv[2])
derived = current(derived_of(settings))
for table in derived.tables:
    if table.name != TABLE:
        (out / table.name).symlink_to(derived.folder / table.name)
begun = time.perf_counter()
made = add_panel(settings, out, [table for table in derived.tables if table.name != TABLE])
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, made.rows)
"""


def homes(folder: Path) -> list[Path]:
    """The homes to measure, the smallest first."""
    if given := os.environ.get("HEADWAY_DETAIL_HOMES"):
        return [Path(each) for each in given.split(":")]
    settings = Settings(PROJECT, folder / "home")
    for _ in fill(settings, Rows(1_000_000, spill=folder / "spill"), ("imports",)):
        pass
    return [settings.home]


def asked(file: Path, query: str, runs: int = 3) -> tuple[float, float]:
    """(median seconds, greatest gigabytes) of a query in a process of its own, which opens nothing else."""
    found = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", _RUN.format(file=file), query], capture_output=True, text=True, check=True
        )
        found.append(tuple(map(float, done.stdout.split())))
    return float(np.median([seconds for seconds, _ in found])), max(memory for _, memory in found)


def test_questions_by_size(tmp_path: Path):
    """The limits hold at 100 million rows; the slope is told for every size."""
    print()
    for home in homes(tmp_path):
        settings = Settings(PROJECT, home)
        catalogue = Catalogue.load(settings.detail)
        rows = sum(entry.rows for entry in catalogue.chosen("imports"))
        size = sum(file.bytes for entry in catalogue.chosen("imports") for file in entry.files)
        file = write_attached(settings.detail, catalogue, None)
        files = [str(path) for path in catalogue.files("imports", compacted=False)]
        day = max(entry.known_on for entry in catalogue.months)
        # by turns: one after the other, what else the machine does makes up to a third between two that read the same files
        turns = [
            (
                asked(file, _AGGREGATE.format("detail.imports"), runs=1),
                asked(file, _AGGREGATE.format(f"detail.imports_as_of(DATE '{day}')"), runs=1),
            )
            for _ in range(5)
        ]
        latest, memory = (float(np.median(values)) for values in zip(*(now for now, _ in turns), strict=True))
        as_of = float(np.median([earlier[0] / now[0] for now, earlier in turns]))
        bare, _ = asked(file, _AGGREGATE.format(f"read_parquet({files})"))
        polars = median_seconds(
            lambda files=files: (
                pl.scan_parquet(files, hive_partitioning=False)
                .group_by(pl.col("hs10").str.head(6), "country_code", "month")
                .agg(pl.col("consumption_value", "calculated_duty").sum())
                .collect(engine="streaming")
            ),
            runs=3,
        )
        one = "SELECT month, sum(consumption_value) FROM {} WHERE hs10 = '8703230160' AND country_code = '2010' GROUP BY month"
        history, _ = asked(file, one.format("detail.imports"), runs=5)
        print(
            f"  {rows:>12,} rows, {size / max(rows, 1):.1f} bytes a row: latest by product, partner and month {latest:.2f} s at {memory:.2f} GB "
            f"(bare DuckDB {bare:.2f}, polars {polars:.2f}), as of a day {as_of:.2f}x, one history {history:.3f} s"
        )
        if rows >= 100e6:
            assert latest < LATEST and as_of < AS_OF
            if catalogue.years:
                assert history < HISTORY


@pytest.mark.skipif(find_spec("pyspark") is None, reason="`make spark` installs what this measures")
def test_what_the_aggregate_costs_by_size(tmp_path: Path):
    """The points of transforms/detail_cost.py: products of six digits by partner and month over a hundredth, a tenth and all of the months
    of the largest lake, on both engines with the same two cores. Spark reads and shuffles and hands its rows to nobody; its session has
    started before."""
    from pyspark.sql import functions as f

    catalogue = Catalogue.load(Settings(PROJECT, homes(tmp_path)[-1]).detail)
    months = catalogue.chosen("imports")
    files = [str(path) for path in catalogue.files("imports", compacted=False)]
    schema = spark_engine.schema_of(DETAIL_TABLES["imports"].columns)
    print()
    with spark_engine.session("local[2]", tmp_path / "spark", {"spark.driver.memory": "6g"}) as spark:
        for parts in (100, 10, 1):
            wanted = slice(None, max(1, round(len(months) / parts)))
            rows, chosen = sum(entry.rows for entry in months[wanted]), files[wanted]

            def on_spark(chosen: list[str] = chosen) -> None:
                frame = spark.read.schema(schema).parquet(*chosen)
                sums = [f.sum(amount).alias(amount) for amount in ("consumption_value", "calculated_duty")]
                by = [f.substring("hs10", 1, 6).alias("hs6"), "country_code", "month"]
                frame.groupBy(*by).agg(*sums).write.format("noop").mode("overwrite").save()

            ours = median_seconds(
                lambda chosen=chosen: (
                    duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
                    .execute("CREATE TEMP TABLE answer AS " + _AGGREGATE.format(f"read_parquet({chosen})"))
                    .close()
                ),
                runs=3,
            )
            print(f"  {rows:>12,} rows: DuckDB {ours:.2f} s, Spark {median_seconds(on_spark, runs=3):.1f} s")


def test_whole_builds_on_both_engines(tmp_path: Path):
    """Seconds of every model and test; Spark on this machine alone, so that it has the same cores."""
    engines = ["duckdb", *(["spark"] if find_spec("pyspark") else [])]
    print()
    for home in homes(tmp_path):
        settings = Settings(PROJECT, home)
        rows = sum(
            entry.rows
            for flow in ("imports", "exports")
            for entry in Catalogue.load(settings.detail).chosen(flow)
        )
        for engine in engines:
            built = build_detail(
                settings,
                engine,
                configuration={"spark.driver.memory": "3g"} if engine == "spark" else None,
                master="local[2]" if engine == "spark" else None,
            )
            print(f"  {rows:>12,} rows on {engine}: {built.seconds:.1f} s")
        _panel(settings, tmp_path / f"panel-{rows}", rows)


def _panel(settings: Settings, folder: Path, rows: int) -> None:
    """All runs of the panel of products of six digits anew, nothing of them kept, in a process of their own."""
    out = folder / "derived"
    out.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", _PANEL, str(settings.home), str(out)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HEADWAY_STATISTICS": str(folder / "statistics")},
    )
    seconds, memory, runs = map(float, done.stdout.split())
    answered = (
        pl.scan_parquet(out / TABLE).filter(pl.col("beta").is_not_null()).select(pl.len()).collect().item()
    )
    print(
        f"  {rows:>12,} rows: {runs:.0f} runs of the panel, {answered} with a number: {seconds:.1f} s, {memory:.1f} GB"
    )
    if rows >= 100e6:
        assert seconds < PANEL and memory < PANEL_MEMORY / 1e9


def made_up_cells(products: int = 5_300, partners: int = 30, months: int = 132) -> tuple[Cube, np.ndarray]:
    """A cube as large as products of six digits by 30 partners are, a third of its cells without trade, and duties on one partner."""
    rng = np.random.default_rng(20_180_706)
    first = number(np.datetime64("2010-01-01").astype("datetime64[D]").item())
    exposure = np.zeros((products, partners))
    exposure[:, 0] = rng.choice([0.0, 0.1, 0.25], products)
    level = rng.normal(13, 2, (products, partners, 1))
    value = np.exp(level + rng.normal(0, 0.5, (products, partners, months)))
    value[rng.random((products, partners)) < 0.33] = 0
    codes = tuple(f"{n:06d}" for n in range(10_101, 10_101 + products))
    countries = tuple(f"A{n:02d}" for n in range(partners))
    return Cube(codes, countries, first, value, None, ("",) * months), exposure


def test_the_panel_of_six_digits():
    """35 earlier dates and 999 permutations of the largest panel there is, with its calibration, leads and leave-one-out."""
    table, exposure = made_up_cells()
    cut = table.last - 23
    rates = rates_of(table, exposure, cut)
    # earlier dates: cuts from which 12 months before a gap of 3 and 12 after fit before quiet_until
    design = Design(
        "bench", "us_imports_hs6", 6, cut, 12, 3, "statutory", "none", quiet_until=table.first + 15 + 34 + 11
    )
    begun = time.perf_counter()
    row = work_out(design, table, Rates(rates, rates.clear())).row.row(0, named=True)
    seconds = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"\n  {row['n_cells']:,} cells of {row['n_products']:,} products: {row['n_placebo']} dates, 999 permutations in {seconds:.0f} s, "
        f"{memory / 1e9:.1f} GB"
    )
    assert row["n_placebo"] == 35 and row["perm_p"] is not None
    assert seconds < PANEL and memory < PANEL_MEMORY
