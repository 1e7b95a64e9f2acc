"""One series before and after one event: the row of the released reports or macro, what else happened, the sentences.

Belongs here: what a comparison asks of the release, and which questions cannot be answered.
Does not belong here: the statistics (the macro and the marts compute them), sentences (sentences.py), other methods
(methods.py, answers.py), pictures (picture.py), rendering (cli/printer.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.answer import Answer, answer_of
from orchestration.readers.comparison.answer_words import answer_text
from orchestration.readers.comparison.answers import every_method
from orchestration.readers.comparison.cautions import left_out_because, of_own_timelines
from orchestration.readers.comparison.controls import against_controls
from orchestration.readers.comparison.left_out import gap_asked, own_month_of
from orchestration.readers.comparison.method_result import MethodResult
from orchestration.readers.comparison.sentences import (
    OtherEvent,
    brief,
    control_sentences,
    offered,
    paragraph,
)
from orchestration.readers.comparison.versions import Held, first_releases_of, versions_held
from orchestration.readers.comparison.windows import FIRST, MAX_MONTHS, WINDOW
from orchestration.readers.lookup import OWN, parse_date, resolve_event, resolve_series
from orchestration.readers.release_file import columns_of, has_table, read, read_as
from orchestration.readers.rows import (
    DimEpisode,
    DimEvent,
    DimSeries,
    RptBeforeAfter,
    RptDifferenceInDifferences,
)

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Comparison:
    """The answer to "what was different before and after?".

    event: the event, or None when a bare date was asked for; series: the series; result: the row of rpt_before_after where
    the report has it, else of the macro `before_after`, which gives the same columns (those of the family are null);
    other_events, episodes: what else falls into the windows; text: all of it as a paragraph; on_date: the day at whose end
    the figures were known, None for the latest; same_months_now: for an earlier day, the macro's row of the same months
    with the latest figures; held: which versions of the months are held; control: the comparison with the control set that was
    asked for; methods: what the methods that were asked for say; answer: what can be told by the best design, None where no
    answer is held for these windows; brief: the answer in MAX_WORDS words at most, or the comparison where there is none;
    control_text: the comparison with controls in words, which `text` has too; own_month: the month of an event inside a month;
    own_events: events of the user's own timelines in the windows, which are not counted as rivals; left_out_because: why nothing is
    compared around the event, else None: its windows are described then, without a verdict.
    """

    event: DimEvent | None
    series: DimSeries
    result: RptBeforeAfter
    other_events: Sequence[OtherEvent]
    episodes: Sequence[DimEpisode]
    text: str
    on_date: dt.date | None = None
    same_months_now: RptBeforeAfter | None = None
    control: RptDifferenceInDifferences | None = None
    methods: Sequence[MethodResult] | None = None
    held: Held | None = None
    answer: Answer | None = None
    brief: str = ""
    control_text: str = ""
    own_month: dt.date | None = None
    own_events: Sequence[OtherEvent] = ()
    left_out_because: str | None = None

    @property
    def answered(self) -> bool:
        """Whether there is a difference at all; the text says why if not."""
        return self.result["pre_mean"] is not None and self.result["post_mean"] is not None


def compare(
    con: duckdb.DuckDBPyConnection,
    event: str,
    series: str,
    *,
    months: int = WINDOW,
    gap: int | None = None,
    keep_event_month: bool = False,
    as_of: str | dt.date | None = None,
    control: str | None = None,
    method: str | None = None,
) -> Comparison:
    """Compare `series` in the `months` before and after `event` (an event id or an ISO date).

    `gap` months before the cut are left out. Where none is asked for, the own month of an event inside a month is, unless
    `keep_event_month` counts it as before. `as_of` takes only what was known at the end of that day, or with "first"
    each month as it was first released; `control` adds the comparison with a control set; `method` what the methods say
    ("all" or one of methods.METHODS).
    Raises UsageError for an unknown event, series or control set, with the nearest ids, for windows that make no sense,
    and for what the release cannot answer, with what it can.
    """
    if not 1 <= months <= MAX_MONTHS:
        raise UsageError(
            f"a window of {months} months cannot be compared; take 1 to {MAX_MONTHS} ({WINDOW} is usual)"
        )
    first_release = isinstance(as_of, str) and as_of.strip().lower() == FIRST
    on_date = None
    if not first_release:
        on_date = parse_date(as_of, "as-of") if isinstance(as_of, str) else as_of
        _not_after_today(con, on_date)
    if as_of is not None and (control or method):
        raise UsageError("controls and other methods use the latest figures: leave --as-of out")
    event_id, series_id = _resolved(con, event, series)
    series_row = read(con, DimSeries, "where series_id = ?", [series_id])[0]
    if series_row["frequency"] != "monthly":
        raise UsageError(_not_monthly(con, series_row))
    event_row = next(iter(read(con, DimEvent, "where event_id = ?", [event_id])), None)
    own_month = own_month_of(event_row, event_id)
    default = gap_asked(own_month, None)
    gap = gap_asked(own_month, gap, keep_event_month=keep_event_month)
    basis = "first_release" if first_release else "latest" if on_date is None else None
    result = _reported(con, event_id, series_id, months, gap, basis) if basis and event_row else None
    if result is None and first_release:
        raise UsageError(_no_first_release(con, event_row, event_id, series_row, months, gap))
    if result is None:
        result = _by_macro(con, event_id, series_id, months, gap, on_date)
    left_out = left_out_because(event_row)
    if left_out:
        result = _not_judged(result, left_out)
    same_months_now = _same_months_now(con, event_id, result) if on_date is not None else None
    others = other_events(con, event_id, result)
    episodes = read(
        con,
        DimEpisode,
        "where list_contains($ids::varchar[], episode_id) order by starts_on",
        {"ids": result["episodes_in_window"]},
    )
    held = versions_held(con, result, on_date)
    reached = _is_reached(con, event_row, series_id)
    text = paragraph(
        *(
            series_row,
            event_id,
            event_row,
            result,
            others,
            episodes,
            same_months_now,
            held,
            on_date,
            own_month,
        ),
        reached=reached,
    )
    own = own_events(con, event_id, result, others)
    text = " ".join([text, *of_own_timelines(event_row, own)])
    against, control_text = None, ""
    if control:
        against, controls = against_controls(con, event_row, event_id, series_id, control, months, gap)
        control_text = control_sentences(against, controls)
        text += " " + control_text
    methods = every_method(con, event_row, result, method) if method else None
    # answers are of the latest figures and the default gap; any other window is compared and not judged by the best design, and
    # an event that is not compared has no answer, although the phase that it belongs to may have one
    answer = (
        answer_of(con, event_id, series_row, months)
        if event_row and not left_out and as_of is None and gap == default
        else None
    )
    in_short = (
        answer_text(answer)
        if answer
        else brief(
            *(series_row, event_id, event_row, result, others, episodes, held, on_date),
            own_month=own_month,
            reached=reached,
        )
    )
    in_short = " ".join([in_short, *of_own_timelines(event_row, ())])
    return Comparison(
        *(event_row, series_row, result, others, episodes, text, on_date, same_months_now, against, methods),
        held,
        answer,
        in_short,
        control_text,
        own_month,
        own,
        left_out,
    )


def _resolved(con: duckdb.DuckDBPyConnection, event: str, series: str) -> tuple[str, str]:
    """event_id (or a date) and series_id. The macros take them the other way round, so both orders are understood.

    Raises UsageError with the nearest ids, for the order of the command line.
    """
    try:
        return resolve_event(con, event), resolve_series(con, series)
    except UsageError:
        try:
            return resolve_event(con, series), resolve_series(con, event)
        except UsageError:
            pass
        raise


def _not_after_today(con: duckdb.DuckDBPyConnection, on_date: dt.date | None) -> None:
    """Raises UsageError for a day that has not come yet: nobody can say what will have been known then.

    A release may know figures of a later day than this machine's clock; up to their last day the clock is not believed.
    """
    today = dt.date.today()  # noqa: DTZ011
    if on_date is None or on_date <= today:
        return
    last = con.execute("select max(known_from)::date from fct_observation_vintage").fetchall()[0][0]
    if last is None or on_date > last:
        raise UsageError(f"as-of {on_date} is after today, {today}: leave --as-of out for the latest figures")


def _is_reached(con: duckdb.DuckDBPyConnection, event: DimEvent | None, series_id: str) -> bool:
    """Whether an act reaches a series, as rpt_event_exposure has it. Of a date or a talk nothing is said: a talk is judged as its phase,
    which reaches series on its own."""
    if event is None or event["event_class"] != "act" or not has_table(con, "rpt_event_exposure"):
        return True
    found = con.execute(
        "select count(*) from rpt_event_exposure where event_id = ? and series_id = ?",
        [event["event_id"], series_id],
    ).fetchall()
    return bool(found[0][0])


def _not_judged(result: RptBeforeAfter, left_out: str) -> RptBeforeAfter:
    """The row of the macro, which judges any day, without its verdict; its reason is that the event is not compared (`left_out`)."""
    reason = (
        left_out if result["pre_mean"] is not None and result["post_mean"] is not None else result["reason"]
    )
    return cast("RptBeforeAfter", {**result, "verdict": None, "reason": reason})


def _same_months_now(
    con: duckdb.DuckDBPyConnection, event_id: str, result: RptBeforeAfter
) -> RptBeforeAfter | None:
    """The months of `result`, which was known on an earlier day, with the latest figures; None where they differ."""
    if result["post_mean"] is None:
        return None
    months = result["window_months"]
    # with the figures of today there may be more months after the cut: only those of the earlier day are compared
    post_months = result["n_post"] if result["n_post"] < months else None
    now = _by_macro(con, event_id, result["series_id"], months, result["gap_months"], None, post_months)
    return now if now["n_pre"] == result["n_pre"] else None


def _by_macro(
    con: duckdb.DuckDBPyConnection,
    event_id: str,
    series_id: str,
    months: int,
    gap: int,
    on_date: dt.date | None,
    post_months: int | None = None,
) -> RptBeforeAfter:
    """The row of the macro before_after. post_months: how many months after the cut are compared, if fewer than before."""
    parameters: dict[str, str | int | dt.date | None] = {
        "series": series_id,
        "event": event_id,
        "months": months,
        "gap": gap,
        "on_date": on_date,
    }
    shorter = ""
    if post_months is not None:
        parameters["post_months"], shorter = post_months, ", post_months := $post_months"
    query = f"""select {columns_of(RptBeforeAfter)}
        from before_after($series, $event, months := $months, gap := $gap, on_date := $on_date{shorter})"""
    return read_as(con, RptBeforeAfter, query, parameters)[0]


def _reported(
    con: duckdb.DuckDBPyConnection, event_id: str, series_id: str, months: int, gap: int, basis: str
) -> RptBeforeAfter | None:
    """The row of the report, which knows its family, if both windows lie within the life of the series."""
    if not has_table(con, "rpt_before_after"):
        return None
    rows = read(
        con,
        RptBeforeAfter,
        """where event_id = $event and series_id = $series and window_months = $months and gap_months = $gap
           and as_of_basis = $basis""",
        {"event": event_id, "series": series_id, "months": months, "gap": gap, "basis": basis},
    )
    return rows[0] if rows else None


def other_events(con: duckdb.DuckDBPyConnection, event_id: str, result: RptBeforeAfter) -> list[OtherEvent]:
    """The rivals counted by n_other_events: acts that reach the series and whose cut lies in the windows of `result`.

    Those nearest to its cut come first.
    """
    return read_as(
        con,
        OtherEvent,
        f"""select {columns_of(OtherEvent)} from dim_event
           where event_id <> $event and list_contains($rivals::varchar[], event_id)
           order by abs(date_diff('day', anchor_on, $cut::date)), event_id""",
        {"event": event_id, "rivals": result["rivals_in_windows"], "cut": result["cut_month"]},
    )


def own_events(
    con: duckdb.DuckDBPyConnection, event_id: str, result: RptBeforeAfter, others: Sequence[OtherEvent]
) -> list[OtherEvent]:
    """Events of the user's own timelines whose cut lies in the windows of `result` and that are not among `others`, the nearest first.

    They change no figure about a bundled event, so a reader is told of them beside it.
    """
    if result["pre_start"] is None or result["post_end"] is None:
        return []
    return read_as(
        con,
        OtherEvent,
        f"""select {columns_of(OtherEvent)} from dim_event
           where origin = $own and event_id <> $event and in_report and cut_month between $first and $last
               and not list_contains($named::varchar[], event_id)
           order by abs(date_diff('day', anchor_on, $cut::date)), event_id""",
        {
            "own": OWN,
            "event": event_id,
            "first": result["pre_start"],
            "last": result["post_end"],
            "named": [other["event_id"] for other in others],
            "cut": result["cut_month"],
        },
    )


def events_between(
    con: duckdb.DuckDBPyConnection, event_id: str, first_month: dt.date, last_month: dt.date, cut: dt.date
) -> list[OtherEvent]:
    """The events of the reports, without `event_id`, whose cut lies in these months, those nearest to `cut` first."""
    return read_as(
        con,
        OtherEvent,
        f"""select {columns_of(OtherEvent)} from dim_event
           where event_id <> $event and in_report and cut_month between $first and $last
           order by abs(date_diff('day', anchor_on, $cut::date)), event_id""",
        {"event": event_id, "first": first_month, "last": last_month, "cut": cut},
    )


# -- what cannot be answered -----------------------------------------------------------------------------------------

_COMPARED = "select 1 from rpt_before_after where event_id = ? and series_id = ? limit 1"


def _not_monthly(con: duckdb.DuckDBPyConnection, series: DimSeries) -> str:
    """Why, and the monthly series of the same quantity and country, if there are any."""
    text = f"{series['series_id']} is {series['frequency']}; only monthly series are compared around an event"
    alike = con.execute(
        """select series_id from dim_series where frequency = 'monthly' and measure = $measure
           and geography_iso3 = $country order by last_period desc, series_id limit 4""",
        {"measure": series["measure"], "country": series["geography_iso3"]},
    ).fetchall()
    names = ", ".join(row[0] for row in alike)
    return (
        f"{text}; monthly ones of the same kind: {names}"
        if names
        else f"{text} (`headway series monthly` lists them)"
    )


def _no_first_release(
    con: duckdb.DuckDBPyConnection,
    event: DimEvent | None,
    event_id: str,
    series: DimSeries,
    months: int,
    gap: int,
) -> str:
    """Why a comparison of first releases is not in the report, and what is."""
    text = f"{series['series_id']} around {event_id} is not in the report of first releases"
    instead = "--as-of DATE takes any window with what was known on that day"
    if event is None or not has_table(con, "rpt_before_after"):
        return f"{text}: it holds events, no bare dates; {instead}"
    windows = con.execute(
        """select distinct window_months, gap_months from rpt_before_after
           where event_id = $event and series_id = $series and as_of_basis = 'first_release' order by all""",
        {"event": event_id, "series": series["series_id"]},
    ).fetchall()
    if windows:
        return f"{text} with {months} months and a gap of {gap}; there are {offered(windows)}; {instead}"
    why = (
        f"the event is not in the reports ({event['left_out_because']})"
        if not event["in_report"]
        else f"no month of the windows has its first release here: {first_releases_of(series)}"
        if con.execute(_COMPARED, [event_id, series["series_id"]]).fetchall()
        else f"the series has {series['first_period']:%Y-%m} to {series['last_period']:%Y-%m}, no window around "
        "the event lies whole in it"
    )
    return f"{text}: {why}; {instead}"
