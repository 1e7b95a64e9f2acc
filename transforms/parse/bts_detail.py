"""BTS TransBorder Freight Data at its full detail: the rows of dot1, dot2 and dot3 of each month of a zip.

Belongs here: from a month's tables to the columns of the detail lake. Does not belong here: finding and reading the tables
of a zip (bts.py), the grain of the warehouse (bts.at_grain), addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from transforms.detail_tables import (
    TRANSBORDER_PORT,
    TRANSBORDER_PORT_COMMODITY,
    TRANSBORDER_STATE_COMMODITY,
    DetailTable,
)
from transforms.parse.bts import TableArchive, checked_month, one_table
from transforms.schema import FrameError

_TABLES: dict[str, DetailTable] = {
    "dot1": TRANSBORDER_PORT,
    "dot2": TRANSBORDER_STATE_COMMODITY,
    "dot3": TRANSBORDER_PORT_COMMODITY,
}
#: our name of a column -> that of the files
_NAMES = {
    "trade_type": "TRDTYPE",
    "usa_state": "USASTATE",
    "port_code": "DEPE",
    "commodity_2": "COMMODITY2",
    "mode": "DISAGMOT",
    "mexican_state": "MEXSTATE",
    "canadian_province": "CANPROV",
    "country_code": "COUNTRY",
    "domestic_foreign": "DF",
    "containerized": "CONTCODE",
    "value": "VALUE",
    "shipping_weight": "SHIPWT",
    "freight_charges": "FREIGHT_CHARGES",
}


@dataclass(frozen=True)
class FreightTable:
    """The rows of one flow of a month. value_usd: of all rows, the same in the three tables. zero_rows: left out."""

    flow: str
    frame: pl.DataFrame
    zero_rows: int
    value_usd: int


@dataclass(frozen=True)
class FreightMonth:
    """A month (YYYY-MM) of a zip. refused: why nothing of it can be used, else empty. messages: what could not be compared."""

    month: str
    tables: tuple[FreightTable, ...] = ()
    refused: str = ""
    messages: tuple[str, ...] = field(default=())


def is_freight(content: bytes) -> bool:
    """Whether the bytes are a zip with a table of freight in it."""
    try:
        return any(TableArchive.of(content).members(name) for name in _TABLES)
    except FrameError:
        return False


def months_in(content: bytes) -> list[date]:
    """First days of the months of which a zip has a table. Raises FrameError where the bytes are no zip."""
    archive = TableArchive.of(content)
    return sorted({month for name in _TABLES for month in archive.members(name)})


def read_months(content: bytes) -> Iterator[FreightMonth]:
    """The months of a zip, the oldest first. A damaged table costs itself (dot1, dot3) or its month (dot2).

    The value of each flow and partner must be the same in the tables that can be read, else the month is refused: they
    are the control totals of each other. Raises FrameError where the bytes are no zip or hold no table.
    """
    months = months_in(content)
    if not months:
        raise FrameError("no tables named dot1_MMYY.csv, dot2_MMYY.csv or dot3_MMYY.csv in the zip")
    archive = TableArchive.of(content)
    for month in months:
        messages: list[str] = []
        try:
            dot2 = checked_month(archive, month, messages)
        except FrameError as error:
            yield FreightMonth(f"{month:%Y-%m}", refused=str(error))
            continue
        tables = {"dot2": dot2}
        for name in ("dot1", "dot3"):
            try:
                table = one_table(archive.members(name).get(month, []), name, month)
            except FrameError:
                continue  # checked_month has said so in `messages`
            if table is not None:
                tables[name] = table
        yield FreightMonth(
            f"{month:%Y-%m}",
            tuple(_typed(_TABLES[name], tables[name]) for name in sorted(tables)),
            messages=tuple(messages),
        )


def _typed(table: DetailTable, raw: pl.DataFrame) -> FreightTable:
    """The columns of the lake from a table of the file: codes without blanks around them, empty where the file says nothing."""
    codes = [pl.col(_NAMES[name]).fill_null("").str.strip_chars().alias(name) for name in table.codes]
    frame = raw.select(*codes, *(pl.col(_NAMES[name]).alias(name) for name in table.amounts))
    kept = frame.filter(pl.any_horizontal(pl.col(name) != 0 for name in table.amounts))
    return FreightTable(table.flow, kept, frame.height - kept.height, int(kept["value"].sum()))
