"""Which series a report shows when nobody says: a few of those that the event reaches, chosen before any number is seen.

Belongs here: in which order series are preferred, how many a page holds, the trade as a whole that stands beside them.
Does not belong here: which series an event reaches (rpt_event_exposure says it), asking the release (gather.py).

A list that were chosen by its results would show the largest of many differences, which says nothing. So the order is
fixed, the same for every event, and the page names the series that it leaves out and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestration.readers.rows import DimEvent, RptEventExposure

#: series of a page at most: each brings a chart and a table, and a page of six prints on about ten sheets
MOST_SERIES = 6
#: of an event whose window after is not whole yet: there is little to say, and each asks the macro (0.3 s)
MOST_PARTIAL = 3
#: of the series that an event reaches at most, so that the trade as a whole is always on the page
_MOST_REACHED = 4

_PARTNERS = ("MEX", "CAN", "CHN")
#: partners of an event that names only the United States (a notice to Congress, a worldwide duty)
_USUAL_PARTNERS = ("MEX", "CAN")

#: what is collected, shown first where the event announces, starts or ends a measure on these imports
_DUTIES = ("usa_customs_duties_net", "usa_duties_mex", "usa_duties_can", "usa_duties_chn")
#: the order among series about the same goods (rpt_event_exposure.goods), and among goods: where one topic is about
#: several, those that stand first hold the others
_PREFERRED: Mapping[str, Sequence[str]] = {
    "all_goods": (
        "usa_imports_goods_mex",
        "usa_imports_goods_can",
        "usa_exports_goods_mex",
        "usa_exports_goods_can",
        "usa_imports_goods_chn",
        "usa_exports_goods_chn",
        "usa_import_prices_chn",
    ),
    "autos": (
        "usa_imports_hs87_mex",
        "usa_imports_hs87_can",
        "usa_employment_motor_vehicles_parts",
        "mex_production_vehicles",
        "usa_industrial_production_motor_vehicles_parts",
        "usa_import_prices_automotive",
        "usa_imports_hs87_chn",
    ),
    "metals": (
        "usa_imports_hs72_mex",
        "usa_imports_hs72_can",
        "usa_imports_hs76_mex",
        "usa_imports_hs76_can",
        "usa_imports_hs72_wld",
        "usa_imports_hs76_wld",
        "usa_employment_primary_metals",
        "usa_imports_hs72_chn",
        "usa_imports_hs76_chn",
    ),
}
#: the trade as a whole, beside the series that the event reaches: what a page compares them with
_AS_A_WHOLE = (
    "usa_imports_goods_{partner}",
    "usa_exports_goods_{partner}",
    "usa_employment_manufacturing",
    "usa_balance_goods_services",
)


def declared(
    event: DimEvent, exposure: Sequence[RptEventExposure]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The series_id of the two lists for an event: those that it reaches, and the trade as a whole.

    exposure: the rows of the event in rpt_event_exposure. Each list is in order of preference: by the topics in the order
    of the event, then by goods. A series may be absent from the release, or end before the event.
    """
    hit = {row["series_id"] for row in exposure if row["match_basis"] == "measure"}
    # a duty that spares Canada and Mexico is not compared with their trade, although the event may name no partner
    named = [partner for partner in _PARTNERS if f"usa_imports_goods_{partner.lower()}" in hit]
    named = named or [partner for partner in _PARTNERS if partner in event["parties"]]
    whole = [
        series_id
        for pattern in _AS_A_WHOLE
        for series_id in _for_each_partner(pattern, named or _USUAL_PARTNERS)
    ]
    return tuple(dict.fromkeys(_in_order(event, exposure))), tuple(whole)


def chosen(
    event: DimEvent, exposure: Sequence[RptEventExposure], comparable: Mapping[str, bool]
) -> tuple[list[str], list[str]]:
    """Series shown and series left out, of those declared.

    `comparable`: the monthly series of the release, true where both windows are whole. At most MOST_SERIES are shown, of
    them at most four that the event reaches as long as the trade as a whole fills the other places.
    """
    reached, whole = declared(event, exposure)
    shown = [series_id for series_id in reached if comparable.get(series_id)][:_MOST_REACHED]
    for candidates in (whole, reached):
        more = [s for s in candidates if comparable.get(s) and s not in shown]
        shown += more[: MOST_SERIES - len(shown)]
    without_windows = [s for s in (*reached, *whole) if s in comparable and not comparable[s]]
    return shown, list(dict.fromkeys(without_windows))


def _in_order(event: DimEvent, exposure: Sequence[RptEventExposure]) -> Iterator[str]:
    """The series that the event reaches and that a page may show, the preferred ones first; some more than once."""
    for topic in event["topics"]:
        rows = [row for row in exposure if row["topic"] == topic]
        reached = {row["series_id"] for row in rows}
        # a tariff on metals reaches a part of all imports, too, but it is about metals
        about = {row["goods"] for row in rows if row["match_basis"] == "goods"}
        taxed = any(row["match_basis"] == "measure" and row["series_id"] in _DUTIES for row in rows)
        for goods in sorted(_PREFERRED, key=lambda goods: goods not in about):
            order = _PREFERRED[goods]
            if goods == "all_goods":
                order = (*_DUTIES, *order) if taxed else (*order, *_DUTIES)
            spared = _spared(order, rows)
            yield from (s for s in order if s in reached and s not in spared)


def _spared(order: Sequence[str], rows: Sequence[RptEventExposure]) -> set[str]:
    """Imports of `order` that a measure of the event does not reach although it reaches others of them: the metals duties of March
    2018 exempted Canada and Mexico, and their imports show nothing of the duties."""
    hit = {row["series_id"] for row in rows if row["match_basis"] == "measure"}
    imports = [series_id for series_id in order if series_id.startswith("usa_imports_")]
    return {s for s in imports if s not in hit} if hit.intersection(imports) else set()


def _for_each_partner(pattern: str, partners: Sequence[str]) -> list[str]:
    if "{partner}" not in pattern:
        return [pattern]
    return [pattern.format(partner=partner.lower()) for partner in partners]
