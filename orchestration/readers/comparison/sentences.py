"""A comparison in plain sentences: what differs, how unusual that is for this series, what else happened, which vintage.

Belongs here: the sentences of the paragraph and of a comparison with controls. Does not belong here: asking
(compare.py), formats of numbers (wording.py), rendering (cli/printer.py).

They say "differs", never what made it differ, and give no test: on series like these a Welch test at 5 % finds a
difference at most dates at which nothing happened (docs/methods.md).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.readers.wording import (
    day,
    month,
    number,
    percent,
    share,
    size,
    unit,
    unit_of_difference,
    verdict,
)

#: other events named in the paragraph; the rest are counted
NAMED_EVENTS = 3
#: log points by which plain and logarithmic means may differ without a word: Mexican vehicle production around July
#: 2020 differs by 62 % in logarithms and 13 % plainly, because April 2020 made almost nothing
MEANS_APART = 0.02
#: log points of revision that are not worth a number
REVISION_NOTED = 0.0005

Row = Mapping[str, Any]


def paragraph(
    series: Row,
    event_id: str,
    event: Row | None,
    result: Row,
    others: Sequence[Row],
    episodes: Sequence[Row],
    same_months_now: Row | None = None,
) -> str:
    """The comparison in plain sentences.

    series, event: rows of dim_series and dim_event; result: a row with the columns of rpt_before_after, of which any but
    the means may be missing; same_months_now: for a comparison as of an earlier day, the same months with the latest
    figures.
    """
    name = f"{series['title']} ({series['series_id']}, {series['seasonal_adjustment']})"
    what = f"{event_id} ({event['title']}, {event['event_date']})" if event else event_id
    if result.get("pre_mean") is None or result.get("post_mean") is None:
        return _refusal(name, what, series, result)
    sentences = [
        *_difference(name, what, series, result),
        *_rank(series, result),
        *_company(result, others, episodes),
        *_vintage(series, result, same_months_now),
        "This describes two periods; it does not say what made them differ.",
    ]
    return " ".join(sentences)


def control_sentences(row: Row, controls: Sequence[Row]) -> str:
    """A row of rpt_difference_in_differences in words; controls: its rows of dim_control_set."""
    against = controls[0]["title"] if controls else row["control_set_id"]
    if row.get("did") is None:
        return f"Against {against} it cannot be compared: {row.get('reason') or 'a month is missing'}."
    sentences = [
        f"Against {against} ({row['control_set_id']}: {_weights(controls)}) it differs by {percent(row['did'])}: "
        f"{percent(row['d_log_treated'])} less {percent(row['d_log_control'])}."
    ]
    if controls:
        sentences.append(f"Assumption: {controls[0]['assumption']}")
    if row.get("pretrend_bias") is not None:
        sentences.append(
            f"The drift of the 36 months before alone would make it {percent(row['pretrend_bias'])}."
        )
    if row.get("breakdown_m") is not None:
        sentences.append(
            f"The largest such difference at an earlier date without a known event was {1 / row['breakdown_m']:.1f} times as "
            "large."
            if row["breakdown_m"] > 0
            else "There were differences as large at earlier dates without a known event."
        )
    sentences += _standing(row, "did", log=True, of="this series and its controls")
    return " ".join(sentences)


def _weights(controls: Sequence[Row]) -> str:
    named = [f"{c['control_series_id']} {c['weight']:.2f}".replace(" 1.00", "") for c in controls]
    return ", ".join(named) or "no controls"


# -- sentences -------------------------------------------------------------------------------------------------------


def _refusal(name: str, what: str, series: Row, result: Row) -> str:
    reason = result.get("reason") or "a window has a month without a value"
    return (
        f"{name} before and after {what} cannot be compared: {reason}. Months with a value: "
        f"{result.get('n_pre') or 0} before ({_span(result, 'pre')}), "
        f"{result.get('n_post') or 0} after ({_span(result, 'post')})."
    ) + what_would_work(series, result)


def what_would_work(series: Row, result: Row) -> str:
    """The cuts at which windows of this width are whole, when these lie outside the life of the series."""
    first, last, months = series.get("first_period"), series.get("last_period"), result.get("window_months")
    if not first or not last or not months or result.get("pre_start") is None:
        return ""
    gap = result.get("gap_months") or 0
    if result["pre_start"] >= first and result["post_end"] <= last:
        return ""
    # a width that is not whole years reaches a whole year (or years) back
    reach = months + gap if months % 12 == 0 else 12 * math.ceil(months / 12)
    earliest, latest = _shift(first, reach), _shift(last, 1 - months)
    known = f" The series has {month(first)} to {month(last)}"
    if earliest > latest:
        return f"{known}, too short for windows of {months} months."
    return (
        f"{known}: windows of {months} months{f' with a gap of {gap}' if gap else ''} fit around cuts from "
        f"{month(earliest)} to {month(latest)}."
    )


def _difference(name: str, what: str, series: Row, result: Row) -> list[str]:
    before, after = result["pre_mean"], result["post_mean"]
    # a width that is not whole years is compared with the same calendar months (docs/methods.md)
    season = "" if result["window_months"] % 12 == 0 else " of the same season"
    sentences = [
        f"In {_months(result, 'n_post')} after {what}, {_span(result, 'post')}, {name} averaged {number(after)} "
        f"{unit(series)}; in {_months(result, 'n_pre')}{season} before, {_span(result, 'pre')}, {number(before)}."
    ]
    if result["scale"] != "log":
        return [
            *sentences,
            f"The means differ by {number(result['d_level'], sign=True)} {unit_of_difference(series)}.",
        ]
    sentences.append(f"The means of the logarithms differ by {percent(result['d_log'])}.")
    if before > 0 and after > 0 and abs(math.log(after / before) - result["d_log"]) > MEANS_APART:
        sentences.append(
            f"The plain means differ by {percent(math.log(after / before))}: a few extreme months weigh more in logarithms."
        )
    if result.get("second_diff") is not None:
        earlier = result["d_log"] - result["second_diff"]
        sentences.append(f"The same comparison one window earlier shows {percent(earlier)}.")
    return sentences


def _rank(series: Row, result: Row) -> list[str]:
    """How unusual the difference is for this series."""
    log = result.get("scale") == "log"
    if result.get("verdict") is None and result.get("placebo_rank") is None:
        return ["How often this series differs as much at dates without an event is not ranked here."]
    of = f"this series{'' if log else f' ({unit(series)})'}"
    return _standing(result, "d_log" if log else "d_level", log=log, of=of)


def _standing(row: Row, statistic: str, *, log: bool, of: str) -> list[str]:
    """Rank, detectable change and verdict of a row that has them."""
    sentences = []
    if row.get("placebo_rank") is not None:
        sentences.append(
            f"At {share(row['placebo_rank'])} of {row['n_placebo']} other dates of {of} without a known event, the same "
            "comparison is at least as far from the usual."
        )
    if row.get("mde95") is not None:
        sentences.append(
            f"Only what is more than {size(row['mde95'], log=log)} from the usual can be told from what happens anyway."
        )
    if row.get("verdict"):
        reason = f" ({row['reason']})" if row.get("reason") else ""
        rate = ""
        if row["verdict"].endswith("usual_range") and row.get("false_alarm_rate") is not None:
            rate = (
                f"; this rule says 'outside' at {share(row['false_alarm_rate'])} of the dates at which nothing is known "
                "to have happened"
            )
        sentences.append(f"Verdict: {verdict(row['verdict'])}{reason}{rate}.")
    return sentences


def _company(result: Row, others: Sequence[Row], episodes: Sequence[Row]) -> list[str]:
    """What else falls into the windows."""
    sentences = []
    if others:
        named = "; ".join(f"{e['title']} ({e['event_date']})" for e in others[:NAMED_EVENTS])
        count = "1 other event falls" if len(others) == 1 else f"{len(others)} other events fall"
        nearest = ", the nearest" if len(others) > NAMED_EVENTS else ""
        sentences.append(f"{count} into the windows{nearest}: {named}.")
    if result.get("identified") is False and result.get("verdict") != "overlapping":
        sentences.append(
            "Another event shares more than half of the window after, so the two cannot be told apart."
        )
    if episodes:
        titles = "; ".join(f"{e['title']} ({e['starts_on']} to {e['ends_on'] or 'now'})" for e in episodes)
        sentences.append(f"The windows hold unusual months: {titles}.")
    return sentences


def _vintage(series: Row, result: Row, now: Row | None) -> list[str]:
    """Which figures these are, and what other vintages of them give."""
    preliminary = result.get("preliminary_months") or 0
    day_known = day(result["as_of"]) if result.get("as_of") else None
    if result.get("as_of_basis") == "first_release":
        known = f"Each month as first released{f', the last of them on {day_known}' if day_known else ''}"
    else:
        known = f"Figures as known on {day_known}" if day_known else "Figures as known now"
    sentences = [known + (f", {preliminary} of the months preliminary." if preliminary else ".")]
    log = result.get("scale") == "log"
    here = result.get("d_log") if log else result.get("d_level")
    there = None
    if now is not None and now.get("scale") == result.get("scale"):
        there = now.get("d_log") if log else now.get("d_level")
        says = "The same months with the latest figures differ by"
    elif result.get("revision_effect") is not None and here is not None:
        latest = result.get("as_of_basis") == "latest"
        there = here - result["revision_effect"] if latest else here + result["revision_effect"]
        says = (
            "With each month as first released, the means differ by"
            if latest
            else "With the latest figures, the means differ by"
        )
    if there is None or here is None:
        return sentences
    if log and abs(there - here) < REVISION_NOTED:
        return [*sentences, "Revisions on record have not moved the difference."]
    shown = percent(there) if log else f"{number(there, sign=True)} {unit_of_difference(series)}"
    return [*sentences, f"{says} {shown}."]


def _span(result: Row, window: str) -> str:
    first, last = result.get(f"{window}_start"), result.get(f"{window}_end")
    return f"{first:%Y-%m} to {last:%Y-%m}" if first and last else "no months"


def _months(result: Row, count: str) -> str:
    known, asked = result[count], result["window_months"]
    return (
        f"the {known} months" if known >= asked else f"{known} of the {asked} months (the rest is not known)"
    )


def _shift(moment: dt.date, months: int) -> dt.date:
    n = moment.year * 12 + moment.month - 1 + months
    return dt.date(n // 12, n % 12 + 1, 1)


def offered(windows: Sequence[tuple[int, int]]) -> str:
    """Pairs of window and gap that a report has, as a person would ask for them."""
    months, gaps = sorted({w for w, _ in windows}), sorted({g for _, g in windows})
    if len(windows) == len(months) * len(gaps):
        return f"--months {_either(months)} with --gap {_either(gaps)}"
    return "; ".join(f"--months {w} --gap {g}" for w, g in sorted(windows))


def _either(values: Sequence[int]) -> str:
    texts = [str(v) for v in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"
