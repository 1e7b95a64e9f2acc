"""INEGI indicators API (BIE, BISE, BIE-BISE): JSON replies.

Belongs here: the Header/Series envelope, periods of the declared frequency, the array of texts that means an error.
Does not belong here: requests (the token is a segment of the path), RAIAVL open data (inegi_raiavl.py).

Format: https://www.inegi.org.mx/servicios/api_indicadores.html
Traps: the period of a quarter is YYYY/01..04, which looks like a month; FREQ is a code of the catalogue CL_FREQ on
whose quarterly value clients disagree (4 or 6), so the frequency is declared by the caller and only checked here;
the same HTTP 400 means unknown indicator, wrong bank, wrong area and wrong token; values come as texts with 20
decimals, "" or null where there is none; LASTUPDATE is a day, not a release time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from transforms.parse.body import JsonObject, excerpt, read_json, shape_checked
from transforms.parse.outcome import BadRequestError, SchemaChangedError, UnclearRefusalError
from transforms.parse.reply import Rows, SeriesReply, parse_number

SOURCE = "inegi"
#: frequency -> FREQ codes seen for it; only 8 is certain, because clients disagree on annual and quarterly
_FREQ = {"monthly": {"8"}, "quarterly": {"4", "6"}, "annual": {"1", "3"}}
_NO_RESULTS = "ErrorCode:100"
#: OBS_STATUS -> our status. The newest months have 1, the months before 2, and series that are never revised (consumer
#: prices) 3, which are taken to be the three words of INEGI's open data: preliminares, revisadas, definitivas. No
#: documentation says so; the note of an observation keeps the code.
_STATUS = {"1": "preliminary", "2": "revised", "3": "normal"}


@shape_checked(SOURCE)
def parse_reply(
    content: bytes,
    *,
    frequencies: Mapping[str, str],
    status: int = 200,
    content_type: str | None = None,
) -> SeriesReply:
    """Observations of one or several indicators.

    `frequencies`: indicator -> 'monthly', 'quarterly' or 'annual', as declared where the series is declared.
    details: unit (a code of CL_UNIT), unit_multiplier, last_update, frequency_code. Raises UnclearRefusalError (bad
    token or unknown series), SchemaChangedError (a period or FREQ that contradicts the declared frequency).
    """
    if status == 400:
        _refuse(_json_or_none(content), status)
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    if isinstance(reply, list):
        _refuse(reply, status)
    series = reply.get("Series") if isinstance(reply, dict) else None
    if not isinstance(series, list):
        raise SchemaChangedError(SOURCE, f"reply without Series: {excerpt(str(reply))}", missing=["Series"])
    rows = Rows(SOURCE)
    for item in series:
        _read_series(item, frequencies, rows)
    return rows.reply()


@shape_checked(SOURCE)
def parse_titles(content: bytes, *, status: int = 200, content_type: str | None = None) -> dict[str, str]:
    """The catalogue CL_INDICATOR: indicator -> its description. Raises what `parse_reply` raises."""
    if status == 400:
        _refuse(_json_or_none(content), status)
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    if isinstance(reply, list):
        _refuse(reply, status)
    codes = reply.get("CODE") if isinstance(reply, dict) else None
    if not isinstance(codes, list):
        raise SchemaChangedError(SOURCE, f"catalogue without CODE: {excerpt(str(reply))}", missing=["CODE"])
    return {str(entry["value"]): str(entry["Description"]) for entry in codes}


def _json_or_none(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _refuse(reply: object, status: int) -> None:
    """Raise what an array of texts means; returns for any other reply."""
    if not isinstance(reply, list) or not all(isinstance(text, str) for text in reply):
        return
    message = excerpt("; ".join(reply))
    if _NO_RESULTS in reply:
        raise UnclearRefusalError(
            SOURCE,
            f"HTTP {status}: {message}",
            "INEGI says the same for a wrong token, indicator, bank or area: ask for a known indicator first",
        )
    raise BadRequestError(SOURCE, f"HTTP {status}: {message}", "check indicator, bank and area")


def _read_series(item: JsonObject, frequencies: Mapping[str, str], rows: Rows) -> None:
    code = str(item.get("INDICADOR"))
    frequency = frequencies.get(code)
    if frequency is None:
        raise SchemaChangedError(SOURCE, f"indicator {code} was not asked for", unknown=[code])
    if str(item.get("FREQ")) not in _FREQ[frequency]:
        raise SchemaChangedError(
            SOURCE, f"indicator {code} is declared {frequency}", unknown=[f"FREQ {item.get('FREQ')}"]
        )
    stated = {
        "unit": item.get("UNIT"),
        "unit_multiplier": item.get("UNIT_MULT"),
        "last_update": item.get("LASTUPDATE"),
        "frequency_code": item.get("FREQ"),
    }
    rows.details[code] = {name: str(value) for name, value in stated.items() if value not in (None, "")}
    for point in item.get("OBSERVATIONS") or []:
        start = _start(code, str(point.get("TIME_PERIOD")), frequency)
        text = str(point.get("OBS_VALUE") or "").strip()
        try:
            value = parse_number(text) if text else None
        except ValueError as error:
            rows.reject(f"not readable: {error}", {"INDICADOR": code, **point})
            continue
        state = str(point.get("OBS_STATUS") or "")
        notes = [f"OBS_STATUS {state}"] if state else []
        notes += [str(point[k]) for k in ("OBS_EXCEPTION", "OBS_NOTE") if point.get(k)]
        stated_status = _STATUS.get(state, "normal")
        rows.add(
            code,
            start,
            frequency,
            value,
            "missing" if value is None else stated_status,
            note="; ".join(notes) or None,
        )


def _start(code: str, period: str, frequency: str) -> date:
    """First day of a TIME_PERIOD of the declared frequency. Raises SchemaChangedError where the period is of another."""
    parts = period.split("/")
    try:
        match frequency, [int(part) for part in parts]:
            case "monthly", [year, month]:
                return date(year, month, 1)
            case "quarterly", [year, quarter] if 1 <= quarter <= 4:
                return date(year, 3 * quarter - 2, 1)
            case "annual", [year]:
                return date(year, 1, 1)
    except ValueError:
        pass
    raise SchemaChangedError(SOURCE, f"indicator {code}: period {period} in a {frequency} series")
