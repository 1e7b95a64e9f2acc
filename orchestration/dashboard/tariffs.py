"""Sections of Trade and tariffs: statutory and collected duty rates, USMCA-claimed share, measures in force.

Belongs here: the queries and the layout of those sections. Does not belong here: how statutory rates are derived (marts).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import streamlit as st

from orchestration.charts import trade as charts
from orchestration.charts.theme import ChartError
from orchestration.dashboard import parts
from orchestration.dashboard.reading import Query, Release
from orchestration.dashboard.state import State
from orchestration.dashboard.words import PARTIES, escaped, number, spelled

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
_CLAIMED = """
    select observation.period_start as month, series.series_id, series.product_code, series.partner_iso3,
        observation.value as share_pct
    from fct_observation as observation
    inner join dim_series as series on observation.series_id = series.series_id
    where series.measure = 'usmca_claimed_share' and list_contains($products::varchar[], series.product_code)
        and list_contains($partners::varchar[], series.partner_iso3)
    order by month, series.series_id"""
_MEASURES = """
    select measure_id, imposing_iso3, partners, product_scope, rate_pct, effective_on, ended_on, topic,
        legal_instrument, exemptions, confidence, in_force, source_reference
    from dim_tariff_measure
    where effective_on is not null
        and ($all or (effective_on <= $day and (ended_on is null or ended_on > $day) and in_force))
        and (len($imposing::varchar[]) = 0 or list_contains($imposing::varchar[], imposing_iso3))
        and (len($partners::varchar[]) = 0 or list_has_any(partners, $partners::varchar[]))
        and (len($topics::varchar[]) = 0 or list_contains($topics::varchar[], topic))
    order by effective_on, measure_id"""
_MEASURE_LABELS = {
    "measure_id": "Id",
    "imposing_iso3": "Imposed by",
    "partners": "On",
    "product_scope": "Goods",
    "rate_pct": "Rate, %",
    "effective_on": "From",
    "ended_on": "Until",
    "topic": "Topic",
    "legal_instrument": "Instrument",
    "exemptions": "Exempt",
    "confidence": "Confidence",
    "in_force": "Took effect",
    "source_reference": "Source",
}


def duties(release: Release, state: State) -> None:
    """Duty collected over value imported, and the statutory rate beside it where the release derives one."""
    from orchestration.dashboard.trade import countries, titles_of

    st.markdown(
        "Collected: duty as a share of the value of imports for consumption. Statutory: what the measures in force would "
        "take without any claim or exemption. The distance between them is claims under the USMCA, exemptions, and goods "
        "outside a measure's scope."
    )
    scopes = {
        f"{r['classification']}-{r['product_code']}": r for r in release.ask(_SCOPES).iter_rows(named=True)
    }
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
    _statutory(release, state)


def _goods(titles: dict[tuple[str, str], str], scope: dict[str, Any]) -> str:
    if scope["classification"] == "TOTAL":
        return "all goods"
    title = titles.get((scope["classification"], scope["product_code"]), "untitled")
    return f"{title} ({scope['classification']} {scope['product_code']})"


def _statutory(release: Release, state: State) -> None:
    """Statutory beside collected, from the mart that derives the exposure of imports to the measures."""
    st.header("Statutory against collected", anchor=False)
    if not release.has("rpt_tariff_exposure"):
        parts.not_in_release("The statutory rate by partner and product (rpt_tariff_exposure)")
        return


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
    partners = sorted(set(offered["partner_iso3"]))
    who = state.several(
        "Partners",
        "partner",
        partners,
        partners[:1],
        where=right,
        format_func=lambda p: PARTIES.get(p, p),
    )
    query = Query(_CLAIMED, {"products": picked, "partners": who})
    frame = release.ask(query)
    try:
        chart = charts.lines(
            frame.select(
                "month",
                pl.format("{} {}", "product_code", pl.col("partner_iso3").replace(PARTIES)).alias("name"),
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


def measures(release: Release, state: State) -> None:
    """Tariff measures in force on a day, or all of them over time."""
    offered = release.ask(
        Query(
            """
            select 'imposing' as kind, imposing_iso3 as value from dim_tariff_measure
            union select 'partner', unnest(partners) from dim_tariff_measure
            union select 'topic', topic from dim_tariff_measure order by kind, value"""
        )
    )
    options = {
        kind: offered.filter(pl.col("kind") == kind)["value"].to_list()
        for kind in ("imposing", "partner", "topic")
    }
    today = dt.date.today()  # noqa: DTZ011
    columns = st.columns([1.2, 1.2, 2, 2, 2], vertical_alignment="bottom")
    everything = state.switch("All measures", "all", False, where=columns[0])
    day = (
        state.day(
            "In force on",
            "day",
            min(today, dt.date(2027, 1, 1)),
            dt.date(2017, 1, 1),
            dt.date(2030, 12, 31),
            where=columns[1],
        )
        or today
    )
    imposing = state.several(
        "Imposed by",
        "imposing",
        options["imposing"],
        where=columns[2],
        placeholder="all",
        format_func=lambda p: PARTIES.get(p, p),
    )
    partners = state.several(
        "On goods of",
        "partner",
        options["partner"],
        where=columns[3],
        placeholder="all",
        format_func=_partner,
    )
    topics = state.several(
        "Topic", "topic", options["topic"], where=columns[4], placeholder="all", format_func=spelled
    )
    query = Query(
        _MEASURES,
        {"all": everything, "day": day, "imposing": imposing, "partners": partners, "topics": topics},
    )
    frame = release.ask(query)
    with st.container(key="measures"):
        st.markdown(
            escaped(
                f"{frame.height} measures, whenever they applied."
                if everything
                else f"{frame.height} measures in force on {day}."
            )
        )
        if frame.is_empty():
            parts.nothing_found("No measure has all of that.")
            return
        _drawn(release, frame, query, day)


def _drawn(release: Release, frame: pl.DataFrame, query: Query, day: dt.date) -> None:
    edge = max(frame["effective_on"].max(), frame["ended_on"].max() or day, day)
    marks = frame.select(
        pl.struct("imposing_iso3", "partners", "product_scope", "rate_pct")
        .map_elements(_measure_name, pl.String)
        .alias("name"),
        "effective_on",
        pl.col("ended_on").fill_null(edge).alias("ends_on"),
        pl.col("ended_on").cast(pl.String).fill_null("no end").alias("until"),
        "rate_pct",
        pl.col("imposing_iso3").replace(PARTIES).alias("imposing"),
    )
    # two measures of one name (a rate that came back) have a lane each
    marks = marks.with_columns(
        name=pl.col("name") + pl.lit("\u2009").repeat_by(pl.int_range(pl.len()).over("name")).list.join("")
    )
    chart = charts.measures(
        marks, day=day, source=f"Source: timelines of Headway, release {release.run_id}", mode=parts.mode()
    )
    parts.chart_block(chart, key="measures-chart", frame=frame, queries=[query], labels=_MEASURE_LABELS)


def _measure_name(cell: dict[str, Any]) -> str:
    rate = "barred" if cell["rate_pct"] is None else f"{number(cell['rate_pct'], 1).removesuffix('.0')} %"
    scope = cell["product_scope"]
    on = ", ".join(_partner(p) for p in cell["partners"])
    return f"{rate} on {on}: {scope if len(scope) <= 70 else scope[:69] + '…'}"


def _partner(code: str) -> str:
    return {
        "NON_FTA": "countries without an agreement",
        "MFN": "most favoured nations",
        "WLD": "all countries",
    }.get(code, PARTIES.get(code, code))
