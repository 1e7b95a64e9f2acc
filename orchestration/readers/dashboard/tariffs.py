"""Sections of Trade and tariffs: statutory and collected duty rates, USMCA-claimed share.

Belongs here: the queries and the layout of those sections. Does not belong here: how statutory rates are derived (marts),
measures in force on a day (measures.py).
"""

from __future__ import annotations

from typing import TypedDict

import polars as pl
import streamlit as st

from orchestration.readers.charts import trade as charts
from orchestration.readers.charts.theme import ChartError
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.names import countries, titles_of
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped

_COLLECTED = """
    select period_start as month, partner_iso3, sum(duty_usd)::bigint as duty_usd, sum(value_usd)::bigint as value_usd,
        100.0 * sum(duty_usd) / nullif(sum(value_usd), 0) as collected_pct
    from fct_trade_flow
    where flow = 'imports' and basis = 'consumption' and duty_usd is not null
        and classification = $classification and product_code = $product
        and list_contains($partners::varchar[], partner_iso3)
    group by period_start, partner_iso3 order by month, partner_iso3"""
_SCOPES = Query(
    """
    select classification, product_code, max(product_level) as product_level, sum(value_usd)::bigint as value,
        list(distinct partner_iso3) as partners
    from fct_trade_flow where flow = 'imports' and basis = 'consumption' and duty_usd is not null
    group by classification, product_code order by classification <> 'TOTAL', classification desc, value desc"""
)
_EXPOSURE = """
    select period_start, statutory_rate_pct, collected_rate_pct, usmca_claimed_share_pct, reason, in_force_share,
        customs_value_usd, duty_usd, share_of_partner_imports_pct, measure_ids, measure_rates_pct, measure_coverage,
        measure_days, exemptions, possible_measure_ids, statutory_is_at_least, displaced_measure_ids
    from rpt_tariff_exposure
    where product_system = $system and product_code = $product and partner_iso3 = $partner order by period_start"""
_STATUTORY = "statutory, without claims and exemptions"
_CLAIMED = """
    select observation.period_start as month, series.series_id, series.product_code, series.partner_iso3,
        observation.value as share_pct
    from fct_observation as observation
    inner join dim_series as series on observation.series_id = series.series_id
    where series.measure = 'usmca_claimed_share' and list_contains($products::varchar[], series.product_code)
        and list_contains($partners::varchar[], series.partner_iso3)
    order by month, series.series_id"""


class Scope(TypedDict):
    """Goods of which a duty is known, and the partners with collected duties on them."""

    classification: str
    product_code: str
    partners: list[str]


def duties(release: Release, state: State) -> None:
    """Duty collected over value imported, and the statutory rate beside it where the release derives one."""

    st.markdown(
        "Collected: duty as a share of the value of imports for consumption. Statutory: what the measures in force would "
        "take without any claim or exemption. The distance between them is claims under the USMCA, exemptions, and goods "
        "outside a measure's scope."
    )
    scopes = _scopes(release)
    if not scopes:
        parts.nothing_found("This release holds no collected duties.")
        return
    titles, names = titles_of(release), countries(release)
    left, right = st.columns(2)
    default = next((s for s in ("NAICS-336", "HS-87") if s in scopes), next(iter(scopes)))
    chosen = state.select(
        "Goods",
        "goods",
        list(scopes),
        default,
        where=left,
        format_func=lambda s: _goods(titles, scopes[s]),
    )
    scope = scopes[chosen]
    if not scope["partners"]:
        st.caption("No duty collected on these goods is held; the rate by law is below.")
        _statutory(release, state, scope, _goods(titles, scope), names)
        return
    offered = sorted(
        scope["partners"], key=lambda p: (p not in ("MEX", "CAN", "CHN", "WLD"), names.get(p, p))
    )
    picked = state.several(
        "Partners",
        "partner",
        offered,
        [p for p in ("MEX", "CAN", "CHN") if p in offered],
        where=right,
        max_selections=charts.MAX_LINES,
        format_func=lambda p: names.get(p, p),
    )
    query = Query(
        _COLLECTED,
        {"classification": scope["classification"], "product": scope["product_code"], "partners": picked},
    )
    frame = release.ask(query)
    source_ids = release.ask(
        Query(
            """
            select distinct source_id from fct_trade_flow where flow = 'imports' and basis = 'consumption'
                and duty_usd is not null and classification = $classification and product_code = $product""",
            {"classification": scope["classification"], "product": scope["product_code"]},
        )
    )["source_id"].to_list()
    try:
        chart = charts.lines(
            frame.select(
                "month",
                pl.col("partner_iso3").replace(names).alias("name"),
                pl.col("collected_pct").alias("value"),
            ),
            title=f"Duty collected: {_goods(titles, scope)}, imports of the USA",
            unit="percent of the value of imports for consumption",
            by="Partner",
            source=parts.source(release, source_ids),
            mode=parts.mode(),
        )
        parts.chart_block(chart, key="collected", frame=frame, queries=[query])
    except ChartError as error:
        parts.nothing_found(f"No chart: {error}. Choose a partner.")
    _statutory(release, state, scope, _goods(titles, scope), names)


def _scopes(release: Release) -> dict[str, Scope]:
    """Goods with collected duties, then those of which only the rate by law is known (no partner to choose)."""
    scopes = {f"{row['classification']}-{row['product_code']}": row for row in release.rows(Scope, _SCOPES)}
    if release.has("rpt_tariff_exposure", "product_system", "product_code"):
        more = release.ask(
            Query("select distinct product_system, product_code from rpt_tariff_exposure order by all")
        )
        for system, code in more.iter_rows():
            scopes.setdefault(
                f"{system}-{code}", {"classification": system, "product_code": code, "partners": []}
            )
    return scopes


def _goods(titles: dict[tuple[str, str], str], scope: Scope) -> str:
    if scope["classification"] == "TOTAL":
        return "all goods"
    title = titles.get((scope["classification"], scope["product_code"]), "untitled")
    return f"{title} ({scope['classification']} {scope['product_code']})"


def _statutory(release: Release, state: State, scope: Scope, goods: str, names: dict[str, str]) -> None:
    """Statutory beside collected, from the mart that derives the exposure of imports to the measures."""
    st.header("Statutory against collected", anchor=False)
    if not release.has(
        "rpt_tariff_exposure", "statutory_rate_pct", "statutory_is_at_least", "collected_rate_pct"
    ):
        parts.not_in_release("The statutory rate by partner and goods (rpt_tariff_exposure)")
        return
    chosen = {"system": scope["classification"], "product": scope["product_code"]}
    offered = release.ask(
        Query(
            """
            select distinct partner_iso3 from rpt_tariff_exposure
            where product_system = $system and product_code = $product order by partner_iso3""",
            chosen,
        )
    )["partner_iso3"].to_list()
    if not offered:
        parts.nothing_found(f"No statutory rate is derived for {goods}.")
        return
    partner = state.segments(
        "Partner",
        "with",
        offered,
        next((p for p in ("MEX", "CAN") if p in offered), offered[0]),
        format_func=lambda p: names.get(p, p),
    )
    query = Query(_EXPOSURE, chosen | {"partner": partner})
    frame = release.ask(query)
    long = pl.concat(
        frame.select(
            pl.col("period_start").alias("month"), pl.lit(name).alias("name"), pl.col(column).alias("value")
        )
        for column, name in (("statutory_rate_pct", _STATUTORY), ("collected_rate_pct", "collected"))
    )
    withheld = frame.filter(pl.col("statutory_rate_pct").is_null() & pl.col("reason").is_not_null())
    if not withheld.is_empty():
        reasons = withheld.group_by("reason").len().sort("len", descending=True)
        st.caption(
            "  \n".join(
                escaped(f"No statutory rate in {n} months: {reason}.")
                for reason, n in reasons.head(4).iter_rows()
            )
        )
    if n_at_least := frame["statutory_is_at_least"].sum():
        st.caption(
            f"In {n_at_least} months the statutory rate is at least this: further measures may reach some of the goods."
        )
    try:
        chart = charts.lines(
            long,
            title=f"Rates on {goods} from {names.get(partner, partner)}",
            unit="percent of the value of imports for consumption",
            by="Rate",
            source=parts.source(release, ["census", "usitc"]),
            steps=frozenset({_STATUTORY}),
            mode=parts.mode(),
        )
        parts.chart_block(chart, key="exposure", frame=frame, queries=[query])
    except ChartError as error:
        parts.nothing_found(f"No chart: {error}.")
    _latest_measures(release, frame, goods, names.get(partner, partner))


def _latest_measures(release: Release, frame: pl.DataFrame, goods: str, partner: str) -> None:
    """The measures of the last month, each with its rate, how much of the goods it reaches, and what it spares."""
    last = frame.row(-1, named=True)
    st.subheader(escaped(f"Measures on {goods} from {partner} in {last['period_start']:%Y-%m}"), anchor=False)
    if not last["measure_ids"]:
        parts.nothing_found("No measure is known to reach these goods in that month.")
        return
    shown = pl.DataFrame(
        {
            "Measure": last["measure_ids"],
            "Rate, %": last["measure_rates_pct"],
            "Reaches": last["measure_coverage"],
            "Days of the month": last["measure_days"],
            "Spares": last["exemptions"],
        }
    )
    parts.data_table(shown, alt_text="Measures of the last month")
    if last["displaced_measure_ids"]:
        st.caption(escaped(f"Not due here beside the others: {', '.join(last['displaced_measure_ids'])}."))
    if last["possible_measure_ids"]:
        st.caption(escaped(f"May reach them as well: {', '.join(last['possible_measure_ids'])}."))


def claimed(release: Release, state: State) -> None:
    """Share of imports for which preference under the USMCA was claimed."""
    st.markdown("Share of the value of imports for which importers claimed the preference of the USMCA.")
    offered = release.ask(
        Query(
            """
            select distinct series.product_code, series.partner_iso3, coalesce(product.title, series.title) as title
            from dim_series as series
            left join dim_product as product
                on series.product_code = product.product_code and series.product_system = product.product_system
            where series.measure = 'usmca_claimed_share' order by series.product_code"""
        )
    )
    if offered.is_empty():
        parts.not_in_release("The USMCA-claimed share")
        return
    titles = dict(offered.select("product_code", "title").iter_rows())
    left, right = st.columns(2)
    picked = state.several(
        "Products (HS)",
        "product",
        list(titles),
        [p for p in ("8703", "8704", "8708") if p in titles],
        where=left,
        format_func=lambda p: f"{p} {titles[p]}",
    )
    partners, names = sorted(set(offered["partner_iso3"])), countries(release)
    who = state.several(
        "Partners",
        "partner",
        partners,
        partners[:1],
        where=right,
        format_func=lambda p: names.get(p, p),
    )
    query = Query(_CLAIMED, {"products": picked, "partners": who})
    frame = release.ask(query)
    try:
        chart = charts.lines(
            frame.select(
                "month",
                pl.format("{} {}", "product_code", pl.col("partner_iso3").replace(names)).alias("name"),
                pl.col("share_pct").alias("value"),
            ),
            title="USMCA-claimed share of US imports",
            unit="percent of the value of imports for consumption",
            by="Product and partner",
            source=parts.source(release, ["usitc"]),
            notes=("; ".join(f"{p}: {titles[p]}" for p in picked) + ".",) if picked else (),
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No chart: {error}.")
        return
    parts.chart_block(chart, key="claimed", frame=frame, queries=[query])
