"""Pictures of a comparison: of the vintage that was compared, and refused before anything else where they cannot be written."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.base.settings import Settings
from orchestration.readers.charts.theme import ChartError
from orchestration.readers.comparison.compare import compare
from orchestration.readers.comparison.picture import answer_picture, comparison_picture, plot
from tests.support.command_case import command

JOBS = "usa_employment_motor_vehicles_parts"
AUTOS = "s232-autos-effective-2025-04"


@pytest.mark.parametrize("name", ["chart.jpg", "nowhere/chart.svg"])
def test_a_picture_that_cannot_be_written_is_said_before_anything(home: Settings, tmp_path: Path, name: str):
    done = command(home, "compare", "nafta-round6-end", JOBS, "--plot", str(tmp_path / name))
    assert done.returncode == 2 and done.stdout == ""
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("suffix", [".svg", ".png", ".html"])
def test_pictures_of_the_vintage_that_was_compared(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, suffix: str
):
    found = compare(con, AUTOS, JOBS, as_of="2026-01-09")
    assert plot(con, found, tmp_path / f"autos{suffix}").stat().st_size > 5_000
    spec = comparison_picture(con, found).to_dict()
    shown = {
        r["period_start"][:7]: r["value"]
        for rows in spec["datasets"].values()
        for r in rows
        if "period_start" in r
    }
    assert shown["2025-04"] == 999.3  # 972.1 after the benchmark
    assert "2026-01" not in shown


def test_pictures_of_first_releases_and_of_nothing(con: duckdb.DuckDBPyConnection):
    first = compare(con, "nafta-round6-end", JOBS, as_of="first")
    spec = comparison_picture(con, first).to_dict()
    values = [
        r["value"]
        for rows in spec["datasets"].values()
        for r in rows
        if r.get("window") == "before" and "period_start" in r
    ]
    assert sum(values) / len(values) == pytest.approx(first.result["pre_mean"])
    assert "as first released" in spec["usermeta"]["headway"]["source"]
    with pytest.raises(ChartError, match="no value from"):
        comparison_picture(con, compare(con, "2060-01", JOBS))


def test_the_picture_is_that_of_the_answer(con: duckdb.DuckDBPyConnection):
    """A picture of totals whose title says "not told apart" stood beside an answer that tells (a panel of goods)."""
    panel = answer_picture(con, compare(con, "s301-list3-2018-09", "usa_imports_goods_chn"))
    series = answer_picture(con, compare(con, "nafta-round6-end", "usa_imports_goods_mex"))
    assert panel.to_dict()["description"].startswith("Path of trade in exposed goods")
    assert "Imports of goods, USA from Mexico" in series.to_dict()["description"]
