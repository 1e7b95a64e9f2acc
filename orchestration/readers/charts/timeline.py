"""Events on lanes, one lane a timeline; and what was demanded and settled on one topic over time.

Belongs here: those two charts. Does not belong here: series (overview.py), windows around an event (comparison.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import polars as pl

from orchestration.readers.charts.columns import days
from orchestration.readers.charts.layers import layered
from orchestration.readers.charts.theme import (
    CATEGORIES,
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    FONT_SIZE,
    ChartError,
    Mode,
    Width,
    Words,
    colours,
    dressed,
    within_limit,
)

#: 19 types are too many colours to tell apart; each group has a shape of its own as well
KINDS: Mapping[str, tuple[str, ...]] = {
    "talks": ("round_start", "round_end", "proposal", "statement", "hearing"),
    "agreement": ("agreement", "signature", "ratification", "entry_into_force"),
    "tariff": ("tariff_announced", "tariff_effective", "exemption"),
    "retaliation": ("retaliation",),
    "dispute": ("dispute_panel",),
    "other": ("deadline", "election", "plant", "programme", "other"),
}
_SHAPES = ("circle", "diamond", "triangle-up", "triangle-down", "square", "cross")
#: name of the selection that tells which event was clicked
PICKED = "picked"
_LANE = 46

_STATUSES = ("proposed", "maintained", "softened", "rejected", "dropped", "agreed")
_STATUS_SHAPES = ("triangle-up", "circle", "triangle-down", "cross", "square", "diamond")


def kind_of(event_type: str) -> str:
    """The group of an event type; types this version does not know are 'other'."""
    return next((kind for kind, types in KINDS.items() if event_type in types), "other")


def lanes(
    events: pl.DataFrame,
    *,
    picked: str | None = None,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
) -> alt.LayerChart:
    """Events (event_id, event_date, title, lane, kind, type, confidence, parties) on a lane for each timeline.

    Lanes stand in order of their first event. `picked`: the event that is open, ringed. The chart has a point selection
    named PICKED on event_id. Raises ChartError if there is no event.
    """
    if events.is_empty():
        raise ChartError("there is no event to draw")
    within_limit(events.height)
    c = colours(mode)
    order = (
        events.group_by("lane").agg(pl.col("event_date").min()).sort("event_date", "lane")["lane"].to_list()
    )
    height = _LANE * len(order)
    used = [kind for kind in KINDS if kind in set(events["kind"])]
    y = alt.Y(
        "lane:N",
        sort=order,
        title=None,
        axis=alt.Axis(labels=False, ticks=False, domain=False, grid=True, bandPosition=1),
        scale=alt.Scale(padding=0.5),
    )
    x = alt.X("event_date:T", axis=alt.Axis(tickCount="year", format="%Y"))
    # the names stand inside the lanes: beside them they would take half of a telephone's width
    names = (
        alt.Chart(pl.DataFrame({"lane": order}))
        .mark_text(align="left", dx=2, dy=-_LANE / 2 + 10, fontSize=FONT_SIZE, color=c.muted)
        .encode(x=alt.value(0), y=y, text="lane:N")
    )
    points = (
        alt.Chart(events)
        .mark_point(filled=True, size=90, strokeWidth=1, yOffset=8)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=used, range=[CATEGORIES[mode][list(KINDS).index(k)] for k in used]),
            ),
            shape=alt.Shape(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=used, range=[_SHAPES[list(KINDS).index(k)] for k in used]),
            ),
            opacity=alt.condition("datum.confidence == 'low'", alt.value(0.4), alt.value(0.9)),
            tooltip=[
                alt.Tooltip("event_date:T", title="Day", format="%Y-%m-%d"),
                alt.Tooltip("title:N", title="Event"),
                alt.Tooltip("type:N", title="Type"),
                alt.Tooltip("parties:N", title="Parties"),
                alt.Tooltip("confidence:N", title="Confidence"),
            ],
        )
        .add_params(alt.selection_point(name=PICKED, fields=["event_id"], on="click", clear=False))
    )
    layers = [names, points]
    ringed = events.filter(pl.col("event_id") == picked) if picked else events.head(0)
    if not ringed.is_empty():
        layers.append(
            alt.Chart(ringed)
            .mark_point(filled=False, size=320, strokeWidth=2, color=c.ink, yOffset=8)
            .encode(x=x, y=y)
        )
    first, last = days(events["event_date"])
    words = Words(
        title="Events by timeline",
        subtitle=[f"{events.height} events, {first:%Y-%m-%d} to {last:%Y-%m-%d}, one mark each"],
        source=source,
        notes=["Pale: low confidence in the date or the event"] if "low" in set(events["confidence"]) else [],
        description=(
            f"{events.height} events on {len(order)} lanes from {first:%Y-%m-%d} to {last:%Y-%m-%d}: "
            + "; ".join(f"{lane}, {events.filter(pl.col('lane') == lane).height}" for lane in order)
            + "."
        ),
    )
    return dressed(layered(*layers), words, mode=mode, width=width, height=height)


def position_path(
    positions: pl.DataFrame,
    *,
    topic: str,
    unit: str,
    picked: str | None = None,
    source: str,
    mode: Mode = "light",
    width: Width = DEFAULT_WIDTH,
    height: int = DEFAULT_HEIGHT,
) -> alt.LayerChart:
    """Figures demanded and settled on a topic: event_id, event_date, value, status, what (what is measured), who, position.

    One mark a figure and date; its shape and label tell the status. Raises ChartError if there is no figure.
    """
    if positions.is_empty():
        raise ChartError(f"no position on {topic} has a figure in {unit}")
    within_limit(positions.height)
    c = colours(mode)
    measured = sorted(set(positions["what"]))
    colour = alt.Color(
        "what:N", title="Share of", scale=alt.Scale(domain=measured, range=list(CATEGORIES[mode]))
    )
    base = alt.Chart(positions).encode(
        x=alt.X("event_date:T", axis=alt.Axis(format="%Y-%m", tickCount=6, grid=False, labelFlush=True)),
        y=alt.Y(
            "value:Q",
            title=None,
            scale=alt.Scale(zero=False, padding=14),
            axis=alt.Axis(tickCount=6, domain=False, ticks=False),
        ),
    )
    tooltip = [
        alt.Tooltip("event_date:T", title="Day", format="%Y-%m-%d"),
        alt.Tooltip("who:N", title="Party"),
        alt.Tooltip("status:N", title="Status"),
        alt.Tooltip("value:Q", title="Figure"),
        alt.Tooltip("position:N", title="Position"),
        alt.Tooltip("title:N", title="Event"),
    ]
    marks = base.mark_point(filled=True, size=110, opacity=0.9).encode(
        color=colour,
        shape=alt.Shape(
            "status:N",
            title="Became",
            legend=alt.Legend(symbolFillColor=c.ink, symbolStrokeColor=c.ink),
            scale=alt.Scale(domain=list(_STATUSES), range=list(_STATUS_SHAPES)),
        ),
        tooltip=tooltip,
    )
    labels = (
        alt.Chart(positions.unique(["event_date", "value"], maintain_order=True))
        .mark_text(dy=-13, fontSize=FONT_SIZE, color=c.ink)
        .encode(x="event_date:T", y="value:Q", text=alt.Text("value:Q"))
    )
    layers = [marks, labels]
    ringed = positions.filter(pl.col("event_id") == picked) if picked else positions.head(0)
    if not ringed.is_empty():
        layers.append(
            alt.Chart(ringed)
            .mark_point(filled=False, size=330, strokeWidth=2, color=c.ink)
            .encode(x="event_date:T", y="value:Q")
        )
    figures = "; ".join(
        f"{row['event_date']:%Y-%m-%d} {row['value']:g} ({row['status']}, {row['what']})"
        for row in positions.head(12).iter_rows(named=True)
    )
    words = Words(
        title=f"What was asked and what became of it: {topic}",
        subtitle=[unit],
        source=source,
        notes=["Ringed: the event that is open"] if not ringed.is_empty() else [],
        description=f"Figures on {topic} in {unit} over time: {figures}{' and more' if positions.height > 12 else ''}.",
    )
    return dressed(layered(*layers), words, mode=mode, width=width, height=height)
