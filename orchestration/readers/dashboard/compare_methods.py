"""The other methods of the page Compare: control series, forecasts, interrupted series, synthetic control and more.

Belongs here: which report table says what about one event and series, as tables with their SQL.
Does not belong here: the statistics (transforms/statistics, the marts), the order of the page (compare.py).

Every method is shown with how often it errs, or is named as absent from the release: none is left out in silence.
"""

from __future__ import annotations

import polars as pl
import streamlit as st

from orchestration.readers.charts.columns import written
from orchestration.readers.comparison.compare import Comparison
from orchestration.readers.comparison.method_result import MethodResult
from orchestration.readers.comparison.methods import FURTHER, METHODS
from orchestration.readers.dashboard import parts
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.rows import DimEvent
from orchestration.readers.wording import ABSENT, MODELS, share, spelled, verdict

#: tables beside those of the methods: name, heading, what it says
_MORE_TABLES = (
    (
        "rpt_cluster_before_after",
        "The whole group of events",
        "Events that stand too close together to be told apart, compared as one: the months before the first of them and "
        "those after the last.",
    ),
    (
        "rpt_method_calibration",
        "How often the methods err on this series",
        "Each method at dates without an event: the share at which it fires should be the nominal rate.",
    ),
)
#: this method has a section of its own, because the reader chooses its control
_CONTROLS = METHODS["difference_in_differences"]


def _earlier(comparison: Comparison) -> bool:
    """Whether the comparison uses figures of an earlier day or first releases. The reports of the methods hold latest ones."""
    return comparison.on_date is not None or comparison.result.get("as_of_basis") == "first_release"


def show(release: Release, comparison: Comparison, control: str) -> None:
    """All methods in one table with how often each errs, then the rows of each."""
    st.header("Other methods", anchor=False)
    if _earlier(comparison):
        parts.nothing_found("The other methods use the figures as known now. Choose those to see them.")
        return
    with st.container(key="methods"):
        st.markdown(
            "What each method says, and beside it the share of dates without an event at which it speaks up all the same: "
            "a method that fires at every third date says little when it fires at an event."
        )
        frame = pl.DataFrame([_row(method) for method in comparison.methods or ()], schema=_SUMMARY)
        summary = frame.with_columns(written(column, escaped).fill_null(ABSENT) for column in frame)
        st.table(summary, hide_index=True)  # not a grid: the notes wrap, and a screen reader gets each cell
        parts.downloads("methods", frame)
    event, series_id, gap = comparison.event, comparison.series["series_id"], comparison.result["gap_months"]
    if not event:
        return
    _difference_in_differences(release, event, series_id, control)
    sections = [(m.table, m.title, m.assumption) for m in FURTHER.values() if m is not _CONTROLS]
    for table, heading, meaning in (*sections, *_MORE_TABLES):
        with st.container(key=f"method-{table}"):
            st.subheader(heading, anchor=False)
            st.markdown(escaped(meaning))
            _table(release, table, event, series_id, gap)


_SUMMARY = dict.fromkeys(
    (
        "Method",
        "With",
        "Difference",
        "95 % range",
        "Rank",
        "Fires without an event",
        "Promised",
        "Verdict",
        "Note",
    ),
    pl.String,
)


def _row(method: MethodResult) -> dict[str, str | None]:
    """A row of the summary; None is shown as a dash."""
    return {
        "Method": METHODS[method.method].title,
        "With": MODELS.get(method.variant, spelled(method.variant)) if method.variant else None,
        "Difference": method.difference_text or None,
        "95 % range": method.range_text or None,
        "Rank": None if method.rank is None else f"{method.rank:.2f}",
        "Fires without an event": method.false_alarm_text or None,
        "Promised": None if method.nominal_rate is None else share(method.nominal_rate),
        "Verdict": verdict(method.verdict) if method.verdict else None,
        "Note": method.note,
    }


def _difference_in_differences(release: Release, event: DimEvent, series_id: str, control: str) -> None:
    with st.container(key="method-rpt_difference_in_differences"):
        st.subheader(_CONTROLS.title, anchor=False)
        st.markdown(escaped(_CONTROLS.assumption))
        if not control:
            st.markdown("Pick a control above, where one is declared for this series.")
            return
        declared = release.ask(
            Query(
                """
                select control_series_id, weight, reason, exposed_by, exposed_from, assumption from dim_control_set
                where treated_series_id = $series and control_set_id = $control order by control_series_id""",
                {"series": series_id, "control": control},
            )
        )
        row = declared.row(0, named=True)
        st.markdown(escaped(f"{row['reason']} Assumed: {row['assumption']}"))
        query = Query(
            """
            select * from rpt_difference_in_differences
            where event_id = $event and treated_series_id = $series and control_set_id = $control
            order by window_months, gap_months""",
            {
                "event": event["event_id"],
                "series": series_id,
                "control": control,
            },
        )
        _frame(query, release, f"did-{control}", drop=("event_id", "treated_series_id", "control_set_id"))


def _table(release: Release, table: str, event: DimEvent, series_id: str, gap: int) -> None:
    """The rows of a report table about this event and series. Each table is filtered by those of five columns that it has."""
    columns = release.columns(table)
    if not columns:
        parts.not_in_release(table)
        return
    if table == "rpt_cluster_before_after" and not event["cluster_id"]:
        parts.nothing_found("This event stands alone.")
        return
    wanted: dict[str, object] = {
        "event_id": event["event_id"],
        "series_id": series_id,
        "treated_series_id": series_id,
        "gap_months": gap,
        "cluster_id": event["cluster_id"],
    }
    where = [column for column in wanted if column in columns]
    if table == "rpt_counterfactual_effect":
        where = [
            column for column in where if column != "gap_months"
        ]  # this table shows all gaps side by side
    query = Query(
        f"select * from {table} where " + " and ".join(f"{c} = ${c}" for c in where) + " order by all",
        {column: wanted[column] for column in where},
    )
    _frame(query, release, table, drop=("event_id", "series_id", "treated_series_id"))


def _frame(query: Query, release: Release, key: str, drop: tuple[str, ...]) -> None:
    frame = release.ask(query)
    if frame.is_empty():
        parts.nothing_found("Nothing is computed for this event and series.")
        return
    shown = frame.drop([column for column in drop if column in frame.columns])
    parts.data_table(shown, alt_text=f"Rows of {key}")
    parts.behind(key=key, frame=frame, queries=[query], table=False)
