"""A home that begins with the kept build releases what a home that builds from nothing releases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.base.settings import Settings
from orchestration.operations import kept_build
from orchestration.release.records import current_release, list_releases, verify_release
from orchestration.store.archive import Archive
from tests.support.same_tables import rows_apart
from tests.support.whole_warehouse import headway

#: columns of times and days of the release itself, by table: when figures were loaded, as of when freshness was asked
OF_THE_MOMENT = {
    "rpt_freshness": ("last_loaded_at", "as_of", "days_behind", "state", "expected_period", "n_slices_late")
}


@pytest.fixture
def second(small_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home without anything, beside the shared build, which was kept as its first build would have kept it."""
    shared = tmp_path / "shared"
    monkeypatch.setenv("HEADWAY_STATISTICS", str(shared))
    monkeypatch.delenv("HEADWAY_KEEP")
    first = Settings(small_home.project, tmp_path / "first")
    first.home.mkdir()
    for name in (
        "archive",
        "store",
        "build",
        "dbt",
    ):  # without its releases, of which there may be more than the first
        (first.home / name).symlink_to(small_home.home / name)
    assert kept_build.keep(first, kept_build.key(first))
    yield Settings(small_home.project, tmp_path / "second")
    for path in (shared, tmp_path / "second"):
        shutil.rmtree(path, ignore_errors=True)


@pytest.mark.long
def test_the_release_is_that_of_a_cold_build_but_for_its_times(
    small_home: Settings, second: Settings
) -> None:
    """A figure that depends on which home was first would be nobody's figure."""
    done = headway(second, "build")
    assert done.returncode == 0, done.stderr
    (made,) = list_releases(second)
    cold = current_release(small_home)
    assert cold is not None and made.current and verify_release(made.path).fingerprint == cold.fingerprint
    assert made.rows.keys() == cold.rows.keys()
    assert {check.name: check.outcome for check in made.checks} == {
        check.name: check.outcome for check in cold.checks
    }
    with duckdb.connect() as con:
        for name, settings in (("cold", small_home), ("made", second)):
            con.execute(f"ATTACH '{settings.current_database.resolve()}' AS {name} (READ_ONLY)")
        apart = {}
        for table in made.rows:
            left_out = ", ".join(OF_THE_MOMENT.get(table, ()))
            for name in ("cold", "made"):
                choice = f"* EXCLUDE ({left_out})" if left_out else "*"
                con.execute(
                    f"CREATE OR REPLACE TEMP VIEW {name}_rows AS SELECT {choice} FROM {name}.main.{table}"
                )
            if rows := rows_apart(con, "cold_rows", "made_rows"):
                apart[table] = rows
        loaded = con.execute("SELECT min(last_loaded_at) FROM made.rpt_freshness").fetchone()
        copied = con.execute("SELECT max(last_loaded_at) FROM cold.rpt_freshness").fetchone()
    assert not apart
    assert loaded is not None and copied is not None and loaded > copied, "loads of another home"
    # the archive of this home has the bytes of every payload, as those of any home have
    assert [p.payload_id for p in Archive(second).payloads()] == [
        p.payload_id for p in Archive(small_home).payloads()
    ]
    assert headway(second, "build").stdout.startswith("nothing changed")
