"""The commands a person waits for, as ratios against named baselines.

Belongs here: whole commands, timed from outside. Does not belong here: builds and budgets (bench_budget.py), loading.

The baseline of a command is a Python that opens the released file and asks the same question.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from orchestration.base.settings import PROJECT, Settings
from tests.bench.timing import compare, show
from tests.support.whole_warehouse import headway

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

#: seconds on two idle cores
LOOKUP, HELP = 1.5, 0.5


def run(settings: Settings, *arguments: str) -> None:
    done = headway(settings, *arguments, timeout=900)
    assert done.returncode == 0, done.stderr


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
            "Python, import dagster",
            lambda: subprocess.run([sys.executable, "-c", "import dagster"], check=True),
        )
    )
    show("Commands", rows, 4)
    print(f"  limits on two idle cores: {LOOKUP:g} s, and {HELP:g} s for --help")
    assert all(row.ratio < 4 for row in rows)
