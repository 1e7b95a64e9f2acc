"""BLS: replies of the Public Data API (v1, v2) and the LABSTAT flat files.

Belongs here: the envelope with its status words and messages, periods and footnotes; the tab-separated
data and series files of download.bls.gov/pub/time.series.
Does not belong here: requests, quotas and windows (10 years without a key, 20 with one), which series are kept.

Formats: https://www.bls.gov/developers/api_signature_v2.htm and `<survey>.txt` beside the flat files.
Traps: a refusal comes as HTTP 200; a year range that is too long is shortened with REQUEST_SUCCEEDED and a
message; an unknown series is an empty one in a successful reply, or the reply is called REQUEST_PARTIALLY_PROCESSED: the
good series are kept, the bad ones are named in the messages; series come back in any order; the value "-"
with footnote X is a month that will never exist (October 2025, lapse in appropriations).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import date

import polars as pl

from transforms.parse.body import JsonObject, excerpt, read_json, read_text, shape_checked
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    QuotaError,
    SchemaChangedError,
    ServerError,
    TruncatedError,
    UnreadableError,
)
from transforms.parse.reply import Rows, SeriesReply, parse_number, series_reply

SOURCE = "bls"
NO_VALUE = "-"

_SHORTENED = re.compile(r"year range has been reduced", re.I)
#: "Invalid Series for Series X", "Series does not exist for Series X", "... for Series id: X" (all seen)
_REFUSED = re.compile(r"(?:invalid series|series does not exist) for series\s+(?:id\s*:?\s*)?([\w-]+)", re.I)
#: what a reply with data may be called: REQUEST_PARTIALLY_PROCESSED comes with the good series of a query that also names
#: bad ones (reported from live use in 2026)
_WITH_DATA = ("REQUEST_SUCCEEDED", "REQUEST_PARTIALLY_PROCESSED")
_ECHOED_KEY = re.compile(r"(registration key|the key)\b[ :]*\S*(?=\s+(?:has|provided|is)\b)", re.I)
_AVERAGES = re.compile(r"M13|Q05|S0[123]")
_AVERAGE_REASON = "annual averages and half-years (M13, Q05, S01-S03)"
_FIRST_MONTH = (
    {f"M{m:02}": m for m in range(1, 13)} | {f"Q{q:02}": 3 * q - 2 for q in range(1, 5)} | {"A01": 1}
)
_FREQUENCY = {"M": "monthly", "Q": "quarterly", "A": "annual"}
_FLAT_NUMBER = r"^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?$"
_DATA_COLUMNS = ("series_id", "year", "period", "value", "footnote_codes")


@shape_checked(SOURCE)
def parse_reply(content: bytes, *, status: int = 200, content_type: str | None = None) -> SeriesReply:
    """Observations of an API reply; value null and status `missing` where BLS says "-".

    Raises QuotaError (daily threshold), AuthError, BadRequestError, ServerError, TruncatedError (range
    shortened by BLS), SchemaChangedError and what `read_json` raises.
    """
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    if not isinstance(reply, dict) or "status" not in reply:
        raise SchemaChangedError(SOURCE, "reply without the field status", missing=["status"])
    messages = [_without_key(str(m)) for m in reply.get("message") or []]
    _refuse(str(reply["status"]), messages)
    series = (reply.get("Results") or {}).get("series")
    if not isinstance(series, list):
        raise SchemaChangedError(SOURCE, "successful reply without Results.series", missing=["series"])

    rows = Rows(SOURCE)
    rows.messages = messages
    for message in messages:
        if refusal := _REFUSED.search(message):
            rows.refused[refusal.group(1)] = message
    for item in series:
        _read_series(item, rows)
    return rows.reply()


def _without_key(message: str) -> str:
    """A message without the registration key, which BLS repeats in some of them."""
    return _ECHOED_KEY.sub(r"\1 (removed)", message)


def _refuse(word: str, messages: list[str]) -> None:
    """Raise what a status word and the messages beside it mean; a request that succeeded passes."""
    message = " ".join(excerpt(m) for m in messages) or "no message"
    lower = message.lower()
    if word in _WITH_DATA:
        if _SHORTENED.search(message):
            raise TruncatedError(
                SOURCE, f"BLS shortened the years: {message}", "ask for fewer years per query"
            )
        return
    if word == "REQUEST_NOT_PROCESSED" and "threshold" in lower:
        raise QuotaError(
            SOURCE, f"daily allowance spent: {message}", "wait for the next day (US Eastern time)"
        )
    if "key" in lower and ("invalid" in lower or "not valid" in lower):
        raise AuthError(SOURCE, message, "check the registration key")
    if word in ("REQUEST_FAILED", "REQUEST_FAILED_OVER_CAPACITY"):
        raise ServerError(SOURCE, f"{word}: {message}", "ask again later")
    if word in ("REQUEST_FAILED_INVALID_PARAMETERS", "REQUEST_NOT_PROCESSED"):
        raise BadRequestError(
            SOURCE, f"{word}: {message}", "check series ids and years (endyear not in the future)"
        )
    raise SchemaChangedError(SOURCE, f"status {word} is not known: {message}", unknown=[word])


def _read_series(item: JsonObject, rows: Rows) -> None:
    """Add the observations of one series, and what the reply states of the series, to `rows`."""
    code = item["seriesID"]
    catalog = item.get("catalog")
    if catalog:
        rows.details[code] = {
            name: str(catalog[field])
            for name, field in (("title", "series_title"), ("seasonality", "seasonality"))
            if catalog.get(field)
        }
    for point in item.get("data") or []:
        period = str(point.get("period"))
        if _AVERAGES.fullmatch(period):
            rows.drop(_AVERAGE_REASON)
            continue
        try:
            start = date(int(point["year"]), _FIRST_MONTH[period], 1)
            text = str(point["value"]).strip()
            value = None if text == NO_VALUE else parse_number(text)
        except (KeyError, ValueError) as error:
            rows.reject(f"not readable: {error}", {"seriesID": code, **point})
            continue
        footnotes = [f for f in point.get("footnotes") or [] if f]
        codes = {str(f.get("code") or "") for f in footnotes}
        note = "; ".join(
            ": ".join(str(f[k]).rstrip(".") for k in ("code", "text") if f.get(k)) for f in footnotes
        )
        rows.add(code, start, _FREQUENCY[period[0]], value, _status(value, codes), note=note or None)


def _status(value: float | None, codes: set[str]) -> str:
    if value is None:
        return "missing"
    if "P" in codes:
        return "preliminary"
    return "revised" if codes & {"R", "C"} else "normal"  # C: Correction


@shape_checked(SOURCE)
def parse_data_file(
    content: bytes,
    *,
    codes: Iterable[str] | None = None,
    status: int = 200,
    content_type: str | None = None,
) -> SeriesReply:
    """Observations of a LABSTAT data file (`ce.data.0.AllCESSeries`), of all series or only of `codes`.

    Columns are blank-padded, the header too. Raises UnreadableError for a cut file, SchemaChangedError
    for missing columns, EmptyReplyError if none of `codes` is in the file.
    """
    names = _header(content, status=status, content_type=content_type)
    missing = [c for c in _DATA_COLUMNS if c not in names]
    if missing:
        raise SchemaChangedError(SOURCE, "data file with other columns", missing=missing)
    table = pl.scan_csv(
        io.BytesIO(content),
        separator="\t",
        quote_char=None,
        has_header=False,
        skip_rows=1,
        schema=dict.fromkeys(names, pl.String),
    ).select(pl.col(c).str.strip_chars() for c in _DATA_COLUMNS)
    if codes is not None:
        table = table.filter(pl.col("series_id").is_in(list(codes)))
    try:
        rows = table.collect()
    except pl.exceptions.PolarsError as error:
        raise SchemaChangedError(SOURCE, f"data file that is no table: {excerpt(str(error))}") from error
    if rows.is_empty():
        raise EmptyReplyError(
            SOURCE, "data file without any of the wanted series", "check series ids and file"
        )

    period = pl.col("period")
    month = period.replace_strict(_FIRST_MONTH, default=None, return_dtype=pl.Int8)
    plain = pl.col("value").str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    number = pl.when(pl.col("value").str.contains(_FLAT_NUMBER)).then(plain)
    footnotes = pl.col("footnote_codes").fill_null("").str.split(",")
    typed = rows.with_row_index("row", offset=1).select(
        "row",
        pl.concat_str(pl.col(_DATA_COLUMNS).fill_null(""), separator=" ").alias("text"),
        period.str.contains(f"^({_AVERAGES.pattern})$").alias("average"),
        (number.is_not_null() | (pl.col("value") == NO_VALUE)).fill_null(False).alias("readable"),
        pl.col("series_id").alias("source_code"),
        pl.format("{}-{}-01", "year", month).str.to_date("%Y-%m-%d", strict=False).alias("period_start"),
        period.str.head(1).replace_strict(_FREQUENCY, default=None).alias("frequency"),
        number.alias("value"),
        pl.when(number.is_null())
        .then(pl.lit("missing"))
        .when(footnotes.list.contains("P"))
        .then(pl.lit("preliminary"))
        .when(footnotes.list.contains("R") | footnotes.list.contains("C"))
        .then(pl.lit("revised"))
        .otherwise(pl.lit("normal"))
        .alias("status"),
        pl.lit(None, pl.Datetime("us")).alias("released_at"),
        pl.when(pl.col("footnote_codes") != "").then("footnote_codes").alias("note"),
    )
    averages = pl.col("average").fill_null(False)
    readable = pl.col("readable") & pl.col("period_start").is_not_null()
    unreadable = typed.filter(~averages & ~readable)
    dropped = typed.filter(averages).height
    return series_reply(
        typed.filter(~averages & readable),
        source=SOURCE,
        dropped={_AVERAGE_REASON: dropped} if dropped else {},
        rejected=[(row, "not readable", text) for row, text in unreadable.select("row", "text").rows()],
    )


@shape_checked(SOURCE)
def parse_series_file(content: bytes, *, status: int = 200, content_type: str | None = None) -> pl.DataFrame:
    """A LABSTAT series or mapping file (`ce.series`, `cu.footnote`) with the columns of its header, all of them text.

    Blanks around a cell are taken off. The lines of mapping files end with a tab too many, whose empty cell is left out.
    Raises SchemaChangedError for any other line that does not fit the header, and what `read_text` raises.
    """
    names = _header(content, status=status, content_type=content_type)
    lines = content.decode("utf-8", "replace").splitlines()[1:]
    cells = [[cell.strip() for cell in line.split("\t")] for line in lines if line.strip()]
    for number, row in enumerate(cells, start=2):
        if len(row) < len(names) or any(row[len(names) :]):
            raise SchemaChangedError(
                SOURCE, f"line {number} of a flat file has other columns than its header"
            )
    return pl.DataFrame(
        [row[: len(names)] for row in cells], schema=dict.fromkeys(names, pl.String), orient="row"
    )


def _header(content: bytes, *, status: int, content_type: str | None) -> list[str]:
    """Column names of a flat file. Raises the outcome that the reply stands for if it is no whole flat file."""
    if status == 403:
        raise AuthError(
            SOURCE,
            "HTTP 403 from the flat-file server",
            "send a contact e-mail address as User-Agent (BLS usage policy)",
        )
    header = content.partition(b"\n")[0]
    # gzip bytes may hold a tab as well, in the time that they begin with
    if status != 200 or b"\t" not in header or content.startswith(b"\x1f\x8b"):
        text = read_text(content, source=SOURCE, status=status, content_type=content_type)
        raise SchemaChangedError(SOURCE, f"no tab-separated header: {excerpt(text)}")
    if not content.endswith(b"\n"):
        raise UnreadableError(SOURCE, f"flat file cut off after {len(content):,} bytes", "fetch it again")
    return [name for cell in header.decode("utf-8-sig", "replace").split("\t") if (name := cell.strip())]
