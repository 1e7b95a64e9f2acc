"""INEGI light-vehicle register (RAIAVL): open-data CSV and zip of production, sales and exports by maker and model.

Belongs here: the three tables by maker and model, that of electric and hybrid vehicles by state, their statuses and repeated keys, monthly totals as series.
Does not belong here: the indicators API (inegi.py), heavy vehicles (BIE production includes them, 5-7 % more).

Format: https://www.inegi.org.mx/datosprimarios/iavl/#datos_abiertos; the zip holds conjunto_de_datos/raiavl_<table>_
mensual_tr_cifra_<year>.csv from 2005, catalogos/, diccionario_de_datos/, and metadatos/ with a line `modified:`.
Traps: a key may stand on several lines with different numbers (parts of one figure: they are added, and the lines are
counted); negative numbers are corrections of earlier months (kept); a model may be listed with and without a trailing
hyphen (two origins, never merged); a status changes from Preliminares to Revisadas to Definitivas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.parse.body import excerpt, read_text, shape_checked, zip_members
from transforms.parse.outcome import EmptyReplyError, SchemaChangedError
from transforms.parse.reply import SERIES_REPLY_SCHEMA, SeriesReply, series_reply

SOURCE = "inegi"
_TABLES = {"produccion": "production", "venta": "sales", "exportacion": "exports"}
_FILE = re.compile(rf"raiavl_({'|'.join(_TABLES)})_mensual_tr_cifra_(\d{{4}})\.csv", re.I)
_COLUMNS = ("ANIO", "ID_MES", "MARCA", "MODELO", "TIPO", "SEGMENTO", "UNI_VEH", "ESTATUS")
_COLUMNS_OF = {"production": (), "sales": ("ORIGEN", "ID_PAIS_ORIGEN"), "exports": ("ID_PAIS_DESTINO",)}
_KNOWN = {*_COLUMNS, *_COLUMNS_OF["sales"], *_COLUMNS_OF["exports"], "PROD_EST", "COBERTURA"}
_STATUS = {
    "Cifras Preliminares": "preliminary",
    "Cifras Revisadas": "revised",
    "Cifras Definitivas": "normal",
}

#: of the zip of electric and hybrid vehicles, and its columns -> kind of vehicle
_HYBRID_FILE = r"raiavl_hibrido_mensual_tr_cifra_\d{4}\.csv"
_HYBRID_KINDS = {"VEH_ELECTR": "electric", "VEH_HIBRIDAS_PLUGIN": "plug_in", "VEH_HIBRIDAS": "hybrid"}

RAIAVL_SCHEMA: dict[str, pl.DataType] = {
    "period_start": pl.Date(),
    "maker": pl.String(),
    "model": pl.String(),
    "type": pl.String(),
    "segment": pl.String(),
    "origin": pl.String(),  # sales: NACIONAL or IMPORTADO
    "country_code": pl.String(),  # INEGI's number: origin of sales, destination of exports
    "vehicles": pl.Int64(),
    "status": pl.String(),
    "lines": pl.Int64(),  # lines of the file that were added
}
_KEY = ("period_start", "maker", "model", "type", "segment", "origin", "country_code")


@dataclass(frozen=True)
class RaiavlReply:
    """One table. frame: RAIAVL_SCHEMA, unique on all but vehicles, status and lines, sorted; modified: INEGI's day."""

    table: str
    frame: pl.DataFrame
    messages: tuple[str, ...]
    modified: date | None = None


@shape_checked(SOURCE)
def parse_csv(
    content: bytes, *, table: str, status: int = 200, content_type: str | None = None
) -> RaiavlReply:
    """One year's file of `table` ('production', 'sales' or 'exports').

    Raises SchemaChangedError for missing columns, unknown statuses, units that are no whole number, months outside
    1-12 (a total over the rest would be wrong), EmptyReplyError without rows, and what `read_text` raises.
    """
    text = read_text(content, source=SOURCE, status=status, content_type=content_type)
    return _reply(table, [_rows(text, table)])


@shape_checked(SOURCE)
def parse_zip(
    content: bytes,
    *,
    table: str,
    years: Iterable[int] | None = None,
    status: int = 200,
    content_type: str | None = None,
) -> RaiavlReply:
    """All years, or only `years`, of the zip of one table. Raises what `parse_csv` raises, and UnreadableError for a zip
    that cannot be unpacked."""
    if not content.startswith(b"PK"):
        text = read_text(content, source=SOURCE, status=status, content_type=content_type)
        raise SchemaChangedError(SOURCE, f"no zip archive: {excerpt(text)}")
    wanted = None if years is None else set(years)
    frames = []
    for name, data in zip_members(content, _FILE.pattern, source=SOURCE):
        file = _FILE.fullmatch(name.rsplit("/", 1)[-1])
        assert file is not None  # zip_members gives no other names
        spanish, year = file.groups()
        if _TABLES[spanish.lower()] == table and (wanted is None or int(year) in wanted):
            text = read_text(data, source=SOURCE, status=200, content_type=f"member {name}")
            frames.append(_rows(text, table))
    if not frames:
        raise EmptyReplyError(SOURCE, f"archive without the files of {table}", "check table and years")
    return _reply(table, frames, _modified(content))


@shape_checked(SOURCE)
def parse_hybrids(content: bytes, *, status: int = 200, content_type: str | None = None) -> SeriesReply:
    """Sales of electric, plug-in hybrid and hybrid vehicles a month, the sum of the states, from the zip of `hibrido` or
    one year's CSV of it.

    source_code is 'raiavl/hybrids/electric', '.../plug_in' or '.../hybrid'. Raises what `parse_zip` raises.
    """
    if content.startswith(b"PK"):
        files = [data for _, data in zip_members(content, _HYBRID_FILE, source=SOURCE)]
        if not files:
            raise EmptyReplyError(SOURCE, "archive without the files of hibrido", "check the address")
    else:
        files = [content]
    years = []
    for data in files:
        text = read_text(data, source=SOURCE, status=status, content_type=content_type)
        years.append(_cells(text, "hibrido", ("ANIO", "ID_MES", "ID_ENTIDAD", *_HYBRID_KINDS, "ESTATUS")))
    cells = pl.concat(years, how="diagonal")
    numbers = cells.with_columns(pl.col(list(_HYBRID_KINDS)).cast(pl.Int64, strict=False))
    typed = _dated(numbers, "hibrido", ("period_start", "status", *_HYBRID_KINDS))
    if typed.select(pl.struct("period_start", "ID_ENTIDAD").is_duplicated().any()).item():
        raise SchemaChangedError(SOURCE, "hibrido: a state stands twice in a month")
    totals = typed.group_by("period_start").agg(
        pl.col(list(_HYBRID_KINDS)).sum().cast(pl.Float64), _least_final().alias("status")
    )
    frame = totals.unpivot(
        list(_HYBRID_KINDS), index=["period_start", "status"], variable_name="kind", value_name="value"
    ).select(
        pl.format("raiavl/hybrids/{}", pl.col("kind").replace_strict(_HYBRID_KINDS)).alias("source_code"),
        "period_start",
        pl.lit("monthly").alias("frequency"),
        "value",
        "status",
        pl.lit(None).alias("released_at"),
        pl.lit(None).alias("note"),
    )
    details = {f"raiavl/hybrids/{kind}": {"unit": "vehicles"} for kind in _HYBRID_KINDS.values()}
    return series_reply(frame.cast(pl.Schema(SERIES_REPLY_SCHEMA)), source=SOURCE, details=details)


def monthly_totals(reply: RaiavlReply, by: Sequence[str] = ()) -> SeriesReply:
    """Vehicles a month as series: in total ('raiavl/<table>'), or for each value of the columns `by` of the frame
    ('raiavl/<table>/<value of each column>').

    The status of a month is the least final one of its rows. Months without a row have no observation.
    """
    code = pl.concat_str(
        pl.lit(f"raiavl/{reply.table}"), *(pl.col(c).fill_null("") for c in by), separator="/"
    )
    status = _least_final()
    frame = (
        reply.frame.group_by(code.alias("source_code"), "period_start")
        .agg(pl.col("vehicles").sum().cast(pl.Float64).alias("value"), status.alias("status"))
        .select(
            "source_code",
            "period_start",
            pl.lit("monthly").alias("frequency"),
            "value",
            "status",
            pl.lit(None).alias("released_at"),
            pl.lit(None).alias("note"),
        )
    )
    details = {c: {"unit": "vehicles"} for c in frame["source_code"].unique().sort()}
    return series_reply(
        frame.cast(pl.Schema(SERIES_REPLY_SCHEMA)), source=SOURCE, messages=reply.messages, details=details
    )


def _least_final() -> pl.Expr:
    """The least final status of a group of rows."""
    return (
        pl.when((pl.col("status") == "preliminary").any())
        .then(pl.lit("preliminary"))
        .when((pl.col("status") == "revised").any())
        .then(pl.lit("revised"))
        .otherwise(pl.lit("normal"))
    )


def _rows(text: str, table: str) -> pl.DataFrame:
    """The lines of one year's file of a table by maker and model, typed."""
    cells = _cells(text, table, (*_COLUMNS, *_COLUMNS_OF[table]))
    numbers = cells.with_columns(pl.col("UNI_VEH").cast(pl.Int64, strict=False).alias("vehicles"))
    return _dated(numbers, table, ("period_start", "vehicles", "status"))


def _cells(text: str, table: str, columns: Sequence[str]) -> pl.DataFrame:
    """The cells of one year's file as text. Raises SchemaChangedError where it has not these columns, EmptyReplyError
    without lines."""
    try:
        cells = pl.read_csv(text.encode(), infer_schema=False, quote_char='"')
    except pl.exceptions.NoDataError as error:
        raise EmptyReplyError(SOURCE, f"{table} file without lines", "fetch it again") from error
    except pl.exceptions.PolarsError as error:
        raise SchemaChangedError(SOURCE, f"{table} file that is no table: {excerpt(str(error))}") from error
    missing = [c for c in columns if c not in cells.columns]
    if missing:
        raise SchemaChangedError(SOURCE, f"{table} file with other columns", missing=missing)
    if cells.is_empty():
        raise EmptyReplyError(SOURCE, f"{table} file without lines", "fetch it again")
    return cells.with_columns(pl.all().str.strip_chars())


def _dated(cells: pl.DataFrame, table: str, checked: Sequence[str]) -> pl.DataFrame:
    """Cells with period_start and status. Raises SchemaChangedError where one of the columns `checked` is not readable."""
    typed = cells.with_columns(
        pl.format("{}-{}-01", "ANIO", pl.col("ID_MES").str.zfill(2))
        .str.to_date("%Y-%m-%d", strict=False)
        .alias("period_start"),
        pl.col("ESTATUS").replace_strict(_STATUS, default=None, return_dtype=pl.String).alias("status"),
    )
    bad = typed.filter(pl.any_horizontal(pl.col(list(checked)).is_null()))
    if bad.height:
        raise SchemaChangedError(
            SOURCE,
            f"{table}: {bad.height} lines with an unreadable month, number or status",
            unknown=["|".join(map(str, bad.row(0)))],
        )
    return typed


def _reply(table: str, years: list[pl.DataFrame], modified: date | None = None) -> RaiavlReply:
    cells = pl.concat(years, how="diagonal")
    country = next((c for c in ("ID_PAIS_DESTINO", "ID_PAIS_ORIGEN") if c in cells.columns), None)
    typed = cells.select(
        "period_start",
        pl.col("MARCA").alias("maker"),
        pl.col("MODELO").alias("model"),
        pl.col("TIPO").alias("type"),
        pl.col("SEGMENTO").alias("segment"),
        (pl.col("ORIGEN") if "ORIGEN" in cells.columns else pl.lit(None, pl.String)).alias("origin"),
        (pl.col(country) if country else pl.lit(None, pl.String)).alias("country_code"),
        "vehicles",
        "status",
    )
    added = typed.group_by(_KEY).agg(
        pl.col("vehicles").sum(), pl.col("status").unique(), pl.len().cast(pl.Int64).alias("lines")
    )
    mixed = added.filter(pl.col("status").list.len() > 1)
    if mixed.height:
        raise SchemaChangedError(SOURCE, f"{table}: one key with two statuses, first {mixed.row(0)[:3]}")
    frame = added.with_columns(pl.col("status").list.first()).select(*RAIAVL_SCHEMA)
    repeated = int((frame["lines"] - 1).sum())
    negative = frame.filter(pl.col("vehicles") < 0).height
    unknown = sorted(set(cells.columns) - _KNOWN - {"period_start", "vehicles", "status"})
    messages = (
        *((f"added {repeated} further lines of repeated keys",) if repeated else ()),
        *((f"{negative} negative corrections",) if negative else ()),
        *((f"columns not known, left out: {', '.join(unknown)}",) if unknown else ()),
    )
    return RaiavlReply(table, frame.cast(pl.Schema(RAIAVL_SCHEMA)).sort(*_KEY), messages, modified)


def _modified(content: bytes) -> date | None:
    """The day of the last change that the metadata in the zip states; None where they state none."""
    for _, data in zip_members(content, r"metadatos_.*\.txt", source=SOURCE):
        modified = re.search(rb"^modified:\s*(\d{4}-\d{2}-\d{2})\s*$", data, re.M | re.I)
        if modified:
            return date.fromisoformat(modified.group(1).decode())
    return None
