"""Page What can be told: the answers of the release with filters, what stands in the way of the rest, and the panels.

Belongs here: the choices and the order of that page. Does not belong here: which answer comes first (comparison/answer.py),
words (comparison/answer_words.py), pictures of panels (panels.py), one question in full (compare.py).
"""

from __future__ import annotations

import datetime as dt

import polars as pl
import streamlit as st

from orchestration.readers.comparison.answer import AnswerLine, all_answers
from orchestration.readers.comparison.answer_words import chance_text, list_rows
from orchestration.readers.dashboard import panels, parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.wording import (
    BLOCKERS,
    DESIGNS,
    TIMELINES,
    VERDICTS,
    blocker,
    design,
    label,
    share,
    verdict_short,
)

#: what may be asked for in the place of one of a list
_ANY = ""
_EARLIEST, _LATEST = dt.date(1985, 1, 1), dt.date(2099, 12, 31)

_COVERAGE = Query(
    """
    select windows, counted, item, n_questions, n_answers, share_of_questions from rpt_answer_coverage
    order by windows, counted, n_questions desc, item"""
)


def show(release: Release) -> None:
    """The page: how much can be told, the filters, the list, and what stands in the way."""
    state = State("answers")
    top = st.container()
    if not release.has("rpt_answer"):
        parts.not_in_release("What can be told")
        return
    coverage = release.ask(_COVERAGE)
    with st.container(key="told"):
        st.markdown(escaped(_summary(coverage)))
    lines = _lines(release.run_id, release)
    chosen = _chosen(state, lines)
    _list(chosen, len(lines))
    with st.expander("What stands in the way of the rest", key="fold-blockers"):
        _blockers(coverage)
    panels.show(release, state)
    with top:
        state.tell()


@st.cache_data(max_entries=4, show_spinner=False)
def _lines(run_id: str, _release: Release) -> list[AnswerLine]:
    """Every answer, best first; cached by release."""
    with _release.connection() as con:
        return all_answers(con)


def _summary(coverage: pl.DataFrame) -> str:
    """How many questions there are, how many are told, and by which designs."""
    either = coverage.filter(pl.col("windows") == "either")
    total = int(either.filter(pl.col("counted") == "question")["n_questions"].sum())
    designs = either.filter((pl.col("counted") == "design") & (pl.col("item") != "none"))
    told = int(designs["n_questions"].sum())
    by = ", ".join(
        f"{design(row['item']).lower()} {row['n_questions']:,}" for row in designs.iter_rows(named=True)
    )
    return (
        f"Of {total:,} questions (an event and a series that it reaches) {told:,} can be told with windows of 6 or 12 months, "
        f"{share(told / total) if total else '–'}: {by or 'none'}. Most of what is told lies within the usual range, which is "
        "shown beside it."
    )


def _chosen(state: State, lines: list[AnswerLine]) -> list[AnswerLine]:
    """The filters, and the answers that pass them."""
    with st.container(key="choices"):
        first, second = st.columns(3), st.columns(3)
        timelines = sorted({name for line in lines for name in line["timelines"]})
        timeline = state.select(
            "Timeline",
            "timeline",
            [_ANY, *timelines],
            _ANY,
            where=first[0],
            format_func=lambda t: label(t, TIMELINES) or "all",
        )
        verdicts = [_ANY, *(code for code in VERDICTS if any(line["verdict"] == code for line in lines))]
        verdict = state.select(
            "Verdict",
            "verdict",
            verdicts,
            _ANY,
            where=first[1],
            format_func=lambda v: verdict_short(v) or "all",
        )
        designs = [_ANY, *(code for code in DESIGNS if any(line["design"] == code for line in lines))]
        by = state.select(
            "Design", "design", designs, _ANY, where=first[2], format_func=lambda d: design(d) if d else "all"
        )
        since = state.day("Since", "since", None, _EARLIEST, _LATEST, where=second[0])
        months = state.segments("Window, months", "months", ["all", "6", "12"], "all", where=second[1])
        words = state.text("Words in event or series", "words", where=second[2]).lower().split()
    return [
        line
        for line in lines
        if (not timeline or timeline in line["timelines"])
        and (not verdict or line["verdict"] == verdict)
        and (not by or line["design"] == by)
        and (since is None or line["cut_month"] >= since)
        and (months == "all" or line["window_months"] == int(months))
        and all(
            word in f"{line['treatment_title']} {line['series_title']} {line['series_id']}".lower()
            for word in words
        )
    ]


def _list(chosen: list[AnswerLine], total: int) -> None:
    """The answers that pass the filters, each with a link to its comparison."""
    if not chosen:
        parts.nothing_found("No answer passes these filters.")
        return
    st.caption(
        escaped(
            f"{len(chosen):,} of {total:,} answers, best first: panels, what left its usual range, narrow ranges. "
            + chance_text(chosen)
        )
    )
    frame = pl.DataFrame(
        [
            {
                "Cut": row["cut"],
                "Series": line["series_title"],
                "Differs by": row["differs by"],
                "Verdict": row["verdict"],
                "What happened": row["what"],
                "Months": row["months"],
                "Usual range": row["usual range"],
                "How it is compared": row["design"],
                "Errs at": row["errs"],
                "Open": f"compare?event={line['event_ids'][0]}&series={line['series_id']}&months={line['window_months']}",
            }
            for line, row in zip(chosen, list_rows(chosen), strict=True)
        ]
    )
    with st.container(key="answers"):
        st.dataframe(
            frame.head(parts.SHOWN_ROWS),
            hide_index=True,
            column_config={
                "What happened": st.column_config.TextColumn(width="large"),
                "Series": st.column_config.TextColumn(width="large"),
                "Months": st.column_config.NumberColumn(width="small"),
                "Open": st.column_config.LinkColumn(display_text="compare"),
            },
        )
    parts.downloads("answers", frame)


def _blockers(coverage: pl.DataFrame) -> None:
    """How many questions meet each blocker, and how many meet no other."""
    twelve = coverage.filter(pl.col("windows") == "12")
    alone = dict(twelve.filter(pl.col("counted") == "sole_blocker").select("item", "n_questions").iter_rows())
    rows = [
        {
            "In the way": blocker(row["item"]),
            "Questions": f"{row['n_questions']:,}",
            "Of all": share(row["share_of_questions"]),
            "Alone": f"{alone.get(row['item'], 0):,}",
        }
        for row in twelve.filter(pl.col("counted") == "blocker").iter_rows(named=True)
        if row["item"] in BLOCKERS
    ]
    st.markdown(
        "With windows of 12 months. A question may have several of these in its way; *alone* counts those with just one."
    )
    if rows:
        with st.container(key="blockers"):
            st.table(pl.DataFrame(rows), hide_index=True)
    parts.behind(key="coverage", frame=coverage, queries=[_COVERAGE])
