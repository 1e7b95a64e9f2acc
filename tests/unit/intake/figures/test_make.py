"""The bundled figures as committed: intact, complete, reproducible, and refused when damaged."""

from __future__ import annotations

import math
import shutil
from datetime import date

import duckdb
import polars as pl
import pytest

from orchestration.base.errors import FiguresError
from orchestration.intake.figures.make import build_figures
from orchestration.intake.figures.manifest import figures_status
from tests.support.bundled import FIGURES, as_of, read


@pytest.fixture(scope="module")
def observations() -> pl.DataFrame:
    return read("observation_")


def log_change(values: dict[date, float], pre: tuple[date, date], post: tuple[date, date]) -> float:
    """100 * (exp(mean log after - mean log before) - 1)."""
    means = [
        sum(logs) / len(logs)
        for first, last in (pre, post)
        if (logs := [math.log(value) for period, value in values.items() if first <= period <= last])
    ]
    return 100 * math.expm1(means[1] - means[0])


# --- worked figures


def test_worked_figure_round_six_imports_from_mexico(observations):
    change = log_change(
        as_of(observations, "usa_imports_goods_mex"),
        (date(2017, 2, 1), date(2018, 1, 1)),
        (date(2018, 2, 1), date(2019, 1, 1)),
    )
    assert round(change, 2) == 9.66


@pytest.mark.parametrize(
    ("known_on", "expected"),
    [(date(2026, 1, 9), -2.07), (date(2026, 2, 15), -3.14), (date(2026, 8, 9), -3.18)],
)
def test_worked_figure_the_benchmark_of_february_2026_and_not_the_tariff(observations, known_on, expected):
    change = log_change(
        as_of(observations, "usa_employment_motor_vehicles_parts", known_on),
        (date(2024, 5, 1), date(2025, 4, 1)),
        (date(2025, 5, 1), date(2025, 12, 1)),
    )
    assert round(change, 2) == expected


# --- making them again from the collected files


@pytest.mark.recorded
def test_the_same_collected_files_give_the_same_bytes(shared_data, tmp_path):
    report = build_figures(shared_data, tmp_path / "figures")
    for path in sorted(FIGURES.iterdir()):
        assert (tmp_path / "figures" / path.name).read_bytes() == path.read_bytes(), path.name
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == sorted(
        p.name for p in FIGURES.iterdir()
    )
    assert report.bytes == figures_status(FIGURES)["bytes"]


@pytest.fixture
def collected(shared_data, tmp_path):
    """A copy of the collected files that can be damaged: figures/ copied, the large folders linked."""
    folder = tmp_path / "collected"
    shutil.copytree(shared_data / "figures", folder / "figures")
    for name in ("load", "payloads"):
        (folder / name).symlink_to(shared_data / name)
    return folder


def _rebase(folder):
    """The second copy of a series in another unit, as a publisher's change or a mistake would bring it."""
    path = folder / "figures" / "us_monthly.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        cells = line.split(",")
        if cells[2] == "MANEMP" and cells[5] == "2026-07-13":
            cells[4] = str(float(cells[4]) * 1000)
            lines[i] = ",".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")


def _append(folder, line):
    with (folder / "figures" / "us_monthly.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "figures" / "us_monthly.csv").unlink(), "us_monthly"),
        (
            lambda f: (f / "figures" / "us_imports_by_country.parquet").write_bytes(b"PAR1"),
            "cannot make the figures",
        ),
        (_rebase, r"usa_employment_manufacturing known from 2026-07-13 is 1000\.000 times the one before"),
        (
            lambda f: _append(f, "bls_ces,CES3000000001,MANEMP,2026-13,1,2026-08-09,thousands of persons,SA"),
            "not a period",
        ),
        (
            lambda f: _append(
                f, "bls_ces,CES3000000001,MANEMP,2026-07,n/a,2026-08-10,thousands of persons,SA"
            ),
            "n/a",
        ),
        (
            lambda f: _append(f, "bls_ces,CES3000000001,MANEMP,2026-07,1,2026-08-09,thousands of persons,SA"),
            "contradicting rows",
        ),
        (
            lambda f: _append(f, "bls_ces,CES3000000001,MANEMP,2026-08,1,2026-08-09,thousands of persons,SA"),
            "before it can have been published",
        ),
        (
            lambda f: _append(
                f, "bls_ces,CES3000000001,MANEMP,2026-07,nan,2026-08-10,thousands of persons,SA"
            ),
            "NaN",
        ),
    ],
    ids=["absent", "truncated", "unit", "period", "number", "conflict", "misdated", "nan"],
)
def test_damaged_collected_files_are_refused_and_the_old_figures_stay(collected, tmp_path, damage, message):
    out = tmp_path / "figures"
    out.mkdir()
    (out / "old").write_text("kept")
    damage(collected)
    with pytest.raises(FiguresError, match=message):
        build_figures(collected, out)
    assert [path.name for path in out.iterdir()] == ["old"]


@pytest.mark.recorded
def test_what_is_left_out_as_a_repetition_is_in_the_snapshot_to_the_dollar(shared_data):
    """206 rows of HS 87 that the Census chapter file already holds: value and duty, Canada and Mexico."""
    con = duckdb.connect()
    counted = con.execute(
        f"""
        select count(*), count(t.value_usd)
        from read_csv('{shared_data}/figures/hs87_us_ca_mx_monthly_stitched.csv', header = true, all_varchar = true) r
        left join '{FIGURES}/trade_flow_census_hs2.parquet' t
            on t.partner_code = r.CTY_CODE and t.period_start = (r.ym || '-01')::date and t.product_code = '87'
            and t.value_usd = r.usd::bigint and t.duty_usd = r.duty_usd::bigint and t.known_from = '2021-09-30'
        where r.src like 'census_hs2 2021%'
        """
    ).fetchone()
    assert counted == (206, 206)
