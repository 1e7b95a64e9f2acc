"""US Treasury FiscalData: customs duties in table 4 of the Monthly Treasury Statement.

Belongs here: the data/meta envelope, one row a month with gross receipts, refunds and net receipts.
Does not belong here: requests, the multiplier in which the series is kept.

Format: https://fiscaldata.treasury.gov/api-documentation/ and the table's fields in
https://fiscaldata.treasury.gov/datasets/monthly-treasury-statement/
The format is known from documentation and public clients of 2026, not from a recorded reply. Traps: every number is a
text, and a missing one is the text "null"; months are dated by their last day; pages of 100 rows unless asked otherwise;
refunds are positive and may exceed receipts (2026-05 to 2026-07), so that net receipts are negative; printed amounts are
rounded one by one, so that gross less refunds is net within the unit of rounding only.
"""

from __future__ import annotations

import json
from datetime import date

from transforms.parse.body import JsonObject, excerpt, read_json, shape_checked
from transforms.parse.outcome import BadRequestError, SchemaChangedError, TruncatedError
from transforms.parse.reply import Rows, SeriesReply, parse_number
from transforms.periods import end_of_month

SOURCE = "treasury"
CUSTOMS = "Customs Duties"
#: field -> source_code of series.csv
FIELDS = {
    "current_month_gross_rcpt_amt": "MTS customs duties, gross",
    "current_month_refund_amt": "MTS customs duties, refunds",
    "current_month_net_rcpt_amt": "MTS customs duties, net",
}
_GROSS, _REFUNDS, _NET = FIELDS
_MISSING = ("", "null")


@shape_checked(SOURCE)
def parse_customs_duties(
    content: bytes, *, status: int = 200, content_type: str | None = None
) -> SeriesReply:
    """Gross receipts, refunds and net receipts of customs duties in USD, monthly; source_code as in FIELDS.

    Raises BadRequestError (400 with `error` and `message`), TruncatedError (more pages than the one that came),
    SchemaChangedError (other fields or rows) and what `read_json` raises. A month whose net is not gross less refunds is
    rejected; the others are kept.
    """
    if status in (400, 404):
        _refuse(content, status)
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    fields = reply if isinstance(reply, dict) else {}
    missing = [k for k in ("data", "meta") if k not in fields]
    if missing:
        raise SchemaChangedError(SOURCE, f"reply with other fields: {excerpt(str(reply))}", missing=missing)
    if (pages := int(fields["meta"]["total-pages"])) > 1:
        raise TruncatedError(SOURCE, f"only the first of {pages} pages came", "ask for larger pages")
    rows = Rows(SOURCE)
    for row in fields["data"]:
        _read_row(row, rows)
    return rows.reply()


def _rounding_unit(*amounts: float) -> float:
    """The unit in which amounts are printed, in USD: a cent, or the largest power of ten up to a million that divides them.

    Each amount is rounded by itself, so that gross less refunds may be one unit away from net.
    """
    cents = [round(amount * 100) for amount in amounts]
    powers = (10**power for power in range(8, 0, -1))
    return next((power for power in powers if not any(c % power for c in cents)), 1) / 100


def _refuse(content: bytes, status: int) -> None:
    """Raise BadRequestError with the message of an error object; returns if the body is none."""
    try:
        reply = json.loads(content)
        message = excerpt(f"{reply['error']}: {reply.get('message', '')}")
    except (ValueError, KeyError, TypeError):
        return
    raise BadRequestError(SOURCE, f"HTTP {status}: {message}", "check fields, filter and sort")


def _read_row(row: JsonObject, rows: Rows) -> None:
    """Add the three amounts of one month, in USD, to `rows`."""
    absent = [name for name in ("record_date", "classification_desc", *FIELDS) if name not in row]
    if absent:
        raise SchemaChangedError(SOURCE, "row with other fields", missing=absent)
    if row["classification_desc"] != CUSTOMS:
        raise SchemaChangedError(
            SOURCE, "a row of another classification", unknown=[row["classification_desc"]]
        )
    try:
        day = date.fromisoformat(row["record_date"])
        amounts = {
            name: None if (row[name] or "").strip() in _MISSING else parse_number(row[name])
            for name in FIELDS
        }
    except ValueError as error:
        rows.reject(f"not readable: {error}", row)
        return
    if day != end_of_month(day):
        raise SchemaChangedError(SOURCE, f"{day} is not the end of a month", unknown=[row["record_date"]])
    gross, refunds, net = amounts[_GROSS], amounts[_REFUNDS], amounts[_NET]
    if gross is not None and refunds is not None and net is not None:
        difference = gross - refunds - net
        if abs(difference) > _rounding_unit(gross, refunds, net) + 0.005:
            rows.reject(f"gross less refunds is {difference:,.2f} USD away from net receipts", row)
            return
    for name, code in FIELDS.items():
        value = amounts[name]
        rows.add(code, day.replace(day=1), "monthly", value, "missing" if value is None else "normal")
