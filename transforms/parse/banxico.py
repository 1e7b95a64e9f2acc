"""Banco de México SIE: JSON replies with observations and with the metadata of series.

Belongs here: the bmx envelope, day-first dates, N/E, and whether an HTTP 400 is about token, quota or request.
Does not belong here: requests (20 series each, token in a header), monthly means (transforms/means.py).

Format: https://www.banxico.org.mx/SieAPIRest/service/v1/doc/consultaDatosSerieRango
Traps: requests take ISO dates, replies write 26/11/2020; numbers may carry thousands commas; N/E is a day without
value; a series without values has no key `datos`; a bad token and a spent quota are both HTTP 400.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime

from transforms.parse.body import excerpt, read_json, shape_checked
from transforms.parse.outcome import AuthError, BadRequestError, QuotaError, SchemaChangedError
from transforms.parse.reply import Rows, SeriesReply, parse_number

SOURCE = "banxico"
NO_VALUE = "N/E"
_SECONDS_TO_RESET = "bmx-secondstoreset"
#: metadata field -> name in SeriesReply.details
_METADATA = {
    "titulo": "title",
    "unidad": "unit",
    "cifra": "measure",
    "periodicidad": "frequency",
    "fechaInicio": "first_day",
    "fechaFin": "last_day",
}


@shape_checked(SOURCE)
def parse_reply(
    content: bytes,
    *,
    frequency: str = "daily",
    status: int = 200,
    content_type: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> SeriesReply:
    """Observations of a reply of .../datos, .../datos/<from>/<to> or .../datos/oportuno.

    headers: of the response; a spent quota is also told by Bmx-secondsToReset there, whatever the body is.
    The reply does not state a frequency: `frequency` is that of the series asked for. N/E becomes null with status
    `missing`. A reply of metadata (no observations) gives an empty frame and `details` (title, unit, frequency,
    first_day, last_day). Raises AuthError, QuotaError(reset_after seconds), BadRequestError, SchemaChangedError.
    """
    if status != 200:
        _refuse_spent_quota(status, headers or {})
        _refuse(content, status)
    reply = read_json(content, source=SOURCE, status=status, content_type=content_type)
    series = reply.get("bmx", {}).get("series") if isinstance(reply, dict) else None
    if not isinstance(series, list):
        _refuse(content, status)
        raise SchemaChangedError(SOURCE, "reply without bmx.series", missing=["series"])
    rows = Rows(SOURCE)
    for item in series:
        code = item["idSerie"]
        rows.details[code] = {name: str(item[key]) for key, name in _METADATA.items() if item.get(key)}
        if "datos" not in item and "periodicidad" not in item:
            rows.messages.append(f"{code}: no values in the period asked for")
        for point in item.get("datos") or []:
            try:
                day = _day(point["fecha"])
                text = str(point["dato"]).strip()
                value = None if text == NO_VALUE else parse_number(text)
            except (KeyError, ValueError) as error:
                rows.reject(f"not readable: {error}", {"idSerie": code, **point})
                continue
            if frequency != "daily" and day.day != 1:
                raise SchemaChangedError(
                    SOURCE, f"{code}: {day} in a {frequency} series", "check its frequency"
                )
            rows.add(code, day, frequency, value, "missing" if value is None else "normal")
    return rows.reply()


def _day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day, not a time


def _refuse_spent_quota(status: int, headers: Mapping[str, str]) -> None:
    """Raise QuotaError where a header says when the quota renews; then the body need not be JSON."""
    seconds = next((value for name, value in headers.items() if name.lower() == _SECONDS_TO_RESET), "")
    try:
        reset_after = parse_number(seconds)
    except ValueError:
        return
    raise QuotaError(
        SOURCE, f"HTTP {status}: the quota is spent", "wait until it renews", reset_after=reset_after
    )


def _refuse(content: bytes, status: int) -> None:
    """Raise what an error object means; returns if the body is none."""
    try:
        error = json.loads(content)["error"]
        message = excerpt(f"{error.get('mensaje', '')} {error.get('detalle', '')}")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if "secondsToReset" in error:
        raise QuotaError(
            SOURCE,
            f"HTTP {status}: {message}",
            "wait until it renews",
            reset_after=float(error["secondsToReset"]),
        )
    if "token" in message.lower():
        raise AuthError(SOURCE, f"HTTP {status}: {message}", "check the token")
    if status < 500:
        raise BadRequestError(SOURCE, f"HTTP {status}: {message}", "check series ids and dates")
