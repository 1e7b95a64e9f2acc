"""The two warehouses of a run, each built once for all tests, also of several processes: the whole one, of all bundled figures, and a
small one (tests/support/small_world.py), in which a build takes a tenth.

A test of what the figures say reads the whole one. A test of what a run does (killed, repaired, refused, brought up to date) writes to a
clone of the small one, where `headway build` finds nothing to do. Belongs here: both builds and clones of them. Does not belong here:
anything that writes to a shared build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from orchestration.base.errors import ReleaseError
from orchestration.base.settings import PROJECT, Settings
from orchestration.build import dbt_runner
from orchestration.build.steps import is_current
from orchestration.intake.figures.manifest import read_manifest
from orchestration.release import records
from orchestration.store.opened import FIGURES, open_store
from tests.support.patience import PATIENCE
from tests.support.read_only import reading
from tests.support.small_world import make_small_project


@pytest.fixture(scope="session", autouse=True)
def statistics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder of slow statistics for all homes of a run: they have the same figures, and a minute of forecasts each
    is too much. It begins with what the last `make build` left; results are found by a hash of all they depend on."""
    folder = root_of_run(tmp_path_factory) / "statistics"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            made = Settings.load(PROJECT / "warehouse").build / "statistics"
            shutil.copytree(made, folder) if made.is_dir() else folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADWAY_STATISTICS", str(folder))
        patch.setenv("HEADWAY_KEEP", "0")  # a gigabyte for a run in which one home begins with nothing
        yield folder


def root_of_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of this run share; benchmarks run without the plugin and so without workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def home(statistics: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A released warehouse in a folder with a space in its name, made by `headway build` as a user would: a copy of what
    `make build` made in this clone where a build would give the very same again, else a build.

    HEADWAY_TEST_HOME names one that is there already, for somebody who runs one test again and again."""
    if made := os.environ.get("HEADWAY_TEST_HOME"):
        return Settings.load(made)
    root = root_of_run(tmp_path_factory)
    settings = Settings(project=PROJECT, home=root / "a warehouse")
    with FileLock(root / "warehouse.lock"):
        if not settings.current.exists():
            made = Settings(project=PROJECT, home=PROJECT / "warehouse")
            if would_be_the_same(made):
                # but for the figures of the clone and for the results of slow statistics, which are shared; the archive has `figures`, too
                left_behind = {str(made.home): {made.figures.name}, str(made.build): {"statistics"}}
                shutil.copytree(
                    made.home,
                    settings.home,
                    symlinks=True,
                    ignore=lambda folder, _: left_behind.get(folder, set()),
                )
            else:
                done = headway(settings, "build")
                assert done.returncode == 0, done.stderr
    return settings


def would_be_the_same(made: Settings, today: date | None = None) -> bool:
    """Whether a build from nothing, today (UTC), would give what this home holds: the fingerprint of its release is that of the
    code, the models and the figures as they are now, nothing but these figures was ever loaded, the release is whole and of that
    day (some models ask for current_date), and its last build ended well, so that build/headway.duckdb is what was released."""
    if not made.current.exists() or not made.build_database.exists() or not is_current(made):
        return False
    with open_store(made.store, read_only=True) as con:
        loaded = con.execute("SELECT source_id, sha256 FROM raw.payload").fetchall()
    bundled = {(FIGURES, entry["sha256"]) for entry in read_manifest(made.figures)["files"]}
    try:
        current = records.verify_release(made.current.resolve())
    except ReleaseError:
        return False
    return (
        set(loaded) == bundled
        and current.created_at.date() == (today or datetime.now(UTC).date())
        and all(check.outcome != "fail" for check in dbt_runner.check_results(made))
    )


@pytest.fixture(scope="session")
def warehouse(home: Settings) -> Path:
    """The file that dbt built, with staging and intermediate."""
    return home.build_database


@pytest.fixture(scope="module")
def con(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the file that dbt built, for the tests of a module."""
    with reading(warehouse) as connection:
        yield connection


@pytest.fixture(scope="session")
def small_home(statistics: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The released warehouse of the small world, made by `headway build` in a folder with a space in its name, as a user would. For reading.

    HEADWAY_TEST_SMALL names a folder in which it stays from run to run, for somebody who runs one test again and again."""
    root = Path(os.environ.get("HEADWAY_TEST_SMALL") or root_of_run(tmp_path_factory))
    root.mkdir(parents=True, exist_ok=True)
    settings = Settings(project=root / "a small project", home=root / "a small warehouse")
    with FileLock(root / "small.lock"):
        if not settings.current.exists():
            shutil.rmtree(settings.project, ignore_errors=True)
            make_small_project(settings.project)
            done = headway(settings, "build")
            assert done.returncode == 0, done.stderr
    return settings


@pytest.fixture
def own(small_home: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A clone of the small warehouse that a test may change or break. What dbt built stays behind: a build makes that file anew."""
    yield from _cloned(small_home, tmp_path / "home")


@pytest.fixture
def whole_store(home: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A clone of the whole warehouse without what dbt built, for what needs every figure of every agency and builds nothing."""
    yield from _cloned(home, tmp_path / "home")


def _cloned(home: Settings, folder: Path) -> Iterator[Settings]:
    """What `home` holds in `folder`, but for what dbt built and for releases before the current one; removed when the test ends."""
    settings = Settings(home.project, folder)
    current = home.current.resolve()
    before = {path.name for path in home.releases.iterdir()} - {current.name}
    left_behind = {str(home.home): {home.build.name}, str(home.releases): before}
    shutil.copytree(
        home.home, settings.home, symlinks=True, ignore=lambda folder, _: left_behind.get(folder, set())
    )
    yield settings
    shutil.rmtree(settings.home, ignore_errors=True)


def headway(
    settings: Settings, *arguments: str, timeout: float = 3 * PATIENCE
) -> subprocess.CompletedProcess[str]:
    """The command line in its own process, as a user runs it in a clone of the project of `settings`."""
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        env={**os.environ, "HEADWAY_HOME": str(settings.home)},
        cwd=settings.project,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
