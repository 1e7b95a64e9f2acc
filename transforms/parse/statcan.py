"""Statistics Canada full-table downloads (`<product>-eng.zip`): the long CSV as typed rows.

Belongs here: from the bytes of a full-table zip to a typed frame, and choosing series from it by vector or member names.
Does not belong here: which vectors become which series (series.csv), the WDS JSON interface.

The CSV is UTF-8 with a BOM, every cell quoted; `SCALAR_FACTOR` may carry a trailing blank; a suppressed cell has
an empty VALUE and STATUS "x" (SYMBOL stays empty); VALUE is in units of 10^SCALAR_ID. STATUS may be a quality grade (A to
E) while SYMBOL says preliminary or revised: both count. The CSV of the web page ("selected data") has the same columns
and may end in blank lines. A row whose mark contradicts its number costs itself, and only where its series is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

import polars as pl

from transforms.checks import WITHOUT_NUMBER
from transforms.parse.archive_member import member_lines, read_member
from transforms.periods import parse_period
from transforms.schema import FrameError

#: of an unpacked table that is read as a whole; the tables that are read so have less than 100 MB
MAX_BYTES = 512_000_000
#: of an unpacked table of which some rows are kept: payroll employment by industry and province has about 4 million rows
MAX_STREAMED_BYTES = 4_000_000_000
#: the code in brackets behind the name of a member: "Motor vehicles and parts [C21]"
_CODE = re.compile(r"\s*\[[^\]]*\]$")

#: a row that cannot be loaded: its number among the rows that were read, why, and the row as text
RejectedRow = tuple[int, str, str]

_REQUIRED = (
    "REF_DATE",
    "GEO",
    "UOM",
    "SCALAR_FACTOR",
    "SCALAR_ID",
    "VECTOR",
    "COORDINATE",
    "VALUE",
    "STATUS",
    "SYMBOL",
)
_OPTIONAL = ("DGUID", "UOM_ID", "TERMINATED", "DECIMALS")

#: STATUS and SYMBOL marks (the "Symbol Legend" of the MetaData file) as statuses of the raw tables: those that stand in
#: place of a number, and those that stand beside one
_IN_PLACE_OF_NUMBER = {
    "x": "suppressed",
    "F": "suppressed",  # too unreliable to be published
    "..": "missing",
    "...": "missing",  # not applicable
}
_BESIDE_NUMBER = {"p": "preliminary", "r": "revised"}


#: columns of a typed table beside its own dimensions; the geography is one of these
_OF_EVERY_TABLE = ("period_start", "vector", "coordinate", "unit", "scalar_exponent", "value", "status")


def full_table(content: bytes, product_id: str, *, max_bytes: int = MAX_BYTES) -> pl.DataFrame:
    """Every row of a full-table zip.

    Columns: period_start (Date), geography, vector ('v' and digits), coordinate, unit, scalar_exponent (Int64),
    value (Float64, as printed: in units of 10^scalar_exponent), status, and the table's own dimensions as text.
    Raises FrameError where the zip, its members, columns, numbers or marks are not as described above.
    """
    return table_of_csv(read_member(content, f"{product_id}.csv", max_bytes=max_bytes), product_id)


def part_of_table(
    content: bytes,
    product_id: str,
    wanted: Iterable[Mapping[str, str]],
    *,
    max_bytes: int = MAX_STREAMED_BYTES,
) -> pl.DataFrame:
    """The rows of a full-table zip in which every member of one of `wanted` stands: the same columns as `full_table`.

    wanted: one mapping for each series, column -> member (with or without its bracketed code), the rarest member last.

    The CSV is unpacked line by line, so that a table of several GB costs time and not memory (about 3 s for a million
    rows). A line is kept if all names of a series are in it, whatever their columns; `select_members` then compares the
    columns. Raises FrameError as `full_table` does, also where no row is kept.
    """
    marks = [tuple(f'"{name}'.encode() for name in members.values()) for members in wanted]
    rare = re.compile(b"|".join(re.escape(series[-1]) for series in marks)).search
    lines = member_lines(content, f"{product_id}.csv", max_bytes=max_bytes)
    kept = [next(lines, b"")]
    kept += (
        line for line in lines if rare(line) and any(all(mark in line for mark in series) for series in marks)
    )
    return table_of_csv(b"".join(kept), product_id)


def table_of_csv(raw: bytes, product_id: str) -> pl.DataFrame:
    """The rows of a table's CSV, out of a zip or as the web page gives it: columns and errors as in `full_table`."""
    try:
        table = pl.read_csv(raw, infer_schema=False, encoding="utf8", quote_char='"').fill_null("")
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise FrameError(f"{product_id}.csv is not a readable CSV: {error}") from error
    table = table.rename({name: name.removeprefix("\ufeff").strip('"') for name in table.columns})
    missing = [name for name in _REQUIRED if name not in table.columns]
    if missing:
        raise FrameError(f"{product_id}.csv lacks the columns {missing}")
    table = table.filter(pl.any_horizontal(pl.col(table.columns) != ""))  # without blank lines
    if table.is_empty():
        raise FrameError(f"{product_id}.csv has no rows")

    dimensions = [name for name in table.columns if name not in (*_REQUIRED, *_OPTIONAL)]
    periods = {text: _period(text, product_id) for text in table["REF_DATE"].unique()}
    value = pl.when(pl.col("VALUE") != "").then(pl.col("VALUE"))
    try:
        return table.select(
            period_start=pl.col("REF_DATE").replace_strict(periods, return_dtype=pl.Date),
            geography=pl.col("GEO"),
            vector=pl.col("VECTOR"),
            coordinate=pl.col("COORDINATE"),
            unit=pl.col("UOM").str.strip_chars(),
            scalar_exponent=pl.col("SCALAR_ID").cast(pl.Int64),
            value=value.cast(pl.Float64),
            status=_status(),
            **{name: pl.col(name) for name in dimensions},
        )
    except pl.exceptions.PolarsError as error:
        raise FrameError(f"{product_id}.csv: a number or scalar is not a number: {error}") from error


def select_vectors(table: pl.DataFrame, series_of_vector: Mapping[str, str]) -> pl.DataFrame:
    """The chosen series of a full table: series_id, period_start, value (as printed), status, scalar_exponent.

    Without the rows of `contradictions`, and rows that are printed twice once. Raises FrameError if a vector is not in the table or its scalar changes over time: then the printed numbers of
    one series would not be in one unit.
    """
    chosen = table.filter(pl.col("vector").is_in(list(series_of_vector)))
    chosen = chosen.filter(~_contradictory()).filter(~_repeated_differently())
    absent = sorted(set(series_of_vector) - set(chosen["vector"].unique()))
    if absent:
        raise FrameError(f"vectors {absent} are not in the table")
    scalars = chosen.group_by("vector").agg(pl.col("scalar_exponent").n_unique(), pl.col("unit").n_unique())
    mixed = scalars.filter((pl.col("scalar_exponent") > 1) | (pl.col("unit") > 1))["vector"].sort().to_list()
    if mixed:
        raise FrameError(f"vectors {mixed} change their unit or scalar within the table")
    return (
        chosen.select(
            pl.col("vector")
            .replace_strict(dict(series_of_vector), return_dtype=pl.String)
            .alias("series_id"),
            "period_start",
            "value",
            "status",
            "scalar_exponent",
        )
        .unique()
        .sort("series_id", "period_start")
    )


def contradictions(table: pl.DataFrame, vectors: Iterable[str]) -> list[RejectedRow]:
    """The rows of `vectors` that cannot be used: a mark in place of a number beside a number, and several numbers for one
    period."""
    chosen = table.with_row_index("row", offset=1).filter(pl.col("vector").is_in(list(vectors)))
    marked = chosen.filter(_contradictory())
    several = chosen.filter(~_contradictory() & _repeated_differently())
    return [
        *((row["row"], f"is {row['status']} but has a value", str(row)) for row in marked.rows(named=True)),
        *(
            (row["row"], "another value stands for the same period", str(row))
            for row in several.rows(named=True)
        ),
    ]


def _contradictory() -> pl.Expr:
    return pl.col("status").is_in(list(WITHOUT_NUMBER)) & pl.col("value").is_not_null()


def _repeated_differently() -> pl.Expr:
    return pl.struct("value", "status").n_unique().over("vector", "period_start") > 1


def select_members(
    table: pl.DataFrame, series: Mapping[str, Mapping[str, str]]
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Series chosen by the names of their members: a frame with the columns of `select_vectors`, and what was refused.

    series: series_id -> column -> member, in the words of the table, with or without its bracketed code. A series whose
    members are those of no vector or of several is not in the frame but in the second value, with the reason: a renamed
    member must not become another series. Raises FrameError for a column that the table does not have.
    """
    series_of_vector, refused = vectors_of_members(table, series)
    return select_vectors(table, series_of_vector), refused


def vectors_of_members(
    table: pl.DataFrame, series: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """(vector -> series_id, series_id -> why it is refused) for series named as in `select_members`.

    The same name may stand on two levels of a table ("Passenger cars and light trucks" as [C211] and as [411]): a member
    that is given with its code means that one only, and one that is given without it is taken where all vectors of that
    name hold the same numbers (a group with a single member).
    """
    series_of_vector: dict[str, str] = {}
    refused: dict[str, str] = {}
    for series_id, members in series.items():
        absent = [column for column in members if column not in table.columns]
        if absent:
            raise FrameError(f"the table has no columns {absent}, only {table.columns}")
        rows = table.filter(
            pl.all_horizontal(
                (pl.col(column) == member) | (pl.col(column).str.replace(_CODE.pattern, "") == member)
                for column, member in members.items()
            )
        )
        vectors = rows["vector"].unique().sort().to_list()
        if len(vectors) == 1 or (vectors and _hold_the_same(rows, len(vectors))):
            series_of_vector[vectors[0]] = series_id
        else:
            named = rows.select(list(members)).unique(maintain_order=True).rows() if vectors else []
            which = "".join(f"; {', '.join(row)}" for row in named[:4])
            refused[series_id] = (
                f"{len(vectors)} vectors have the members {', '.join(members.values())}{which}"
            )
    return series_of_vector, refused


def releases_of_members(
    table: pl.DataFrame, series: Mapping[str, Mapping[str, str]], release_column: str
) -> tuple[dict[date, pl.DataFrame], dict[str, str]]:
    """Day of release -> the chosen series as it showed them, and what was refused: for the real-time tables, in which each
    release of another table is a member of the dimension `release_column` ("February 2, 2020").

    The frames have the columns of `select_vectors`; series and refusals as for `vectors_of_members`, judged in the newest
    release that holds the series. Raises FrameError for a table without the column and for a release that is no day.
    """
    if release_column not in table.columns:
        raise FrameError(f"the table has no column {release_column!r}, only {table.columns}")
    days = {text: _release_day(text) for text in table[release_column].unique()}
    by_day: dict[date, pl.DataFrame] = {}
    refused: dict[str, str] = {}
    named: set[str] = set()
    for text, day in sorted(days.items(), key=lambda item: item[1], reverse=True):
        rows = table.filter(pl.col(release_column) == text)
        chosen, reasons = vectors_of_members(rows, series)
        named |= set(chosen.values())
        refused = {**reasons, **refused}
        if chosen:
            by_day[day] = select_vectors(rows, chosen)
    return by_day, {series_id: why for series_id, why in refused.items() if series_id not in named}


def _release_day(text: str) -> date:
    try:
        return datetime.strptime(text.strip(), "%B %d, %Y").date()  # noqa: DTZ007 - a day, not a time
    except ValueError as error:
        raise FrameError(f"the release {text!r} is not a day like 'February 2, 2020'") from error


def _hold_the_same(rows: pl.DataFrame, vectors: int) -> bool:
    """Whether the vectors in `rows` differ by the codes of their members only, and have the same number, status and unit in
    every period."""
    dimensions = [name for name in rows.columns if name not in _OF_EVERY_TABLE]
    names = rows.select(pl.col(dimensions).str.replace(_CODE.pattern, ""))
    if names.n_unique() > 1:
        return False
    cells = rows.select("period_start", "value", "status", "unit", "scalar_exponent").unique()
    return cells.height == cells["period_start"].n_unique() and rows.height == vectors * cells.height


def _period(text: str, product_id: str) -> date:
    try:
        return parse_period(text)
    except ValueError as error:
        raise FrameError(f"{product_id}.csv: REF_DATE {error}") from error


def _status() -> pl.Expr:
    """The status of a row by its marks. A number with a mark that is not listed (quality grades A to E) is normal, unless
    the symbol beside the grade says preliminary or revised."""
    in_place = pl.coalesce(
        pl.col(column).replace_strict(_IN_PLACE_OF_NUMBER, default=None, return_dtype=pl.String)
        for column in ("STATUS", "SYMBOL")
    )
    beside = pl.coalesce(
        pl.col(column).replace_strict(_BESIDE_NUMBER, default=None, return_dtype=pl.String)
        for column in ("SYMBOL", "STATUS")
    )
    return (
        pl.when(in_place.is_not_null())
        .then(in_place)
        .when(pl.col("VALUE") == "")
        .then(pl.lit("missing"))
        .otherwise(beside.fill_null("normal"))
    )
