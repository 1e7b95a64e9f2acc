"""Which series a report shows when nobody says: a few that the event touches, declared before any number is looked at.

Belongs here: the declared lists by topic and party. Does not belong here: asking the release (gather.py).

A list that were chosen by its results would show the largest of many differences, which says nothing. So the lists are
fixed by what an event is about, and the page names the ones it leaves out and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: series of a page at most: each brings a chart and a table, and a page of six prints on about ten sheets
MOST_SERIES = 6
#: of an event whose window after is not whole yet: there is little to say, and each asks the macro (0.3 s)
MOST_PARTIAL = 3
#: of a topic's own series at most, so that the trade as a whole is always on the page
_MOST_OF_TOPICS = 4

_PARTNERS = ("MEX", "CAN", "CHN")
#: partners of an event that names only the United States (a notice to Congress, a worldwide duty)
_USUAL_PARTNERS = ("MEX", "CAN")

_AUTOS = (
    "usa_imports_hs87_{partner}",
    "usa_employment_motor_vehicles_parts",
    "{partner}_production_vehicles",
    "usa_industrial_production_motor_vehicles_parts",
    "usa_import_prices_automotive",
)
_METALS = ("usa_imports_hs72_{partner}", "usa_imports_hs76_{partner}", "usa_employment_primary_metals")
_CHINA = ("usa_imports_goods_chn", "usa_exports_goods_chn", "usa_import_prices_chn")
_DUTIES = ("usa_customs_duties_net", "usa_duties_{partner}")
_FARM = ("usa_exports_goods_{partner}",)

_BY_TOPIC: Mapping[str, tuple[str, ...]] = {
    "rules_of_origin_autos": _AUTOS,
    "autos_tariffs": _AUTOS,
    "trucks": _AUTOS,
    "labor": _AUTOS,
    "steel_aluminum": _METALS,
    "china": _CHINA,
    "ieepa": _DUTIES,
    "fentanyl": _DUTIES,
    "general_goods": _DUTIES,
    "agriculture": _FARM,
    "dairy": _FARM,
    "biotech": _FARM,
    "alcohol": _FARM,
}
#: what every page may show after the series of its topics
_GENERAL = (
    "usa_imports_goods_{partner}",
    "usa_exports_goods_{partner}",
    "usa_employment_manufacturing",
    "usa_balance_goods_services",
)


def declared(event: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The two lists of series_id for an event (a row of dim_event): of its topics, and of its trade as a whole.

    In order of preference; a series may be absent from the release, or end before the event.
    """
    named = [p for p in _PARTNERS if p in (event["parties"] or ())]
    partners = named or list(_USUAL_PARTNERS)
    topics = [pattern for topic in event["topics"] or () for pattern in _BY_TOPIC.get(topic, ())]
    own = _filled(topics, partners)
    return [own, tuple(s for s in _filled(_GENERAL, partners) if s not in own)]


def chosen(event: Mapping[str, Any], comparable: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Series shown and series left out, of those declared; `comparable`: monthly series of the release, true
    where both windows are whole. At most MOST_SERIES; at most four of the topics, so that trade as a whole has a place."""
    own, general = declared(event)
    fits = [s for s in own if comparable.get(s)][:_MOST_OF_TOPICS]
    fits += [s for s in general if comparable.get(s)][: MOST_SERIES - len(fits)]
    fits += [s for s in own if comparable.get(s) and s not in fits][: MOST_SERIES - len(fits)]
    return fits, [s for s in (*own, *general) if s in comparable and not comparable[s]]


def _filled(patterns: tuple[str, ...] | list[str], partners: list[str]) -> tuple[str, ...]:
    """Patterns with each partner put in, each series once."""
    found: dict[str, None] = {}
    for pattern in patterns:
        places = partners if "{partner}" in pattern else [""]
        found.update(dict.fromkeys(pattern.format(partner=p.lower()) for p in places))
    return tuple(found)
