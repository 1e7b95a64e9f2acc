"""Page Trade and tariffs: partners and products, duty rates, USMCA-claimed share, measures in force, freight by state.

Belongs here: sections of that page and the partner explorer. Does not belong here: tariffs (tariffs.py, measures.py),
freight (freight.py), how things are drawn (readers/charts).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypedDict

import polars as pl
import streamlit as st

from orchestration.readers.charts import trade as charts
from orchestration.readers.charts.theme import ChartError
from orchestration.readers.dashboard import freight, measures, parts, tariffs
from orchestration.readers.dashboard.names import countries, titles_of
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.wording import money, month, spelled

_SECTIONS = ("partners", "duties", "claimed", "measures", "freight")
_NAMES = {
    "partners": "Partners and products",
    "duties": "Duty rates",
    "claimed": "USMCA-claimed share",
    "measures": "Measures in force",
    "freight": "Freight by state",
}
#: partners offered first and chosen at first
_FIRST = ("MEX", "CAN", "CHN")
_BARS = 15

_DATASETS = Query(
    """
    select flow, basis, classification, product_level, source_id,
        min(period_start) as first_period, max(period_start) as last_period, count(*) as n
    from fct_trade_flow
    group by flow, basis, classification, product_level, source_id order by flow desc, n desc"""
)
_WITHIN = """flow = $flow and basis = $basis and classification = $classification and product_level = $level
        and source_id = $source"""
_PRODUCTS = f"""
    select product_code, sum(value_usd)::bigint as value from fct_trade_flow
    where {_WITHIN} group by product_code order by product_code"""
_PARTNERS = f"""
    select partner_iso3, sum(value_usd)::bigint as value from fct_trade_flow
    where {_WITHIN} and product_code = $product group by partner_iso3 order by value desc, partner_iso3"""
_MONTHS = f"""
    select period_start as month, partner_iso3, sum(value_usd)::bigint as value_usd, sum(duty_usd)::bigint as duty_usd,
        string_agg(distinct status, ', ') as status
    from fct_trade_flow
    where {_WITHIN} and product_code = $product and list_contains($partners::varchar[], partner_iso3)
    group by period_start, partner_iso3 order by month, partner_iso3"""
_BREAKS = f"""
    select distinct partner_iso3, break_period, break_reason from fct_trade_flow
    where {_WITHIN} and product_code = $product and list_contains($partners::varchar[], partner_iso3)
        and break_period is not null
    order by partner_iso3"""
_LARGEST = f"""
    with latest as (
        select max(period_start) as last_month from fct_trade_flow where {_WITHIN} and product_code = $product
    ),
    year as (
        select partner_iso3, sum(value_usd)::bigint as value_usd
        from fct_trade_flow, latest
        where {_WITHIN} and product_code = $product and partner_iso3 <> 'WLD'
            and period_start > last_month - interval 12 month
        group by partner_iso3
    )
    select partner_iso3, value_usd, 100.0 * value_usd / sum(value_usd) over () as share_pct,
        (select last_month from latest) as last_month
    from year order by value_usd desc, partner_iso3 limit $bars"""


class Dataset(TypedDict):
    """Trade flows of one direction, valuation, classification, depth and source."""

    flow: str
    basis: str
    classification: str
    product_level: int
    source_id: str
    first_period: dt.date
    last_period: dt.date


def show(release: Release) -> None:
    """The page, at the section that is chosen."""
    state = State("trade")
    top = st.container()
    section = state.segments(
        "What to look at", "section", _SECTIONS, _SECTIONS[0], format_func=_NAMES.__getitem__
    )
    {
        "partners": _partners,
        "duties": tariffs.duties,
        "claimed": tariffs.claimed,
        "measures": measures.show,
        "freight": freight.show,
    }[section](release, state)
    with top:
        state.tell()


def dataset_name(row: Dataset) -> str:
    """A dataset as words: 'imports (consumption) by NAICS-3 industry, 2013-01 to 2025-11'."""
    by = {
        "TOTAL": "all goods",
        "HS": f"HS-{row['product_level']} product",
        "NAICS": f"NAICS-{row['product_level']} industry",
    }
    kind = by.get(row["classification"], row["classification"])
    return (
        f"{row['flow']} ({spelled(row['basis'])}), {kind}, {row['source_id']}, "
        f"{month(row['first_period'])} to {month(row['last_period'])}"
    )


def dataset_id(row: Dataset) -> str:
    """A dataset as the address of the page names it: imports-consumption-naics-3-census."""
    words = (row["flow"], row["basis"], row["classification"], str(row["product_level"]), row["source_id"])
    return "-".join(words).lower()


def _partners(release: Release, state: State) -> None:
    rows = {dataset_id(r): r for r in release.rows(Dataset, _DATASETS)}
    if not rows:
        parts.nothing_found("This release holds no trade flows.")
        return
    default = next(
        (i for i, r in rows.items() if r["classification"] == "TOTAL"), next(iter(rows))
    )  # imports first
    chosen = state.select(
        "Figures", "figures", list(rows), default, format_func=lambda i: dataset_name(rows[i])
    )
    row = rows[chosen]
    within = {
        "flow": row["flow"],
        "basis": row["basis"],
        "classification": row["classification"],
        "level": row["product_level"],
        "source": row["source_id"],
    }
    titles, names = titles_of(release), countries(release)
    left, right = st.columns(2)
    products = release.ask(Query(_PRODUCTS, within))["product_code"].to_list()
    usual = next((p for p in ("87", "336", "8703") if p in products), products[0])
    product = state.select(
        "Product",
        "product",
        products,
        usual,
        where=left,
        format_func=lambda p: _product(titles, row["classification"], p),
    )
    within["product"] = product
    partners = release.ask(Query(_PARTNERS, within))["partner_iso3"].to_list()
    offered = [p for p in _FIRST if p in partners] + [p for p in partners if p not in _FIRST]
    picked = state.several(
        f"Partners (at most {charts.MAX_LINES})",
        "partner",
        offered,
        offered[: len(_FIRST)],
        where=right,
        max_selections=charts.MAX_LINES,
        format_func=lambda p: f"{names.get(p, p)} ({p})",
    )
    title = f"{row['flow'].capitalize()} of {_product(titles, row['classification'], product)}, USA"
    source = parts.source(release, [row["source_id"]])
    _lines(release, within, picked, title, names, source)
    _bars(release, within, title, names, source)


def _product(titles: dict[tuple[str, str], str], classification: str, code: str) -> str:
    if classification == "TOTAL":
        return "all goods"
    return f"{titles.get((classification, code), 'untitled')} ({classification} {code})"


def _lines(
    release: Release,
    within: Mapping[str, object],
    picked: list[str],
    title: str,
    names: dict[str, str],
    source: str,
) -> None:
    query = Query(_MONTHS, {**within, "partners": picked})
    frame = release.ask(query)
    try:
        chart = charts.lines(
            frame.select(
                "month",
                pl.col("partner_iso3").replace(names).alias("name"),
                (pl.col("value_usd") / 1e6).alias("value"),
            ),
            title=title,
            unit="million USD a month",
            by="Partner",
            source=source,
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No chart: {error}. Choose a partner.")
        return
    breaks = release.ask(Query(_BREAKS, {**within, "partners": picked}))
    parts.cautions(
        [
            f"{names.get(partner, partner)}: figures before {month(first)} are not to be compared with later ones. {reason}."
            for partner, first, reason in breaks.iter_rows()
        ]
    )
    parts.chart_block(chart, key="flows", frame=frame, queries=[query])


def _bars(
    release: Release, within: Mapping[str, object], title: str, names: dict[str, str], source: str
) -> None:
    query = Query(_LARGEST, {**within, "bars": _BARS})
    frame = release.ask(query)
    if frame.height < 2:
        return
    last = frame["last_month"][0]
    chart = charts.partners(
        frame.select(
            pl.col("partner_iso3").replace(names).alias("name"),
            (pl.col("value_usd") / 1e9).alias("value"),
            "share_pct",
        ),
        title=f"Largest partners: {title}",
        unit=f"billion USD in the twelve months to {month(last)}, and share of the partners that are loaded",
        source=source,
        mode=parts.mode(),
    )
    st.caption(escaped(f"Sum of the partners shown: {money(float(frame['value_usd'].sum()))}"))
    parts.chart_block(chart, key="partners", frame=frame, queries=[query])
