"""UN Comtrade v2: replies of data/v1/get and public/v1/preview to trade rows (mirror statistics).

Belongs here: the envelope, which rows are whole (not split by mode, customs procedure or second partner), limits.
Does not belong here: requests, the licence gate (re-dissemination needs permission: off by default).

Format: https://comtradedeveloper.un.org, https://github.com/uncomtrade/comtradeapicall
Traps: bad parameters give 200 with count 0 and no error; 100,000 rows (500 in the preview) mean that rows were cut;
annual rows write month 52; a quantity of 0 beside a value is
one that is not known. Partners are M49 numbers, three digits here, world '-': they never collide with the
four-digit codes of US Schedule C. Imports are valued as the reporter does (mostly CIF), exports FOB.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date

import polars as pl

from transforms.codes import WORLD
from transforms.parse.body import JsonObject, excerpt, read_json, shape_checked
from transforms.parse.outcome import (
    AuthError,
    BadRequestError,
    EmptyReplyError,
    QuotaError,
    SchemaChangedError,
    TruncatedError,
)
from transforms.parse.reply import TRADE_REPLY_SCHEMA, Left, TradeReply
from transforms.schema import TRADE_FLOW

SOURCE = "comtrade"
MAX_RECORDS = 100_000
PREVIEW_RECORDS = 500
_FLOWS = {"M": ("imports", "customs"), "X": ("exports", "total_exports")}
#: HS revision by the letter-number the reply writes
_HS = {"H0": "1992", "H1": "1996", "H2": "2002", "H3": "2007", "H4": "2012", "H5": "2017", "H6": "2022"}
_WHOLE = {"partner2Code": 0, "motCode": 0, "customsCode": "C00"}
_FIELDS = (
    "freqCode",
    "period",
    "reporterISO",
    "flowCode",
    "partnerCode",
    "classificationCode",
    "cmdCode",
    "primaryValue",
)
_WAIT_CLOCK = re.compile(r"replenished in (\d+):(\d\d):(\d\d)", re.I)
_WAIT_SECONDS = re.compile(r"try again in (\d+) second", re.I)


@shape_checked(SOURCE)
def parse_reply(
    content: bytes,
    *,
    frequency: str = "M",
    max_records: int = MAX_RECORDS,
    status: int = 200,
    content_type: str | None = None,
) -> TradeReply:
    """Trade rows in US dollars: imports (basis customs) and exports (basis total_exports).

    Only rows over all modes, customs procedures and second partners are kept, because the others are parts of these;
    they are counted in `left`. A row of another frequency than `frequency` raises SchemaChangedError: an annual total
    must not be taken for January. Raises EmptyReplyError for count 0 (also what bad parameters give), TruncatedError,
    QuotaError, AuthError, BadRequestError.
    """
    if status in (401, 403, 429):
        _refuse(content, status)
    if b"Request URL Too Long" in content[:2000]:
        raise BadRequestError(SOURCE, "the request is too long", "ask for fewer codes at a time")
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    if not isinstance(reply, dict) or not isinstance(reply.get("data"), list):
        raise SchemaChangedError(SOURCE, "reply without data", missing=["data"])
    if reply.get("error"):
        raise BadRequestError(SOURCE, excerpt(str(reply["error"])), "check the parameters")
    data = reply["data"]
    if len(data) >= max_records:
        raise TruncatedError(
            SOURCE, f"{len(data):,} rows, the limit of one reply", "ask for fewer periods or codes"
        )
    if reply.get("count") != len(data):
        raise TruncatedError(SOURCE, f"{len(data):,} of {reply.get('count')} rows came", "ask for fewer rows")
    if not data:
        raise EmptyReplyError(SOURCE, "count 0", "not reported yet, or parameters that match nothing")
    missing = [f for f in (*_FIELDS, *_WHOLE) if f not in data[0]]
    if missing:
        raise SchemaChangedError(SOURCE, "rows with other fields", missing=missing)
    return _rows(data, frequency)


def _refuse(content: bytes, status: int) -> None:
    """Raise QuotaError or AuthError as the message says; returns for a body without one."""
    try:
        message = excerpt(str(json.loads(content)["message"]))
    except (ValueError, KeyError, TypeError):
        return
    clock, seconds = _WAIT_CLOCK.search(message), _WAIT_SECONDS.search(message)
    wait = int(seconds[1]) if seconds else None
    if clock:
        hours, minutes, further_seconds = map(int, clock.groups())
        wait = 3600 * hours + 60 * minutes + further_seconds
    if wait is not None or "quota" in message.lower():
        raise QuotaError(SOURCE, f"HTTP {status}: {message}", "wait until it renews", reset_after=wait)
    if status != 429:
        raise AuthError(SOURCE, f"HTTP {status}: {message}", "check the subscription key")


def _rows(data: list[JsonObject], frequency: str) -> TradeReply:
    dropped: Counter[str] = Counter()
    rejected: list[tuple[int, str, str]] = []
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for number, row in enumerate(data, start=1):
        if row["freqCode"] != frequency:
            raise SchemaChangedError(SOURCE, f"rows of frequency {row['freqCode']}, asked for {frequency}")
        if row["flowCode"] not in _FLOWS:
            dropped["flows other than imports and exports (M, X)"] += 1
            continue
        if any(row[field] != whole for field, whole in _WHOLE.items()):
            dropped["rows split by mode, customs procedure or second partner"] += 1
            continue
        try:
            key, content = _row(row)
        except (KeyError, TypeError, ValueError) as error:
            rejected.append((number, f"not readable: {error}", str(row)))
            continue
        if rows.setdefault(key, content) != content:
            raise SchemaChangedError(SOURCE, f"two values for one cell, {key}")
        if rows[key] is not content:
            dropped["repeated rows"] += 1
    left = Left(dict(dropped), tuple(rejected))
    frame = pl.DataFrame([k + v for k, v in rows.items()], schema=_ORDER, orient="row")
    return TradeReply(frame.select(*TRADE_REPLY_SCHEMA), left.as_messages(), left)


_CONTENT = tuple(name for name in TRADE_REPLY_SCHEMA if name not in TRADE_FLOW.key)
_ORDER = {name: TRADE_REPLY_SCHEMA[name] for name in (*TRADE_FLOW.key, *_CONTENT)}


def _row(row: JsonObject) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """(key, content) of a row: the values of TRADE_FLOW.key and of _CONTENT. Raises ValueError for an unreadable row."""
    flow, basis = _FLOWS[row["flowCode"]]
    period, code = str(row["period"]), str(row["cmdCode"])
    start = date(int(period[:4]), int(period[4:] or 1), 1)
    total = code == "TOTAL"
    if not total and not code.isdigit():
        raise ValueError(f"commodity {code}")
    partner = int(row["partnerCode"])
    if not row["reporterISO"]:
        raise ValueError("no reporterISO (ask with includeDesc=TRUE)")
    unit = row.get("qtyUnitAbbr")
    # a quantity of 0 beside a value stands for one that the reporter did not give (qtyUnitCode of such rows is filled)
    quantity = (row.get("qty") or None) if unit not in (None, "", "N/A") else None
    if quantity is None and row.get("qty") == 0 and not row["primaryValue"]:
        quantity = 0
    key = (
        row["reporterISO"],
        f"{partner:03}" if partner else WORLD,
        flow,
        basis,
        "TOTAL" if total else "HS",
        0 if total else len(code),
        "00" if total else code,
        start,
    )
    content = {
        "classification_version": None if total else _HS[row["classificationCode"]],
        "value_usd": round(row["primaryValue"]),
        "duty_usd": None,
        "quantity": quantity,
        "quantity_unit": unit if quantity is not None else None,
        "source_id": SOURCE,
        "status": "normal",  # estimation flags of a reply concern quantities and weights
    }
    return key, tuple(content[name] for name in _CONTENT)
