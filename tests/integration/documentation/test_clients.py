"""The code of docs/clients.md, run as a reader would paste it. Prevents: a snippet that fails, and two clients that read
different figures out of one file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from tests.support.patience import PATIENCE
from tests.support.read_only import reading

PAGE = (PROJECT / "docs" / "clients.md").read_text(encoding="utf-8")
#: what ibis needs in place of the DuckDB in use (make setup installs it)
OLDER_DUCKDB = PROJECT / ".venv" / "compat" / "duckdb-1.5"


def snippets(language: str, output: str) -> list[str]:
    """The blocks of a language that write something; one that only shows how a connection is made does not."""
    return [block for block in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if output in block]


PYTHON = snippets("python", "print(")


@pytest.fixture
def checkout(home: Settings, tmp_path: Path) -> Path:
    """A folder in which `warehouse` is the built one and `headway` on the path is this code."""
    (tmp_path / "warehouse").symlink_to(home.home)
    command = tmp_path / "bin" / "headway"
    command.parent.mkdir()
    command.write_text(
        f'#!/bin/sh\nexport HEADWAY_HOME="{home.home}" PYTHONPATH="{PROJECT}"\nexec "{sys.executable}" -m orchestration.cli "$@"\n'
    )
    command.chmod(0o755)
    return tmp_path


@pytest.fixture
def expected(home: Settings) -> int:
    """Imports of goods from Mexico in 2025, million USD: what every snippet prints."""
    with reading(home.current_database) as con:
        return con.execute(
            "select round(sum(value)) from fct_observation where series_id = 'usa_imports_goods_mex' and year(period_start) = 2025"
        ).fetchall()[0][0]


def printed(checkout: Path, *command: str, **environment: str) -> float:
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=checkout,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


def test_the_page_has_a_snippet_for_each_client():
    assert [re.findall(r"^import (polars|ibis)", text, re.MULTILINE) for text in PYTHON] == [
        [],
        ["polars"],
        ["ibis"],
    ]
    assert len(snippets("r", "cat(")) == 1


@pytest.mark.parametrize("snippet", PYTHON, ids=["pandas", "polars", "ibis"])
def test_python_reads_the_figure(checkout: Path, expected: int, snippet: str):
    environment = {}
    if "import ibis" in snippet:
        if not OLDER_DUCKDB.is_dir():
            pytest.skip(f"no DuckDB 1.5 in {OLDER_DUCKDB.relative_to(PROJECT)} (make test installs it)")
        environment = {"PYTHONPATH": str(OLDER_DUCKDB)}
    assert printed(checkout, sys.executable, "-c", snippet, **environment) == expected


def test_r_reads_the_figure(checkout: Path, expected: int):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed (on Debian and Ubuntu: apt install r-base-core)")
    script = checkout / "snippet.R"
    script.write_text(snippets("r", "cat(")[0])
    assert printed(checkout, "Rscript", "--vanilla", str(script)) == expected
