"""One series before and after one event: the row of the released reports or macro, what else happened, the sentences.

Belongs here: what a comparison asks of the release, and which questions cannot be answered.
Does not belong here: the statistics (the macro and the marts compute them), sentences (sentences.py), other methods
(methods.py, answers.py), pictures (picture.py), rendering (cli/printer.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.base.errors import UsageError
from orchestration.readers.comparison.answers import every_method
from orchestration.readers.comparison.controls import against_controls
from orchestration.readers.comparison.method_result import MethodResult
from orchestration.readers.comparison.sentences import control_sentences, offered, paragraph
from orchestration.readers.lookup import parse_date, resolve_event, resolve_series
from orchestration.readers.release_file import Record, has_table, records
from orchestration.readers.wording import number, percent

if TYPE_CHECKING:
    import duckdb

__all__ = ["Comparison", "compare", "has_table", "number", "other_events", "paragraph", "percent"]

#: the longest window that is asked for: longer ones meet so many other events that nothing is compared with anything
MAX_MONTHS = 120
#: what `as_of` says for "each month as it was first released"
FIRST = "first"


@dataclass(frozen=True)
class Comparison:
    """The answer to "what was different before and after?".

    event: the row of dim_event, or None when a bare date was asked for; series: the row of dim_series;
    result: the row of rpt_before_after where the report has it, else of the macro `before_after` (the same columns);
    other_events, episodes: what else falls into the windows (rows of dim_event, dim_episode);
    text: all of it as a paragraph; on_date: what was known at the end of this day, None for the latest; same_months_now: for an earlier day, the macro's row of the same months with the
    latest figures; control: the row of rpt_difference_in_differences that was asked for; methods: what other methods say.
    """

    event: Record | None
    series: Record
    result: Record
    other_events: Sequence[Record]
    episodes: Sequence[Record]
    text: str
    on_date: dt.date | None = None
    same_months_now: Record | None = None
    control: Record | None = None
    methods: Sequence[MethodResult] | None = None

    @property
    def answered(self) -> bool:
        """Whether there is a difference at all; the text says why if not."""
        return self.result.get("pre_mean") is not None and self.result.get("post_mean") is not None


def compare(
    con: duckdb.DuckDBPyConnection,
    event: str,
    series: str,
    *,
    months: int = 12,
    gap: int = 0,
    as_of: str | dt.date | None = None,
    control: str | None = None,
    method: str | None = None,
) -> Comparison:
    """Compare `series` in the `months` before and after `event` (an event id or an ISO date).

    `gap` months before the cut are left out; `as_of` takes only what was known at the end of that day, or with "first"
    each month as it was first released; `control` adds the comparison with a control set; `method` the table of other
    methods ("all" or one of methods.METHODS).
    Raises UsageError for an unknown event, series or control set, with the nearest ids, for windows that make no sense,
    and for what the release cannot answer, with what it can.
    """
    if not 1 <= months <= MAX_MONTHS:
        raise UsageError(
            f"a window of {months} months cannot be compared; take 1 to {MAX_MONTHS} (12 is usual)"
        )
    if not 0 <= gap <= MAX_MONTHS:
        raise UsageError(
            f"a gap of {gap} months cannot be left out; take 0 to {MAX_MONTHS} (0, 3 and 6 are usual)"
        )
    first_release = isinstance(as_of, str) and as_of.strip().lower() == FIRST
    on_date = None
    if not first_release:
        on_date = parse_date(as_of, "as-of") if isinstance(as_of, str) else as_of
    if as_of is not None and (control or method):
        raise UsageError("controls and other methods use the latest figures: leave --as-of out")
    event_id, series_id = resolve_event(con, event), resolve_series(con, series)
    described = records(con, "from dim_series where series_id = ?", [series_id])[0]
    if described["frequency"] != "monthly":
        raise UsageError(_not_monthly(con, described))
    known = records(con, "from dim_event where event_id = ?", [event_id])
    happened = known[0] if known else None
    basis = "first_release" if first_release else "latest" if on_date is None else None
    result = _reported(con, event_id, series_id, months, gap, basis) if basis and happened else None
    if result is None and first_release:
        raise UsageError(_no_first_release(con, happened, event_id, described, months, gap))
    if result is None:
        result = _asked(con, event_id, series_id, months, gap, on_date)
    now = None
    if on_date is not None and result.get("post_mean") is not None:
        # with the figures of today there may be more months: the same ones are compared
        after = result["n_post"] if result["n_post"] < months else None
        again = _asked(con, event_id, series_id, months, gap, None, post_months=after)
        now = again if again["n_pre"] == result["n_pre"] else None
    others = other_events(con, event_id, result)
    episodes = records(
        con,
        "from dim_episode where list_contains($ids::varchar[], episode_id) order by starts_on",
        {"ids": result.get("episodes_in_window") or []},
    )
    text = paragraph(described, event_id, happened, result, others, episodes, now)
    against = methods = None
    if control:
        against, controls = against_controls(con, happened, event_id, series_id, control, months, gap)
        text += " " + control_sentences(against, controls)
    if method:
        methods = every_method(con, happened, result, months, gap, method)
    return Comparison(happened, described, result, others, episodes, text, on_date, now, against, methods)


def _asked(
    con: duckdb.DuckDBPyConnection,
    event_id: str,
    series_id: str,
    months: int,
    gap: int,
    on_date: dt.date | None,
    post_months: int | None = None,
) -> Record:
    """The row of the macro."""
    asked: dict[str, Any] = {
        "series": series_id,
        "event": event_id,
        "months": months,
        "gap": gap,
        "on_date": on_date,
    }
    after = ""
    if post_months is not None:
        asked["post_months"], after = post_months, ", post_months := $post_months"
    call = f"from before_after($series, $event, months := $months, gap := $gap, on_date := $on_date{after})"
    return records(con, call, asked)[0]


def _reported(
    con: duckdb.DuckDBPyConnection, event_id: str, series_id: str, months: int, gap: int, basis: str
) -> Record | None:
    """The row of the report, which knows its family, if both windows lie within the life of the series."""
    if not has_table(con, "rpt_before_after"):
        return None
    found = records(
        con,
        """from rpt_before_after where event_id = $event and series_id = $series and window_months = $months
           and gap_months = $gap and as_of_basis = $basis""",
        {"event": event_id, "series": series_id, "months": months, "gap": gap, "basis": basis},
    )
    return found[0] if found else None


def other_events(con: duckdb.DuckDBPyConnection, event_id: str, result: Mapping[str, Any]) -> list[Record]:
    """The events counted by n_other_events: those of the report whose cut lies in the windows, nearest to this cut first.

    A cut is the first whole month from its anchor on (docs/methods.md), so it lies in the windows when the anchor comes
    after the first day of the month before them and not after the first day of their last month.
    """
    if result.get("pre_start") is None or result.get("post_end") is None:
        return []
    return records(
        con,
        """
        with anchored as (
            select *, case when event_type in ('tariff_effective', 'entry_into_force', 'exemption', 'retaliation')
                then coalesce(effective_on, event_date) else event_date end as anchor
            from dim_event
            where event_id <> $event and in_force and confidence <> 'low' and date_precision in ('day', 'month')
        )
        select event_id, event_date, title, timeline, event_type from anchored
        where anchor > $first::date - interval 1 month and anchor <= $last::date
        order by abs(date_diff('day', anchor, $cut::date)), event_id""",
        {
            "event": event_id,
            "first": result["pre_start"],
            "last": result["post_end"],
            "cut": result["cut_month"],
        },
    )


# -- what cannot be answered -----------------------------------------------------------------------------------------


def _not_monthly(con: duckdb.DuckDBPyConnection, series: Mapping[str, Any]) -> str:
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
    event: Record | None,
    event_id: str,
    series: Mapping[str, Any],
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
        "the event was never in force, is not sourced well enough or is dated coarser than a month"
        if not event["in_force"]
        or event["confidence"] == "low"
        or event["date_precision"] not in ("day", "month")
        else f"the series has {series['first_period']:%Y-%m} to {series['last_period']:%Y-%m}, no window around "
        "the event lies whole in it"
    )
    return f"{text}: {why}; {instead}"
