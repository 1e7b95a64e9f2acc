"""Releases under fault: readers during publishing, kill -9, two publishers, a full disk."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from orchestration.base.errors import ReleaseError, WriterBusyError
from orchestration.base.settings import PROJECT, Settings
from orchestration.release import datapackage, public_file, records
from orchestration.release import folders as release
from tests.support import release_case
from tests.support.release_case import write_build

WORKER = Path(__file__).with_name("release_worker.py")


def publish(home: Settings) -> records.Release:
    return release.publish(
        home,
        run_id=release.new_run_id(),
        inputs={},
        keys=release_case.KEYS,
        contract=release_case.CONTRACT,
        allow_shrink=True,
    )


def launch(*arguments: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(WORKER), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        text=True,
    )


def start(*arguments: object) -> subprocess.Popen:
    """A worker that has announced that it is ready."""
    process = launch(*arguments)
    assert process.stdout.readline() == "ready\n"
    return process


def version(home: Settings) -> int:
    with duckdb.connect(str(home.current_database), read_only=True) as con:
        ((found,),) = con.execute(
            "SELECT list(DISTINCT built_as) FROM (SELECT built_as FROM dim_series UNION ALL "
            "SELECT built_as FROM fct_observation)"
        ).fetchall()
    assert len(found) == 1
    return found[0]


def check_whole(home: Settings, allowed: set[int]) -> int:
    """`current` is a whole, undamaged release of an allowed version."""
    assert records.verify_release(home.current.resolve()).current
    found = version(home)
    assert found in allowed
    return found


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = release_case.settings(tmp_path / "home")
    write_build(settings, 0)
    publish(settings)
    return settings


def test_twenty_readers_through_twenty_releases_see_no_error_and_no_mixed_version(
    home: Settings, tmp_path: Path
):
    stop = tmp_path / "stop"
    readers = launch("read", home.home, stop, 20)
    try:
        assert {readers.stdout.readline() for _ in range(20)} == {"ready\n"}
        for number in range(1, 21):
            write_build(home, number)
            publish(home)
    finally:
        stop.touch()
    results = json.loads(readers.communicate()[0])
    assert [r["errors"] for r in results] == [[]] * 20
    versions_seen = set()
    for result in results:
        assert result["seen"], "a reader never got to read"
        assert {len(v) for v in result["seen"]} == {1}, "a read mixed two releases"
        order = [v[0] for v in result["seen"]]
        assert order == sorted(order), "a reader went back to an older release"
        versions_seen |= set(order)
        # a connection opened before the first switch goes on reading its release, even after that was removed
        assert {tuple(v) for v in result["old"]} == {(0,)}
    assert len(versions_seen) >= 10, "the readers did not run beside the publisher"


def test_kill_at_random_moments_leaves_current_whole_and_the_next_publish_repairs(home: Settings):
    """Twelve SIGKILLs at moments spread over the 0.3 s that a publish takes, DuckDB's own writes included."""
    moments = random.Random(20170816)
    last = 0
    for number in range(1, 13):
        process = start("publish", home.home, number)
        select.select(
            [process.stdout], [], [], moments.uniform(0, 0.3)
        )  # the moment, unless it is done before
        process.kill()
        process.communicate()
        last = check_whole(home, {last, number})
    write_build(home, 99)
    made = publish(home)
    check_whole(home, {99})
    assert {p.name for p in home.releases.iterdir()} >= {made.run_id}
    assert not [p for p in home.releases.iterdir() if p.name.startswith(".")]
    assert not list(home.home.glob(".current-*"))
    assert len(records.list_releases(home)) <= 3


def test_kill_before_each_step_of_the_switch_leaves_current_whole(home: Settings):
    """Both renames, the symlink, the syncs and the pruning, one by one: gaps of microseconds that no clock can hit."""
    for number in range(1, 4):  # enough releases that the next publish prunes one
        write_build(home, number)
        publish(home)
    steps = int(start("publish", home.home, 4).communicate()[0])
    assert steps > 10
    last, switched = 4, []
    # every step to the end of the switch, then every third: most of them remove files of the oldest release
    for number, step in enumerate([*range(1, 8), *range(8, steps, 3), steps], start=5):
        start("publish", home.home, number, "kill", step).communicate()
        found = check_whole(home, {last, number})
        switched.append(found == number)
        last = found
        assert not [r for r in records.list_releases(home) if r.problem]
    assert switched == sorted(switched), "a later kill undid the switch"
    assert switched[0] is False
    assert switched[-1] is True
    write_build(home, 99)
    made = publish(home)
    check_whole(home, {99})
    assert not [p for p in home.releases.iterdir() if p.name.startswith(".")]
    assert records.list_releases(home)[0].run_id == made.run_id
    assert len(records.list_releases(home)) == 3


def test_of_two_publishers_one_is_told_who_the_other_is(home: Settings):
    first = start("publish", home.home, 1, "pause", 1)
    assert first.stdout.readline() == "paused\n"
    with pytest.raises(WriterBusyError, match=f"process {first.pid} "):
        publish(home)
    with pytest.raises(WriterBusyError, match=f"process {first.pid} "):
        release.rollback(home)
    check_whole(home, {0})
    first.communicate("go on\n")
    check_whole(home, {1})
    write_build(home, 2)
    publish(home)
    check_whole(home, {2})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small tmpfs here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(
    ("module", "step", "leave"),
    [
        (public_file, "assemble", 500_000),
        (datapackage, "write_parquet", 100_000),
        (release, "_write_records", 0),
    ],
    ids=["database", "parquet", "records"],
)
def test_a_disk_that_fills_up_is_named_and_leaves_the_current_release(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str, leave: int
):
    home = release_case.settings(small_disk / "home")
    write_build(home, 1)
    publish(home)
    # 2 MB of text that hardly compresses, so that neither the database nor Parquet fits into what is left
    write_build(
        home,
        2,
        sql="CREATE TABLE main.rpt_bulk AS SELECT md5(n::VARCHAR) AS text FROM range(65_536) t(n); "
        "COMMENT ON TABLE main.rpt_bulk IS 'bulk'; COMMENT ON COLUMN main.rpt_bulk.text IS 'text'",
    )
    others = small_disk / "other people's files"
    real = getattr(module, step)

    def fill_then_go_on(*arguments: object, **options: object) -> object:
        with others.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small_disk).free - leave)
        return real(*arguments, **options)

    monkeypatch.setattr(module, step, fill_then_go_on)
    with pytest.raises(ReleaseError, match=rf"the disk of {home.releases} \(\d+ MB\) is full; make room"):
        publish(home)
    check_whole(home, {1})
    assert len(list(home.releases.iterdir())) == 1, "what was written of the failed release is still there"
    monkeypatch.undo()
    others.unlink()
    publish(home)
    check_whole(home, {2})
