"""Parquet files put together from row groups of others hold the rows of these, for every reader."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from orchestration.base.errors import ReleaseError
from orchestration.release import row_groups
from orchestration.release.row_groups import Part

ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from(["a", "b", "a long name of a series"])),
        st.one_of(st.none(), st.floats(allow_nan=False)),
        st.lists(st.one_of(st.none(), st.dates().map(str)), max_size=3),
        st.booleans(),
        st.integers(-(2**62), 2**62),
    ),
    min_size=1,
    max_size=12,
)


def table(rows: list[tuple]) -> pa.Table:
    names = ("series_id", "value", "months", "is_last", "number")
    types = (pa.string(), pa.float64(), pa.list_(pa.string()), pa.bool_(), pa.int64())
    columns = list(zip(*rows, strict=True))
    return pa.table(
        {name: pa.array(values, type_) for name, values, type_ in zip(names, columns, types, strict=True)}
    )


def write(rows: list[tuple], path: Path, by: str) -> None:
    """A file of row groups of five rows, as one of the writers makes it."""
    frame = table(rows)
    if by == "pyarrow":
        pq.write_table(frame, path, row_group_size=5, write_page_index=True, compression="zstd")
    elif by == "polars":
        pl.DataFrame(frame).write_parquet(path, row_group_size=5)
    else:
        with duckdb.connect() as con:
            con.register("frame", frame)
            # DuckDB makes groups of whole vectors of 2048 rows: files of a group each are joined by the function under test
            for number in range(0, len(rows), 5):
                con.execute(
                    f"COPY (FROM frame LIMIT 5 OFFSET {number}) TO '{path}.{number}' (FORMAT parquet)"
                )
        row_groups.join([Part(Path(f"{path}.{number}")) for number in range(0, len(rows), 5)], path)


def read_by_all(path: Path) -> list[list[tuple]]:
    """The rows as each of three readers finds them."""
    with duckdb.connect() as con:
        found = con.execute(f"FROM read_parquet('{path}')").fetchall()
    arrow = [tuple(row.values()) for row in pq.read_table(path).to_pylist()]
    return [found, arrow, pl.read_parquet(path).rows()]


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rows=ROWS, others=ROWS, by=st.sampled_from(["duckdb", "pyarrow", "polars"]), data=st.data())
def test_chosen_row_groups_hold_their_rows_and_no_others(rows, others, by, data):
    """A number in the footer that is off by one row group shows the values of another series."""
    with tempfile.TemporaryDirectory() as folder:
        one, two, joined = (Path(folder) / name for name in ("one", "two", "joined"))
        write(rows, one, by)
        write(others, two, by)
        groups = data.draw(st.lists(st.integers(0, (len(rows) - 1) // 5), max_size=4))
        assert row_groups.join([Part(one, groups), Part(two)], joined) == pq.read_metadata(joined).num_rows
        expected = [row for group in groups for row in rows[group * 5 : group * 5 + 5]] + others
        for found in read_by_all(joined):
            assert [tuple(map(_plain, row)) for row in found] == [tuple(map(_plain, row)) for row in expected]


def _plain(value: object) -> object:
    return list(value) if isinstance(value, (list, pl.Series)) else value


@pytest.mark.parametrize("by", ["pyarrow", "polars", "duckdb"])
def test_a_footer_is_written_as_it_was_read(tmp_path: Path, by: str):
    """A field that got lost (the names of time zones, the order of a column) would change what readers make of the values."""
    rows = [(str(number), number / 7, [None, "2018-03-01"], number % 2 == 0, -number) for number in range(40)]
    write(rows, tmp_path / "file", by)
    content = (tmp_path / "file").read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    again = bytearray()
    row_groups._write_fields(again, row_groups.footer_of(tmp_path / "file").fields)
    if by == "pyarrow":
        assert bytes(again) == content[-8 - length : -8]
    assert row_groups._Reader(bytes(again)).fields() == row_groups.footer_of(tmp_path / "file").fields


def test_a_filter_on_a_value_finds_it_in_a_row_group_that_moved(tmp_path: Path):
    """DuckDB asks a Bloom filter before it reads a row group: one of another group would hide the rows."""
    with duckdb.connect() as con:
        for name, first in (("one", 0), ("two", 5000)):
            con.execute(
                f"COPY (SELECT 'series ' || (i // 10) AS series_id, i FROM range({first}, {first + 5000}) t(i)) "
                f"TO '{tmp_path / name}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
            )
        joined = tmp_path / "joined"
        row_groups.join([Part(tmp_path / "two", [2, 0]), Part(tmp_path / "one", [1])], joined)
        offsets = con.execute(f"SELECT bloom_filter_offset FROM parquet_metadata('{joined}')").fetchall()
        assert any(offset is not None for (offset,) in offsets)
        series = con.execute(f"SELECT DISTINCT series_id FROM read_parquet('{joined}')").fetchall()
        for (one,) in series:
            count = con.execute(
                f"SELECT count(*) FROM read_parquet('{joined}') WHERE series_id = ?", [one]
            ).fetchone()
            every = con.execute(
                f"SELECT count(*) FILTER (series_id = '{one}') FROM read_parquet('{joined}')"
            ).fetchone()
            assert count == every != (0,)


def test_columns_without_null_are_told_apart_from_those_with_some(tmp_path: Path):
    """Marks for null in one row group and none in the next would be read as values."""
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE t AS SELECT i, if(i = 3, NULL, i) AS some, [i, NULL] AS items, "
            "{'a': i, 'b': if(i = 3, NULL, i)} AS pair, if(i = 3, NULL, [i]) AS no_list FROM range(9) r(i)"
        )
        con.execute(f"COPY t TO '{tmp_path / 'file'}' (FORMAT parquet)")
    schema = pq.read_schema(tmp_path / "file")
    assert row_groups.footer_of(tmp_path / "file").never_null == {
        field.name for field in schema if not field.nullable
    }


def test_files_of_other_columns_are_refused(tmp_path: Path):
    """A column that changed its type would be read as what it is not."""
    pq.write_table(pa.table({"n": [1]}), tmp_path / "whole")
    pq.write_table(pa.table({"n": [1.0]}), tmp_path / "broken")
    with pytest.raises(ReleaseError, match="other columns"):
        row_groups.join([Part(tmp_path / "whole"), Part(tmp_path / "broken")], tmp_path / "joined")


@pytest.mark.parametrize("content", [b"", b"PAR1PAR1", b"PAR1" + b"\xff" * 20 + b"\x10\0\0\0PAR1", b"x" * 50])
def test_what_is_no_parquet_file_is_said_to_be_none(tmp_path: Path, content: bytes):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ReleaseError):
        row_groups.footer_of(tmp_path / "file")
