"""A compacted year gives the rows of its months, each once, and is never taken for what it is not."""

from __future__ import annotations

import shutil
from datetime import date

import polars as pl
import pytest

from orchestration.base.detail_catalogue import Catalogue
from orchestration.base.errors import DetailError
from orchestration.intake.detail import compact as module
from orchestration.intake.detail.compact import compact
from orchestration.intake.detail.status import detail_status
from tests.support import bulk_case
from tests.support.detail_case import add, home, rows
from transforms.detail_tables import EXPORTS


def files(settings, flow="exports", as_of=None):
    return Catalogue.load(settings.detail).files(flow, as_of)


@pytest.fixture
def settings(tmp_path):
    """Exports of two months of 2025 and one of 2024."""
    made = home(tmp_path)
    for month in (date(2024, 12, 1), date(2025, 1, 1), date(2025, 2, 1)):
        add(made, bulk_case.exports_zip(tmp_path, month))
    return made


def test_a_year_is_one_sorted_file_with_the_rows_of_its_months(settings):
    of_months = rows(settings, "exports")
    made = compact(settings)
    assert [(y.year, y.state, y.months) for y in made] == [(2024, "made", 1), (2025, "made", 2)]
    assert len(files(settings)) == 2 and all(
        f.is_relative_to(settings.detail / "compact") for f in files(settings)
    )
    of_years = rows(settings, "exports")
    assert of_years.columns == of_months.columns and of_years.dtypes == of_months.dtypes
    assert of_years.sort(of_years.columns).equals(of_months.sort(of_months.columns))
    one = pl.read_parquet(files(settings)[1], hive_partitioning=False)
    assert one.sort(*EXPORTS.sorted_by, "month", maintain_order=True).equals(one)
    assert detail_status(settings).flows[0].compacted == (2024, 2025)


def test_nothing_is_made_twice_and_what_is_lost_is_made_again(settings):
    compact(settings)
    before = {f: f.stat().st_mtime_ns for f in files(settings)}
    assert {y.state for y in compact(settings)} == {"current"}
    assert {f: f.stat().st_mtime_ns for f in files(settings)} == before
    shutil.rmtree(settings.detail / "compact")
    assert rows(settings, "exports").height == 30
    assert {y.state for y in compact(settings)} == {"made"}


def test_a_revised_month_makes_its_year_stale_until_it_is_made_again(tmp_path, settings, monkeypatch):
    compact(settings)
    old = files(settings)
    changed = [
        {**row, "all_val": 5} if row.get("all_val") else row
        for row in bulk_case.export_rows(date(2025, 2, 1))
    ]
    add(settings, bulk_case.exports_zip(tmp_path / "later", date(2025, 2, 1), changed), date(2026, 6, 5))
    assert old[1] not in files(settings) and old[0] in files(settings)
    assert old[1] in files(settings, as_of=date(2026, 6, 4)), "as of before the revision the year is right"
    total = rows(settings, "exports")["export_value"].sum()
    assert [y.state for y in compact(settings, years=[2025])] == ["made"]
    assert rows(settings, "exports")["export_value"].sum() == total
    assert old[1].exists(), "a reader may hold its name"
    monkeypatch.setattr(module, "_GRACE_SECONDS", -1)
    compact(settings)
    assert not old[1].exists() and all(f.exists() for f in files(settings))


def test_a_month_file_that_lost_rows_is_not_compacted(settings):
    (path,) = Catalogue.load(settings.detail).files("exports", months=[date(2025, 1, 1)])
    pl.read_parquet(path, hive_partitioning=False).head(3).write_parquet(path)
    with pytest.raises(
        DetailError, match="exports 2025 hold 13 rows, the catalogue says 20: a file was damaged"
    ):
        compact(settings)
    assert detail_status(settings, verify=True).damaged == (
        f"{path.relative_to(settings.detail / 'lake')} is not what was written",
    )
