"""The bundled figures made again from what was collected: the same files give the same bytes, damaged ones are refused."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from orchestration.base.errors import FiguresError
from orchestration.intake.figures.make import build_figures
from orchestration.intake.figures.manifest import figures_status
from tests.support.bundled import FIGURES


@pytest.mark.recorded
def test_the_same_collected_files_give_the_same_bytes(shared_data, tmp_path):
    # in a process of its own, with which the 700 MB go that it takes
    with ProcessPoolExecutor(1, get_context("spawn")) as child:
        report = child.submit(build_figures, shared_data, tmp_path / "figures").result()
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
    for name in ("load", "newer", "payloads", "product"):
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
