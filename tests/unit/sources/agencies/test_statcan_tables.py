"""Statistics Canada: every series of a full table is declared for it."""

from __future__ import annotations

from orchestration.sources.agencies.statcan_tables import TABLES
from orchestration.sources.registry import load_series_catalogue

LIVE = load_series_catalogue().filter(source_id="statcan")


def test_every_series_of_a_table_is_declared_for_it():
    """A typing error in an id would fail at the first live run only."""
    for product_id, table in TABLES.items():
        for series in table.series:
            declared = LIVE.filter(series_id=series.series_id)
            assert declared.height == 1, series.series_id
            assert bool(series.vector) != bool(series.members)
            if series.vector:
                assert declared["source_code"][0] == series.vector
            elif not series.series_id.endswith("motor_vehicles_parts"):
                dashed = f"{product_id[:2]}-{product_id[2:4]}-{product_id[4:]}"
                assert declared["source_code"][0] == dashed
