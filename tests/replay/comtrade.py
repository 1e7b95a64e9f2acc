"""UN Comtrade v2: data/v1/get, its envelope, limits and refusals.

Belongs here: the API as SOURCES and the recorded answers show it. Does not belong here: HTTP, assertions.

    replay.serve("COMTRADE", Comtrade(rows=[...]))   rows: see `row`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.replay.server import Call, Reply, json_reply, text_reply

_ISO = {"124": "CAN", "484": "MEX", "842": "USA", "0": "W00"}


def row(
    reporter: str, partner: str, flow: str, product: str, period: str, value: float, **more: Any
) -> dict[str, Any]:
    """A cell as `includeDesc=TRUE` gives it; amounts are numbers."""
    return {
        "typeCode": "C",
        "freqCode": "M",
        "refPeriodId": int(period) * 100 + 1,
        "refYear": int(period[:4]),
        "refMonth": int(period[4:]),
        "period": period,
        "reporterCode": int(reporter),
        "reporterISO": _ISO[reporter],
        "flowCode": flow,
        "partnerCode": int(partner),
        "partnerISO": _ISO[partner],
        "partner2Code": 0,
        "classificationCode": "H6",
        "isOriginalClassification": True,
        "cmdCode": product,
        "aggrLevel": 0 if product == "TOTAL" else len(product),
        "customsCode": "C00",
        "motCode": 0,
        "qtyUnitAbbr": "N/A",
        "qty": 0.0,
        "isQtyEstimated": False,
        "cifvalue": value if flow == "M" else None,
        "fobvalue": value if flow == "X" else None,
        "primaryValue": value,
        "isReported": True,
        "isAggregate": True,
        **more,
    }


def refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """The gateway in front of the API (Azure API Management) refuses in its own words."""
    return json_reply({"statusCode": status, "message": message}, status, headers=headers or {})


@dataclass
class Comtrade:
    """`key`: the only one accepted; parameters that match nothing give an empty list and no error."""

    rows: list[dict[str, Any]]
    key: str = "e" * 32
    elapsed: str = "0.09 secs"

    def __call__(self, call: Call) -> Reply:
        if call.path != "/data/v1/get/C/M/HS":
            return text_reply("Resource not found", 404)
        if call.headers.get("ocp-apim-subscription-key") != self.key:
            return refused(
                401, "Access denied due to invalid subscription key. Make sure to provide a valid key."
            )
        wanted = {
            "reporterCode": "reporterCode",
            "partnerCode": "partnerCode",
            "period": "period",
            "cmdCode": "cmdCode",
            "flowCode": "flowCode",
        }
        found = [
            r
            for r in self.rows
            if all(str(r[field]) in (call.get(name) or "").split(",") for name, field in wanted.items())
        ]
        return json_reply(
            {"elapsedTime": self.elapsed, "count": len(found), "data": found, "error": ""},
            gzip=True,
            chunked=True,
        )
