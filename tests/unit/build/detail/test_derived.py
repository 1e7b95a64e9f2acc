"""Builds of the detail: what readers see is one whole build, whenever the writer was killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.base.errors import DetailError
from orchestration.build.detail import derived as module
from orchestration.build.detail.derived import (
    MANIFEST,
    Derived,
    DerivedTable,
    current,
    described_files,
    missing_files,
    new_folder,
    publish,
)


def built(derived: Path, name: str, content: bytes = b"rows") -> Derived:
    folder = derived / name
    (folder / "t").mkdir(parents=True)
    (folder / "t" / "part-0000.parquet").write_bytes(content)
    table = DerivedTable("t", "a table", ("k",), {"k": "key"}, True, 1, described_files(folder, "t"))
    return Derived(folder, "duckdb", None, "0" * 64, "2026-11-29T20:00:00Z", (table,))


NAMES = [f"20261129T20000{n}Z-00000{n}" for n in range(5)]


def test_a_published_build_reads_back_and_the_one_before_stays_for_who_reads_it(tmp_path):
    assert current(tmp_path) is None
    for name in NAMES:
        made = built(tmp_path, name)
        publish(made)
        assert current(tmp_path) == made
    assert {path.name for path in tmp_path.iterdir()} == {NAMES[3], NAMES[4], "current"}


def test_a_build_that_was_killed_is_never_current_and_the_next_one_removes_it(tmp_path):
    first = built(tmp_path, NAMES[0])
    publish(first)
    built(tmp_path, NAMES[1])  # killed before it was published: no manifest
    assert current(tmp_path) == first
    publish(built(tmp_path, NAMES[2]))
    assert {path.name for path in tmp_path.iterdir()} == {NAMES[0], NAMES[2], "current"}


@pytest.mark.parametrize("step", ["write_whole", "sync"])
def test_a_disk_that_fails_while_publishing_leaves_the_build_before(tmp_path, monkeypatch, step):
    first = built(tmp_path, NAMES[0])
    publish(first)

    def fails(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, step, fails)
    with pytest.raises(OSError, match="No space"):
        publish(built(tmp_path, NAMES[1]))
    assert current(tmp_path) == first


def test_what_spark_leaves_beside_its_files_is_no_file_of_the_table(tmp_path):
    folder = tmp_path / "t"
    (folder / "_temporary" / "0").mkdir(parents=True)
    for name in ("_SUCCESS", "._SUCCESS.crc", ".part-1.parquet.crc", "part-1.parquet", "part-0.parquet"):
        (folder / name).write_bytes(b"x")
    assert [file.path for file in described_files(tmp_path, "t")] == ["t/part-0.parquet", "t/part-1.parquet"]
    assert {path.name for path in folder.iterdir()} == {"part-0.parquet", "part-1.parquet"}


def test_a_table_without_a_file_is_an_error_and_not_an_empty_table(tmp_path):
    (tmp_path / "t").mkdir()
    with pytest.raises(DetailError, match="no file was written for t"):
        described_files(tmp_path, "t")


def test_a_file_that_was_cut_or_removed_is_missing(tmp_path):
    made = built(tmp_path, NAMES[0])
    assert missing_files(made, ["t"]) == []
    file = made.folder / "t" / "part-0000.parquet"
    file.write_bytes(b"row")
    assert missing_files(made, ["t"]) == ["t/part-0000.parquet"]
    file.unlink()
    assert missing_files(made, ["t"]) == ["t/part-0000.parquet"]


def test_a_damaged_manifest_says_how_it_is_made_again(tmp_path):
    publish(built(tmp_path, NAMES[0]))
    (tmp_path / NAMES[0] / MANIFEST).write_text("{")
    with pytest.raises(DetailError, match="headway detail build"):
        current(tmp_path)


def test_a_home_that_was_moved_has_its_build_all_the_same(tmp_path):
    publish(built(tmp_path / "a", NAMES[0]))
    (tmp_path / "a").rename(tmp_path / "b")
    found = current(tmp_path / "b")
    assert found is not None and found.files("t")[0].is_file()


def test_folders_of_builds_sort_by_time(tmp_path):
    name = new_folder(tmp_path).name
    assert module._BUILD_ID.fullmatch(name)
    assert replace(built(tmp_path, name), engine="spark").build_id == name
