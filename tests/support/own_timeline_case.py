"""Rows of a user's own timelines that are good, to be written or to be spoiled.

Belongs here: examples. Does not belong here: assertions.
"""

from __future__ import annotations

from orchestration.intake.timeline.own import GivenRow
from transforms.timeline import Kind

SOURCE: dict[str, object] = {
    "source_key": "USER_COMPANY_NEWS",
    "kind": "professional",
    "title": "News of the company",
    "reference": "https://example.com/news",
}
#: on the first day of a month, so that no month is cut in two
EVENT: dict[str, object] = {
    "event_id": "user-plant-closes-2019-10",
    "timeline": "user_plants",
    "event_date": "2019-10-01",
    "date_precision": "day",
    "event_type": "other",
    "title": "Assembly plant closes",
    "description": "The last car leaves the line.",
    "parties": "CAN",
    "topics": "autos_tariffs",
    "source_key": "USER_COMPANY_NEWS",
    "source_reference": "Notice of 1 October 2019",
    "confidence": "high",
    "in_force": "true",
}
MEASURE: dict[str, object] = {
    "measure_id": "user-surtax-cars-2019",
    "imposing_iso3": "CAN",
    "partners": "USA",
    "product_scope": "Cars",
    "hs_codes": "8703",
    "topic": "autos_tariffs",
    "rate_pct": "12.5",
    "effective_on": "2019-10-01",
    "legal_instrument": "Order of the province",
    "source_key": "USER_COMPANY_NEWS",
    "source_reference": "Notice of 1 October 2019",
    "confidence": "medium",
    "in_force": "true",
    "event_id": "user-plant-closes-2019-10",
}
POSITION: dict[str, object] = {
    "event_id": "user-plant-closes-2019-10",
    "party": "CAN;INDUSTRY",
    "topic": "labor",
    "position": "The plant is kept for parts",
    "value": "300",
    "unit": "vehicles per year",
    "status": "proposed",
    "source_key": "USER_COMPANY_NEWS",
    "source_reference": "Notice of 1 October 2019",
}
ROWS: dict[Kind, dict[str, object]] = {
    "sources": SOURCE,
    "events": EVENT,
    "measures": MEASURE,
    "positions": POSITION,
}


def given(**changed: dict[str, object] | None) -> dict[Kind, list[GivenRow]]:
    """The good rows, one of each kind, some cells changed: given(events={"confidence": "sure"}); None leaves the kind out."""
    return {
        kind: [GivenRow({**cells, **(changed.get(kind) or {})}, f"{kind} row 1")]
        for kind, cells in ROWS.items()
        if changed.get(kind, {}) is not None
    }
