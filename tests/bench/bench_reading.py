"""What an analyst takes out of a release: 72,000 rows of SQL as CSV, JSON and Parquet, and tables as Excel workbooks.

Belongs here: whole commands, timed from outside, against a Python that fetches the same rows and does nothing with them.
Does not belong here: comparing (bench_compare.py), building (bench_build.py).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from tests.bench.timing import compare, show
from tests.support.whole_warehouse import headway

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

ROWS = "from fct_observation limit 72000"
#: times the baseline, which takes 0.6 s; on two idle cores each answer takes under 1 s, a workbook of 0.6 million cells 2 s
LIMIT = {"csv": 2, "json": 2, "parquet": 2, "xlsx": 6}


def test_rows_as_files(home: Settings, tmp_path: Path):
    """Each form within its multiple of fetching the rows."""
    script = f"import duckdb; duckdb.connect({str(home.current_database)!r}, read_only=True).execute({ROWS!r}).fetchall()"

    def run(*arguments: str) -> None:
        done = headway(home, *arguments)
        assert done.returncode == 0, done.stderr

    asked = {
        **{form: ("sql", ROWS, "--out", str(tmp_path / f"a.{form}")) for form in ("csv", "json", "parquet")},
        "xlsx": (
            "export",
            str(tmp_path / "out"),
            "--format",
            "xlsx",
            "--table",
            "fct_observation",
            "--force",
        ),
    }
    rows = [
        compare(
            form,
            lambda arguments=arguments: run(*arguments),
            "a Python that fetches the rows",
            lambda: subprocess.run([sys.executable, "-c", script], check=True),
        )
        for form, arguments in asked.items()
    ]
    show("rows as files", rows, max(LIMIT.values()))
    for row in rows:
        assert row.ratio < LIMIT[row.name], row
