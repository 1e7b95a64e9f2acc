"""The panels on pages: the path of exposed goods around the cut, each cell over its exposure, the states as tiles.

Belongs here: which rows a picture of a panel is made of, and a section that shows one panel. Does not belong here: drawing
(orchestration/readers/charts/panel.py and states.py), answers (answers.py), one question (compare.py).
"""

from __future__ import annotations

import polars as pl
import streamlit as st

from orchestration.readers.charts.panel import exposure_scatter, lead_lag_chart
from orchestration.readers.charts.states import state_tiles
from orchestration.readers.charts.theme import ChartError
from orchestration.readers.comparison.answer import Answer
from orchestration.readers.comparison.picture import PANEL_SOURCE, panel_path, panel_run
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.rows import DimPanelFamily, RptPanelExposure, RptStateExposure
from orchestration.readers.wording import panel_verdict_short

#: whose figures panels of states are made of
_STATES_SOURCES = ["bls", "bts"]

_FAMILIES = Query("select * from dim_panel_family order by compares, family_id")
_PRIMARY = Query(
    """
    select 'goods' as compares, family_id, panel_id, verdict from rpt_panel_exposure
    where is_primary and weighting = 'none'
    union all
    select 'states', family_id, panel_id, verdict from rpt_state_exposure
    where is_primary and as_of_basis = 'latest'
    order by verdict not like 'exposed_%_moved', verdict = 'not_computable', family_id desc, panel_id"""
)


def show(release: Release, state: State) -> None:
    """A section with one panel of the reader's choice: its verdict is in the list of choices."""
    if not release.has("dim_panel_family"):
        return
    families = _families(release)
    # goods and states may have a family of one name
    runs = {
        f"{family} {panel}": (families[compares, family], panel_verdict_short(verdict))
        for compares, family, panel, verdict in release.ask(_PRIMARY).iter_rows()
        if (compares, family) in families
    }
    if not runs:
        return
    st.header("Panels", anchor=False)
    st.markdown(
        "Goods and partners under a measure against those that were hit less, or states that live from this trade against others. "
        "A panel says how exposed goods moved relative to others, and nothing of a total."
    )
    chosen = state.select(
        "Panel",
        "panel",
        list(runs),
        next(iter(runs)),
        format_func=lambda run: f"{runs[run][0]['title']}: {runs[run][1].lower()} ({run.split()[1]})",
    )
    draw(release, runs[chosen][0], chosen.split()[1], cells=True)


def _families(release: Release) -> dict[tuple[str, str], DimPanelFamily]:
    """The families of panels, by what they compare and their key."""
    return {(row["compares"], row["family_id"]): row for row in release.rows(DimPanelFamily, _FAMILIES)}


def of_answer(release: Release, answer: Answer) -> None:
    """The picture of the panel that answers a question; its variant begins with family and panel."""
    family_id, panel_id, *_ = (answer.row["variant"] or "").split()
    compares = "goods" if answer.row["design"] == "panel" else "states"
    family = _families(release).get((compares, family_id))
    if family is not None:
        draw(release, family, panel_id)


def draw(release: Release, family: DimPanelFamily, panel_id: str, *, cells: bool = False) -> None:
    """The picture of one panel, or why there is none; `cells`: also each good and partner over its exposure."""
    try:
        if family["compares"] == "states":
            _states(release, family)
        else:
            _goods(release, family, panel_id, cells=cells)
    except ChartError as error:
        parts.nothing_found(f"No picture: {error}.")


def _goods(release: Release, family: DimPanelFamily, panel_id: str, *, cells: bool) -> None:
    family_id = family["family_id"]
    result, path = (
        release.one(RptPanelExposure, panel_run(family_id, panel_id)),
        panel_path(family_id, panel_id),
    )
    each_cell = Query(
        "select * from rpt_panel_cell where family_id = $family and panel_id = $panel order by all",
        path.parameters,
    )
    source = parts.source(release, [PANEL_SOURCE])
    frame = release.ask(path)
    chart = lead_lag_chart(frame, result, family, source=source, mode=parts.mode())
    parts.chart_block(chart, key="lead-lag", frame=frame, queries=[path])
    if cells:
        frame = release.ask(each_cell)
        chart = exposure_scatter(frame, result, family, source=source, mode=parts.mode())
        parts.chart_block(chart, key="exposure", frame=frame, queries=[each_cell])


def _states(release: Release, family: DimPanelFamily) -> None:
    asked = {"family": family["family_id"]}
    runs = release.rows(
        RptStateExposure,
        Query(
            """
            select * from rpt_state_exposure
            where family_id = $family and is_primary and as_of_basis = 'latest'""",
            asked,
        ),
    )
    if not runs:
        parts.nothing_found("This panel has no run.")
        return
    query = Query("select * from rpt_state_change where family_id = $family order by all", asked)
    frame: pl.DataFrame = release.ask(query)
    chart = state_tiles(
        frame, runs[0], family, source=parts.source(release, _STATES_SOURCES), mode=parts.mode()
    )
    parts.chart_block(chart, key="states", frame=frame, queries=[query])
    st.caption(escaped(family["reason"] or ""))
