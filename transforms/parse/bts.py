"""BTS TransBorder Freight Data: the raw zips of a month, of several months or of a year.

Belongs here: from the bytes of a zip to freight flows at the grain of `raw.freight_flow`, and the totals of its tables.
Does not belong here: addresses of the zips (orchestration/sources), names of states and modes (dbt seeds).

A zip holds three CSV tables of the same month: dot1 (state x port), dot2 (state x commodity) and dot3 (port x
commodity), each with codes and the three amounts. Names and folders of the members vary over the years
(`dot2_0124.csv`, `Jan2020/dot2_0120.csv`, upper case, year-to-date files beside the month's), so members are
found by pattern; the month is that of the rows, not of the name. Both are checked against each other. Some zips hold
several months: the second half of 2021, and whole years until 2017, that of 2017 as a zip of monthly zips.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath

import polars as pl

from transforms.codes import ISO3_OF_SCHEDULE_C
from transforms.parse.archive_member import member_names, read_member
from transforms.schema import FREIGHT_FLOW, FrameError, Parsed
from transforms.transborder import TRANSBORDER_FLOWS, TRANSBORDER_MODES

#: of one unpacked table: a month's dot2 has 3.5 MB, so ten times that is not one month
MAX_BYTES = 40_000_000
#: of a monthly zip inside a yearly one, which has 1.3 MB, or up to 15 MB with the year-to-date tables
MAX_INNER_BYTES = 60_000_000

AMOUNTS = ("VALUE", "SHIPWT", "FREIGHT_CHARGES")
_COMMON = ("TRDTYPE", "DISAGMOT", "COUNTRY", *AMOUNTS, "DF", "CONTCODE", "MONTH", "YEAR")
_COLUMNS = {
    "dot1": ("USASTATE", "DEPE", "MEXSTATE", "CANPROV", *_COMMON),
    "dot2": ("USASTATE", "COMMODITY2", "MEXSTATE", "CANPROV", *_COMMON),
    "dot3": ("DEPE", "COMMODITY2", *_COMMON),
}
_MEMBER = re.compile(r"^(?P<table>dot[123])_(?P<month>0[1-9]|1[0-2])(?P<year>\d{2})\.csv$", re.IGNORECASE)


def parse(
    content: bytes,
    *,
    known_from: datetime,
    known_from_basis: str = "retrieved",
    chapters: Collection[str] | None = None,
) -> Parsed:
    """The freight flows of one monthly zip, summed over domestic/foreign origin and container code.

    `chapters` chooses HS chapters ('84', '87'); None keeps all. Amounts are whole US dollars and kilograms, zeros as
    the source prints them. The parsed month is complete: every cell of the chosen chapters is in the zip.
    Raises FrameError where the zip, its columns, codes or numbers are not as described above.
    """
    table, month = read_table(content, "dot2")
    cells = at_grain(table, chapters)
    if cells.is_empty():
        raise FrameError(f"dot2 of {month:%Y-%m} has no rows of the chapters {sorted(chapters or ())}")
    return Parsed(table=FREIGHT_FLOW, frame=_dated(cells, known_from, known_from_basis), complete=True)


def parse_months(
    content: bytes,
    months: Collection[date],
    *,
    known_from: datetime,
    known_from_basis: str = "retrieved",
    chapters: Collection[str] | None = None,
) -> Parsed:
    """The freight flows of `months` (first days) in a zip that may hold several months; otherwise as `parse`.

    Where a month has all three tables, the value of each flow and partner must be the same in them. Months that are
    absent, unreadable or contradictory are in `refused` (2016-08 -> why), the others in the frame, each of them whole.
    Raises FrameError if no month can be used.
    """
    members = {table: _months(content, table) for table in _COLUMNS}
    good: list[pl.DataFrame] = []
    refused: dict[str, str] = {}
    for month in sorted(months):
        try:
            good.append(at_grain(_checked_month(members, month), chapters))
        except FrameError as error:
            refused[f"{month:%Y-%m}"] = str(error)
    cells = pl.concat(good) if good else pl.DataFrame()
    if cells.is_empty():
        raise FrameError("; ".join(refused.values()) or f"no rows of the chapters {sorted(chapters or ())}")
    return Parsed(
        table=FREIGHT_FLOW,
        frame=_dated(cells, known_from, known_from_basis),
        complete=True,
        refused=refused,
    )


def totals(content: bytes) -> pl.DataFrame:
    """Sums of the three tables of one zip: table, flow, partner_iso3, value_usd, shipping_weight_kg, freight_charges_usd.

    Amounts are in US dollars and kilograms. The value of a flow and partner is the same in all three tables; a difference
    means a damaged file. Raises FrameError as `parse` does.
    """
    parts = []
    for name in _COLUMNS:
        table, _ = read_table(content, name)
        parts.append(
            table.group_by("flow", "partner_iso3")
            .agg(*_sums())
            .select(pl.lit(name).alias("table"), "flow", "partner_iso3", *_AMOUNT_NAMES)
        )
    return pl.concat(parts).sort("table", "flow", "partner_iso3")


def read_table(content: bytes, name: str) -> tuple[pl.DataFrame, date]:
    """The only table `name` (dot1, dot2 or dot3) of a zip, and its month.

    The rows have the columns of the file beside `flow`, `partner_iso3` and `period_start`. Raises FrameError where the zip
    has no such table or several, and where the table is not as described above.
    """
    members = [(member, month) for month, of_month in _months(content, name).items() for member in of_month]
    if len(members) != 1:
        raise FrameError(
            f"{len(members)} members named {name}_MMYY.csv in the zip, expected one: "
            f"{sorted(member.name for member, _ in members)}"
        )
    member, stated = members[0]
    return _table(member.read(), member.name, name, stated), stated


def _checked_month(members: dict[str, dict[date, list[_Member]]], month: date) -> pl.DataFrame:
    """dot2 of a month. Raises FrameError if its values are not those of dot1 and dot3, where these are there."""
    values: dict[str, pl.DataFrame] = {}
    dot2: pl.DataFrame  # it is read first, and its absence raises
    for name in ("dot2", "dot1", "dot3"):
        of_month = members[name].get(month, [])
        if len({member.read() for member in of_month}) > 1 or (name == "dot2" and not of_month):
            raise FrameError(
                f"{len(of_month)} different members named {name}_{month:%m%y}.csv in the zip, expected one"
            )
        if of_month:
            table = _table(of_month[0].read(), of_month[0].name, name, month)
            if name == "dot2":
                dot2 = table
            values[name] = table.group_by("flow", "partner_iso3").agg(_sums()[0]).sort("flow", "partner_iso3")
    for name, value in values.items():
        if not value.equals(values["dot2"]):
            raise FrameError(
                f"{month:%Y-%m}: the values of dot2 and {name} differ ({values['dot2'].rows()}, {value.rows()})"
            )
    return dot2


def _table(raw: bytes, member: str, name: str, stated: date) -> pl.DataFrame:
    """The rows of one table, all of the month `stated`, which the name of the member says."""
    try:
        table = pl.read_csv(raw, infer_schema=False, encoding="utf8")
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise FrameError(f"{member} is not a readable CSV: {error}") from error
    table = table.rename({column: column.removeprefix("\ufeff").strip().upper() for column in table.columns})
    missing = sorted(set(_COLUMNS[name]) - set(table.columns))
    if missing:
        raise FrameError(f"{member} lacks the columns {missing}; it has {table.columns}")
    if table.is_empty():
        raise FrameError(f"{member} has no rows")
    try:
        table = table.with_columns(
            *(pl.col(amount).str.strip_chars().cast(pl.Int64) for amount in AMOUNTS),
            period_start=pl.date(pl.col("YEAR").cast(pl.Int32), pl.col("MONTH").cast(pl.Int8), 1),
        )
    except pl.exceptions.PolarsError as error:
        raise FrameError(f"{member}: an amount, month or year is not a whole number: {error}") from error
    months = table["period_start"].unique().to_list()
    if months != [stated]:
        raise FrameError(
            f"{member} holds the months {sorted(str(m) for m in months)[:4]}, its name says {stated:%Y-%m}"
        )
    return typed(table, member)


def typed(table: pl.DataFrame, where: str) -> pl.DataFrame:
    """Rows of a raw table with `flow` and `partner_iso3` beside their codes. `where` names the table in messages.

    Raises FrameError for codes that are not listed and for empty amounts.
    """
    for column, known in (
        ("TRDTYPE", TRANSBORDER_FLOWS),
        ("DISAGMOT", TRANSBORDER_MODES),
        ("COUNTRY", _COUNTRIES),
    ):
        unknown = sorted(str(code) for code in set(table[column].unique()) - set(known))
        if unknown:
            raise FrameError(f"{where}: {column} has the unknown codes {unknown[:10]}")
    empty = [amount for amount in AMOUNTS if table[amount].null_count()]
    if empty:
        raise FrameError(f"{where}: {', '.join(empty)} is empty in some rows")
    return table.with_columns(
        flow=pl.col("TRDTYPE").replace_strict(TRANSBORDER_FLOWS, return_dtype=pl.String),
        partner_iso3=pl.col("COUNTRY").replace_strict(_COUNTRIES, return_dtype=pl.String),
    )


def at_grain(table: pl.DataFrame, chapters: Collection[str] | None) -> pl.DataFrame:
    """A table of `typed` (dot2, with `period_start`) summed to the key of `raw.freight_flow` and sorted by it.

    chapters: HS chapters that are kept; None keeps all. US dollars and kilograms.
    """
    if chapters is not None:
        table = table.filter(pl.col("COMMODITY2").is_in(list(chapters)))
    region = pl.when(pl.col("partner_iso3") == "CAN").then(_code("CANPROV")).otherwise(_code("MEXSTATE"))
    return (
        table.group_by(
            us_state_code=pl.col("USASTATE"),
            partner_iso3=pl.col("partner_iso3"),
            partner_region_code=region.fill_null("XX"),  # imports from Mexico name no state
            hs2=pl.col("COMMODITY2"),
            transport_mode=pl.col("DISAGMOT"),
            flow=pl.col("flow"),
            period_start=pl.col("period_start"),
        )
        .agg(*_sums())
        .with_columns(source_id=pl.lit("bts"))
        .select(list(FREIGHT_FLOW.columns))
        .sort(FREIGHT_FLOW.key)
    )


#: COUNTRY of the tables -> ISO 3166: Canada and Mexico
_COUNTRIES = {code: ISO3_OF_SCHEDULE_C[code] for code in ("1220", "2010")}
_AMOUNT_NAMES = {
    "value_usd": "VALUE",
    "shipping_weight_kg": "SHIPWT",
    "freight_charges_usd": "FREIGHT_CHARGES",
}


def _sums() -> list[pl.Expr]:
    return [pl.col(raw).sum().alias(name) for name, raw in _AMOUNT_NAMES.items()]


def _dated(cells: pl.DataFrame, known_from: datetime, known_from_basis: str) -> pl.DataFrame:
    """Cells of `at_grain` as rows of FREIGHT_FLOW that became known at one time."""
    return cells.with_columns(
        status=pl.lit("normal"),
        known_from=pl.lit(known_from, dtype=pl.Datetime("us")),
        known_from_basis=pl.lit(known_from_basis),
    ).select(list(FREIGHT_FLOW.polars_schema))


def _code(column: str) -> pl.Expr:
    """A code without blanks around it; null where it is blank."""
    return pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column).str.strip_chars())


@dataclass(frozen=True)
class _Member:
    """A file in a zip (`archive`: its bytes), named as it is stored there."""

    archive: bytes
    name: str

    def read(self) -> bytes:
        return read_member(self.archive, self.name, max_bytes=MAX_BYTES)


def _months(content: bytes, table: str, *, inner: bool = False) -> dict[date, list[_Member]]:
    """The members of a table by the month that their names state.

    Zips inside the zip are opened only where it has no such member itself: some years repeat their tables in a folder of
    zips. inner: `content` is such a zip inside a zip.
    """
    by_month: dict[date, list[_Member]] = {}
    for stored in member_names(content):
        match = _MEMBER.match(PurePosixPath(stored.replace("\\", "/")).name)
        if match and match["table"].lower() == table:
            month = date(2000 + int(match["year"]), int(match["month"]), 1)
            by_month.setdefault(month, []).append(_Member(content, stored))
    if by_month or inner:  # zips inside an inner zip are not opened, because a hostile nest has no end
        return by_month
    for stored in member_names(content):
        name = PurePosixPath(stored).name.lower()
        if name.endswith(".zip") and not name.startswith("._"):  # `._` is what macOS leaves beside a file
            archive = read_member(content, stored, max_bytes=MAX_INNER_BYTES)
            for month, members in _months(archive, table, inner=True).items():
                by_month.setdefault(month, []).extend(members)
    return by_month
