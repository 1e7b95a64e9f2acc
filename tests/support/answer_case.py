"""Answers in the shape of the public contract, for tests of reading and wording them.

Belongs here: rows of rpt_answer and rpt_answer_design with the columns that a test names, and their tables in a small release.
Does not belong here: the choice of a design (tests/oracles/plain_answers.py), the small release itself (reading_case.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

import duckdb

from orchestration.readers.comparison.answer import Answer, NamedEvent
from orchestration.readers.rows import (
    TABLE_OF,
    DimExpectedEffect,
    DimSeries,
    RptAnswer,
    RptAnswerCoverage,
    RptAnswerDesign,
)
from tests.support.reading_case import columns

SERIES = cast(
    "DimSeries",
    {
        "series_id": "usa_imports_goods_mex",
        "title": "Imports of goods, USA from Mexico",
        "unit": "USD",
        "unit_multiplier": 1_000_000,
    },
)
ROUND_SIX: NamedEvent = {
    "event_id": "nafta-round6-end",
    "event_date": dt.date(2018, 1, 29),
    "title": "Sixth NAFTA round ends",
    "cut_month": dt.date(2018, 2, 1),
    "event_class": "talk",
}
DUTIES: NamedEvent = {
    "event_id": "s232-steel",
    "event_date": dt.date(2018, 6, 1),
    "title": "Duty on metals of Canada and Mexico",
    "cut_month": dt.date(2018, 6, 1),
    "event_class": "act",
}
_FIGURES = {
    "scale": "log",
    "estimate": 0.0922,
    "range_centre": 0.05,
    "usual_low": -0.03,
    "usual_high": 0.13,
    "distance_at_threshold": 0.08,
    "estimate_pct": 9.66,
    "range_centre_pct": 5.13,
    "usual_low_pct": -2.96,
    "usual_high_pct": 13.88,
    "verdict": "within_usual_range",
    "false_alarm_rate": 0.053,
    "false_alarm_se": 0.013,
    "n_blocks": 9,
}


def row(**changed: Any) -> RptAnswer:
    """A row of rpt_answer: the start of the NAFTA talks, told by the series' own past, but for what is `changed`."""
    empty = dict.fromkeys(RptAnswer.__annotations__)
    told = {
        **empty,
        "treatment_id": "act-2018-06",
        "series_id": SERIES["series_id"],
        "window_months": 12,
        "scope": "act",
        "event_ids": ["s232-steel"],
        "cut_month": dt.date(2018, 6, 1),
        "gap_months": 0,
        "months_left_out": [],
        "design": "placebo_rank",
        "variant": "own_past",
        **_FIGURES,
        "rival_event_ids": [],
        "rivals_in_windows": [],
        "designs_disagree": False,
        "blockers": [],
        "other_designs": [],
    }
    return cast("RptAnswer", told | changed)


def untold(*blockers: str, **changed: Any) -> RptAnswer:
    """A row of rpt_answer about which nothing can be told, because of `blockers`."""
    nothing = dict.fromkeys([*_FIGURES, "variant"]) | {
        "design": "none",
        "blockers": list(blockers),
        "sole_blocker": blockers[0] if len(blockers) == 1 else None,
        "reason": "; ".join(blockers),
        "tellable_when": "with something else",
    }
    return row(**(nothing | changed))


def offer(
    design: str = "placebo_rank", place: int = 5, *, blockers: Sequence[str] = (), **changed: Any
) -> RptAnswerDesign:
    """A row of rpt_answer_design; the figures of `row` unless it is blocked or they are `changed`."""
    empty = dict.fromkeys(RptAnswerDesign.__annotations__)
    offered = {
        **empty,
        **{
            name: row()[name] for name in ("treatment_id", "series_id", "window_months", "scope", "cut_month")
        },
        **_FIGURES,
        "design": design,
        "place": place,
        "variant": "own_past",
        "verdict": None if blockers else "within_usual_range",
        "blockers": list(blockers),
        "gap_months": 0,
        "is_default_gap": True,
        "months_left_out": [],
        "is_available": not blockers,
        "is_answer": False,
    }
    return cast("RptAnswerDesign", offered | changed)


def answer(
    answered: RptAnswer | None = None,
    *designs: RptAnswerDesign,
    asked: NamedEvent | None = DUTIES,
    together: Sequence[NamedEvent] = (),
    rivals: Sequence[NamedEvent] = (),
    phase: str | None = None,
    expected: DimExpectedEffect | None = None,
    alone: RptAnswer | None = None,
    told_with: int | None = None,
    series: DimSeries = SERIES,
) -> Answer:
    """An answer as answer_of() gives it."""
    return Answer(
        *(
            answered or row(),
            list(designs) or [offer(is_answer=True)],
            series,
            asked,
            together,
            rivals,
            phase,
        ),
        titles={
            "manufacturing_total": "All manufacturing of the same country",
            "s301": "Section 301 lists",
            "states talks": "Talks begin",
        },
        expected=expected,
        alone=alone,
        told_with=told_with,
    )


#: shorter than the released macro, for releases with one treatment an event
_MACRO = """
CREATE MACRO answer(event, series, months := 12) AS TABLE
    SELECT answer.* FROM rpt_answer AS answer
    WHERE list_contains(event_ids, event) AND series_id = series AND window_months = months;"""


def write_tables(
    con: duckdb.DuckDBPyConnection, answers: Sequence[RptAnswer], designs: Sequence[RptAnswerDesign] = ()
) -> None:
    """Make the tables of answers in the database of `con`, with these rows, and their macro."""
    for kind in (RptAnswer, RptAnswerDesign, RptAnswerCoverage, DimExpectedEffect):
        names = ", ".join(f"{name} {type_}" for name, type_ in columns(kind).items())
        con.execute(f"CREATE TABLE {TABLE_OF[kind]} ({names})")
    con.execute(
        "CREATE TABLE bridge_event_treatment (event_id VARCHAR, series_id VARCHAR, treatment_id VARCHAR, scope VARCHAR)"
    )
    con.execute("CREATE TABLE dim_event_cluster (cluster_id VARCHAR, title VARCHAR)")
    con.execute("CREATE TABLE dim_panel_family (family_id VARCHAR, title VARCHAR, compares VARCHAR)")
    con.execute("CREATE TABLE dim_control_set (control_set_id VARCHAR, title VARCHAR)")
    for table, rows in (("rpt_answer", answers), ("rpt_answer_design", designs)):
        for each in rows:
            con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(each))})", list(each.values()))
    for each in answers:
        for event_id in each["event_ids"]:
            con.execute(
                "INSERT INTO bridge_event_treatment BY NAME SELECT ? AS event_id, ? AS series_id, ? AS treatment_id, ? AS scope",
                [event_id, each["series_id"], each["treatment_id"], each["scope"]],
            )
    con.execute(_MACRO)
