"""US Census International Trade API: the array-of-arrays reply to trade rows.

Belongs here: column layouts of imports and exports by HS, NAICS and end use; what a status, a redirect or a
page of this API means; which partner codes are groups.
Does not belong here: requests and their packing, which chapters and partners are kept.

Format: https://www.census.gov/foreign-trade/reference/guides/Guide_to_International_Trade_Datasets.pdf
Row 0 is the header, every cell is a text. Traps: a variable in get= that is also a predicate comes twice; rows are
in no order; groups of countries ('-', 0001..0028, 1XXX..7XXX) stand beside their members, so that a sum would count
these twice (groups are kept; codes.is_group tells them by their code); zero is written out, an absent cell means no
trade; without a key the answer is a redirect to missing_key.html, which a client that follows it sees as a 200 page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import polars as pl

from transforms.codes import WORLD, hs_edition, partner_code_of_name
from transforms.parse.body import excerpt, is_html, read_text, shape_checked
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    HtmlInsteadError,
    SchemaChangedError,
    ServerError,
    UnreadableError,
)
from transforms.parse.reply import TRADE_REPLY_SCHEMA, Left, TradeReply

SOURCE = "census"
_NO_UNIT = "-"
_CELLS = pl.List(pl.List(pl.String))
_ERROR_PAGE = "There was an error while running your query"
_KEY_PAGE = re.compile(r"(missing|invalid)[ _]key|valid <em>key</em> must be included", re.I)

#: commodity column -> classification
_COMMODITY = {
    "I_COMMODITY": "HS",
    "E_COMMODITY": "HS",
    "NAICS": "NAICS",
    "I_ENDUSE": "BEA end use",
    "E_ENDUSE": "BEA end use",
}


@dataclass(frozen=True)
class _Basis:
    """The variables of one value basis: value and duty in US dollars, quantity in the unit UNIT_QY1."""

    flow: str
    basis: str
    value: str
    quantity: str
    duty: str | None = None


_BASES = {
    "imports": (
        _Basis("imports", "general", "GEN_VAL_MO", "GEN_QY1_MO"),
        _Basis("imports", "consumption", "CON_VAL_MO", "CON_QY1_MO", "CAL_DUT_MO"),
    ),
    "exports": (_Basis("exports", "total_exports", "ALL_VAL_MO", "QTY_1_MO"),),
}
_KNOWN = re.compile(
    r"(I|E)_(COMMODITY|ENDUSE)(_[LS]DESC)?|NAICS(_[LS]DESC)?|CTY_(CODE|NAME)|time|YEAR|MONTH|COMM_LVL"
    r"|SUMMARY_LVL2?|(GEN|CON|ALL|DUT)_VAL_MO|CAL_DUT_MO|(GEN|CON)_QY1_MO(_FLAG)?|QTY_1_MO(_FLAG)?|UNIT_QY1"
    r"|LAST_UPDATE|DF"
)


@shape_checked(SOURCE)
def parse_reply(
    content: bytes,
    *,
    flow: str,
    expected: Iterable[str] = (),
    status: int = 200,
    content_type: str | None = None,
    location: str | None = None,
) -> TradeReply:
    """Trade rows of a reply to `flow` ('imports' or 'exports'): one row a value basis, US dollars, whole months.

    `expected`: variables asked for in get=; `location`: the Location header of a redirect. Unknown columns are
    accepted and named in the messages. Raises EmptyReplyError (204 or header only), AuthError, BadRequestError,
    HtmlInsteadError, SchemaChangedError (missing columns, two values for one cell) and what `read_text` raises.
    """
    _refuse(content, status, location)
    text = read_text(content, source=SOURCE, status=status, content_type=content_type)
    cells, header = _table(text, content_type)
    absent = [c for c in expected if c not in header]
    if absent:
        raise SchemaChangedError(SOURCE, "reply without variables that were asked for", missing=absent)
    wire = _columns(cells, header)
    bases = [b for b in _BASES[flow] if b.value in wire.columns]
    if not bases:
        raise SchemaChangedError(
            SOURCE, f"{flow} without a value column", missing=[b.value for b in _BASES[flow]]
        )
    wire = _keys(wire)
    values = [column for b in bases for column in (b.value, b.duty) if column in wire.columns]
    wire = wire.with_columns(pl.col(values).cast(pl.Int64, strict=False).name.suffix("#"))
    unreadable = wire.filter(
        pl.any_horizontal(
            pl.col("period_start", "partner_code", "product_level").is_null(),
            pl.col(f"{v}#" for v in values).is_null(),
        )
    )
    good = wire if unreadable.is_empty() else wire.join(unreadable.select("row"), on="row", how="anti")
    good, repeated = _once(good, values)
    unknown = [c for c in dict.fromkeys(header) if not _KNOWN.fullmatch(c)]
    updates = wire["LAST_UPDATE"].unique().drop_nulls().sort().to_list() if "LAST_UPDATE" in wire else []
    left = Left(
        {"repeated rows": repeated} if repeated else {},
        tuple((row[0], "key or value not readable", "|".join(map(str, row))) for row in unreadable.rows()),
    )
    messages = (
        *((f"columns not known, left out: {', '.join(unknown)}",) if unknown else ()),
        *((f"LAST_UPDATE: {', '.join(updates)}",) if updates else ()),
        *left.as_messages(),
    )
    return TradeReply(pl.concat([_flow_rows(good, b) for b in bases]), messages, left)


def _refuse(content: bytes, status: int, location: str | None) -> None:
    """Raise what a status, redirect or page of this API means; an answer with data passes."""
    if status == 204:
        raise EmptyReplyError(SOURCE, "HTTP 204, no such rows", "for the newest month: not yet released")
    start = content[:4000].decode("utf-8", "replace")
    if 300 <= status < 400:
        target = urlsplit(location or "").path.rsplit("/", 1)[-1] or "an unnamed page"
        if "key" in target:
            raise AuthError(
                SOURCE, f"HTTP {status} to {target}", "set a valid key (api.census.gov/data/key_signup.html)"
            )
        raise BadRequestError(SOURCE, f"HTTP {status} to {target}", "check the address of the source")
    if status == 200 and not content.lstrip().startswith(b"["):
        if _KEY_PAGE.search(start):
            raise AuthError(
                SOURCE, f"key page: {excerpt(start)}", "set a valid key (api.census.gov/data/key_signup.html)"
            )
        if _ERROR_PAGE in start:
            raise HtmlInsteadError(
                SOURCE, f"error page: {excerpt(start, 80)}", "ask again, then for fewer rows"
            )
        if start.startswith("error:"):
            raise BadRequestError(SOURCE, excerpt(start), "check the variables and predicates")
    if status >= 500 and not is_html(content):
        raise ServerError(SOURCE, f"HTTP {status} ({excerpt(start)})", "ask again, then for fewer rows")


def _table(text: str, content_type: str | None) -> tuple[pl.Series, list[str]]:
    """All cells in one text column row after row, and the header."""
    try:
        rows = pl.Series([text]).str.json_decode(_CELLS).explode()
    except pl.exceptions.ComputeError as error:
        if not text.rstrip().endswith("]"):
            what = f"JSON cut off after {len(text):,} characters"
        else:
            what = f"not an array of arrays ({content_type or 'no content type'}): {excerpt(text)}"
        raise UnreadableError(
            SOURCE, what, "ask again; if it stays like this, look at the archived bytes"
        ) from error
    header = rows[0].to_list() if len(rows) and rows[0] is not None else []
    if len(rows) < 2 or not header:
        raise EmptyReplyError(SOURCE, "reply without a row", "for the newest month: not yet released")
    if rows.list.len().n_unique() > 1 or None in header:
        raise SchemaChangedError(SOURCE, "rows with other numbers of cells than the header")
    return rows.slice(1).explode(), header


def _columns(cells: pl.Series, header: list[str]) -> pl.DataFrame:
    """The known columns of a reply, beside the number of each row from 1.

    Raises SchemaChangedError if a name that comes twice (in get= and as a predicate) has two different columns.
    """
    columns: dict[str, pl.Series] = {}
    for position, name in enumerate(header):
        if not _KNOWN.fullmatch(name) or name.endswith("DESC"):
            continue
        column = cells.gather_every(len(header), position)
        if name in columns and not columns[name].equals(column, null_equal=True):
            raise SchemaChangedError(
                SOURCE, f"column {name} comes twice with different contents", unknown=[name]
            )
        columns.setdefault(name, column)
    height = len(cells) // len(header)
    return pl.DataFrame({"row": pl.int_range(1, height + 1, eager=True), **columns})


def _keys(wire: pl.DataFrame) -> pl.DataFrame:
    """The rows with partner_code, classification, product_level, product_code and period_start, null where unreadable."""
    if "time" not in wire.columns and {"YEAR", "MONTH"} <= set(wire.columns):
        wire = wire.with_columns(time=pl.format("{}-{}", "YEAR", pl.col("MONTH").str.zfill(2)))
    elif "time" not in wire.columns:
        raise SchemaChangedError(SOURCE, "reply without a month", missing=["time", "YEAR", "MONTH"])
    if "CTY_CODE" in wire.columns:
        partner = _by_value(
            wire["CTY_CODE"], lambda code: pl.when(code.str.contains(r"^(-|[0-9][0-9X]{3})$")).then(code)
        )
    elif "CTY_NAME" in wire.columns:
        partner = pl.col("CTY_NAME").replace_strict(_partner_codes(wire["CTY_NAME"]))
    else:
        raise SchemaChangedError(SOURCE, "reply without partners", missing=["CTY_CODE"])
    commodity = next((c for c in _COMMODITY if c in wire.columns), None)
    code = pl.col(commodity) if commodity else pl.lit(WORLD)
    total = code == WORLD
    digits = code.str.len_bytes().cast(pl.Int16)
    level = digits
    if "COMM_LVL" in wire.columns:
        stated = _by_value(
            wire["COMM_LVL"], lambda level: level.str.extract(r"(\d+)$").cast(pl.Int16, strict=False)
        )
        level = pl.when(stated == digits).then(stated)
    return wire.with_columns(
        partner.alias("partner_code"),
        pl.when(total)
        .then(pl.lit("TOTAL"))
        .otherwise(pl.lit(_COMMODITY[commodity] if commodity else "TOTAL"))
        .alias("classification"),
        pl.when(total).then(pl.lit(0, pl.Int16)).otherwise(level).alias("product_level"),
        pl.when(total).then(pl.lit("00")).otherwise(code).alias("product_code"),
        _by_value(wire["time"], lambda month: (month + "-01").str.to_date("%Y-%m-%d", strict=False)).alias(
            "period_start"
        ),
    )


def _by_value(column: pl.Series, make: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """`make` of a column, computed once for each value: 200,000 rows have about a hundred months, partners and levels."""
    texts = column.unique()
    made = texts.to_frame("text").select(make(pl.col("text"))).to_series()
    return pl.col(column.name).replace_strict(texts, made, return_dtype=made.dtype)


def _partner_codes(names: pl.Series) -> dict[str, str]:
    """Codes for the partner names of a reply without CTY_CODE."""
    try:
        return {name: partner_code_of_name(name) for name in names.unique()}
    except ValueError as error:
        raise SchemaChangedError(SOURCE, str(error), "ask for CTY_CODE", missing=["CTY_CODE"]) from error


def _once(wire: pl.DataFrame, values: list[str]) -> tuple[pl.DataFrame, int]:
    """Rows without exact repetitions, and how many there were. Two values for one cell raise SchemaChangedError."""
    key = ["partner_code", "product_level", "product_code", "period_start"]
    if wire.select(key).n_unique() == wire.height:
        return wire, 0
    once = wire.unique([*key, *values], keep="first", maintain_order=True)
    twice = once.filter(pl.struct(key).is_duplicated())
    if twice.height:
        raise SchemaChangedError(
            SOURCE,
            f"two values for one cell, first {twice.select(key).row(0)}",
            "ask without a further dimension (district, port, state, summary level)",
        )
    return once, wire.height - once.height


def _flow_rows(wire: pl.DataFrame, basis: _Basis) -> pl.DataFrame:
    """The rows of one value basis as TRADE_REPLY_SCHEMA."""
    unit = pl.lit(None, pl.String)
    if "UNIT_QY1" in wire.columns:
        unit = pl.when(pl.col("UNIT_QY1") != _NO_UNIT).then("UNIT_QY1")
    quantity = pl.lit(None, pl.Float64)
    if basis.quantity in wire.columns:
        counted = unit.is_not_null() if "UNIT_QY1" in wire.columns else pl.lit(True)
        if f"{basis.quantity}_FLAG" in wire.columns:  # any flag: not available, the number is a filler
            counted &= pl.col(f"{basis.quantity}_FLAG").fill_null("").str.strip_chars() == ""
        else:  # without flags a 0 beside a value cannot be told from a filler
            counted &= (pl.col(basis.quantity) != "0") | (pl.col(f"{basis.value}#") == 0)
        quantity = pl.when(counted).then(pl.col(basis.quantity).cast(pl.Float64, strict=False))
    duty = pl.lit(None, pl.Int64)
    if basis.duty and basis.duty in wire.columns:
        duty = pl.col(f"{basis.duty}#")
    month = pl.col("period_start")
    version = (
        pl.when(pl.col("classification") == "HS")
        .then(hs_edition(month))
        # 336111 and 336112 become 336110 in January 2023; no documentation that we know states the edition before
        .when((pl.col("classification") == "NAICS") & (month.dt.year() >= 2023))
        .then(pl.lit("2022"))
    )
    return wire.select(
        pl.lit("USA").alias("reporter_iso3"),
        "partner_code",
        pl.lit(basis.flow).alias("flow"),
        pl.lit(basis.basis).alias("basis"),
        "classification",
        version.alias("classification_version"),
        "product_level",
        "product_code",
        "period_start",
        pl.col(f"{basis.value}#").alias("value_usd"),
        duty.alias("duty_usd"),
        quantity.alias("quantity"),
        pl.when(quantity.is_not_null()).then(unit).alias("quantity_unit"),
        pl.lit(SOURCE).alias("source_id"),
        pl.lit("normal").alias("status"),
    ).cast(pl.Schema(TRADE_REPLY_SCHEMA))
