"""US Treasury FiscalData as its documentation shows it: fields, filter, sort and pages of a table, errors as JSON.

Described, not recorded: no bytes of a real answer were there to compare with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.replay.server import Call, Reply, json_reply

TABLE = "/services/api/fiscal_service/v1/accounting/mts/mts_table_4"


@dataclass
class FiscalData:
    """rows: the table, every cell a text ('null' where there is none)."""

    rows: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, call: Call) -> Reply:
        if call.path != TABLE:
            return json_reply({"error": "Not Found", "message": f"{call.path} does not exist"}, 404)
        wanted = call.get("fields", "").split(",")
        if unknown := [name for name in wanted if self.rows and name not in self.rows[0]]:
            return invalid("fields", unknown[0])
        column, operator, value = call.get("filter", "").split(":", 2)
        assert operator == "eq"
        order = call.get("sort", "")
        found = sorted(
            (r for r in self.rows if r[column] == value),
            key=lambda r: r[order.removeprefix("-")],
            reverse=order.startswith("-"),
        )
        size = int(call.get("page[size]", "100"))
        number = int(call.get("page[number]", "1"))
        page = found[(number - 1) * size : number * size]
        return json_reply(
            {
                "data": [{name: row[name] for name in wanted} for row in page],
                "meta": {
                    "count": len(page),
                    "labels": {name: name for name in wanted},
                    "dataTypes": dict.fromkeys(wanted, "CURRENCY"),
                    "dataFormats": dict.fromkeys(wanted, "$10.20"),
                    "total-count": len(found),
                    "total-pages": max(1, -(-len(found) // size)),
                },
                "links": {"self": f"&page%5Bnumber%5D={number}&page%5Bsize%5D={size}", "next": None},
            }
        )


def invalid(parameter: str, value: str) -> Reply:
    return json_reply(
        {
            "error": "Invalid Query Param",
            "message": f"Invalid query parameter '{parameter}' with value '{value}'. "
            "For more information please see the documentation.",
        },
        400,
    )


def row(
    day: str, gross: str, refunds: str, net: str, classification: str = "Customs Duties"
) -> dict[str, str]:
    return {
        "record_date": day,
        "classification_desc": classification,
        "current_month_gross_rcpt_amt": gross,
        "current_month_refund_amt": refunds,
        "current_month_net_rcpt_amt": net,
        "line_code_nbr": "270",
    }
