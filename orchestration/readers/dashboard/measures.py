"""Section of Trade and tariffs: measures in force on a day, or all of them over time.

Belongs here: the query and the layout of that section. Does not belong here: rates by law and collected (tariffs.py).
"""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

import polars as pl
import streamlit as st

from orchestration.readers.charts import trade as charts
from orchestration.readers.charts.columns import days, written
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.wording import PARTIES, TOPICS, amount, label

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
_LABELS = {
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


class NamedMeasure(TypedDict):
    """What a bar is named after: columns of dim_tariff_measure."""

    imposing_iso3: str
    partners: list[str]
    product_scope: str
    rate_pct: float | None


def show(release: Release, state: State) -> None:
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
        format_func=lambda p: PARTIES.get(p, p),
    )
    topics = state.several(
        "Topic",
        "topic",
        options["topic"],
        where=columns[4],
        placeholder="all",
        format_func=lambda t: label(t, TOPICS),
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
    ended = frame["ended_on"].drop_nulls()
    edge = max(days(frame["effective_on"])[1], *(days(ended) if ended.len() else ()), day)
    marks = frame.select(
        written(frame.select(*NamedMeasure.__annotations__).to_struct("name"), _measure_name),
        "effective_on",
        pl.col("ended_on").fill_null(edge).alias("ends_on"),
        pl.col("ended_on").cast(pl.String).fill_null("no end").alias("until"),
        "rate_pct",
        pl.col("imposing_iso3").replace(PARTIES).alias("imposing"),
    )
    # a rate that was lifted and came back has two measures of one name; thin spaces make their lanes distinct
    marks = marks.with_columns(
        name=pl.col("name") + pl.lit("\u2009").repeat_by(pl.int_range(pl.len()).over("name")).list.join("")
    )
    chart = charts.measures(
        marks, day=day, source=f"Source: timelines of Headway, release {release.run_id}", mode=parts.mode()
    )
    parts.chart_block(chart, key="measures-chart", frame=frame, queries=[query], labels=_LABELS)


def _measure_name(measure: NamedMeasure) -> str:
    rate = "barred" if measure["rate_pct"] is None else f"{amount(measure['rate_pct'])} %"
    scope = measure["product_scope"]
    on = ", ".join(PARTIES.get(p, p) for p in measure["partners"])
    # the titles of groups ("All partners unless exempted") begin with a capital, and stand within a sentence here
    on = on[:1].lower() + on[1:] if on.startswith(("All ", "Partners ")) else on
    return f"{rate} on {on}: {scope if len(scope) <= 60 else scope[:59] + '…'}"
