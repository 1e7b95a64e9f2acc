"""Parquet files that are put together from those of the release before hold what the tables hold, and damage is not taken over."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.base.files import sha256_of
from orchestration.base.public_table import describe
from orchestration.release import datapackage, kept_parquet, row_groups

#: rows of a group of DuckDB's is at least a vector
VECTOR = 2048


class Released:
    """A table of 20 series in the order of events, so that every row group has several of them, and its Parquet file."""

    def __init__(self, folder: Path, column: str = "series_id") -> None:
        self.before, self.after = folder / "before", folder / "after"
        (self.before / "parquet").mkdir(parents=True)
        self.con = duckdb.connect()
        self.con.execute(
            f"CREATE TABLE fct AS SELECT 'event ' || (i % 7) AS event_id, 'series ' || (i // 400) AS {column}, "
            f"i::DOUBLE AS value, [i, NULL] AS months FROM range(8000) t(i)"
        )
        self.write()

    @property
    def old(self) -> Path:
        return self.before / "parquet" / "fct.parquet"

    def write(self) -> None:
        self.con.execute(f"COPY fct TO '{self.old}' (FORMAT parquet, ROW_GROUP_SIZE {VECTOR})")

    def take_over(self, changes: dict) -> set[str]:
        recorded = {
            "parquet/fct.parquet": datapackage.FileFacts(
                bytes=self.old.stat().st_size, sha256=sha256_of(self.old)
            )
        }
        (rows,) = self.con.execute(f"SELECT count(*) FROM read_parquet('{self.old}')").fetchone()
        return kept_parquet.take_over(
            self.con, self.before, recorded, {"fct": rows}, describe(self.con, {}), changes, self.after
        )

    def differences(self) -> int:
        """Rows that the table and the new file do not share, counted as often as they are there."""
        file = f"read_parquet('{self.after / 'fct.parquet'}')"
        (found,) = self.con.execute(
            f"SELECT count(*) FROM ((FROM fct EXCEPT ALL FROM {file}) UNION ALL (FROM {file} EXCEPT ALL FROM fct))"
        ).fetchone()
        return found


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changed=st.sets(st.integers(0, 22), min_size=1, max_size=3),
    how=st.sampled_from(["revised", "removed", "added"]),
)
def test_a_file_of_which_few_series_changed_holds_what_the_table_holds(
    tmp_path_factory: pytest.TempPathFactory, changed: set[int], how: str
):
    """A row of the old release that stayed, or one that came twice, would be in the Parquet file alone: nobody compares it with the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_parquet, "_BIG", 0)
        patch.setattr(kept_parquet, "_FEW", 1.0)
        release = Released(tmp_path_factory.mktemp("release"))
        names = [f"series {number}" for number in changed]
        if how == "revised":
            release.con.execute(
                "UPDATE fct SET value = value + 0.5 WHERE series_id IN (SELECT unnest(?))", [names]
            )
        elif how == "removed":
            release.con.execute("DELETE FROM fct WHERE series_id IN (SELECT unnest(?))", [names])
        else:
            release.con.execute("INSERT INTO fct SELECT 'new', unnest(?), 1.5, [1, NULL]", [names])
        made = release.take_over({"fct": names})
        assert release.differences() == 0 if made else not (release.after / "fct.parquet").exists()
        # where all row groups are reached there is nothing to take over
        assert made or len(changed) > 1
        release.con.close()


def test_the_first_null_of_a_column_is_written_with_the_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The old row groups have no marks for null in that column, so that a file with both could not be read."""
    monkeypatch.setattr(kept_parquet, "_BIG", 0)
    monkeypatch.setattr(kept_parquet, "_FEW", 1.0)
    release = Released(tmp_path)
    release.con.execute("INSERT INTO fct VALUES ('new', 'series 3', 1.5, NULL)")
    assert release.take_over({"fct": ["series 3"]}) == set()
    assert not (release.after / "fct.parquet").exists()
    release.con.close()


def test_only_row_groups_of_the_changed_series_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Else a revised value costs what the whole table does."""
    monkeypatch.setattr(kept_parquet, "_BIG", 0)
    release = Released(tmp_path)
    release.con.execute("UPDATE fct SET value = -1 WHERE series_id = 'series 19'")
    assert release.take_over({"fct": {"series 19"}}) == {"fct"}
    # of four groups the first three stand before the new one, and the first where it was, byte for byte
    groups = [
        row_groups.footer_of(file).rows_of_groups for file in (release.old, release.after / "fct.parquet")
    ]
    assert groups[0] == groups[1] == [2048, 2048, 2048, 1856]
    assert release.old.read_bytes()[:10_000] == (release.after / "fct.parquet").read_bytes()[:10_000]
    assert release.differences() == 0


def test_a_row_of_no_series_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In a comparison with null nothing is true: such rows would vanish from the row groups that are written again."""
    monkeypatch.setattr(kept_parquet, "_BIG", 0)
    release = Released(tmp_path)
    release.con.execute("UPDATE fct SET series_id = NULL WHERE value = 7999")
    release.write()
    release.con.execute("UPDATE fct SET value = -1 WHERE series_id = 'series 19'")
    assert release.take_over({"fct": {"series 19"}}) == {"fct"}
    assert release.differences() == 0


def test_a_comparison_with_controls_is_one_of_its_treated_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kept_parquet, "_BIG", 0)
    release = Released(tmp_path, column="treated_series_id")
    release.con.execute("UPDATE fct SET value = -1 WHERE treated_series_id = 'series 19'")
    assert release.take_over({"fct": {"series 19"}}) == {"fct"}
    assert release.differences() == 0


@pytest.mark.parametrize("changes", [{}, {"fct": {"series 19"}}], ids=["copied", "put together"])
def test_a_damaged_file_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict):
    """A flipped bit in one release would be in all that follow."""
    monkeypatch.setattr(kept_parquet, "_BIG", 0)
    release = Released(tmp_path)
    facts = datapackage.FileFacts(bytes=release.old.stat().st_size, sha256=sha256_of(release.old))
    content = bytearray(release.old.read_bytes())
    content[len(content) // 4] ^= 1
    release.old.write_bytes(content)
    made = kept_parquet.take_over(
        release.con,
        release.before,
        {"parquet/fct.parquet": facts},
        {"fct": 8000},
        describe(release.con, {}),
        changes,
        release.after,
    )
    assert not made
    assert not list(release.after.iterdir())


def test_a_table_that_has_another_number_of_rows_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The rows of a series that changed without being named would be those of the old release."""
    monkeypatch.setattr(kept_parquet, "_BIG", 0)
    release = Released(tmp_path)
    release.con.execute("DELETE FROM fct WHERE series_id = 'series 3'")
    assert not release.take_over({"fct": {"series 19"}})
    assert not list(release.after.iterdir())


def test_many_small_row_groups_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Each update adds a row group: a file of thousands of them would be slow to read."""
    monkeypatch.setattr(kept_parquet, "_BIG", 0)
    monkeypatch.setattr(kept_parquet, "_MORE_GROUPS", 2)
    release = Released(tmp_path)
    assert not release.take_over({"fct": {"series 19"}})
