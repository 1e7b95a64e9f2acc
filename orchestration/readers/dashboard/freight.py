"""Section Freight of Trade and tariffs: automotive freight of the US states with Canada and Mexico, as tiles and lines.

Belongs here: the queries and the layout of that section. Does not belong here: the grid of tiles (orchestration/readers/charts).
"""

from __future__ import annotations

from typing import TypedDict

import polars as pl
import streamlit as st

from orchestration.readers.charts import trade as charts
from orchestration.readers.charts.columns import extent
from orchestration.readers.charts.theme import ChartError
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.wording import PARTIES, money, transport_mode

_OFFERED = Query(
    """
    select list(distinct partner_iso3 order by partner_iso3) as partners, list(distinct flow order by flow) as flows,
        list(distinct hs2 order by hs2) as chapters, list(distinct transport_mode order by transport_mode) as modes,
        list(distinct year(period_start)::varchar order by year(period_start)::varchar) as years
    from fct_freight_flow"""
)
_FILTER = """list_contains($partners::varchar[], partner_iso3) and flow = $flow and hs2 = $chapter
        and (len($modes::varchar[]) = 0 or list_contains($modes::varchar[], transport_mode))"""
_STATES = f"""
    select us_state_code as state, sum(value_usd)::bigint as value_usd, sum(shipping_weight_kg)::bigint as weight_kg,
        min(period_start) as first_month, max(period_start) as last_month, count(distinct period_start) as months
    from fct_freight_flow
    where {_FILTER} and year(period_start) = $year::integer
    group by us_state_code order by value_usd desc, us_state_code"""
_MONTHS = f"""
    select period_start as month, us_state_code as state, sum(value_usd)::bigint as value_usd
    from fct_freight_flow
    where {_FILTER} and list_contains($states::varchar[], us_state_code)
    group by period_start, us_state_code order by month, state"""
_CHAPTERS = {
    "84": "machinery, engines (HS 84)",
    "85": "electrical equipment (HS 85)",
    "87": "vehicles and parts (HS 87)",
}
_LINES = 4


class Offered(TypedDict):
    """What there is to choose from; all null in a release without freight."""

    partners: list[str]
    flows: list[str]
    chapters: list[str]
    modes: list[str]
    years: list[str]


class Chosen(TypedDict):
    """The freight that is shown; no mode stands for every mode."""

    partners: list[str]
    flow: str
    chapter: str
    modes: list[str]


def show(release: Release, state: State) -> None:
    """Tiles of one year, and the months of the states with most."""
    offered = release.one(Offered, _OFFERED)
    if not offered["years"]:
        parts.nothing_found("This release holds no freight flows.")
        return
    columns = [*st.columns(3), *st.columns(2)]
    partners = state.several(
        "With",
        "partner",
        offered["partners"],
        offered["partners"],
        where=columns[0],
        format_func=lambda p: PARTIES.get(p, p),
    )
    flow = state.segments("Flow", "flow", offered["flows"], "imports", where=columns[1])
    chapter = state.select(
        "Goods",
        "chapter",
        offered["chapters"],
        "87" if "87" in offered["chapters"] else offered["chapters"][0],
        where=columns[3],
        format_func=lambda c: _CHAPTERS.get(c, f"HS {c}"),
    )
    modes = state.several(
        "Transport",
        "transport",
        offered["modes"],
        where=columns[4],
        placeholder="all",
        format_func=transport_mode,
    )
    year = state.select("Year", "year", offered["years"], offered["years"][-1], where=columns[2])
    chosen: Chosen = {"partners": partners, "flow": flow, "chapter": chapter, "modes": modes}
    query = Query(_STATES, {**chosen, "year": year})
    frame = release.ask(query)
    if frame.is_empty():
        parts.nothing_found("There is no freight with all of that. Choose a partner or another year.")
        return
    _, months = extent(frame["months"])
    if months < 12:
        parts.cautions(
            [f"{year} has {months:.0f} months here: do not compare its sums with those of whole years."]
        )
    _tiles(release, query, frame, chosen, year)
    _lines(release, frame, chosen)


def _what(chosen: Chosen) -> str:
    who = " and ".join(PARTIES.get(p, p) for p in chosen["partners"])
    way = "from" if chosen["flow"] == "imports" else "to"
    by = f" by {', '.join(map(transport_mode, chosen['modes']))}" if chosen["modes"] else ""
    return f"{chosen['flow'].capitalize()} {way} {who}, {_CHAPTERS.get(chosen['chapter'], chosen['chapter'])}{by}"


def _tiles(release: Release, query: Query, frame: pl.DataFrame, chosen: Chosen, year: str) -> None:
    names = _names(release)
    known = frame.filter(pl.col("state").is_in(list(charts.TILES)))
    elsewhere = float(frame.filter(~pl.col("state").is_in(list(charts.TILES)))["value_usd"].sum())
    try:
        chart = charts.state_tiles(
            known.select(
                "state",
                pl.col("state").replace(names).alias("name"),
                (pl.col("value_usd") / 1e6).alias("value"),
            ),
            title=f"{_what(chosen)}, by US state, {year}",
            unit="million USD",
            source=parts.source(release, ["bts"]),
            elsewhere=elsewhere / 1e6,
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No tiles: {error}.")
        return
    st.markdown(escaped(f"Together {money(float(frame['value_usd'].sum()))}."))
    shown = frame.with_columns(state_name=pl.col("state").replace(names))
    parts.chart_block(chart, key="states", frame=shown, queries=[query])


def _lines(release: Release, frame: pl.DataFrame, chosen: Chosen) -> None:
    top = frame.filter(pl.col("state").is_in(list(charts.TILES)))["state"].head(_LINES).to_list()
    query = Query(_MONTHS, {**chosen, "states": top})
    months, names = release.ask(query), _names(release)
    if months.is_empty():
        return
    order = {state: place for place, state in enumerate(top)}
    shown = months.sort(pl.col("state").replace_strict(order, return_dtype=pl.Int32), "month")
    chart = charts.lines(
        shown.select(
            "month", pl.col("state").replace(names).alias("name"), (pl.col("value_usd") / 1e6).alias("value")
        ),
        title=f"{_what(chosen)}: the {len(top)} states with most",
        unit="million USD a month",
        by="State",
        source=parts.source(release, ["bts"]),
        mode=parts.mode(),
    )
    parts.chart_block(chart, key="state-months", frame=months, queries=[query])


def _names(release: Release) -> dict[str, str]:
    frame = release.ask(
        Query(
            """
            select bts_code, name from dim_geography
            where iso3 = 'USA' and kind in ('state', 'unknown') and bts_code is not null"""
        )
    )
    return dict(frame.iter_rows())
