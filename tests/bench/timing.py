"""Timing for benchmarks: medians, and ratios of pairs that ran side by side, so that a busy machine disturbs both alike.

Belongs here: measuring and printing. Does not belong here: what is measured, and the limits (bench_*.py).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np


@dataclass(frozen=True)
class Measured:
    """Median seconds of `name` and of its baseline; `ratio` is the median of the ratios of the pairs."""

    name: str
    baseline: str
    seconds: float
    baseline_seconds: float
    ratio: float


def seconds_of(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def median_seconds(run: Callable[[], object], runs: int = 5) -> float:
    """Median wall time of `runs` calls."""
    return statistics.median(seconds_of(run) for _ in range(runs))


def compare(
    name: str, run: Callable[[], object], baseline: str, base: Callable[[], object], runs: int = 5
) -> Measured:
    """Call `base` and `run` in turn, `runs` times after one unmeasured pair."""
    pairs = [(seconds_of(base), seconds_of(run)) for _ in range(runs + 1)][1:]
    return Measured(
        name,
        baseline,
        statistics.median(mine for _, mine in pairs),
        statistics.median(other for other, _ in pairs),
        statistics.median(mine / other for other, mine in pairs),
    )


def show(title: str, rows: list[Measured], limit: float) -> None:
    """Print the ratios as a table, and the limit they have to keep."""
    print(f"\n{title} (limit: {limit:g} times the baseline)")
    for row in rows:
        print(
            f"  {row.name:<52} {row.seconds:8.3f} s   {row.baseline:<44} {row.baseline_seconds:8.3f} s   {row.ratio:6.2f}x"
        )


def unit(runs: int = 2) -> float:
    """Seconds of a fixed workload just now: how fast this machine is, other people's work on it included.

    Plain Python, linear algebra and DuckDB on two threads, each about a third; 2.0 s where two cores are idle (November
    2026). Budgets are in units of it, so that they hold on any machine.
    """
    return min(seconds_of(_fixed_work) for _ in range(runs))


def _fixed_work() -> None:
    counts: dict[int, int] = {}
    for i in range(3_000_000):
        counts[i & 4095] = counts.get(i & 4095, 0) + i % 7
    matrix = np.random.default_rng(1).normal(size=(900, 900))
    for _ in range(6):
        matrix = np.linalg.solve(matrix + 900 * np.eye(900), matrix)
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("CREATE TABLE t AS SELECT (i * 7919) % 100003 AS k, sin(i) AS v FROM range(4000000) r(i)")
        con.execute(
            "SELECT k, avg(v), count(*), quantile_cont(v, .5) FROM t GROUP BY k ORDER BY 2 LIMIT 5"
        ).fetchall()
        con.execute(
            "SELECT sum(x) FROM (SELECT k, sum(v) OVER (PARTITION BY k ORDER BY v) AS x FROM t)"
        ).fetchall()
