"""Whole builds that are killed, doubled or fed bad figures: the release that readers see stays whole.

Belongs here: faults of a run as a whole. Does not belong here: faults of one step (test_payload_faults, test_release_faults).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.base.errors import HeadwayError, WriterBusyError
from orchestration.base.lock import writer_lock
from orchestration.base.settings import PROJECT, Settings
from orchestration.intake.figures.load import ingest_figures
from orchestration.operations.build import run_build
from orchestration.release import folders as release
from tests.support.whole_warehouse import headway

#: a build takes 20-40 s on two cores; HEADWAY_KILLS=30 is for a long run by hand
KILLS = int(os.environ.get("HEADWAY_KILLS", "2"))


@pytest.fixture
def own(home, tmp_path) -> Settings:
    """A released warehouse that a test may break."""
    settings = Settings(PROJECT, tmp_path / "home")
    shutil.copytree(home.home, settings.home, symlinks=True)
    return settings


def whole(settings: Settings) -> int:
    """Rows of the current release's vintages; fails if the release is damaged."""
    release.verify_release(settings.current.resolve())
    with duckdb.connect(str(settings.current_database), read_only=True) as con:
        return con.execute("select count(*) from fct_observation_vintage").fetchall()[0][0]


@pytest.mark.timeout(120 + 90 * KILLS)
def test_a_killed_build_leaves_current_whole_and_the_next_one_repairs(own):
    """A power cut in the middle of a refresh would take the warehouse away from its readers."""
    vintages = whole(own)
    draw = random.Random(20261121)
    took = 25.0
    for _ in range(KILLS):
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.build_worker", str(own.home)],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            worker.wait(timeout=draw.uniform(0, took))
        except subprocess.TimeoutExpired:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        assert whole(own) == vintages
    done = headway(own, "build", "--force")
    assert done.returncode == 0, done.stderr
    assert whole(own) == vintages
    assert not list(own.releases.glob(".staging*"))


def test_a_second_build_at_once_is_told_who_holds_the_lock(own):
    """Two runs that write one store would leave neither's result."""
    with writer_lock(own):
        started = time.monotonic()
        done = headway(own, "build")
    assert done.returncode == 1
    assert f"process {os.getpid()}" in done.stderr
    assert time.monotonic() - started < 20
    with pytest.raises(WriterBusyError), subprocess_lock(own):
        run_build(own)


class subprocess_lock:
    """Another process that holds the writer lock."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> None:
        code = (
            "import sys; from pathlib import Path; from orchestration.base.lock import writer_lock\n"
            "from orchestration.base.settings import PROJECT, Settings\n"
            "with writer_lock(Settings(PROJECT, Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.settings.home)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "held\n"

    def __exit__(self, *_: object) -> None:
        self.process.communicate("")


@pytest.fixture
def figures(tmp_path, monkeypatch) -> Path:
    """A copy of the bundled figures that a test may damage."""
    folder = tmp_path / "figures"
    shutil.copytree(Settings.load().figures, folder)
    monkeypatch.setattr(Settings, "figures", property(lambda self: folder))
    return folder


def damage(figures: Path, how: str) -> None:
    path = figures / "observation_bls.parquet"
    content = path.read_bytes()
    path.write_bytes({"truncated": content[: len(content) // 2], "empty": b"", "other": b"not parquet"}[how])


@pytest.mark.parametrize("how", ["truncated", "empty", "other"])
def test_damaged_figures_are_refused_by_name(figures, tmp_path, how):
    """A clone cut short would build a warehouse with holes."""
    damage(figures, how)
    settings = Settings(PROJECT, tmp_path / "home")
    with pytest.raises(HeadwayError, match=r"observation_bls\.parquet.*git checkout"):
        ingest_figures(settings, "observation_bls")
    assert not settings.store.exists()


def test_figures_that_match_their_manifest_but_cannot_be_read_are_set_aside(figures, tmp_path):
    """A builder's mistake would pass the hash: the payload goes to quarantine with its reason, the store stays empty."""
    import hashlib

    damage(figures, "other")
    manifest = json.loads((figures / "manifest.json").read_text())
    entry = next(f for f in manifest["files"] if f["dataset"] == "observation_bls")
    content = (figures / entry["path"]).read_bytes()
    entry |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (figures / "manifest.json").write_text(json.dumps(manifest))
    settings = Settings(PROJECT, tmp_path / "home")
    with pytest.raises(HeadwayError, match="observation_bls"):
        ingest_figures(settings, "observation_bls")
    with duckdb.connect(str(settings.store), read_only=True) as con:
        assert con.execute("select count(*) from raw.observation").fetchall() == [(0,)]
    assert list((settings.home / "quarantine").glob("*.json"))


def test_the_store_comes_back_from_the_archive_alone(own):
    """A lost store would take every vintage with it."""
    with duckdb.connect(str(own.store), read_only=True) as con:
        before = con.execute("select * exclude load_id from raw.observation order by all").fetchall()
    own.store.unlink()
    done = headway(own, "build", "--from-archive")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(own.store), read_only=True) as con:
        assert con.execute("select * exclude load_id from raw.observation order by all").fetchall() == before
