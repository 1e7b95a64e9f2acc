"""The answer on the page of comparisons: the table of designs, what stands in the way, every column.

Belongs here: how an answer is laid out. Does not belong here: its words (comparison/answer_words.py), the order of the page
(compare.py).
"""

from __future__ import annotations

import polars as pl
import streamlit as st

from orchestration.readers.comparison.answer import Answer
from orchestration.readers.comparison.answer_words import design_rows, in_the_way
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.words import escaped


def designs(answer: Answer) -> None:
    """The table of designs, then what stands in the way."""
    with st.container(key="designs"):
        rows = [{name: escaped(str(value)) for name, value in row.items()} for row in design_rows(answer)]
        names = {
            "design": "How it is compared",
            "estimate": "Found",
            "usual range": "Usual range",
            "verdict": "Verdict",
            "how often it errs": "How often it errs where nothing happened",
        }
        st.table(pl.DataFrame(rows).rename(names), hide_index=True)
    with st.container(key="in-the-way"):
        st.markdown("\n".join(f"- {escaped(line)}" for line in in_the_way(answer)))


def columns(release: Release, answer: Answer) -> None:
    """Every column of the answer and of each design, as the release has them."""
    parameters = {
        "treatment": answer.row["treatment_id"],
        "series": answer.row["series_id"],
        "months": answer.row["window_months"],
    }
    queries = [
        Query(
            f"""
            select * from {table}
            where treatment_id = $treatment and series_id = $series and window_months = $months""",
            parameters,
        )
        for table in ("rpt_answer", "rpt_answer_design")
    ]
    for query, name in zip(queries, ("answer", "designs"), strict=True):
        parts.behind(key=f"columns-{name}", frame=release.ask(query), queries=[query])
