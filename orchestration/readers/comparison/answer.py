"""What can be told about an event: the answer to one question, and lists of answers, out of rpt_answer and rpt_answer_design.

Belongs here: which rows of a release answer a question, and in which order several are shown. Does not belong here: the
choice of a design (the marts make it), sentences and table rows (answer_words.py), the comparison of any other window
(compare.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.cautions import left_out_because, not_compared
from orchestration.readers.release_file import columns_of, has_table, read, read_as
from orchestration.readers.rows import DimEvent, DimExpectedEffect, DimSeries, RptAnswer, RptAnswerDesign

if TYPE_CHECKING:
    import duckdb

#: the widths that rpt_answer has a verdict for
JUDGED = (6, 12)


class NamedEvent(TypedDict):
    """An event that a sentence names: columns of dim_event."""

    event_id: str
    event_date: dt.date
    title: str
    cut_month: dt.date
    event_class: str


@dataclass(frozen=True)
class Answer:
    """One question and what can be told about it.

    row:      the row of rpt_answer; designs: its rows of rpt_answer_design, the first of each design that has several
    series:   the row of dim_series; asked: the event that was asked about, None where a treatment was
    together: other events of the same treatment; rivals: other acts within the windows, those too near to be told
              apart first; phase: title of the phase, None for acts
    alone:    where a phase answers for an act, the row of the act by itself
    told_with: where nothing can be told, the other width with which something can
    titles:   of the control sets and of the families of measures of panels, by their keys ('states ' before those of
              the panel of states)
    expected: what was published beforehand, the row of dim_expected_effect
    """

    row: RptAnswer
    designs: Sequence[RptAnswerDesign]
    series: DimSeries
    asked: NamedEvent | None
    together: Sequence[NamedEvent]
    rivals: Sequence[NamedEvent]
    phase: str | None
    titles: Mapping[str, str]
    expected: DimExpectedEffect | None
    alone: RptAnswer | None = None
    told_with: int | None = None

    @property
    def is_told(self) -> bool:
        """Whether a design answers; the row says what stands in the way if none does."""
        return self.row["design"] != "none"

    @property
    def drawn_event(self) -> str | None:
        """The event whose cut is that of the answer: the one that was asked about, or of a phase one that it starts with."""
        events = [event for event in [self.asked, *self.together] if event is not None]
        return next((e["event_id"] for e in events if e["cut_month"] == self.row["cut_month"]), None)


class AnswerLine(TypedDict):
    """An answer in a list: a row of rpt_answer with the names that a person reads."""

    treatment_id: str
    series_id: str
    series_title: str
    unit: str
    unit_multiplier: int
    window_months: int
    cut_month: dt.date
    treatment_title: str
    event_ids: list[str]
    timelines: list[str]
    scope: str
    design: str
    scale: str | None
    estimate: float | None
    usual_low: float | None
    usual_high: float | None
    verdict: str | None
    false_alarm_rate: float | None
    n_blocks: int | None
    could_be_seen: bool | None
    designs_disagree: bool


class Untold(TypedDict):
    """How many questions about an event have this in their way."""

    blocker: str
    n_answers: int


def answer_of(con: duckdb.DuckDBPyConnection, event_id: str, series: DimSeries, months: int) -> Answer | None:
    """What can be told about an event (or treatment) and a series with windows of `months`.

    None where the release holds no such question: the event does not reach the series, its cut lies outside the life of
    the series, or the release was made before there were answers.
    """
    if not has_table(con, "rpt_answer"):
        return None
    row = _row(con, event_id, series["series_id"], months)
    if row is None:
        return None
    designs = read(
        con,
        RptAnswerDesign,
        """where treatment_id = $treatment and series_id = $series and window_months = $months and is_default_gap
           qualify row_number() over (partition by design order by not is_answer, not is_available, variant) = 1
           order by place""",
        {"treatment": row["treatment_id"], "series": row["series_id"], "months": months},
    )
    events = _events(con, [event_id, *row["event_ids"], *row["rivals_in_windows"], *row["rival_event_ids"]])
    near, all_rivals = set(row["rival_event_ids"]), {*row["rivals_in_windows"], *row["rival_event_ids"]}
    # two of the same day in the order of their ids: that of a set differs from run to run
    rivals = sorted((e for id_, e in events.items() if id_ in all_rivals), key=lambda e: _far(e, row, near))
    expected = read(con, DimExpectedEffect, "where expected_effect_id = ?", [row["expected_effect_id"]])
    return Answer(
        row,
        designs,
        series,
        events.get(event_id),
        [events[id_] for id_ in row["event_ids"] if id_ != event_id and id_ in events],
        rivals,
        _phase(con, row["treatment_id"]),
        _titles(con),
        expected[0] if expected else None,
        _alone(con, event_id, row),
        _told_with(con, event_id, row),
    )


def _told_with(con: duckdb.DuckDBPyConnection, event_id: str, row: RptAnswer) -> int | None:
    """The other width with which the question of `row` can be told, where it cannot with its own."""
    if row["design"] != "none":
        return None
    others = (
        other
        for months in reversed(JUDGED)
        if months != row["window_months"] and (other := _row(con, event_id, row["series_id"], months))
    )
    return next((other["window_months"] for other in others if other["design"] != "none"), None)


def _alone(con: duckdb.DuckDBPyConnection, event_id: str, row: RptAnswer) -> RptAnswer | None:
    """The row of the act that was asked about, where `row` is that of its phase."""
    if not row["treatment_id"].startswith("phase-"):
        return None
    rows = read(
        con,
        RptAnswer,
        """where series_id = $series and window_months = $months and treatment_id like 'act-%'
           and list_contains(event_ids, $event)""",
        {"series": row["series_id"], "months": row["window_months"], "event": event_id},
    )
    return rows[0] if rows else None


def _row(con: duckdb.DuckDBPyConnection, event_id: str, series_id: str, months: int) -> RptAnswer | None:
    """The row of rpt_answer that the macro answer() chooses."""
    rows = read_as(
        con,
        RptAnswer,
        f"select {columns_of(RptAnswer)} from answer($event, $series, months := $months)",
        {"event": event_id, "series": series_id, "months": months},
    )
    return rows[0] if rows else None


def _events(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, NamedEvent]:
    """The events of these ids, by id and oldest first."""
    rows = read_as(
        con,
        NamedEvent,
        f"""select {columns_of(NamedEvent)} from dim_event where list_contains($ids::varchar[], event_id)
            order by event_date, event_id""",
        {"ids": list(ids)},
    )
    return {row["event_id"]: row for row in rows}


def _far(event: NamedEvent, row: RptAnswer, near: set[str]) -> tuple[bool, int]:
    """Order of rivals: those that cannot be told apart first, then by days from the cut."""
    return event["event_id"] not in near, abs((event["event_date"] - row["cut_month"]).days)


def _titles(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Titles of control sets and of families of measures."""
    return dict(
        con.execute(
            """select control_set_id, title from dim_control_set
               union select case compares when 'states' then 'states ' else '' end || family_id, title
               from dim_panel_family"""
        ).fetchall()
    )


def _phase(con: duckdb.DuckDBPyConnection, treatment_id: str) -> str | None:
    """Title of the phase that a treatment is; None for acts."""
    if not treatment_id.startswith("phase-"):
        return None
    rows = con.execute(
        "select title from dim_event_cluster where cluster_id = ?", [treatment_id.removeprefix("phase-")]
    ).fetchall()
    return rows[0][0] if rows else treatment_id


# -- lists of answers ------------------------------------------------------------------------------------------------

#: what a line of a list shows; the best first: panels, then what left its usual range, then the narrowest range
_LINES = """
    select answer.treatment_id, answer.series_id, series.title as series_title, series.unit, series.unit_multiplier,
        answer.window_months, answer.cut_month, coalesce(family.title, names.treatment_title) as treatment_title, answer.event_ids, names.timelines, answer.scope,
        answer.design, answer.scale, answer.estimate, answer.usual_low, answer.usual_high, answer.verdict,
        answer.false_alarm_rate, answer.n_blocks, answer.could_be_seen, answer.designs_disagree
    from rpt_answer as answer
    inner join dim_series as series on answer.series_id = series.series_id
    inner join (
        select bridge.treatment_id,
            coalesce(any_value(cluster.title), min_by(event.title, (event.event_date, event.event_id))
                || case when count(distinct event.event_id) > 1
                    then ' and ' || (count(distinct event.event_id) - 1) || ' more' else '' end) as treatment_title,
            list(distinct event.timeline order by event.timeline) as timelines
        from bridge_event_treatment as bridge
        inner join dim_event as event on bridge.event_id = event.event_id
        left join dim_event_cluster as cluster on bridge.treatment_id = 'phase-' || cluster.cluster_id
        group by bridge.treatment_id
    ) as names on answer.treatment_id = names.treatment_id
    -- the variant of a panel begins with its family of measures
    left join dim_panel_family as family
        on family.compares = case answer.design when 'panel' then 'goods' when 'state_panel' then 'states' end
        and split_part(answer.variant, ' ', 1) = family.family_id
    where answer.design <> 'none'"""
#: a panel says the same of every series that it answers for, so that a list shows it once
_EACH_PANEL_ONCE = """qualify row_number() over (
        partition by answer.window_months, case when answer.scope = 'panel' then answer.variant
            else answer.treatment_id || ' ' || answer.series_id end
        order by answer.treatment_id like 'phase-%', not contains(answer.series_id, '_goods_'), answer.cut_month, answer.series_id
    ) = 1"""
_BEST_FIRST = """order by list_position(['panel', 'state_panel'], answer.design) nulls last,
    answer.verdict <> 'outside_usual_range', answer.scope, answer.scale <> 'log',
    answer.usual_high - answer.usual_low, answer.series_id, answer.window_months, answer.treatment_id"""


def answers_about(con: duckdb.DuckDBPyConnection, event_id: str) -> list[AnswerLine]:
    """Everything that can be told about an event, best first: of each series the longer of the widths that answer.

    Raises UsageError for a bare date, which reaches no series by itself.
    """
    _need_answers(con)
    if not con.execute("select 1 from dim_event where event_id = ?", [event_id]).fetchall():
        raise UsageError(
            f"{event_id} is a date, which reaches no series by itself: name a series, too, or an event"
        )
    return read_as(
        con,
        AnswerLine,
        f"""{_LINES}
            and (list_contains(answer.event_ids, $event) or answer.treatment_id = $event)
            {_EACH_PANEL_ONCE} and row_number() over (
                partition by answer.series_id
                order by answer.treatment_id like 'phase-%', answer.window_months desc, answer.treatment_id) = 1
            {_BEST_FIRST}""",
        {"event": event_id},
    )


def untold_about(con: duckdb.DuckDBPyConnection, event_id: str) -> tuple[int, list[Untold]]:
    """Of how many series that an event reaches nothing can be told with either width, and what stands in the way most often."""
    _need_answers(con)
    parameters = {"event": event_id}
    untold = """from rpt_answer as answer
        where list_contains(answer.event_ids, $event) and answer.window_months in (6, 12)
        group by answer.series_id having bool_and(answer.design = 'none')"""
    series = con.execute(f"select count(*) from (select answer.series_id {untold})", parameters).fetchall()[
        0
    ][0]
    rows = read_as(
        con,
        Untold,
        f"""select blocker, count(*) as n_answers
            from (select unnest(list_distinct(flatten(list(answer.blockers)))) as blocker {untold})
            group by blocker order by n_answers desc, blocker""",
        parameters,
    )
    return series, rows


def left_out_text(con: duckdb.DuckDBPyConnection, event_id: str) -> str:
    """That nothing is compared around an event, and why; "" for an event that is compared."""
    reason = left_out_because(next(iter(read(con, DimEvent, "where event_id = ?", [event_id])), None))
    return not_compared(reason) if reason else ""


def all_answers(
    con: duckdb.DuckDBPyConnection,
    *,
    timeline: str | None = None,
    since: dt.date | None = None,
    limit: int | None = None,
) -> list[AnswerLine]:
    """Everything that can be told, best first.

    timeline: only treatments with an event of this timeline; since: only cuts of this month or later; limit: so many at most.
    Raises UsageError for a timeline that no event belongs to.
    """
    _need_answers(con)
    if timeline is not None:
        known = [
            row[0] for row in con.execute("select distinct timeline from dim_event order by 1").fetchall()
        ]
        if timeline not in known:
            raise UsageError(f"there is no timeline '{timeline}'; there are {', '.join(known)}")
    return read_as(
        con,
        AnswerLine,
        f"""{_LINES}
            and ($timeline::varchar is null or list_contains(names.timelines, $timeline))
            and ($since::date is null or answer.cut_month >= $since)
            {_EACH_PANEL_ONCE}
            {_BEST_FIRST}
            limit $limit""",
        {"timeline": timeline, "since": since, "limit": limit if limit is not None else 2**31},
    )


def _need_answers(con: duckdb.DuckDBPyConnection) -> None:
    if not has_table(con, "rpt_answer"):
        raise UsageError("this release holds no answers; `headway build` makes a new one")
