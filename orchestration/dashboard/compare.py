"""Page Compare: one series before and after one event or date; cautions first, then verdict, chart, numbers, other methods.

Belongs here: the choices and the order of that page. Does not belong here: the comparison (orchestration/comparison.py),
tables of the other methods (compare_methods.py), how things are drawn (orchestration/charts).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import streamlit as st

from orchestration.charts.comparison import comparison_chart
from orchestration.charts.placebo import placebo_chart
from orchestration.charts.theme import ChartError
from orchestration.comparison import MAX_MONTHS, Comparison
from orchestration.comparison import compare as run_comparison
from orchestration.dashboard import compare_methods, parts
from orchestration.dashboard.reading import Query, Release
from orchestration.dashboard.state import State
from orchestration.dashboard.words import escaped, number, spelled, unit_of
from orchestration.wording import month, percent, verdict

_DEFAULT_EVENT, _DEFAULT_SERIES = "nafta-round6-end", "usa_imports_goods_mex"
_LONGEST_GAP = 24

_SERIES = Query(
    """
    select series_id, title, vintage_count, first_period, last_period from dim_series
    where frequency = 'monthly' and observation_count > 0 order by title, series_id"""
)
_EVENTS = Query("select event_id, event_date, title from dim_event order by event_date, event_id")
_OBSERVED = """
    select period_start, value, coalesce(status = 'preliminary', false) as is_preliminary, status, known_from
    from {relation} where series_id = $series order by period_start"""

#: column of the answer, its name, how it is written; shares and ranks as they are, log differences as a change
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
    ("mde95", "Differences beyond this are unusual (log points or units)", "plain"),
    ("false_alarm_rate", "How often a plain test fires at dates without an event", "plain"),
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
    state = State("compare")
    top = st.container()
    with st.container(key="choices"):
        event, series_id, months, gap, on_date = _choices(release, state)
        control = _control(release, state, series_id)
        model = _model(release, state, event, series_id)
    with top:
        state.tell()
    result = _compared(release.run_id, event, series_id, months, gap, on_date, release)
    _answer(release, result, control, model, on_date)


def _choices(release: Release, state: State) -> tuple[str, str, int, int, dt.date | None]:
    events = release.ask(_EVENTS)
    titles = {r["event_id"]: f"{r['event_date']} {r['title']}" for r in events.iter_rows(named=True)}
    series = {r["series_id"]: r for r in release.ask(_SERIES).iter_rows(named=True)}
    first, second = st.columns([1, 5]), st.columns([3, 1, 1, 1.4])
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
    months = state.number("Window, months", "months", 12, 1, MAX_MONTHS, where=second[1])
    gap = state.number(
        "Gap, months", "gap", 0, 0, _LONGEST_GAP, where=second[2], help="Months left out before the cut"
    )
    on_date = state.day(
        "As known on (empty: now)",
        "on_date",
        None,
        dt.date(1990, 1, 1),
        max(today, dt.date(2026, 1, 1)),
        where=second[3],
        help="Use only figures that were public at the end of this day",
    )
    return event, series_id, months, gap, on_date


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
        "Expected without a change (model)", "model", ["none", *models], models[0], format_func=spelled
    )


@st.cache_data(max_entries=200, show_spinner=False)
def _compared(
    run_id: str, event: str, series: str, months: int, gap: int, on_date: dt.date | None, _release: Release
) -> Comparison:
    """The comparison, cached by release and choices. Raises UsageError if it cannot be asked."""
    with _release.connection() as con:
        return run_comparison(con, event, series, months=months, gap=gap, as_of=on_date)


# -- the answer ------------------------------------------------------------------------------------------------------


def _answer(release: Release, found: Comparison, control: str, model: str, on_date: dt.date | None) -> None:
    result, series = found.result, found.series
    parts.cautions(cautions(found, on_date))
    with st.container(key="verdict", border=True):
        st.markdown(f"#### {escaped(verdict_sentence(found))}")
        st.caption("A description of two periods. It does not say what made them differ.")
    agency = parts.agencies(release, [series["source_id"]])
    observed = Query(
        _OBSERVED.format(relation="as_of($on_date)" if on_date else "fct_observation"),
        {"series": series["series_id"]} | ({"on_date": on_date} if on_date else {}),
    )
    asked = Query(
        "from before_after($series, $event, months := $months, gap := $gap, on_date := $on_date)",
        {
            "series": series["series_id"],
            "event": result["event_id"] or month_day(result),
            "months": result["window_months"],
            "gap": result["gap_months"],
            "on_date": on_date,
        },
    )
    expected = compare_methods.expected_path(release, found, model, on_date)
    _chart(release, found, observed, asked, expected, agency)
    _numbers(release, found, asked)
    _placebo(release, found, on_date, agency)
    st.header("In words", anchor=False)
    with st.container(key="paragraph"):
        st.markdown(escaped(found.text))
    compare_methods.show(release, found, control, on_date)
    pages = st.session_state.get("headway.pages", {})
    if "data" in pages:
        st.page_link(
            pages["data"],
            label="Where these figures come from: agency, request and hash",
            icon=":material/fingerprint:",
            query_params={
                "section": "trace",
                "series": series["series_id"],
                "period": month(result["cut_month"]) if result["cut_month"] else "",
            },
        )


def month_day(result: dict[str, Any]) -> str:
    """The cut as a date that the macro takes, for a comparison at a bare date."""
    return result["cut_month"].isoformat() if result.get("cut_month") else ""


def cautions(found: Comparison, on_date: dt.date | None) -> list[str]:
    """What must be known before the numbers: overlap, unusual months, vintages, months that are missing."""
    result, lines = found.result, []
    if found.event and not found.event["in_force"]:
        lines.append("This event was announced, planned or overtaken: it did not take effect.")
    if others := len(found.other_events):
        nearest = "; ".join(f"{e['title']} ({e['event_date']})" for e in found.other_events[:2])
        shared = result.get("max_shared_post_share") or 0
        cannot = (
            f" One of them shares {100 * shared:.0f} % of the window after: the two cannot be told apart."
            if result.get("identified") is False
            else ""
        )
        lines.append(
            f"Overlap: {others} other event{'s fall' if others > 1 else ' falls'} into the windows, the nearest: "
            f"{nearest}.{cannot}"
        )
    if found.episodes:
        titles = "; ".join(
            f"{e['title']} ({e['starts_on']} to {e['ends_on'] or 'now'})" for e in found.episodes
        )
        lines.append(f"Unusual months in the windows: {titles}.")
    if preliminary := result.get("preliminary_months") or 0:
        lines.append(f"Vintage: {preliminary} of the months are preliminary and will be revised.")
    effect = result.get("revision_effect")
    if effect is not None and abs(effect) > 0.0005 * (
        1 if result.get("scale") == "log" else abs(result["pre_mean"] or 1)
    ):
        moved = percent(effect) if result.get("scale") == "log" else number(effect, sign=True)
        lines.append(f"Vintage: revisions since the first release moved this difference by {moved}.")
    if on_date:
        lines.append(f"Vintage: figures as known on {on_date}, not as known now.")
    elif (found.series.get("vintage_count") or 0) < 2:
        lines.append("Vintage: only one version of this series is known, so revisions cannot be seen.")
    if 0 < (result.get("n_post") or 0) < result["window_months"] and result["window_months"] % 12 == 0:
        lines.append(
            f"Only {result['n_post']} of the {result['window_months']} months after are known: the seasons of the two "
            "windows differ."
        )
    return lines


def verdict_sentence(found: Comparison) -> str:
    """What differs and how usual that is, in one sentence. Never what made it differ."""
    result, title = found.result, found.series["title"]
    what = (
        f"“{found.event['title']}”"
        if found.event
        else f"{month(result['cut_month'])}"
        if result["cut_month"]
        else "this date"
    )
    if result.get("pre_mean") is None or result.get("post_mean") is None:
        reason = result.get("reason") or "a window has no value"
        return f"{title} before and after {what} cannot be compared: {reason}."
    if result.get("d_log") is not None:
        size = percent(result["d_log"])
    else:
        size = f"{number(result['d_level'], sign=True)} {unit_of(found.series)}"
    sentence = f"After {what}, {title} differs from before by {size}"
    if not result.get("verdict"):
        return f"{sentence}; how usual that is for this series is not in this release."
    reason = f" ({result['reason']})" if result.get("reason") else ""
    return f"{sentence}, {verdict(result['verdict'])}{reason}."


def _chart(
    release: Release, found: Comparison, observed: Query, asked: Query, expected: Any, agency: str
) -> None:
    frame = release.ask(observed)
    try:
        chart = comparison_chart(
            frame,
            found.result,
            found.series,
            agency=f"{agency} (release {release.run_id})",
            event=found.event,
            others=found.other_events,
            episodes=found.episodes,
            counterfactual=expected.frame if expected else None,
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No chart: {error}.")
        return
    queries = [observed, asked] + ([expected.query] if expected else [])
    parts.chart_block(chart, key="comparison", frame=frame, queries=queries)
    if expected and expected.note:
        st.caption(escaped(expected.note))


def _numbers(release: Release, found: Comparison, asked: Query) -> None:
    st.header("Numbers", anchor=False)
    result, unit = found.result, unit_of(found.series)
    st.caption(
        escaped(
            f"Before: {month(result['pre_start'])} to {month(result['pre_end'])}; after: {month(result['post_start'])} to "
            f"{month(result['post_end'])}; levels in {unit}."
            if result.get("pre_start")
            else f"Levels in {unit}."
        )
    )
    rows = [
        {"What": name, "Value": _written(result[column], form), "Column": escaped(column)}
        for column, name, form in _NUMBERS
        if result.get(column) is not None
    ]
    with st.container(key="numbers"):
        st.table(
            pl.DataFrame(rows, schema={"What": pl.String, "Value": pl.String, "Column": pl.String}),
            hide_index=True,
        )
    parts.behind(key="numbers", frame=release.ask(asked), queries=[asked], table=False)


def _written(value: Any, form: str) -> str:
    match form:
        case "level":
            return number(value)
        case "level+":
            return number(value, sign=True)
        case "percent":
            return f"{value:+.2f} %"
        case "points":
            return f"{value:+.4f}" if abs(value) < 100 else number(value, sign=True)
        case "count":
            return f"{value:,}"
        case _:
            return f"{value:.4f}" if abs(value) < 100 else number(value)


def _placebo(release: Release, found: Comparison, on_date: dt.date | None, agency: str) -> None:
    st.header("Among dates without an event", anchor=False)
    if not release.has("placebo"):
        parts.not_in_release("The distribution of the same comparison at other dates")
        return
    result = found.result
    query = Query(
        "from placebo($series, $event, months := $months, gap := $gap, on_date := $on_date)",
        {
            "series": found.series["series_id"],
            "event": result["event_id"] or month_day(result),
            "months": result["window_months"],
            "gap": result["gap_months"],
            "on_date": on_date,
        },
    )
    frame = release.ask(query)
    try:
        chart = placebo_chart(
            frame.filter(~pl.col("is_event")),
            result,
            found.series,
            agency=f"{agency} (release {release.run_id})",
            event=found.event,
            mode=parts.mode(),
        )
    except ChartError as error:
        parts.nothing_found(f"No distribution: {error}.")
        return
    parts.chart_block(chart, key="placebo", frame=frame, queries=[query])
