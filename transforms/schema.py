"""The typed frames that parsers return and the loader accepts: tables, keys, closed lists.

Belongs here: column names, types, keys and closed lists of the raw tables; pure checks of a frame against them.
Does not belong here: reading bytes (parse/), comparing with what is stored (orchestration/store/loading.py), SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

STATUSES = ("normal", "preliminary", "revised", "estimated", "suppressed", "missing")
"""Statuses a payload may state. The store adds `withdrawn` for what a complete payload no longer holds."""

KNOWN_FROM_BASES = ("release", "retrieved", "observed_by")
FREQUENCIES = ("monthly", "quarterly", "annual", "daily")
ADJUSTMENTS = ("SA", "NSA", "SAAR")
FLOWS = ("imports", "exports", "balance")
BASES = (
    "general",  # general imports, customs value (GEN)
    "consumption",  # imports for consumption, customs value (CON)
    "usmca_claimed",  # the part of imports for consumption entered under a USMCA claim
    "total_exports",  # domestic plus foreign exports, FAS value
    "balance_of_payments",
    "customs",  # a customs basis that the publisher does not split into general and consumption
)


class FrameError(ValueError):
    """A payload or frame that cannot be trusted as a whole: unreadable, wrong columns or types, empty, contradictory."""


@dataclass(frozen=True)
class Table:
    """A raw table. `key` is the grain without time of knowledge; `slice` is the unit of which a payload is complete."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    slice: tuple[str, ...]
    columns: dict[str, pl.DataType] = field(hash=False)

    @property
    def vintage_columns(self) -> dict[str, pl.DataType]:
        """Columns every row carries beside key and values."""
        return {
            "status": pl.String(),
            "known_from": pl.Datetime("us"),
            "known_from_basis": pl.String(),
        }

    @property
    def polars_schema(self) -> dict[str, pl.DataType]:
        """Columns of a parsed frame: key, values, status, known_from (naive UTC), known_from_basis."""
        return {**self.columns, **self.vintage_columns}


OBSERVATION = Table(
    name="observation",
    key=("series_id", "period_start"),
    values=("value",),
    slice=("series_id",),
    columns={"series_id": pl.String(), "period_start": pl.Date(), "value": pl.Float64()},
)

TRADE_FLOW = Table(
    name="trade_flow",
    key=(
        "reporter_iso3",
        "partner_code",
        "flow",
        "basis",
        "classification",
        "product_level",
        "product_code",
        "period_start",
    ),
    values=("value_usd", "duty_usd", "quantity"),
    slice=("reporter_iso3", "partner_code", "flow", "basis", "classification", "product_level"),
    columns={
        "reporter_iso3": pl.String(),
        "partner_code": pl.String(),  # Census Schedule C; '-' is the world, '0001'..'0028' and '1XXX' are groups
        "flow": pl.String(),
        "basis": pl.String(),
        "classification": pl.String(),  # HS | NAICS | BEA end use | TOTAL
        "classification_version": pl.String(),
        "product_level": pl.Int16(),  # digits; 0 for TOTAL
        "product_code": pl.String(),  # '00' for TOTAL
        "period_start": pl.Date(),
        "value_usd": pl.Int64(),
        "duty_usd": pl.Int64(),
        "quantity": pl.Float64(),
        "quantity_unit": pl.String(),
        "source_id": pl.String(),  # the publisher; the payload may come through another source (figures)
    },
)

FREIGHT_FLOW = Table(
    name="freight_flow",
    key=(
        "us_state_code",
        "partner_iso3",
        "partner_region_code",
        "hs2",
        "transport_mode",
        "flow",
        "period_start",
    ),
    values=("value_usd", "shipping_weight_kg", "freight_charges_usd"),
    slice=("flow", "partner_iso3", "hs2"),
    columns={
        "us_state_code": pl.String(),
        "partner_iso3": pl.String(),
        "partner_region_code": pl.String(),
        "hs2": pl.String(),
        "transport_mode": pl.String(),
        "flow": pl.String(),
        "period_start": pl.Date(),
        "value_usd": pl.Int64(),
        "shipping_weight_kg": pl.Int64(),
        "freight_charges_usd": pl.Int64(),
        "source_id": pl.String(),
    },
)

TABLES = {t.name: t for t in (OBSERVATION, TRADE_FLOW, FREIGHT_FLOW)}

SERIES_SCHEMA: dict[str, pl.DataType] = {
    "series_id": pl.String(),
    "title": pl.String(),
    "measure": pl.String(),
    "geography_iso3": pl.String(),
    "partner_iso3": pl.String(),
    "flow": pl.String(),
    "basis": pl.String(),
    "industry_code": pl.String(),
    "industry_system": pl.String(),
    "product_code": pl.String(),
    "product_system": pl.String(),
    "unit": pl.String(),
    "unit_multiplier": pl.Int64(),
    "currency": pl.String(),
    "frequency": pl.String(),
    "seasonal_adjustment": pl.String(),
    "source_id": pl.String(),  # the publisher (bls, census, bea, ...), never `figures`
    "source_code": pl.String(),
    "fred_alias": pl.String(),
    "notes": pl.String(),
}
"""What is declared of a series, once, in orchestration/sources/series.csv (or by a user's import file)."""


@dataclass(frozen=True)
class Parsed:
    """What a parser makes of one payload.

    frame:    rows with the columns of `table.polars_schema`; may hold several vintages (known_from).
    series:   rows with SERIES_SCHEMA for every series_id in an observation frame; None for flow tables.
    complete: True if, for each slice and vintage in the frame, the payload holds every period (and for flow
              tables every cell) between the slice's first and last period; then what is absent there but stored
              as current is withdrawn. Flow tables: completeness is per slice and month.
    rejected: rows a parser could not type, as (row_number, reason, row as text); counted, never dropped silently.
    messages: what the agency said beside the data, and what was left out on purpose.
    refused:  agency code -> why, for series that the agency refused inside a successful reply: the rest is good.
    """

    table: Table
    frame: pl.DataFrame
    series: pl.DataFrame | None = None
    complete: bool = False
    rejected: tuple[tuple[int, str, str], ...] = ()
    messages: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict, hash=False)
