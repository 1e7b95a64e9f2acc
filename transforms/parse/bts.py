"""BTS TransBorder Freight Data: the raw zips of a month, of several months or of a year.

Belongs here: from the bytes of a zip to freight flows at the grain of `raw.freight_flow`, and the totals of its tables.
Does not belong here: addresses of the zips (orchestration/sources), names of states and modes (dbt seeds).

A zip holds three CSV tables of the same month: dot1 (state x port), dot2 (state x commodity) and dot3 (port x
commodity), each with codes and the three amounts. Names and folders of the members vary over the years
(`dot2_0124.csv`, `Jan2020/dot2_0120.csv`, upper case, year-to-date files beside the month's), so members are
found by pattern; the month is that of the rows, not of the name. Both are checked against each other. Some zips hold
several months: the second half of 2021, and whole years until 2017, that of 2017 as a zip of monthly zips.
Damage costs as little as it can: a damaged inner zip its month, a damaged dot1 or dot3 only the comparison with dot2, a
damaged dot2 nothing where a later year-to-date table (`dot2_ytd_0817.csv`) repeats the month. A table under a name
without its number (2016-08: `TransBorder_3_0816 (1).csv`) is told by its columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath

import polars as pl

from transforms.codes import ISO3_OF_SCHEDULE_C
from transforms.parse.archive_member import member_lines, member_names, read_member
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
_MONTH = r"(?P<month>0[1-9]|1[0-2])(?P<year>\d{2})"
_MEMBER = re.compile(rf"^(?P<table>dot[123])_{_MONTH}\.csv$", re.IGNORECASE)
#: the months of a year up to that of the name
_YEAR_TO_DATE = re.compile(rf"^(?P<table>dot[123])_ytd_{_MONTH}\.csv$", re.IGNORECASE)
#: a CSV whose name says the month only: its columns tell which table it is
_UNNAMED = re.compile(rf"^(?!dot[123]_)(?!\._).*?_{_MONTH}(?:\s*\(\d\))?\.csv$", re.IGNORECASE)
#: bytes of a member that hold its header
_HEADER_BYTES = 2_000


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
    archive = TableArchive.of(content)
    good: list[pl.DataFrame] = []
    refused: dict[str, str] = {}
    messages: list[str] = []
    for month in sorted(months):
        try:
            good.append(at_grain(checked_month(archive, month, messages), chapters))
        except FrameError as error:
            damaged = "".join(f"; {why}" for why in archive.damaged)
            refused[f"{month:%Y-%m}"] = f"{error}{damaged}"
    cells = pl.concat(good) if good else pl.DataFrame()
    if cells.is_empty():
        raise FrameError("; ".join(refused.values()) or f"no rows of the chapters {sorted(chapters or ())}")
    return Parsed(
        table=FREIGHT_FLOW,
        frame=_dated(cells, known_from, known_from_basis),
        complete=True,
        messages=tuple(messages),
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
    by_month = TableArchive.of(content).members(name)
    members = [(member, month) for month, of_month in by_month.items() for member in of_month]
    if len(members) != 1:
        raise FrameError(
            f"{len(members)} members named {name}_MMYY.csv in the zip, expected one: "
            f"{sorted(member.name for member, _ in members)}"
        )
    member, stated = members[0]
    return _table(member.read(), member.name, name, stated), stated


def checked_month(archive: TableArchive, month: date, messages: list[str]) -> pl.DataFrame:
    """dot2 of a month. Raises FrameError if its values are not those of dot1 and dot3, where these can be read.

    What was read from another place than usual, or could not be compared, is added to `messages`.
    """
    dot2 = _repeated_if_damaged(archive, month, messages)
    expected = _values(dot2)
    for name in ("dot1", "dot3"):
        try:
            table = one_table(archive.members(name).get(month, []), name, month)
        except FrameError as error:
            messages.append(f"{month:%Y-%m}: dot2 could not be compared with {name}: {error}")
            continue
        if table is not None and not _values(table).equals(expected):
            raise FrameError(
                f"{month:%Y-%m}: the values of dot2 and {name} differ ({expected.rows()}, {_values(table).rows()})"
            )
    return dot2


def _repeated_if_damaged(archive: TableArchive, month: date, messages: list[str]) -> pl.DataFrame:
    """dot2 of a month, or where it is damaged or absent its rows in a later year-to-date table of the same zip."""
    try:
        dot2 = one_table(archive.members("dot2").get(month, []), "dot2", month)
        if dot2 is not None:
            return dot2
        trouble = FrameError(f"0 different members named dot2_{month:%m%y}.csv in the zip, expected one")
    except FrameError as error:
        trouble = error
    later = archive.members("dot2", _YEAR_TO_DATE)
    for through in sorted(last for last in later if last >= month and last.year == month.year):
        for member in later[through]:
            try:
                rows = _rows(member.read(), member.name, "dot2").filter(period_start=month)
            except FrameError:
                continue
            if not rows.is_empty():
                messages.append(f"{month:%Y-%m}: read from {member.name}, because {trouble}")
                return typed(rows, member.name)
    raise trouble


def _values(table: pl.DataFrame) -> pl.DataFrame:
    """The value of each flow and partner, which the three tables have in common."""
    return table.group_by("flow", "partner_iso3").agg(_sums()[0]).sort("flow", "partner_iso3")


def one_table(members: list[_Member], name: str, month: date) -> pl.DataFrame | None:
    """The rows of a table of a month; None where there is none. Several members must be the same, a damaged one aside."""
    readable: dict[bytes, str] = {}
    trouble: FrameError | None = None
    for member in members:
        try:
            readable[member.read()] = member.name
        except FrameError as error:
            trouble = error
    if not readable and trouble:
        raise trouble
    if len(readable) > 1:
        raise FrameError(
            f"{len(members)} different members named {name}_{month:%m%y}.csv in the zip, expected one"
        )
    return next((_table(raw, member, name, month) for raw, member in readable.items()), None)


def _table(raw: bytes, member: str, name: str, stated: date) -> pl.DataFrame:
    """The rows of one table, all of the month `stated`, which the name of the member says."""
    table = _rows(raw, member, name)
    months = table["period_start"].unique().to_list()
    if months != [stated]:
        raise FrameError(
            f"{member} holds the months {sorted(str(m) for m in months)[:4]}, its name says {stated:%Y-%m}"
        )
    return typed(table, member)


def _rows(raw: bytes, member: str, name: str) -> pl.DataFrame:
    """The rows of the table `name` with whole amounts and `period_start`, of whatever months."""
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
        return table.with_columns(
            *(pl.col(amount).str.strip_chars().cast(pl.Int64) for amount in AMOUNTS),
            period_start=pl.date(pl.col("YEAR").cast(pl.Int32), pl.col("MONTH").cast(pl.Int8), 1),
        )
    except pl.exceptions.PolarsError as error:
        raise FrameError(f"{member}: an amount, month or year is not a whole number: {error}") from error


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

    @property
    def base_name(self) -> str:
        return PurePosixPath(self.name.replace("\\", "/")).name

    @property
    def table(self) -> str | None:
        """Which table its columns are those of; None for none, and for a member that cannot be read."""
        try:
            line = next(member_lines(self.archive, self.name, max_bytes=MAX_BYTES), b"")
        except FrameError:
            return None
        header = line[:_HEADER_BYTES].decode("utf-8-sig", "replace")
        columns = {name.strip(' "').upper() for name in header.strip().split(",")}
        return next((name for name, needed in _COLUMNS.items() if columns >= set(needed)), None)

    def read(self) -> bytes:
        return read_member(self.archive, self.name, max_bytes=MAX_BYTES)


@dataclass(frozen=True)
class TableArchive:
    """A zip with its members, those of the zips in it included. damaged: members that could not be opened, and why.

    Zips inside the zip are opened only where it has no table itself: some years repeat their tables in a folder of zips.
    Zips inside an inner zip are not opened, because a hostile nest has no end.
    """

    files: tuple[_Member, ...]
    damaged: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: bytes) -> TableArchive:
        """The archive of the bytes of a zip. Raises FrameError if they are no zip."""
        outer = tuple(_Member(content, name) for name in member_names(content))
        if any(_MEMBER.match(member.base_name) for member in outer):
            return cls(outer)
        files, damaged = list(outer), []
        for member in outer:
            if not member.base_name.lower().endswith(".zip") or member.base_name.startswith("._"):
                continue  # `._` is what macOS leaves beside a file
            try:
                inner = read_member(content, member.name, max_bytes=MAX_INNER_BYTES)
                files += [_Member(inner, name) for name in member_names(inner)]
            except FrameError as error:
                damaged.append(f"{member.name}: {error}")
        return cls(tuple(files), tuple(damaged))

    def members(self, table: str, pattern: re.Pattern[str] = _MEMBER) -> dict[date, list[_Member]]:
        """The members of a table by the month that their names state; a month that has none by its name gets those whose
        name does not say the table and whose columns do."""
        by_month: dict[date, list[_Member]] = {}
        for member in self.files:
            match = pattern.match(member.base_name)
            if match and match["table"].lower() == table:
                by_month.setdefault(_month_of(match), []).append(member)
        if pattern is _MEMBER:
            for member in self.files:
                match = _UNNAMED.match(member.base_name)
                if match and _month_of(match) not in by_month and member.table == table:
                    by_month[_month_of(match)] = [member]
        return by_month


def _month_of(match: re.Match[str]) -> date:
    """The month that the name of a member states."""
    return date(2000 + int(match["year"]), int(match["month"]), 1)
