"""What working out the detail costs by its size, on either engine: a fixed part and a slope, from measured points.

Belongs here: the measured points, the line through them, what it says about sizes that were not measured. Does not belong here:
measuring (tests/bench/bench_detail_queries.py), the page that shows it (docs/scale.md).

The work is the aggregate of imports to products of six digits by partner and month. A model of two numbers an engine: it knows neither
disks nor networks that are slower than the cores, and takes cores to add up without loss.
"""

from __future__ import annotations

from dataclasses import dataclass

#: of a row in the lake: zstd level 1, sorted by product and country, at 108.6 million rows of imports from all partners. At 105.6 million
#: rows whose amounts are mostly small (freight, split over products) it was 13.8: how well amounts pack decides.
BYTES_A_ROW = 33.6
#: of a row that a task hands on: product, partner, month, two sums, and what a hash table adds
SHUFFLE_BYTES = 40
#: products of six digits by partner with trade in a month, and months that a billion rows take at 0.7 million a month
CELLS_A_MONTH, ROWS_A_MONTH = 120_000, 700_000
#: cores on which the points were measured
MEASURED_CORES = 2
#: (million rows, seconds) on two cores that did nothing else, medians of three; 30 November 2026. Imports from all partners, of 2, 16 and 156
#: months, 8.1 million groups at the end (`python -m tests.support.detail_load HOME 1e8 panel`). A run an hour before gave .07, .40, 4.9 and
#: .9, 2.8, 20.6 s.
MEASURED: dict[str, tuple[tuple[float, float], ...]] = {
    "DuckDB": ((1.4, 0.07), (11.1, 0.45), (108.6, 4.34)),
    "Spark": ((1.4, 0.8), (11.1, 2.8), (108.6, 21.2)),
}


@dataclass(frozen=True)
class Line:
    """Seconds of one core: fixed, and for each million rows."""

    fixed: float
    a_million: float

    def seconds(self, million_rows: float, cores: int) -> float:
        """Wall time on so many cores. The fixed part (starting, planning) is not shared out among them."""
        return self.fixed / MEASURED_CORES + self.a_million * million_rows / cores


def line(engine: str) -> Line:
    """The line through the smallest and the largest measured size of an engine. Raises KeyError for another one."""
    (small, first), *_, (large, last) = MEASURED[engine]
    a_million = (last - first) / (large - small) * MEASURED_CORES
    return Line(max(0.0, first * MEASURED_CORES - a_million * small), a_million)


def cores_to_win(million_rows: float, duckdb_cores: int) -> int:
    """The fewest cores on which Spark is faster than DuckDB on `duckdb_cores`. Raises ValueError where its fixed part alone takes longer."""
    goal, spark = line("DuckDB").seconds(million_rows, duckdb_cores), line("Spark")
    left = goal - spark.fixed / MEASURED_CORES
    if left <= 0:
        raise ValueError(f"at {million_rows:g} million rows Spark starts longer than DuckDB works")
    return int(spark.a_million * million_rows / left) + 1


def shuffle_gigabytes(million_rows: float) -> float:
    """What tasks hand on to each other: the cells of all months."""
    return million_rows * 1e6 / ROWS_A_MONTH * CELLS_A_MONTH * SHUFFLE_BYTES / 1e9


def table() -> str:
    """The table of docs/scale.md: measured sizes beside the line, then sizes that were not measured."""
    head = [
        "| million rows | lake | shuffle | DuckDB, 2 cores | Spark, 2 cores | Spark, 32 cores | |",
        "|---|---|---|---|---|---|---|",
    ]
    measured = {engine: dict(points) for engine, points in MEASURED.items()}
    rows = []
    for million in (*measured["DuckDB"], 1_000.0, 10_000.0):
        seconds = {engine: line(engine).seconds(million, 2) for engine in MEASURED}
        told = {
            engine: f"{measured[engine][million]:.2f} s (line {seconds[engine]:.2f})"
            if million in measured[engine]
            else f"{seconds[engine]:,.0f} s"
            for engine in MEASURED
        }
        many = line("Spark").seconds(million, 32)
        rows.append(
            f"| {million:,.{0 if million >= 1_000 else 1}f} | {million * 1e6 * BYTES_A_ROW / 1e9:,.1f} GB | {shuffle_gigabytes(million):.2f} GB | {told['DuckDB']} | "
            f"{told['Spark']} | {many:,.0f} s | {'measured' if million in measured['DuckDB'] else 'model'} |"
        )
    return "\n".join([*head, *rows])
