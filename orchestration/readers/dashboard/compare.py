"""Page Compare: one series before and after one event or date: the answer, the chart and the table of designs; the rest folded.

Belongs here: the choices and the order of that page. Does not belong here: the comparison (orchestration/readers/comparison/compare.py),
cautions and verdict in words (compare_words.py), the other methods (compare_methods.py), drawing (orchestration/readers/charts).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
import streamlit as st

from orchestration.readers.charts.comparison import comparison_chart, shown_months
from orchestration.readers.charts.placebo import placebo_chart
from orchestration.readers.charts.theme import ChartError
from orchestration.readers.comparison import picture
from orchestration.readers.comparison.answer_words import answer_text
from orchestration.readers.comparison.caution_lines import caution_lines
from orchestration.readers.comparison.compare import Comparison
from orchestration.readers.comparison.compare import compare as run_comparison
from orchestration.readers.comparison.windows import FIRST, MAX_MONTHS, WINDOW
from orchestration.readers.dashboard import compare_answer, compare_methods, panels, parts
from orchestration.readers.dashboard.compare_words import verdict_sentence
from orchestration.readers.dashboard.reading import Query, Release
from orchestration.readers.dashboard.state import State
from orchestration.readers.dashboard.words import escaped
from orchestration.readers.wording import MODELS, dated, month, number, percentage
from orchestration.readers.wording import unit as unit_of

_DEFAULT_EVENT, _DEFAULT_SERIES = "nafta-round6-end", "usa_imports_goods_mex"
_LONGEST_GAP = 24
#: the choice of the gap that nobody has to make: the event's own month where it has one
_OWN_MONTH = "own"

_SERIES = Query(
    """
    select series_id, title, vintage_count, first_period, last_period from dim_series
    where frequency = 'monthly' and observation_count > 0 order by title, series_id"""
)
_EVENTS = Query("select event_id, event_date, title from dim_event order by event_date, event_id")

#: columns of the row of numbers that the page shows: name of the column, its name on the page, and its format (`_written`)
_NUMBERS = (
    ("pre_mean", "Mean before", "level"),
    ("post_mean", "Mean after", "level"),
    ("d_level", "Difference of the means", "level+"),
    ("pct_change", "Change (means of logarithms)", "percent"),
    ("d_log", "Difference of the means of logarithms", "points"),
    ("second_diff", "More than the window before that (log points or units)", "points"),
    ("trend_dev", "From the trend of 36 months before (log points or units)", "points"),
    ("std_diff", "In standard deviations of single months", "points"),
    ("placebo_rank", "Share of other dates at least as far from the middle", "plain"),
    ("n_placebo", "Other dates compared with", "count"),
    ("n_blocks", "Of these, windows without overlap", "count"),
    ("rank_floor", "Smallest share that can come out", "plain"),
    ("z_mad", "Distance from the usual difference, in its spread", "points"),
    (
        "distance_at_threshold",
        "Differences farther than this from the usual one are unusual (log points or units)",
        "plain",
    ),
    ("mde95", "Distance from the middle that 95 % of other dates stay below (log points or units)", "plain"),
    ("rank_threshold", "Share up to which a difference counts as unusual", "plain"),
    ("false_alarm_rate", "How often the verdict would be 'outside' at dates without an event", "plain"),
    ("q_bh", "q-value in its family of comparisons (BH)", "plain"),
    ("q_by", "q-value under any dependence (BY)", "plain"),
    ("revision_effect", "What revisions did to the difference (log points or units)", "points"),
    ("n_pre", "Months before with a value", "count"),
    ("n_post", "Months after with a value", "count"),
    ("n_other_events", "Other events in the windows", "count"),
    ("max_shared_post_share", "Largest share of the window after that another event has too", "plain"),
    ("preliminary_months", "Preliminary months", "count"),
)


def show(release: Release) -> None:
    """The page: the choices, then the answer to them."""
    state = State("compare")
    top = st.container()
    with st.container(key="choices"):
        event, series_id, months, gap, as_of = _choices(release, state)
        left, right = st.columns(2)
        with left:
            control = _control(release, state, series_id)
        with right:
            model = _model(release, state, event, series_id)
    with top:
        state.tell()
    comparison = _compared(release.run_id, event, series_id, months, gap, as_of, release)
    _answer(release, comparison, control, model)


def _choices(release: Release, state: State) -> tuple[str, str, int, int | None, dt.date | str | None]:
    events = release.ask(_EVENTS)
    titles = {r["event_id"]: f"{r['event_date']} {r['title']}" for r in events.iter_rows(named=True)}
    series = {r["series_id"]: r for r in release.ask(_SERIES).iter_rows(named=True)}
    first, second, third = st.columns([1, 5]), st.columns([3, 1, 1]), st.columns([2, 2])
    by = state.segments("Cut at", "by", ["event", "date"], "event", where=first[0])
    today = dt.date.today()  # noqa: DTZ011
    if by == "event":
        event = state.select(
            "Event",
            "event",
            list(titles),
            _DEFAULT_EVENT if _DEFAULT_EVENT in titles else next(iter(titles)),
            where=first[1],
            format_func=lambda e: f"{titles[e]} ({e})",
        )
    else:
        day = state.day(
            "Date", "date", dt.date(2018, 1, 29), dt.date(1950, 1, 1), dt.date(2099, 12, 31), where=first[1]
        )
        event = (day or dt.date(2018, 1, 29)).isoformat()
    series_id = state.select(
        "Series (monthly)",
        "series",
        list(series),
        _DEFAULT_SERIES if _DEFAULT_SERIES in series else next(iter(series)),
        where=second[0],
        format_func=lambda s: f"{series[s]['title']} ({s})",
    )
    months = state.number("Window, months", "months", WINDOW, 1, MAX_MONTHS, where=second[1])
    asked_gap = state.select(
        "Left out before the cut",
        "gap",
        [_OWN_MONTH, *map(str, range(_LONGEST_GAP + 1))],
        _OWN_MONTH,
        where=second[2],
        format_func=lambda g: "its own month" if g == _OWN_MONTH else f"{g} months",
        help="The own month of an event inside a month lies partly before and partly after it; 0 months counts it as before",
    )
    gap = None if asked_gap == _OWN_MONTH else int(asked_gap)
    known = state.segments(
        "Figures",
        "known",
        ["now", "day", "first"],
        "now",
        where=third[0],
        format_func={
            "now": "as known now",
            "day": "as known on a day",
            "first": "as first released",
        }.__getitem__,
    )
    as_of: dt.date | str | None = FIRST if known == "first" else None
    if known == "day":
        as_of = state.day(
            "Known at the end of",
            "on_date",
            today,
            dt.date(1990, 1, 1),
            max(today, dt.date(2026, 1, 1)),
            where=third[1],
            help="Use only figures that were public at the end of this day",
        )
    return event, series_id, months, gap, as_of


def _control(release: Release, state: State, series_id: str) -> str:
    frame = release.ask(
        Query(
            """
            select control_set_id, min(title) as title from dim_control_set where treated_series_id = $series
            group by control_set_id order by control_set_id""",
            {"series": series_id},
        )
    )
    titles = dict(frame.iter_rows())
    if not titles:
        return ""
    return state.select(
        "Control (series thought to be free of the event)",
        "control",
        ["", *titles],
        "",
        format_func=lambda c: titles.get(c, "none"),
    )


def _model(release: Release, state: State, event: str, series_id: str) -> str:
    if not release.has("rpt_counterfactual", "model", "event_id", "series_id"):
        return ""
    models = release.ask(
        Query(
            """
            select distinct model from rpt_counterfactual
            where event_id = $event and series_id = $series order by model""",
            {"event": event, "series": series_id},
        )
    )["model"].to_list()
    if not models:
        return ""
    return state.segments(
        "Expected without a change (model)", "model", ["none", *models], models[0], format_func=_model_title
    )


def _model_title(model: str) -> str:
    return MODELS.get(model, model)


@st.cache_data(max_entries=200, show_spinner=False)
def _compared(
    run_id: str,
    event: str,
    series: str,
    months: int,
    gap: int | None,
    as_of: dt.date | str | None,
    _release: Release,
) -> Comparison:
    """The comparison, cached by release and choices. Raises UsageError for a question that the release cannot answer."""
    with _release.connection() as con:
        return run_comparison(
            con,
            event,
            series,
            months=months,
            gap=gap,
            as_of=as_of,
            method=None if as_of else "all",  # the reports of the other methods hold the latest figures only
        )


# -- the answer ------------------------------------------------------------------------------------------------------


def _answer(release: Release, comparison: Comparison, control: str, model: str) -> None:
    """The answer, the chart, the designs and what stands in the way; all else under headings that open on a click."""
    series, answer = comparison.series, comparison.answer
    with st.container(key="verdict", border=True):
        first, _, rest = (answer_text(answer) if answer else verdict_sentence(comparison)).partition(". ")
        st.markdown(f"#### {escaped(first.rstrip('.') + '.')}")
        if rest:
            st.markdown(escaped(rest))
        asked = dated(comparison.event) if comparison.event else comparison.result["event_id"]
        st.caption(escaped(f"Asked: {asked}, {series['title']}. It does not say what made them differ."))
    agency = f"{parts.agencies(release, [series['source_id']])} (release {release.run_id})"
    row_query = _row_query(release, comparison)
    drawn, drawn_query = comparison, row_query
    if answer and answer.phase and (event := answer.drawn_event):
        # a talk has no window of its own: the chart is of the cut that the answer is of
        window = (comparison.result["window_months"], comparison.result["gap_months"])
        drawn = _compared(release.run_id, event, series["series_id"], *window, None, release)
        drawn_query = _row_query(release, drawn)
    if answer and answer.row["scope"] == "panel":
        panels.of_answer(release, answer)
        with st.expander("The series itself", key="fold-series"):
            _chart(release, drawn, model, drawn_query, agency)
    else:
        _chart(release, drawn, model, drawn_query, agency)
    if answer:
        compare_answer.designs(answer)
    cautions = caution_lines(comparison)
    with st.expander(
        f"Before you rely on it: {len(cautions)} cautions", key="fold-cautions", expanded=not answer
    ):
        parts.cautions(cautions)
    with st.expander("In more words", key="fold-words"), st.container(key="paragraph"):
        st.markdown(escaped(comparison.text))
    with st.expander("How unusual it is for this series", key="fold-placebo"):
        _placebo(release, comparison, agency)
    with st.expander("What other methods say, and how often they err", key="fold-methods"):
        compare_methods.show(release, comparison, control)
    with st.expander("All columns", key="fold-numbers"):
        _numbers(release, comparison, row_query)
        if answer:
            compare_answer.columns(release, answer)
    pages = st.session_state.get("headway.pages", {})
    period = comparison.result["cut_month"] or series["last_period"]
    if "data" in pages:
        st.page_link(
            pages["data"],
            label="Where these figures come from: agency, request and hash",
            icon=":material/fingerprint:",
            query_params={
                "section": "trace",
                "series": series["series_id"],
                "period": month(period) if period else "",
            },
        )


def _row_query(release: Release, comparison: Comparison) -> Query:
    """The statement that gives the row of numbers: of the report where it has the row, else of the macro."""
    basis = comparison.result["as_of_basis"]
    if comparison.event and comparison.on_date is None and release.has("rpt_before_after"):
        reported = Query(
            """
            select * from rpt_before_after
            where event_id = $event and series_id = $series and window_months = $months and gap_months = $gap
                and as_of_basis = $basis""",
            picture.macro_parameters(comparison) | {"basis": basis},
        )
        if release.ask(reported).height:
            return reported
    return Query(
        "from before_after($series, $event, months := $months, gap := $gap, on_date := $on_date)",
        picture.macro_parameters(comparison) | {"on_date": comparison.on_date},
    )


def _chart(release: Release, comparison: Comparison, model: str, row_query: Query, agency: str) -> None:
    observed = picture.observed(comparison)
    expected = picture.expected(comparison, model) if model and model != "none" else None
    figures, path = release.ask(observed), release.ask(expected) if expected else None
    if path is not None and path.is_empty():
        expected = path = None
    try:
        with release.connection() as con:
            others = picture.events_shown(con, comparison)
        chart = comparison_chart(
            figures,
            comparison.result,
            comparison.series,
            agency=agency,
            event=comparison.event,
            others=others,
            episodes=comparison.episodes,
            counterfactual=path,
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No chart: {error}.")
        return
    queries = [observed, row_query] + ([expected] if expected else [])
    parts.chart_block(chart, key="comparison", frame=_drawn(figures, comparison, path), queries=queries)
    if path is not None:
        st.caption(
            escaped(f"Dashed: expected by the model {_model_title(model)}, from the months before alone.")
        )


def _drawn(figures: pl.DataFrame, comparison: Comparison, path: pl.DataFrame | None) -> pl.DataFrame:
    """The months that the chart shows, with the expected path beside them. The downloads hold these and no others, so that
    a mean taken of a downloaded file is the mean on the page."""
    months = figures.filter(pl.col("period_start").is_between(*shown_months(comparison.result)))
    if path is None:
        return months
    return months.join(
        path.drop("actual"), left_on="period_start", right_on="month", how="left", maintain_order="left"
    )


def _numbers(release: Release, comparison: Comparison, row_query: Query) -> None:
    result, unit = comparison.result, unit_of(comparison.series)
    st.caption(
        escaped(
            f"Before: {month(result['pre_start'])} to {month(result['pre_end'])}; after: {month(result['post_start'])} to "
            f"{month(result['post_end'])}; levels in {unit}."
            if result["pre_start"]
            else f"Levels in {unit}."
        )
    )
    values: Mapping[str, object] = result
    rows = [
        {"What": name, "Value": _written(value, form), "Column": escaped(column)}
        for column, name, form in _NUMBERS
        if isinstance(value := values.get(column), int | float)
    ]
    with st.container(key="numbers"):
        st.table(
            pl.DataFrame(rows, schema={"What": pl.String, "Value": pl.String, "Column": pl.String}),
            hide_index=True,
        )
    parts.behind(key="numbers", frame=release.ask(row_query), queries=[row_query], table=False)


def _written(value: float, form: str) -> str:
    match form:
        case "level":
            return number(value)
        case "level+":
            return number(value, sign=True)
        case "percent":
            return percentage(value)
        case "points":
            return (
                f"{round(value, 4) + 0.0:+.4f}" if abs(value) < 100 else number(value, sign=True)
            )  # adding 0.0 turns -0.0 into 0.0, so that no -0.0000 is shown
        case "count":
            return f"{value:,}"
        case _:
            return f"{value:.4f}" if abs(value) < 100 else number(value)


def _placebo(release: Release, comparison: Comparison, agency: str) -> None:
    if not release.has("placebo"):
        parts.not_in_release("The distribution of the same comparison at other dates")
        return
    query = picture.placebos(comparison)
    if query is None:
        parts.nothing_found("Other dates are ranked with the figures of one day, not with first releases.")
        return
    frame = release.ask(query)
    try:
        chart = placebo_chart(
            frame,
            comparison.result,
            comparison.series,
            agency=agency,
            event=comparison.event,
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No distribution: {error}.")
        return
    parts.chart_block(chart, key="placebo", frame=frame, queries=[query])
