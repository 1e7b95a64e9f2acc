"""The store: schema `raw` in store.duckdb, where vintages are appended and never overwritten.

Belongs here: the DDL of the raw tables and opening the store for writing (under the writer lock) or reading.
Does not belong here: comparing and appending (loading.py), meaning (dbt_project/), releases (release/folders.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

_OBSERVATION = """
    series_id VARCHAR NOT NULL, period_start DATE NOT NULL, value DOUBLE, status VARCHAR NOT NULL,
    known_from TIMESTAMP NOT NULL, known_from_basis VARCHAR NOT NULL, payload_id VARCHAR NOT NULL, load_id BIGINT NOT NULL"""
_TRADE_FLOW = """
    reporter_iso3 VARCHAR NOT NULL, partner_code VARCHAR NOT NULL, flow VARCHAR NOT NULL, basis VARCHAR NOT NULL,
    classification VARCHAR NOT NULL, classification_version VARCHAR, product_level SMALLINT NOT NULL,
    product_code VARCHAR NOT NULL, period_start DATE NOT NULL,
    value_usd BIGINT, duty_usd BIGINT, quantity DOUBLE, quantity_unit VARCHAR, source_id VARCHAR NOT NULL, status VARCHAR NOT NULL,
    known_from TIMESTAMP NOT NULL, known_from_basis VARCHAR NOT NULL, payload_id VARCHAR NOT NULL, load_id BIGINT NOT NULL"""
_FREIGHT_FLOW = """
    us_state_code VARCHAR NOT NULL, partner_iso3 VARCHAR NOT NULL, partner_region_code VARCHAR NOT NULL, hs2 VARCHAR NOT NULL,
    transport_mode VARCHAR NOT NULL, flow VARCHAR NOT NULL, period_start DATE NOT NULL,
    value_usd BIGINT, shipping_weight_kg BIGINT, freight_charges_usd BIGINT, source_id VARCHAR NOT NULL, status VARCHAR NOT NULL,
    known_from TIMESTAMP NOT NULL, known_from_basis VARCHAR NOT NULL, payload_id VARCHAR NOT NULL, load_id BIGINT NOT NULL"""

#: `<table>` holds every change; `<table>_current` the latest known state of each key, so that reading the latest
#: does not depend on how many vintages there are. Both change in one transaction.
DDL = f"""
CREATE SCHEMA IF NOT EXISTS raw;
CREATE TABLE IF NOT EXISTS raw.source (
    source_id VARCHAR PRIMARY KEY, agency VARCHAR NOT NULL, country_iso3 VARCHAR, title VARCHAR NOT NULL,
    homepage_url VARCHAR, licence VARCHAR NOT NULL, attribution VARCHAR NOT NULL, cadence VARCHAR,
    publication_lag_days INTEGER, needs_key BOOLEAN NOT NULL);
CREATE TABLE IF NOT EXISTS raw.series (
    series_id VARCHAR PRIMARY KEY, title VARCHAR NOT NULL, measure VARCHAR NOT NULL, geography_iso3 VARCHAR NOT NULL,
    partner_iso3 VARCHAR, flow VARCHAR, basis VARCHAR, industry_code VARCHAR, industry_system VARCHAR,
    product_code VARCHAR, product_system VARCHAR, unit VARCHAR NOT NULL, unit_multiplier BIGINT NOT NULL, currency VARCHAR,
    frequency VARCHAR NOT NULL, seasonal_adjustment VARCHAR NOT NULL, source_id VARCHAR NOT NULL, source_code VARCHAR,
    fred_alias VARCHAR, notes VARCHAR);
CREATE TABLE IF NOT EXISTS raw.payload (
    payload_id VARCHAR PRIMARY KEY, source_id VARCHAR NOT NULL, dataset VARCHAR NOT NULL, request_url VARCHAR NOT NULL,
    retrieved_at TIMESTAMP NOT NULL, http_status INTEGER, media_type VARCHAR, sha256 VARCHAR NOT NULL,
    bytes BIGINT NOT NULL, archive_path VARCHAR NOT NULL);
-- one row a load of a payload: rows_in = rows_appended + rows_unchanged + rows_rejected;
-- withdrawn and reinstated rows are extra appended rows
CREATE TABLE IF NOT EXISTS raw.load (
    load_id BIGINT PRIMARY KEY, payload_id VARCHAR NOT NULL, table_name VARCHAR NOT NULL, loaded_at TIMESTAMP NOT NULL,
    parser_version VARCHAR NOT NULL, rows_in BIGINT NOT NULL, rows_appended BIGINT NOT NULL, rows_unchanged BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL, rows_revised BIGINT NOT NULL, rows_withdrawn BIGINT NOT NULL, rows_reinstated BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS raw.rejected_row (
    load_id BIGINT NOT NULL, payload_id VARCHAR NOT NULL, row_number BIGINT, reason VARCHAR NOT NULL, row_text VARCHAR);
-- which periods each vintage of a slice showed: lets an older vintage that arrives late be filed in its place.
-- complete: what it did not show was not there. cell_id: null for a whole slice; a vintage of a flow table that is not
-- complete has one row a cell (the key without its period)
CREATE TABLE IF NOT EXISTS raw.coverage (
    table_name VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, cell_id VARCHAR, complete BOOLEAN NOT NULL, known_from TIMESTAMP NOT NULL, known_from_basis VARCHAR NOT NULL,
    first_period DATE NOT NULL, last_period DATE NOT NULL, missing_periods DATE[] NOT NULL, payload_id VARCHAR NOT NULL,
    load_id BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS raw.observation ({_OBSERVATION});
CREATE TABLE IF NOT EXISTS raw.observation_current ({_OBSERVATION});
CREATE TABLE IF NOT EXISTS raw.trade_flow ({_TRADE_FLOW});
CREATE TABLE IF NOT EXISTS raw.trade_flow_current ({_TRADE_FLOW});
CREATE TABLE IF NOT EXISTS raw.freight_flow ({_FREIGHT_FLOW});
CREATE TABLE IF NOT EXISTS raw.freight_flow_current ({_FREIGHT_FLOW});
"""


@contextmanager
def open_store(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the store, closed on leaving. Creates file and tables when writing."""
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(path), read_only=read_only)
    try:
        if not read_only:
            con.execute(DDL)
        yield con
    finally:
        con.close()
