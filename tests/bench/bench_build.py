"""A whole build, a build of nothing new, and the commands a person waits for, as ratios against named baselines.

Belongs here: whole commands, timed from outside. Does not belong here: loading (bench_loading.py), sources.

The baseline of a build is dbt alone on the same store: what is over 1 is what loading, Dagster and the release cost. The
baseline of a command is a Python that opens the released file and asks the same question.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from tests.bench.timing import Measured, compare, median_seconds, seconds_of, show
from tests.support.whole_warehouse import headway

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

#: seconds on two idle cores: a build whose slow statistics are known, those statistics themselves, ...
COLD, STATISTICS, UNCHANGED, LOOKUP, HELP = 45.0, 180.0, 12.0, 1.5, 0.5
MEMORY_KB = 1_500_000


def run(settings: Settings, *arguments: str) -> None:
    done = headway(settings, *arguments, timeout=900)
    assert done.returncode == 0, done.stderr


def dbt(settings: Settings) -> None:
    subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("build", "--quiet", "--exclude-resource-type", "unit_test"),
            *("--project-dir", "dbt_project", "--profiles-dir", "dbt_project"),
            *("--target-path", str(settings.dbt_target), "--log-path", str(settings.home / "dbt" / "logs")),
        ],
        env={**os.environ, "HEADWAY_HOME": str(settings.home)},
        cwd=PROJECT,
        check=True,
    )


def slow_statistics(settings: Settings) -> float:
    """Seconds that the models in Python took in the last build."""
    results = json.loads((settings.dbt_target / "run_results.json").read_bytes())["results"]
    models = json.loads(settings.dbt_manifest.read_bytes())["nodes"]
    return sum(
        r["execution_time"] for r in results if models.get(r["unique_id"], {}).get("language") == "python"
    )


def test_build(home, statistics, tmp_path, monkeypatch):
    """Measured from an empty folder, with the slow statistics and without; a second build finds nothing new."""
    first = Settings(PROJECT, tmp_path / "first")
    monkeypatch.delenv("HEADWAY_STATISTICS")
    from_nothing = seconds_of(lambda: run(first, "build"))
    slow = slow_statistics(first)
    run(first, "build", "--force")
    again = slow_statistics(first)
    monkeypatch.setenv("HEADWAY_STATISTICS", str(first.build / "statistics"))
    cold = Settings(PROJECT, tmp_path / "cold")
    seconds = seconds_of(lambda: run(cold, "build"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unchanged = median_seconds(lambda: run(cold, "build"), runs=3)
    other = Settings(PROJECT, tmp_path / "dbt")
    shutil.copytree(home.home, other.home, symlinks=True)
    other.build_database.unlink()
    base = seconds_of(lambda: dbt(other))
    rows = [
        Measured("cold build", "dbt build of the same store", seconds, base, seconds / base),
        Measured("build of nothing new", "dbt build of the same store", unchanged, base, unchanged / base),
        Measured("slow statistics, none known", "dbt build, all known", slow, base, slow / base),
        Measured("slow statistics, all known", "slow statistics, none known", again, slow, again / slow),
    ]
    show("Whole builds", rows, 3)
    print(
        f"  from nothing {from_nothing:.1f} s; limits on two idle cores: {COLD:g} s, {UNCHANGED:g} s and {STATISTICS:g} s "
        f"of slow statistics; peak memory {peak / 1e6:.2f} GB (limit 1.5)"
    )
    assert peak < MEMORY_KB
    assert rows[0].ratio < 3
    assert rows[1].ratio < 0.5
    assert rows[2].ratio < STATISTICS / COLD
    assert rows[3].ratio < 0.25


QUESTIONS = {
    (
        "compare",
        "nafta-round6-end",
        "usa_imports_goods_mex",
    ): "from before_after('usa_imports_goods_mex', 'nafta-round6-end')",
    (
        "trace",
        "usa_employment_manufacturing",
        "2025-04",
    ): "from trace('usa_employment_manufacturing', '2025-04')",
}


def test_lookups(home):
    """What a person waits for at the prompt."""
    rows = []
    for arguments, question in QUESTIONS.items():
        code = f"import duckdb; duckdb.connect({str(home.current_database)!r}, read_only=True).execute({question!r}).fetchall()"
        rows.append(
            compare(
                f"headway {arguments[0]}",
                lambda a=arguments: run(home, *a),
                "Python, duckdb, the same macro",
                lambda c=code: subprocess.run([sys.executable, "-c", c], check=True),
            )
        )
    bare = "import click"
    rows.append(
        compare(
            "headway --help",
            lambda: run(home, "--help"),
            "Python, import click",
            lambda: subprocess.run([sys.executable, "-c", bare], check=True),
        )
    )
    load = "from orchestration.definitions import defs; defs().get_repository_def()"
    environment = {**os.environ, "HEADWAY_HOME": str(home.home)}
    rows.append(
        compare(
            "Dagster's definitions, loaded in every process",
            lambda: subprocess.run([sys.executable, "-c", load], check=True, cwd=PROJECT, env=environment),
            "Python, import dagster and dagster_dbt",
            lambda: subprocess.run([sys.executable, "-c", "import dagster, dagster_dbt"], check=True),
        )
    )
    show("Commands", rows, 4)
    print(f"  limits on two idle cores: {LOOKUP:g} s, and {HELP:g} s for --help")
    assert all(row.ratio < 4 for row in rows)
