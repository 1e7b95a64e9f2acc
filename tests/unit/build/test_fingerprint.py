"""The fingerprint of a build: it moves with the store and with what a release is made from, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from orchestration.build import fingerprint
from orchestration.store.opened import open_store
from tests.support import release_case


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An empty home whose path has a space and a quote."""
    return release_case.settings(tmp_path / "the user's home")


@pytest.mark.slow
def test_fingerprint_moves_when_the_store_does_and_only_then(tmp_path: Path):
    home = release_case.settings(tmp_path)
    with open_store(home.store):
        pass
    empty = fingerprint.input_fingerprint(home)
    assert fingerprint.input_fingerprint(home) == empty

    def load(load_id: int, appended: int) -> str:
        with open_store(home.store) as con:
            con.execute(
                "INSERT INTO raw.load VALUES (?, 'bls:1', 'observation', now()::TIMESTAMP, '1', 1, ?, 0, 0, 0, 0, 0)",
                [load_id, appended],
            )
        return fingerprint.input_fingerprint(home)

    assert load(1, 0) == empty, "a load that changed nothing asks for a build"
    assert load(2, 1) != empty


@pytest.mark.parametrize(
    ("changed", "moves"),
    [
        ("orchestration/intake/x.py", True),
        ("orchestration/sources/series.csv", True),
        ("transforms/x.py", True),
        ("dbt_project/models/x.sql", True),
        ("dbt_project/seeds/x.csv", True),
        # a changed colour of a chart cannot change a table: it must not cost a build
        ("orchestration/readers/charts/x.py", False),
        ("orchestration/cli/x.py", False),
    ],
)
def test_fingerprint_moves_with_what_a_release_is_made_from(tmp_path: Path, changed: str, moves: bool):
    home = Settings(project=tmp_path, home=tmp_path / "home")
    (tmp_path / changed).parent.mkdir(parents=True)
    (tmp_path / "dbt_project").mkdir(exist_ok=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.0"\n')
    (tmp_path / changed).write_text("one")
    before = fingerprint.input_fingerprint(home)
    (tmp_path / changed).write_text("two")
    assert (fingerprint.input_fingerprint(home) != before) is moves


@pytest.fixture
def on_disk(tmp_path: Path) -> Settings:
    """A project and a home with all that decides whether a release is current."""
    home = Settings(project=tmp_path, home=tmp_path / "home")
    for path in (
        tmp_path / "dbt_project" / "models" / "x.sql",
        tmp_path / "orchestration" / "intake" / "x.py",
        home.figures / "manifest.json",
        home.timelines / "events.csv",
        home.store,
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.0"\n')
    return home


@pytest.mark.parametrize(
    "changed",
    [
        "dbt_project/models/x.sql",
        "orchestration/intake/x.py",
        "{figures}/manifest.json",
        "{timelines}/events.csv",
        "{timelines}/measures.csv",
        "{store}",
        "{store}.wal",
    ],
)
def test_a_yes_is_forgotten_when_a_file_that_it_was_said_of_changes(on_disk: Settings, changed: str):
    """A build that remembers too long would leave new figures out of the release, and say that nothing had changed."""
    path = on_disk.project / changed.format(
        figures=on_disk.figures, timelines=on_disk.timelines, store=on_disk.store
    )
    before = fingerprint.state_on_disk(on_disk, "a release")
    assert (
        fingerprint.state_on_disk(on_disk, "a release") == before != fingerprint.state_on_disk(on_disk, "b")
    )
    path.write_text("two")  # as many bytes as before
    assert fingerprint.state_on_disk(on_disk, "a release") != before


def test_a_store_put_back_with_its_old_times_is_another_store(on_disk: Settings):
    """What `cp -p` and `rsync -t` bring from a backup has the size and the time of a file that was there before."""
    stat = on_disk.store.stat()
    before = fingerprint.state_on_disk(on_disk, "a release")
    on_disk.store.write_text("two")
    os.utime(on_disk.store, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert on_disk.store.stat().st_mtime_ns == stat.st_mtime_ns
    assert fingerprint.state_on_disk(on_disk, "a release") != before
