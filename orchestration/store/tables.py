"""The store: schema `raw` in store.duckdb, where vintages are appended and never overwritten.

Belongs here: the DDL of the raw tables. Does not belong here: columns of frames (transforms/schema.py; the DDL is made from them), opening
the store (opened.py), comparing and appending (loading.py), meaning (dbt_project/), releases (release/folders.py).
"""

from __future__ import annotations

from collections.abc import Container, Mapping

import polars as pl

from transforms.schema import SERIES_OPTIONAL, SERIES_SCHEMA, TABLES, Table
from transforms.timeline import TIMELINE_COLUMNS, TIMELINE_KEYS, TIMELINE_TABLES

_SQL_TYPES: dict[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Int16(): "SMALLINT",
    pl.Int64(): "BIGINT",
    pl.Float64(): "DOUBLE",
    pl.Date(): "DATE",
    pl.Boolean(): "BOOLEAN",
    pl.Datetime("us"): "TIMESTAMP",
}


def _columns(schema: Mapping[str, pl.DataType], *, required: Container[str]) -> str:
    """The columns of a frame as columns of a table, those of `required` NOT NULL."""
    return ", ".join(
        f"{name} {_SQL_TYPES[dtype]}{' NOT NULL' * (name in required)}" for name, dtype in schema.items()
    )


def _vintages(table: Table) -> str:
    """The columns of a table of vintages: those of its frames, and which load of which payload brought the row."""
    return (
        _columns(table.polars_schema, required=table.required)
        + ", payload_id VARCHAR NOT NULL, load_id BIGINT NOT NULL"
    )


#: name -> columns of each table of schema raw. `<table>` holds every change; `<table>_current` the latest known state of
#: each key, so that reading the latest does not depend on how many vintages there are. Both change in one transaction.
_COLUMNS: dict[str, str] = {
    "source": """
        source_id VARCHAR PRIMARY KEY, agency VARCHAR NOT NULL, country_iso3 VARCHAR, title VARCHAR NOT NULL,
        homepage_url VARCHAR, licence VARCHAR NOT NULL, attribution VARCHAR NOT NULL, cadence VARCHAR,
        publication_lag_days INTEGER, needs_key BOOLEAN NOT NULL""",
    # within how many days after a period a figure of a series counts as first released: series_like is a pattern of LIKE,
    # period_start null but for a single release that was put off
    "first_release": """
        source_id VARCHAR NOT NULL, series_like VARCHAR NOT NULL, period_start DATE, lag_days INTEGER NOT NULL,
        margin_days INTEGER NOT NULL""",
    "series": _columns(SERIES_SCHEMA, required=SERIES_SCHEMA.keys() - SERIES_OPTIONAL)
    + ", PRIMARY KEY (series_id)",
    "payload": """
        payload_id VARCHAR PRIMARY KEY, source_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL,
        request_url VARCHAR NOT NULL, retrieved_at TIMESTAMP NOT NULL, http_status INTEGER, media_type VARCHAR,
        sha256 VARCHAR NOT NULL, bytes BIGINT NOT NULL, archive_path VARCHAR NOT NULL""",
    # one row for each load of a payload: rows_in = rows_appended + rows_unchanged + rows_rejected;
    # rows_withdrawn and rows_reinstated count appended rows beside those of rows_in
    "load": """
        load_id BIGINT PRIMARY KEY, payload_id VARCHAR NOT NULL, table_name VARCHAR NOT NULL,
        loaded_at TIMESTAMP NOT NULL, parser_version VARCHAR NOT NULL, rows_in BIGINT NOT NULL,
        rows_appended BIGINT NOT NULL, rows_unchanged BIGINT NOT NULL, rows_rejected BIGINT NOT NULL,
        rows_revised BIGINT NOT NULL, rows_withdrawn BIGINT NOT NULL, rows_reinstated BIGINT NOT NULL""",
    "rejected_row": """
        load_id BIGINT NOT NULL, payload_id VARCHAR NOT NULL, row_number BIGINT, reason VARCHAR NOT NULL,
        row_text VARCHAR""",
    # which periods each vintage of a slice showed: an older vintage that arrives late is filed in its place by it.
    # complete: what the vintage did not show was not there. cell_id: null for a whole slice; a vintage of a flow table
    # that is not complete has one row for each cell (the key without its period)
    "coverage": """
        table_name VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, cell_id VARCHAR, complete BOOLEAN NOT NULL,
        known_from TIMESTAMP NOT NULL, known_from_basis VARCHAR NOT NULL, first_period DATE NOT NULL,
        last_period DATE NOT NULL, missing_periods DATE[] NOT NULL, payload_id VARCHAR NOT NULL,
        load_id BIGINT NOT NULL""",
    **{name: _vintages(table) for table in TABLES.values() for name in (table.name, f"{table.name}_current")},
    # the user's own timelines, each time replaced as a whole
    **{
        table: _columns(TIMELINE_COLUMNS[kind], required=TIMELINE_KEYS[kind])
        + ", payload_id VARCHAR NOT NULL"
        for kind, table in TIMELINE_TABLES.items()
    },
}

#: every table of schema raw; models/staging/_sources.yml of the dbt project describes the same ones (a test compares them)
RAW_TABLES = tuple(_COLUMNS)

DDL = "CREATE SCHEMA IF NOT EXISTS raw;\n" + "\n".join(
    f"CREATE TABLE IF NOT EXISTS raw.{name} ({columns});" for name, columns in _COLUMNS.items()
)
