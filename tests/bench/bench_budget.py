"""The budget of a build and of what a person waits for, in units of a fixed workload, so that it holds on any machine.

Belongs here: the rows of the table in docs/performance.md and their limits; the table itself is written here.
Does not belong here: parts of a build on their own (bench_loading.py, bench_reports.py, bench_forecasts.py).

A row is measured in a process of its own, with the unit measured right before and right after it. Each budget is asserted after
all rows were measured, so that one miss does not hide the others. All of it takes a quarter of an hour on two idle cores.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from tests.bench import bench_loading, bench_reports
from tests.bench.bare_build import compiled_nodes
from tests.bench.timing import compare, seconds_of, unit
from tests.support.whole_warehouse import headway

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

PAGE = PROJECT / "docs" / "performance.md"
#: times the bare execution of the same SQL and functions that a build may take
RATIO = 1.8
MEMORY_KB = 1_500_000
#: times as long that twice as much may take: linear, and what two measurements of one thing differ by
GROWTH = 2.3
#: of ten times as much
TENFOLD = 11.5


@dataclass
class Row:
    """A line of the table: seconds, the unit at that time, and the budget in units."""

    name: str
    budget: float
    seconds: float = 0.0
    unit: float = 1.0
    stages: dict[str, float] = field(default_factory=dict)
    cpu_stages: dict[str, float] = field(default_factory=dict)
    peak_kb: int = 0

    @property
    def units(self) -> float:
        return self.seconds / self.unit


@dataclass(frozen=True)
class Growth:
    """How many times as long something takes where there is `times` as much of one thing; `limit` is what it may take."""

    name: str
    times: int
    ratio: float
    limit: float


#: the unit as it was measured last: what stands right after one row stands right before the next
_last_unit: list[float] = []


def measured(name: str, budget: float, run: Callable[[], float | None]) -> Row:
    """A row of what `run` takes: the seconds that it returns, or else its wall time."""
    before = _last_unit.pop() if _last_unit else unit()
    own: list[float | None] = []
    seconds = seconds_of(lambda: own.append(run()))
    after = unit()
    _last_unit.append(after)
    row = Row(name, budget, own[0] if own[0] is not None else seconds, (before + after) / 2)
    print(f"  {name:<58} {row.seconds:7.1f} s {row.units:7.2f} units   budget {budget:g}", flush=True)
    return row


def command(settings: Settings, *arguments: str) -> None:
    done = headway(settings, *arguments, timeout=1800)
    assert done.returncode == 0, done.stderr


def module(name: str, *arguments: str, **environment: str) -> dict:
    """What a module prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", name, *arguments],
        env={**os.environ, **environment},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict = json.loads(done.stdout.splitlines()[-1])
    return found


def built(name: str, budget: float, home: Path) -> Row:
    found: dict = {}

    def run() -> float:
        found.update(module("tests.bench.staged_build", str(home)))
        return found["seconds"]

    row = measured(name, budget, run)
    row.stages, row.cpu_stages, row.peak_kb = found["stages"], found["cpu_stages"], found["peak_kb"]
    return row


@contextmanager
def nothing_kept() -> Iterator[None]:
    """The block begins as in a clone of which no home has parsed the dbt project or built before."""
    target = PROJECT / "dbt_project" / "target"
    places = [(target / name, target / f"{name}_aside") for name in ("parsed", "kept_build")]
    for kept, aside in places:
        if kept.exists():
            kept.rename(aside)
    try:
        yield
    finally:
        for kept, aside in places:
            if aside.exists():
                shutil.rmtree(kept, ignore_errors=True)
                aside.rename(kept)


def own_series(path: Path, last: float) -> Path:
    """A series of a user with 120 months, the last of which is `last`."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["period", "value"])
        for month in range(120):
            day = date(2015 + month // 12, month % 12 + 1, 1)
            writer.writerow([f"{day:%Y-%m}", 100 + month % 12 if month < 119 else last])
    return path


DECLARED = (
    *(
        "--id",
        "user_bench",
        "--title",
        "A series of the benchmark",
        "--unit",
        "vehicles",
        "--frequency",
        "monthly",
    ),
    *("--adjustment", "NSA", "--geography", "USA", "--source", "Benchmark"),
)


def test_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in one test, because each row needs what the one before has made."""
    print("\nBudget (unit: a fixed workload, 1 to 2 s on two idle cores)")
    for variable in ("HEADWAY_STATISTICS", "HEADWAY_KEEP"):
        monkeypatch.delenv(variable, raising=False)
    cold, begun, kept, bare = (tmp_path / name for name in ("cold", "begun", "kept", "bare"))
    with nothing_kept():
        rows = [
            built("cold build, nothing kept", 30, cold),
            built("build in a fresh home, a build of the clone kept", 18, begun),
        ]
    shutil.rmtree(begun)
    monkeypatch.setenv("HEADWAY_KEEP", "0")
    statistics = tmp_path / "statistics"
    shutil.copytree(cold / "build" / "statistics", statistics)
    monkeypatch.setenv("HEADWAY_STATISTICS", str(statistics))
    rows.append(built("build in a fresh home, slow statistics kept alone", 18, kept))
    settings = Settings(PROJECT, kept)
    parts: dict[str, float] = {}
    rows.append(
        measured(
            "the same SQL and functions without dbt and Dagster",
            float("inf"),
            lambda: parts.update(module("tests.bench.bare_build", str(kept), str(bare))),
        )
    )
    rows.append(measured("nothing changed", 0.2, lambda: command(settings, "build")))
    command(settings, "import", str(own_series(tmp_path / "own.csv", 111)), *DECLARED)
    revised = own_series(tmp_path / "revised.csv", 112)
    rows.append(
        measured(
            "one series revised by one value, to the release",
            12,
            lambda: command(settings, "import", str(revised), *DECLARED),
        )
    )
    question = ("nafta-round6-end", "usa_imports_goods_mex")
    rows.append(measured("headway compare", 0.25, lambda: command(settings, "compare", *question)))
    traced = ("trace", "usa_employment_manufacturing", "2025-04")
    rows.append(measured("headway trace", 0.25, lambda: command(settings, *traced)))
    rows.append(measured("headway status", 0.25, lambda: command(settings, "status")))
    for fmt, budget in (("csv", 15), ("parquet", 5), ("xlsx", 60)):
        target = str(tmp_path / fmt)
        rows.append(
            measured(
                f"export of everything, {fmt}",
                budget,
                lambda fmt=fmt, target=target: command(settings, "export", target, "--format", fmt),
            )
        )
    rows.append(measured("Dagster's definitions, CPU", 1, lambda: definitions(kept)))
    grown = growth(settings, tmp_path)
    write_page(rows, parts, grown, installation(tmp_path))
    assert not {g.name: round(g.ratio, 2) for g in grown if g.ratio > g.limit}
    fresh, floor = rows[2], rows[3]
    assert fresh.units / floor.units < RATIO, "a build costs too much beyond its SQL and functions"
    assert max(row.peak_kb for row in rows) < MEMORY_KB, {
        row.name: row.peak_kb for row in rows if row.peak_kb
    }
    assert not {row.name: round(row.units, 2) for row in rows if row.units > row.budget}


def growth(settings: Settings, folder: Path) -> list[Growth]:
    """The comparison reports with twice the series and twice the events; loading and reading with ten times the vintages."""
    nodes = {node["name"]: node for node in compiled_nodes(settings).values()}
    compiled = [nodes[name] for name in bench_reports.MODELS]

    def reports(name: str, doubled: dict[str, tuple[str, ...]]) -> float:
        return bench_reports.seconds(settings.build_database, folder / f"{name}.duckdb", compiled, doubled)

    base = reports("base", {})
    found = [
        Growth("reports, series x 2", 2, reports("series", bench_reports.OF_SERIES) / base, GROWTH),
        Growth("reports, events x 2", 2, reports("events", bench_reports.OF_EVENTS) / base, GROWTH),
    ]
    few, many = (folder / f"{n}_vintages.duckdb" for n in (3, 30))
    loading = [
        seconds_of(lambda n=n, path=path: bench_loading.store_with(path, n))
        for n, path in ((3, few), (30, many))
    ]
    reading = compare(
        "30 vintages", lambda: bench_loading.read_latest(many), "3", lambda: bench_loading.read_latest(few)
    )
    found.append(Growth("loading, vintages x 10", 10, loading[1] / loading[0], TENFOLD))
    found.append(Growth("reading the latest, vintages x 10", 10, reading.ratio, bench_loading.READING_LIMIT))
    for one in found:
        print(f"  {one.name:<58} {one.ratio:7.2f} times as long, limit {one.limit:g}", flush=True)
    return found


def installation(folder: Path) -> str:
    """A sentence on `make build`'s installation in a fresh clone: packages, wall time and processor time."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{PROJECT}", str(clone)], check=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    python = f"PYTHON={Path(sys.base_prefix) / 'bin' / 'python3'}"
    call = ["make", "-C", str(clone), ".venv/.installed", python]
    done: list[subprocess.CompletedProcess[str]] = []
    seconds = seconds_of(
        lambda: done.append(subprocess.run(call, capture_output=True, text=True, check=False))
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done[0].returncode:
        return f"Installation could not be measured: {(done[0].stderr or done[0].stdout).splitlines()[-1]}"
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    packages = (clone / "requirements.lock").read_text(encoding="utf-8").count("==")
    shutil.rmtree(clone)
    said = f"{len(done[0].stderr.splitlines())} lines on standard error"
    return (
        f"Installation for `make build`: {packages} packages, {seconds:.0f} s, of which {spent:.0f} s of processor time, {said}. "
        "Before November 2026 it was 150 packages and 150 s."
    )


def definitions(home: Path) -> float:
    """CPU seconds of a process that loads Dagster's definitions, imports included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = "from orchestration.definitions import defs; defs().get_repository_def()"
    environment = {**os.environ, "HEADWAY_HOME": str(home)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_page(rows: list[Row], parts: dict[str, float], grown: list[Growth], installed: str) -> None:
    """Put the measured numbers between the marks of docs/performance.md."""
    cold, begun, kept, floor = rows[:4]
    lines = [
        "| work | units | budget | seconds then |",
        "|---|---|---|---|",
        *(
            f"| {row.name} | {row.units:.2f} | {row.budget:g} | {row.seconds:.1f} |"
            for row in rows
            if row.budget < float("inf")
        ),
        "",
        f"A build with kept statistics alone took {kept.units / floor.units:.2f} times what the same SQL and functions take without dbt "
        f"and Dagster (limit {RATIO}); peak of memory {max(cold.peak_kb, begun.peak_kb, kept.peak_kb) / 1e6:.2f} GB.",
        "",
        "Processor seconds are those of both cores, and hold where others use the machine too.",
        "",
        "| stage | cold, units | processor s | a build kept, units | processor s | statistics kept, units | processor s | share of these "
        "| bare, units |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for stage in dict.fromkeys([*cold.stages, *begun.stages, *kept.stages]):
        of_cold, of_kept = cold.stages.get(stage, 0.0), kept.stages.get(stage, 0.0)
        bare = f"{parts[stage] / floor.unit:.1f}" if stage in parts else ""
        lines.append(
            f"| {stage} | {of_cold / cold.unit:.1f} | {cold.cpu_stages.get(stage, 0):.0f} | "
            f"{begun.stages.get(stage, 0.0) / begun.unit:.1f} | {begun.cpu_stages.get(stage, 0):.0f} | {of_kept / kept.unit:.1f} | "
            f"{kept.cpu_stages.get(stage, 0):.0f} | {of_kept / kept.seconds:.0%} | {bare} |"
        )
    lines += ["", installed]
    lines += ["", "| growth | times as long | limit |", "|---|---|---|"]
    lines += [f"| {one.name} | {one.ratio:.2f} | {one.limit:g} |" for one in grown]
    head, rest = PAGE.read_text(encoding="utf-8").split("<!-- measured -->\n", 1)
    tail = rest.split("<!-- end -->\n", 1)[1]
    text = "\n".join(lines)
    PAGE.write_text(f"{head}<!-- measured -->\n{text}\n<!-- end -->\n{tail}", encoding="utf-8")
    print(text)
