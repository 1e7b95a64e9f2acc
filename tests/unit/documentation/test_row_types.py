"""The types of public rows: as the contracts say, and kept where a query gives something else."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import duckdb
import pytest

from orchestration.documentation import row_types
from orchestration.readers.release_file import read, read_as
from orchestration.readers.rows import TABLE_OF, DimMonth


@pytest.mark.slow
def test_rows_are_what_the_contracts_say():
    """A contract that changed without its type would let mypy accept columns that the release does not have."""
    written = row_types.TARGET.read_text(encoding="utf-8")
    assert written == row_types.row_types(), "run `make rows`"


def test_a_contract_becomes_a_type(tmp_path: Path):
    (tmp_path / "dim_thing.yml").write_text(
        """models:
             - name: dim_thing
               columns:
                 - {name: thing_id, data_type: varchar, constraints: [{type: not_null}]}
                 - {name: seen_on, data_type: date}
                 - {name: parts, data_type: 'varchar[]'}
             - name: int_thing
               columns: [{name: hidden, data_type: varchar}]"""
    )
    text = row_types.row_types(tmp_path)
    for line in (
        "class DimThing(TypedDict):",
        "    thing_id: str\n",
        "    seen_on: dt.date | None\n",
        "    parts: list[str] | None\n",
        '    DimThing: "dim_thing",',
    ):
        assert line in text
    assert "hidden" not in text


def test_read_leaves_out_columns_that_this_version_does_not_know():
    """A release of a later version has more columns; they must not end up in tables that are printed whole."""
    with duckdb.connect() as con:
        names = ", ".join(f"null as {name}" for name in DimMonth.__annotations__)
        con.execute(f"create table {TABLE_OF[DimMonth]} as select {names}, 1 as of_a_later_version")
        (row,) = read(con, DimMonth, "limit ?", [1])
    assert list(row) == list(DimMonth.__annotations__)


class Pair(TypedDict):
    name: str
    size: int


def test_read_as_refuses_other_columns():
    with duckdb.connect() as con:
        assert read_as(con, Pair, "select 'a' as name, ?::int as size", [2]) == [{"name": "a", "size": 2}]
        with pytest.raises(TypeError, match=r"gives \['name'\].*Pair"):
            read_as(con, Pair, "select 'a' as name")
