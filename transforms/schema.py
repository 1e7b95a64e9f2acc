"""The typed frames that parsers return and the loader accepts: tables, keys, closed lists.

Belongs here: column names, types, keys and closed lists of the raw tables. They are written down here only: the tables of
the store are made from them (orchestration/store/tables.py).
Does not belong here: checking a frame (checks.py), reading bytes (parse/), comparing with what is stored
(orchestration/store/loading.py), SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

#: statuses a payload may state; the store adds `withdrawn` for what a complete payload no longer holds
STATUSES = ("normal", "preliminary", "revised", "estimated", "suppressed", "missing")

#: how well the time of knowledge is known: the agency stated when it released the value; it is the time at which the
#: answer was retrieved; it is the day by which somebody's copy showed the value
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
    """A raw table.

    key:      the grain without the time of knowledge.
    values:   what is measured; the first of them is null exactly where the status says that there is no number.
    slice:    the part of the key that names what a payload can be complete of, such as a series.
    columns:  name -> type of the key, the values and what describes them, in the order of the table.
    optional: columns beside the values that may be null.
    frequency: which days may begin a period (FREQUENCIES); of a table of series each series says it itself.
    """

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    slice: tuple[str, ...]
    columns: dict[str, pl.DataType] = field(hash=False)
    optional: tuple[str, ...] = ()
    frequency: str = "monthly"

    @property
    def vintage_columns(self) -> dict[str, pl.DataType]:
        """Columns that every row carries beside those of its table: what is known, since when, and how well."""
        return {
            "status": pl.String(),
            "known_from": pl.Datetime("us"),
            "known_from_basis": pl.String(),
        }

    @property
    def polars_schema(self) -> dict[str, pl.DataType]:
        """Columns of a parsed frame: key, values, status, known_from (naive UTC), known_from_basis."""
        return {**self.columns, **self.vintage_columns}

    @property
    def required(self) -> tuple[str, ...]:
        """Columns of `polars_schema` that are never null: the key first."""
        others = [n for n in self.columns if n not in (*self.key, *self.values, *self.optional)]
        return (*self.key, *self.vintage_columns, *others)


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
    optional=("classification_version", "quantity_unit"),
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

#: what the feed read of a document in which a trade action is announced (transforms/feed). A period is the day of publication
FEED_CANDIDATE = Table(
    name="feed_candidate",
    key=("feed_id", "part", "period_start"),
    values=(
        "title", "standing", "standing_because", "kind", "document_number", "signed_on", "citation", "executive_order",
        "proclamation", "agencies", "url", "first_day", "first_day_sentence", "first_day_rule", "first_day_note", "rate_pct",
        "rates", "rate_sentences", "headings", "parties", "topics", "marks", "text_chars",
    ),
    slice=("feed_id", "part"),
    columns={
        "feed_id": pl.String(),  # <source_id>:<number of the document>
        "part": pl.String(),  # entry: read of the agency's list; text: of the document itself
        "period_start": pl.Date(),  # day of publication
        "title": pl.String(),
        "standing": pl.String(),  # candidate | aside
        "standing_because": pl.String(),
        "kind": pl.String(),  # what the agency calls it: Executive Order, Notice, CSMS bulletin ...
        "document_number": pl.String(),
        "signed_on": pl.Date(),
        "citation": pl.String(),
        "executive_order": pl.String(),
        "proclamation": pl.String(),
        "agencies": pl.String(),
        "url": pl.String(),
        "first_day": pl.Date(),
        "first_day_sentence": pl.String(),
        "first_day_rule": pl.String(),
        "first_day_note": pl.String(),
        "rate_pct": pl.Float64(),
        "rates": pl.String(),
        "rate_sentences": pl.String(),
        "headings": pl.String(),
        "parties": pl.String(),
        "topics": pl.String(),
        "marks": pl.String(),
        "text_chars": pl.Int64(),
        "source_id": pl.String(),
    },
    frequency="daily",
)  # fmt: skip

#: what a person decided on a candidate. A period is the day of the decision
FEED_REVIEW = Table(
    name="feed_review",
    key=("feed_id", "period_start"),
    values=("decision", "decided_because", "event_id", "measure_id"),
    slice=("feed_id",),
    columns={
        "feed_id": pl.String(),
        "period_start": pl.Date(),
        "decision": pl.String(),  # accepted | rejected
        "decided_because": pl.String(),  # of a rejection; `reason` is the column of rejected rows (transforms/checks.py)
        "event_id": pl.String(),
        "measure_id": pl.String(),
    },
    frequency="daily",
)

TABLES = {t.name: t for t in (OBSERVATION, TRADE_FLOW, FREIGHT_FLOW, FEED_CANDIDATE, FEED_REVIEW)}

#: what is declared of a series, once: in orchestration/sources/series.csv, or by a user's import file
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
#: columns of SERIES_SCHEMA that may be null
SERIES_OPTIONAL = frozenset(
    {
        "partner_iso3",
        "flow",
        "basis",
        "industry_code",
        "industry_system",
        "product_code",
        "product_system",
        "currency",
        "source_code",
        "fred_alias",
        "notes",
    }
)


@dataclass(frozen=True)
class Parsed:
    """What a parser makes of one payload.

    frame:    rows with the columns of `table.polars_schema`; may hold several vintages (known_from).
    series:   rows with the columns of SERIES_SCHEMA, one for each series_id of an observation frame; None for flow tables.
    complete: whether the payload holds, for each slice and vintage of the frame, every period between the first and the
              last period of the slice, and for flow tables every cell of the months it shows. What is stored as current
              and absent there is then withdrawn.
    rejected: rows that the parser could not type, as (row_number, reason, row as text). They are counted as rows in.
    messages: what the agency wrote beside the data, and what the parser left out on purpose.
    refused:  agency code -> why, for series that the agency refused inside a successful reply whose rest is good.
    """

    table: Table
    frame: pl.DataFrame
    series: pl.DataFrame | None = None
    complete: bool = False
    rejected: tuple[tuple[int, str, str], ...] = ()
    messages: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict, hash=False)
