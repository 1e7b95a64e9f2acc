"""One series before and after one event, from the released macro `before_after`, with a paragraph that says it in words.

Belongs here: asking the macro, the events and episodes that fall into the windows, cautious wording.
Does not belong here: the statistics (the macro and the marts compute them), rendering (printing.py).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.errors import UsageError
from orchestration.reading import Record, parse_date, records, resolve_event, resolve_series

if TYPE_CHECKING:
    import duckdb

#: the longest window that is asked for: longer ones meet so many other events that nothing is compared with anything
MAX_MONTHS = 120
#: other events named in the paragraph; the rest are counted
NAMED_EVENTS = 3

#: log points by which plain and logarithmic means may differ without a word: Mexican vehicle production around July
#: 2020 differs by 62 % in logarithms and 13 % plainly, because April 2020 made almost nothing
MEANS_APART = 0.02

_MULTIPLIERS = {1: "", 1_000: "thousand ", 1_000_000: "million ", 1_000_000_000: "billion "}


@dataclass(frozen=True)
class Comparison:
    """The answer to "what was different before and after?".

    event: the row of dim_event, or None when a bare date was asked for; series: the row of dim_series;
    result: the row of `before_after` (columns of rpt_before_after); other_events, episodes: what else falls into the
    windows (rows of dim_event, dim_episode); text: all of it as a paragraph.
    """

    event: Record | None
    series: Record
    result: Record
    other_events: Sequence[Record]
    episodes: Sequence[Record]
    text: str


def compare(
    con: duckdb.DuckDBPyConnection,
    event: str,
    series: str,
    *,
    months: int = 12,
    gap: int = 0,
    as_of: str | dt.date | None = None,
) -> Comparison:
    """Compare `series` in the `months` before and after `event` (an event id or an ISO date).

    `gap` months before the cut are left out; `as_of` takes only what was known at the end of that day.
    Raises UsageError for an unknown event or series, with the nearest ids, and for windows that make no sense.
    """
    if not 1 <= months <= MAX_MONTHS:
        raise UsageError(
            f"a window of {months} months cannot be compared; take 1 to {MAX_MONTHS} (12 is usual)"
        )
    if not 0 <= gap <= MAX_MONTHS:
        raise UsageError(
            f"a gap of {gap} months cannot be left out; take 0 to {MAX_MONTHS} (0, 3 and 6 are usual)"
        )
    on_date = parse_date(as_of, "as-of") if isinstance(as_of, str) else as_of
    event_id, series_id = resolve_event(con, event), resolve_series(con, series)
    described = records(con, "from dim_series where series_id = ?", [series_id])[0]
    if described["frequency"] != "monthly":
        raise UsageError(
            f"{series_id} is {described['frequency']}; only monthly series are compared around an event"
        )
    known = records(con, "from dim_event where event_id = ?", [event_id])
    found = records(
        con,
        "from before_after($series, $event, months := $months, gap := $gap, on_date := $on_date)",
        {"series": series_id, "event": event_id, "months": months, "gap": gap, "on_date": on_date},
    )
    result = found[0]
    others = other_events(con, event_id, result)
    episodes = records(
        con,
        "from dim_episode where list_contains($ids::varchar[], episode_id) order by starts_on",
        {"ids": result.get("episodes_in_window") or []},
    )
    happened = known[0] if known else None
    text = paragraph(described, event_id, happened, result, others, episodes)
    return Comparison(happened, described, result, others, episodes, text)


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


# -- in words --------------------------------------------------------------------------------------------------------


def paragraph(
    series: Mapping[str, Any],
    event_id: str,
    event: Mapping[str, Any] | None,
    result: Mapping[str, Any],
    others: Sequence[Mapping[str, Any]],
    episodes: Sequence[Mapping[str, Any]],
) -> str:
    """The comparison in plain sentences: what differs, how large that is for this series, what else happened, vintage.

    It says "differs", never what made it differ, and gives no test: on series like these a Welch test at 5 % finds a
    difference at most dates at which nothing happened (docs/methods.md).
    """
    name = f"{series['title']} ({series['series_id']}, {series['seasonal_adjustment']})"
    what = f"{event_id} ({event['title']}, {event['event_date']})" if event else event_id
    if result.get("pre_mean") is None or result.get("post_mean") is None:
        return _refusal(name, what, result)
    sentences = [
        *_difference(name, what, series, result),
        *_size(result),
        *_company(result, others, episodes),
        _vintage(result),
        "This describes two periods; it does not say what made them differ.",
    ]
    return " ".join(sentences)


def _refusal(name: str, what: str, result: Mapping[str, Any]) -> str:
    reason = result.get("reason") or "a window has a month without a value"
    return (
        f"{name} before and after {what} cannot be compared: {reason}. Months with a value: "
        f"{result.get('n_pre') or 0} before ({_span(result, 'pre')}), "
        f"{result.get('n_post') or 0} after ({_span(result, 'post')})."
    )


def _difference(name: str, what: str, series: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    unit = _MULTIPLIERS.get(series["unit_multiplier"], f"{series['unit_multiplier']:,} ") + series["unit"]
    before, after = result["pre_mean"], result["post_mean"]
    # a width that is not whole years is compared with the same calendar months (docs/methods.md)
    season = "" if result["window_months"] % 12 == 0 else " of the same season"
    sentences = [
        f"In {_months(result, 'n_post')} after {what}, {_span(result, 'post')}, {name} averaged {number(after)} {unit}; "
        f"in {_months(result, 'n_pre')}{season} before, {_span(result, 'pre')}, {number(before)}."
    ]
    if result["scale"] != "log":
        return [*sentences, f"The means differ by {number(result['d_level'], sign=True)} {unit}."]
    sentences.append(f"The means of the logarithms differ by {percent(result['d_log'])}.")
    if before > 0 and after > 0 and abs(math.log(after / before) - result["d_log"]) > MEANS_APART:
        sentences.append(
            f"The plain means differ by {percent(math.log(after / before))}: a few extreme months weigh more in logarithms."
        )
    return sentences


def _size(result: Mapping[str, Any]) -> list[str]:
    """How large the difference is for this series: against single months, its growth before, its trend, other dates."""
    sentences = []
    log = result.get("scale") == "log"
    difference = result.get("d_log") if log else result.get("d_level")
    if result.get("std_diff") is not None:
        sentences.append(
            f"That is {abs(result['std_diff']):.1f} times the usual spread of single months inside the windows."
        )
    if result.get("second_diff") is not None and difference is not None:
        earlier = difference - result["second_diff"]
        shown = percent(earlier) if log else number(earlier, sign=True)
        sentences.append(f"The same comparison one window earlier shows {shown}.")
    if result.get("trend_dev") is not None:
        shown = percent(result["trend_dev"]) if log else number(result["trend_dev"], sign=True)
        sentences.append(
            f"From the straight line of the 36 months before, the level after differs by {shown}."
        )
    if result.get("placebo_rank") is not None:
        sentences.append(
            f"Among the same comparison at {result['n_placebo']} other dates of this series, a share of "
            f"{result['placebo_rank']:.2f} is at least as far from the middle."
        )
    elif difference is not None:
        sentences.append(
            "How often this series differs as much at dates without an event is not ranked here."
        )
    if result.get("verdict"):
        sentences.append(f"Verdict: {result['verdict'].replace('_', ' ')}.")
    return sentences


def _company(
    result: Mapping[str, Any], others: Sequence[Mapping[str, Any]], episodes: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What else falls into the windows."""
    sentences = []
    if others:
        named = "; ".join(f"{e['title']} ({e['event_date']})" for e in others[:NAMED_EVENTS])
        count = "1 other event falls" if len(others) == 1 else f"{len(others)} other events fall"
        nearest = ", the nearest" if len(others) > NAMED_EVENTS else ""
        sentences.append(f"{count} into the windows{nearest}: {named}.")
    if result.get("identified") is False:
        sentences.append(
            "Another event shares more than half of the window after, so the two cannot be told apart."
        )
    if episodes:
        titles = "; ".join(f"{e['title']} ({e['starts_on']} to {e['ends_on'] or 'now'})" for e in episodes)
        sentences.append(f"The windows hold unusual months: {titles}.")
    return sentences


def _vintage(result: Mapping[str, Any]) -> str:
    preliminary = result.get("preliminary_months") or 0
    known = f"Figures as known on {_day(result['as_of'])}" if result.get("as_of") else "Figures as known now"
    return known + (f", {preliminary} of the months preliminary." if preliminary else ".")


def _span(result: Mapping[str, Any], window: str) -> str:
    first, last = result.get(f"{window}_start"), result.get(f"{window}_end")
    return f"{first:%Y-%m} to {last:%Y-%m}" if first and last else "no months"


def _months(result: Mapping[str, Any], count: str) -> str:
    known, asked = result[count], result["window_months"]
    return (
        f"the {known} months" if known >= asked else f"{known} of the {asked} months (the rest is not known)"
    )


def _day(moment: dt.date | str) -> str:
    return moment.strftime("%Y-%m-%d") if isinstance(moment, dt.date) else str(moment)


def percent(log_points: float) -> str:
    """A difference of logarithms as a percentage with its sign: 0.0922 is +9.66 %."""
    return f"{100 * math.expm1(log_points):+.2f} %"


def number(value: float, *, sign: bool = False) -> str:
    """A value with about four significant digits and thousands separated: 26,249.750 is 26,250."""
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:{'+' if sign else ''},.{digits}f}"
