"""The typed frames: every table states what of it may be null, and which columns a frame of it has."""

from __future__ import annotations

import pytest

from transforms.schema import SERIES_OPTIONAL, SERIES_SCHEMA, TABLES, Table


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_keys_values_and_slices_are_columns_and_no_key_may_be_null(table: Table) -> None:
    columns = set(table.columns)
    assert {*table.key, *table.values, *table.slice, *table.optional} <= columns
    assert set(table.slice) < set(table.key), "a slice is what is left of the key without a part of it"
    assert set(table.key) <= set(table.required)
    assert not set(table.required) & {*table.values, *table.optional}
    assert set(table.polars_schema) == {*table.columns, "status", "known_from", "known_from_basis"}


def test_what_may_be_null_of_a_series_is_a_column_of_it() -> None:
    assert set(SERIES_SCHEMA) >= SERIES_OPTIONAL
    assert not {"series_id", "unit", "frequency", "source_id"} & SERIES_OPTIONAL
