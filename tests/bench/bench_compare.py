"""`headway compare` as a person waits for it: plain, of an earlier day, with every method, with a picture.

Belongs here: whole commands, timed from outside, against a Python that opens the released file and asks the macro.
Does not belong here: building (bench_budget.py).
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestration.base.settings import Settings
from tests.bench.timing import compare, show
from tests.support.whole_warehouse import headway

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

#: seconds on two idle cores
ANSWER, PAGE = 2.0, 3.0
#: times the baseline: a picture loads Altair and Vega, a page has Vega's scripts bundled for it (1.2 s)
LIMITS = {"svg": 8, "png": 8, "html": 16}
PLAIN = 4
JOBS = "usa_employment_motor_vehicles_parts"


def test_compare(home: Settings, tmp_path):
    """Every form of the command within its time."""
    asked = {
        "compare": ("nafta-round6-end", JOBS),
        "compare --as-of": ("s232-autos-effective-2025-04", JOBS, "--as-of", "2026-01-09"),
        "compare --method all": ("nafta-round6-end", JOBS, "--method", "all"),
        **{
            f"compare --plot {suffix}": (
                "nafta-round6-end",
                JOBS,
                "--plot",
                str(tmp_path / f"chart.{suffix}"),
            )
            for suffix in ("svg", "png", "html")
        },
    }
    query = f"from before_after('{JOBS}', 'nafta-round6-end')"
    script = f"import duckdb; duckdb.connect({str(home.current_database)!r}, read_only=True).execute({query!r}).fetchall()"

    def run(arguments: tuple[str, ...]) -> None:
        done = headway(home, "compare", *arguments)
        assert done.returncode == 0, done.stderr

    rows = [
        compare(
            name,
            lambda arguments=arguments: run(arguments),
            "a Python that asks the macro",
            lambda: subprocess.run([sys.executable, "-c", script], check=True),
        )
        for name, arguments in asked.items()
    ]
    show("compare", rows, PLAIN)
    print(f"  pictures {LIMITS}; limits on two idle cores: {ANSWER:g} s, a page {PAGE:g} s")
    for row in rows:
        assert row.ratio < LIMITS.get(row.name.rsplit(" ", 1)[-1], PLAIN), row
