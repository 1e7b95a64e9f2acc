"""A table of the lake that names a column twice, or sorts by one it has not, could not be written."""

from __future__ import annotations

import pytest

from transforms.detail_tables import DETAIL_TABLES, PLACE


@pytest.mark.parametrize("flow", DETAIL_TABLES)
def test_every_column_stands_once_and_rows_are_sorted_by_codes(flow):
    table = DETAIL_TABLES[flow]
    names = [*PLACE, *table.codes, *table.amounts]
    assert list(table.columns) == names and len(set(names)) == len(names)
    assert set(table.sorted_by) <= set(table.codes)
    assert table.flow == flow
