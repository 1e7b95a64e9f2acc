"""The tables of the store: one list of columns, from the frames of the parsers to the sources of dbt.

Belongs here: orchestration/store/tables.py against what fills and what reads it. Does not belong here: loading rows.
"""

from __future__ import annotations

import dataclasses

import duckdb
import pytest
import yaml

from orchestration.base.settings import PROJECT
from orchestration.sources.spec import Source
from orchestration.store.archive import ArchivedPayload
from orchestration.store.loading import LoadAccount
from orchestration.store.tables import DDL, RAW_TABLES
from transforms.schema import SERIES_SCHEMA, TABLES

SOURCES = PROJECT / "dbt_project" / "models" / "staging" / "_sources.yml"


@pytest.fixture(scope="module")
def columns() -> dict[str, dict[str, bool]]:
    """table -> column -> whether it may be null, in the order of the table."""
    tables: dict[str, dict[str, bool]] = {}
    with duckdb.connect() as con:
        con.execute(DDL)
        for table, column, nullable in con.execute(
            "select table_name, column_name, is_nullable from duckdb_columns() where schema_name = 'raw' "
            "order by table_name, column_index"
        ).fetchall():
            tables.setdefault(table, {})[column] = nullable
    return tables


def test_dbt_describes_the_tables_of_the_store(columns):
    """A table that dbt does not know has no tests and no lineage; one that the store does not make stops every build."""
    (raw,) = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    described = {table["name"]: table for table in raw["tables"]}
    assert list(described) == list(RAW_TABLES) and set(RAW_TABLES) == set(columns)
    for name, table in described.items():
        assert {column["name"] for column in table.get("columns", ())} <= set(columns[name])


def test_vintages_have_the_columns_of_their_frames(columns):
    """A column of the parsers that the store lacks, or the other way round, would stop every load."""
    for table in TABLES.values():
        expected = [*table.polars_schema, "payload_id", "load_id"]
        for name in (table.name, f"{table.name}_current"):
            assert list(columns[name]) == expected
            never_null = {column for column, nullable in columns[name].items() if not nullable}
            assert never_null == {*table.required, "payload_id", "load_id"}


def test_what_is_recorded_beside_the_rows_fits_its_table(columns):
    """Publishers, payloads and accounts are inserted by name."""
    assert list(columns["series"]) == list(SERIES_SCHEMA)
    assert list(columns["source"]) == [field.name for field in dataclasses.fields(Source)]
    assert set(columns["payload"]) < {field.name for field in dataclasses.fields(ArchivedPayload)}
    account = {field.name for field in dataclasses.fields(LoadAccount)} - {"table"}
    assert set(columns["load"]) == account | {"table_name", "load_id", "parser_version", "loaded_at"}
