"""BLS: the Public Data API (v1, v2) and the flat-file server, answering from the bundled figures.

Belongs here: both servers as SOURCES and the recorded answers show them, refusals included.
Does not belong here: HTTP and its faults (server.py), assertions.

    replay.serve("BLS", PublicData())            replay.serve("BLS_FLAT", FlatFiles())

A series without figures is answered as BLS answers one without data in the years asked for.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import count

import polars as pl

from orchestration.sources.registry import load_series_catalogue
from tests.replay.server import Call, Reply, json_reply, text_reply
from tests.support.bundled import read

#: code -> first day of the month -> value, None where BLS prints "-"
Values = Mapping[str, Mapping[date, float | None]]

SPENT = (
    "Request could not be serviced, as the daily threshold for total number of requests allocated to the user with "
    "registration key {key} has been reached."
)
_LAPSE = {"code": "X", "text": "Data unavailable due to the 2025 lapse in appropriations"}
_MONTHS = list(month_name)[1:]


@cache
def figures() -> Values:
    """The latest bundled value of every month, by agency code."""
    codes = dict(
        load_series_catalogue()
        .filter((pl.col("source_id") == "bls") & pl.col("source_code").is_not_null())
        .select("series_id", "source_code")
        .iter_rows()
    )
    latest = (
        read("observation_bls")
        .filter(pl.col("series_id").is_in(list(codes)))
        .sort("known_from")
        .group_by("series_id", "period_start")
        .agg(pl.col("value").last())
    )
    found: dict[str, dict[date, float | None]] = {}
    for series_id, period, value in latest.sort("series_id", "period_start").iter_rows():
        found.setdefault(codes[series_id], {})[period] = value
    return found


def printed(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def refusal(status: str, message: str) -> Reply:
    """Every refusal comes with HTTP 200."""
    return json_reply({"status": status, "responseTime": 0, "message": [message], "Results": {}})


@dataclass
class PublicData:
    """`key`: the only one that is accepted on v2; `spent`: whether the day's queries are used up; `unknown`: codes that
    BLS does not have; `year`: the current one."""

    values: Values = field(default_factory=figures)
    key: str = "0123456789abcdef0123456789abcdef"
    year: int = 2026
    spent: bool = False
    unknown: frozenset[str] = frozenset()
    _times: count = field(default_factory=lambda: count(100))

    def __call__(self, call: Call) -> Reply:
        if call.path not in ("/v1/timeseries/data/", "/v2/timeseries/data/"):
            return text_reply(
                "<html><head><title>Apache Tomcat - Error report</title></head></html>", 404, "text/html"
            )
        if call.method != "POST":
            return text_reply("", 415)
        body, keyed = call.json, call.path.startswith("/v2")
        if self.spent:
            return refusal("REQUEST_NOT_PROCESSED", SPENT.format(key=body.get("registrationkey", "")))
        if keyed and body.get("registrationkey") != self.key:
            return refusal(
                "REQUEST_NOT_PROCESSED",
                f"The key:{body.get('registrationkey')} provided by the User is invalid.",
            )
        series, years = (50, 20) if keyed else (25, 10)
        first, last = int(body["startyear"]), int(body["endyear"])
        if last > self.year:
            return refusal("REQUEST_FAILED_INVALID_PARAMETERS", "End year is invalid.")
        if len(body["seriesid"]) > series:
            return refusal(
                "REQUEST_FAILED_INVALID_PARAMETERS",
                f"Number of series requested exceeds the limit of {series}.",
            )
        messages = []
        if last - first + 1 > years:
            messages.append(f"Year range has been reduced to the system-allowed limit of {years} years.")
            last = first + years - 1
        found = []
        for code in reversed(body["seriesid"]):  # never in the order of the request
            found.append({"seriesID": code, "data": self._points(code, first, last)})
            if code in self.unknown:
                messages.append(f"Invalid Series for Series {code}")
            elif not found[-1]["data"]:
                messages += [f"No Data Available for Series {code} Year: {y}" for y in range(first, last + 1)]
        return json_reply(
            {
                "status": "REQUEST_SUCCEEDED",
                "responseTime": next(self._times),
                "message": messages,
                "Results": {"series": found},
            },
            gzip=True,
        )

    def _points(self, code: str, first: int, last: int) -> list[dict]:
        """Newest first; the two newest months of employment are preliminary."""
        known = {} if code in self.unknown else self.values.get(code, {})
        periods = sorted((p for p in known if first <= p.year <= last), reverse=True)
        return [
            {
                "year": str(period.year),
                "period": f"M{period.month:02}",
                "periodName": _MONTHS[period.month - 1],
                **({"latest": "true"} if period == max(known) else {}),
                "value": printed(known[period]),
                "footnotes": [_LAPSE] if known[period] is None else [self._footnote(code, period, known)],
            }
            for period in periods
        ]

    def _footnote(self, code: str, period: date, known: Mapping[date, float | None]) -> dict:
        preliminary = code.startswith("CES") and period in sorted(known)[-2:]
        return {"code": "P", "text": "preliminary"} if preliminary else {}


def _flat_file(code: str) -> str | None:
    """The file a series is kept in; None where it is asked of the API alone (employment by state, for one)."""
    from orchestration.sources.agencies.bls import flat_file_of

    try:
        return flat_file_of(code)
    except LookupError:
        return None


@dataclass
class FlatFiles:
    """Every file holds the series that BLS keeps there, `values` of them; 403 without an e-mail address as user agent."""

    values: Values = field(default_factory=figures)
    stamp: str = "Fri, 06 Nov 2026 13:30:00 GMT"

    def __call__(self, call: Call) -> Reply:
        if "@" not in call.headers.get("user-agent", ""):
            return text_reply("<html><head><title>Access Denied</title></head></html>", 403, "text/html")
        if call.path == "/cu/cu.period":
            return Reply(
                b"period\tperiod_abbr\tperiod_name\r\nM01\tJAN\tJanuary\r\n", media_type="text/plain"
            )
        codes = [code for code in self.values if _flat_file(code) == call.path]
        if not codes:
            return text_reply(
                "<html><head><title>404 - File or directory not found.</title></head></html>",
                404,
                "text/html",
            )
        lines = ["series_id        \tyear\tperiod\t       value\tfootnote_codes"]
        for code in codes:
            for period, value in sorted(self.values[code].items()):
                lines.append(
                    f"{code:<17}\t{period.year}\tM{period.month:02}\t{printed(value):>12}\t{'' if value is not None else 'X':<10}"
                )
        return Reply("\r\n".join([*lines, ""]).encode(), media_type="text/plain", last_modified=self.stamp)
