"""A comparison in plain sentences: what differs, how unusual that is for this series, what else happened, which vintage.

Belongs here: the sentences of the paragraph and of a comparison with controls. Does not belong here: cautions that the
dashboard and the reports say, too (cautions.py), asking (compare.py), formats of numbers (wording.py), rendering
(cli/printer.py).

They say "differs", never what made it differ, and give no test: on series like these a Welch test at 5 % finds a
difference at most dates at which nothing happened (docs/methods.md).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TypedDict

from orchestration.readers.comparison import cautions
from orchestration.readers.comparison.left_out import missing_sentence, own_month_sentence
from orchestration.readers.comparison.versions import Held, known_too_late, unknown_revisions
from orchestration.readers.comparison.whole_windows import months_from_epoch, reach_of, whole_cuts
from orchestration.readers.rows import (
    DimControlSet,
    DimEpisode,
    DimEvent,
    DimSeries,
    RptBeforeAfter,
    RptClusterBeforeAfter,
    RptDifferenceInDifferences,
)
from orchestration.readers.wording import (
    day,
    difference,
    month,
    number,
    percent,
    percentage,
    share,
    size,
    unit,
    unit_of_difference,
    verdict,
)
from transforms.periods import month_after

#: log points by which plain and logarithmic means may differ without a word: Mexican vehicle production around July
#: 2020 differs by 62 % in logarithms and 13 % plainly, because April 2020 made almost nothing
MEANS_APART = 0.02
#: words of an answer at most; what does not fit is shown with --full
MAX_WORDS = 90
#: what is said before the numbers around an event that is not compared
DESCRIBED = "The two periods are described, not judged."
#: words of the title of an event or series that a short text keeps
_TITLE_WORDS = 14


class OtherEvent(TypedDict):
    """Another event whose cut lies in the windows: columns of dim_event."""

    event_id: str
    event_date: dt.date
    anchor_on: dt.date
    title: str
    timeline: str
    event_type: str


def paragraph(
    series: DimSeries,
    event_id: str,
    event: DimEvent | None,
    result: RptBeforeAfter,
    others: Sequence[OtherEvent],
    episodes: Sequence[DimEpisode],
    same_months_now: RptBeforeAfter | None = None,
    held: Held | None = None,
    on_date: dt.date | None = None,
    own_month: dt.date | None = None,
    *,
    reached: bool = True,
) -> str:
    """The comparison in plain sentences.

    event_id: as it was asked for, a date where event is None; result: the row of the report or of the macro; others,
    episodes: what else falls into the windows, nearest or oldest first; same_months_now: for a comparison as of an earlier
    day, the same months with the latest figures; held: which versions of the months are held; on_date: that earlier day; own_month: that of an event
    inside a month; reached: False for an act that does not reach the series.
    """
    series_text = f"{series['title']} ({series['series_id']}, {series['seasonal_adjustment']})"
    event_text = f"{event_id} ({event['title']}, {event['event_date']})" if event else event_id
    left_out = cautions.left_out_because(event)
    not_compared = [cautions.not_compared(left_out)] if left_out else []
    if result["pre_mean"] is None or result["post_mean"] is None:
        refusal = _refusal(series_text, event_text, series, result, held)
        return " ".join([*not_compared, refusal + known_too_late(series, result, held, on_date)])
    log = result["scale"] == "log"
    sentences = [
        *([*not_compared, DESCRIBED] if left_out else []),
        *_difference(series_text, event_text, series, result, result["pre_mean"], result["post_mean"]),
        *own_month_sentence(own_month, result),
        *missing_sentence(result["months_left_out"]),
        *([] if reached or left_out else [cautions.NOT_REACHED]),
        *(
            []
            if left_out
            else _standing(result, log=log, of=f"this series{'' if log else f' ({unit(series)})'}")
        ),
        *_company(result, others, episodes),
        *_vintage(series, result, same_months_now, held),
        "This describes two periods; it does not say what made them differ.",
    ]
    return " ".join(sentences)


def brief(
    series: DimSeries,
    event_id: str,
    event: DimEvent | None,
    result: RptBeforeAfter,
    others: Sequence[OtherEvent],
    episodes: Sequence[DimEpisode],
    held: Held | None = None,
    on_date: dt.date | None = None,
    *,
    own_month: dt.date | None = None,
    reached: bool = True,
) -> str:
    """The same in MAX_WORDS words at most, where rpt_answer has no row: means, verdict, and how much else happened."""
    what = f"'{shortened(event['title'])}' ({day(event['event_date'])})" if event else event_id
    title, left_out = shortened(series["title"]), cautions.left_out_because(event)
    not_compared = [cautions.not_compared(left_out)] if left_out else []
    before, after = result["pre_mean"], result["post_mean"]
    if before is None or after is None:
        reason = result["reason"] or "a window has a month without a value"
        return within_limit(
            [
                *not_compared,
                f"{title} before and after {what} cannot be compared: {reason}.",
                known_too_late(series, result, held, on_date).strip()
                or what_would_work(series, result, held.months if held else ()).strip(),
            ]
        )
    log = result["scale"] == "log"
    moved = difference_of(result)
    found = "not at all" if moved is None else f"by {difference(moved, series, log=log)}"
    reason = f" ({result['reason']})" if result["reason"] else ""
    judged = [] if left_out else [f"Verdict: {verdict(result['verdict'])}{reason}."]
    company = []
    if others:
        nearest = f"'{shortened(others[0]['title'])}' ({day(others[0]['event_date'])})"
        company.append(
            f"{cautions.others_fall(len(others))} into the windows{', the nearest' if others[1:] else ':'} {nearest}."
        )
    if episodes:
        company.append(
            f"Unusual months fall into the windows: {shortened(episodes[0]['title'])}{' and others' if episodes[1:] else ''}."
        )
    return within_limit(
        [
            *([*not_compared, DESCRIBED] if left_out else []),
            f"In {_months(result['n_post'], result)} after {what}, {title} averaged {number(after)} {unit(series)}, and "
            f"{number(before)} before: the means {'of the logarithms ' if log else ''}differ {found}.",
            *([f"Figures as known on {day(on_date)}."] if on_date else []),
            *own_month_sentence(own_month, result),
            *missing_sentence(result["months_left_out"]),
            *([] if reached or left_out else [cautions.NOT_REACHED]),
            *judged,
            *company,
            "This does not say what made them differ.",
        ]
    )


def within_limit(sentences: Sequence[str]) -> str:
    """The sentences, without the last ones that would make the text longer than MAX_WORDS."""
    kept: list[str] = []
    for sentence in sentences:
        if kept and len(" ".join([*kept, sentence]).split()) > MAX_WORDS:
            break
        kept.append(sentence)
    return " ".join(kept)


def shortened(title: str) -> str:
    """A title of many words cut to its first ones."""
    words = title.split()
    return title if len(words) <= _TITLE_WORDS else f"{' '.join(words[:_TITLE_WORDS])} ..."


def control_sentences(row: RptDifferenceInDifferences, controls: Sequence[DimControlSet]) -> str:
    """A row of rpt_difference_in_differences in words; controls: its rows of dim_control_set."""
    against = controls[0]["title"] if controls else row["control_set_id"]
    did, of_series, of_controls = row["did"], row["d_log_treated"], row["d_log_control"]
    if did is None or of_series is None or of_controls is None:
        return f"Against {against} it cannot be compared: {row['reason'] or 'a month is missing'}."
    sentences = [
        f"Against {against} ({row['control_set_id']}: {_weights(controls)}) it differs by {percent(did)}: "
        f"{percent(of_series)} less {percent(of_controls)}, taken off as logarithms."
    ]
    if controls:
        sentences.append(f"Assumption: {controls[0]['assumption']}")
    if row["pretrend_bias"] is not None:
        sentences.append(
            f"The drift of the 36 months before alone would make it {percent(row['pretrend_bias'])}."
        )
    if row["breakdown_m"] is not None:
        sentences.append(
            f"The largest such difference at an earlier date without a known event was {1 / row['breakdown_m']:.1f} times as "
            "large."
            if row["breakdown_m"] > 0
            else "There were differences as large at earlier dates without a known event."
        )
    sentences += _standing(row, log=True, of="this series and its controls")
    return " ".join(sentences)


def _weights(controls: Sequence[DimControlSet]) -> str:
    """The controls with their weights; a weight of one goes without saying."""
    named = [f"{c['control_series_id']} {c['weight']:.2f}".replace(" 1.00", "") for c in controls]
    return ", ".join(named) or "no controls"


# -- sentences -------------------------------------------------------------------------------------------------------


def _refusal(
    series_text: str, event_text: str, series: DimSeries, result: RptBeforeAfter, held: Held | None
) -> str:
    reason = result["reason"] or "a window has a month without a value"
    return (
        f"{series_text} before and after {event_text} cannot be compared: {reason}. Months with a value: "
        f"{result['n_pre']} before ({_before(result)}), {result['n_post']} after ({_after(result)})."
    ) + what_would_work(series, result, held.months if held else ())


def what_would_work(series: DimSeries, result: RptBeforeAfter, months_held: Sequence[dt.date] = ()) -> str:
    """The cuts at which windows of this width are whole, when these lie outside the life of the series.

    months_held: the months of the series with a number, where they are known: holes among them can spoil the windows they lie in.
    """
    first, last, months = series["first_period"], series["last_period"], result["window_months"]
    gap = result["gap_months"]
    if not first or not last:
        return ""
    if series["break_period"]:
        # figures before a declared break are not compared with later ones
        first = max(first, series["break_period"])
    if result["pre_start"] >= first and result["post_end"] <= last:
        return ""
    known = f" The series has {month(first)} to {month(last)}"
    if months_held:
        cuts = whole_cuts(months_held, months, gap)
    else:
        earliest, latest = month_after(first, reach_of(months, gap)), month_after(last, 1 - months)
        cuts = [earliest, latest] if earliest <= latest else []
    if not cuts:
        years = reach_of(months, gap) // 12
        season = "the year before" if years == 1 else f"{years} years before"
        paired = f", which are compared with the same months of {season}" if months % 12 else ""
        return f"{known}, too short for windows of {months} months{paired}."
    missing = months_from_epoch(cuts[-1]) - months_from_epoch(cuts[0]) + 1 - len(cuts) if months_held else 0
    but = f", but for {missing} whose windows lack too many months" if missing else ""
    return (
        f"{known}: windows of {months} months{f' with a gap of {gap}' if gap else ''} fit around cuts from "
        f"{month(cuts[0])} to {month(cuts[-1])}{but}."
    )


def _difference(
    series_text: str, event_text: str, series: DimSeries, result: RptBeforeAfter, before: float, after: float
) -> list[str]:
    """The means of both windows, `before` and `after`, and how far they differ."""
    # a width that is not whole years is compared with the same calendar months (docs/methods.md)
    season = "" if result["window_months"] % 12 == 0 else " of the same season"
    sentences = [
        f"In {_months(result['n_post'], result)} after {event_text}, {_after(result)}, {series_text} averaged {number(after)} "
        f"{unit(series)}; in {_months(result['n_pre'], result)}{season} before, {_before(result)}, {number(before)}."
    ]
    log_points = result["d_log"]
    if result["scale"] != "log" or log_points is None:
        return [
            *sentences,
            f"The means differ by {number(result['d_level'], sign=True)} {unit_of_difference(series)}.",
        ]
    sentences.append(f"The means of the logarithms differ by {percent(log_points)}.")
    if before > 0 and after > 0 and abs(math.log(after) - math.log(before) - log_points) > MEANS_APART:
        sentences.append(
            f"The plain means differ by {percentage(100 * (after / before - 1))}: a few extreme months weigh more in logarithms."
        )
    if result["second_diff"] is not None:
        earlier = log_points - result["second_diff"]
        sentences.append(f"The same comparison one window earlier shows {percent(earlier)}.")
    return sentences


def _standing(row: RptBeforeAfter | RptDifferenceInDifferences, *, log: bool, of: str) -> list[str]:
    """How unusual the difference is: rank, detectable change and verdict. `of`: what differs as much at other dates."""
    sentences = []
    if row["placebo_rank"] is not None:
        sentences.append(
            f"At {share(row['placebo_rank'])} of {row['n_placebo']} other dates of {of} without a known event, the same "
            "comparison is at least as far from the usual."
        )
    # where the verdict changes; where there is no threshold, what 95 % of the other dates stay below
    limit = row["mde95"] if row["distance_at_threshold"] is None else row["distance_at_threshold"]
    if limit is not None:
        sentences.append(
            f"Only what is more than {size(limit, log=log)} from the usual can be told from what happens anyway."
        )
    reason = f" ({row['reason']})" if row["reason"] else ""
    rate = ""
    if row["verdict"].endswith("usual_range") and row["false_alarm_rate"] is not None:
        rate = (
            f"; this rule says 'outside' at {share(row['false_alarm_rate'])} of the dates at which nothing is known "
            "to have happened"
        )
    sentences.append(f"Verdict: {verdict(row['verdict'])}{reason}{rate}.")
    return sentences


def _company(
    result: RptBeforeAfter, others: Sequence[OtherEvent], episodes: Sequence[DimEpisode]
) -> list[str]:
    """What else falls into the windows. The verdict `overlapping` says by itself that events cannot be told apart."""
    already_said = result["identified"] or result["verdict"] == "overlapping"
    overlap = [] if already_said else [cautions.CANNOT_BE_TOLD_APART]
    return [*cautions.others_fall_in(others), *overlap, *cautions.unusual_months(episodes)]


def _vintage(
    series: DimSeries, result: RptBeforeAfter, now: RptBeforeAfter | None, held: Held | None
) -> list[str]:
    """Which figures these are, and what other vintages of them give."""
    preliminary = result["preliminary_months"]
    day_known = day(result["as_of"]) if result["as_of"] else None
    if result["as_of_basis"] == "first_release":
        known = f"Each month as first released{f', the last of them on {day_known}' if day_known else ''}"
    else:
        known = f"Figures as known on {day_known}" if day_known else "Figures as known now"
    sentences = [
        known + (f", {preliminary} of the months preliminary." if preliminary else "."),
        *cautions.handed_on(series),
        *cautions.recorded_otherwise(series),
    ]
    log = result["scale"] == "log"
    own, effect = difference_of(result), result["revision_effect"]
    other = None
    means = "means of the logarithms" if log else "means"
    if now is not None and now["scale"] == result["scale"]:
        other = difference_of(now)
        words = f"With the latest figures, the {means} of the same months differ by"
    elif effect is not None and own is not None:
        # revision_effect is the difference of the latest figures less that of the first releases
        if result["as_of_basis"] == "latest":
            other, words = own - effect, f"With each month as first released, the {means} differ by"
        else:
            other, words = own + effect, f"With the latest figures, the {means} differ by"
    if other is None or own is None:
        latest = result["as_of_basis"] == "latest"
        return [*sentences, *(unknown_revisions(held, result) if latest else [])]
    if now is not None and held is not None and not held.n_revised_since:
        return [*sentences, "No later version of these months is held."]
    if not cautions.revision_is_noted(other - own, result):
        return [*sentences, "Revisions on record have not moved the difference."]
    return [*sentences, f"{words} {difference(other, series, log=log)}."]


def difference_of(row: RptBeforeAfter | RptClusterBeforeAfter) -> float | None:
    """The difference of a comparison: log points when its scale is log, else units of the series."""
    return row["d_log"] if row["scale"] == "log" else row["d_level"]


def described(result: RptBeforeAfter, series: DimSeries) -> str | None:
    """The difference where nothing can be told about it, as a description of the two windows; None where there is none."""
    value = difference_of(result)
    if value is None:
        return None
    size = difference(value, series, log=result["scale"] == "log")
    known = min(result["n_pre"], result["n_post"])
    shown = "" if known >= result["window_months"] else f"in {_months(known, result)}, "
    return f"Described only, not judged: {shown}{_before(result)} and {_after(result)} differ by {size}."


def _before(result: RptBeforeAfter) -> str:
    return f"{month(result['pre_start'])} to {month(result['pre_end'])}"


def _after(result: RptBeforeAfter) -> str:
    return f"{month(result['post_start'])} to {month(result['post_end'])}"


def _months(known: int, result: RptBeforeAfter) -> str:
    """How many of the months of a window have a value, and why not all of them are compared."""
    width = result["window_months"]
    # a month is left out with its counterpart, so that half of them lie in each window
    left_out = len(result["months_left_out"] or ()) // 2
    if known >= width:
        return f"the {known} months"
    return f"{known} of the {width} months ({'the rest is not known' if known + left_out < width else 'the rest is left out'})"


def offered(windows: Sequence[tuple[int, int]]) -> str:
    """Pairs of window and gap that a report has, as a person would ask for them."""
    months, gaps = sorted({w for w, _ in windows}), sorted({g for _, g in windows})
    if len(windows) == len(months) * len(gaps):
        return f"--months {_either(months)} with --gap {_either(gaps)}"
    return "; ".join(f"--months {w} --gap {g}" for w, g in sorted(windows))


def _either(values: Sequence[int]) -> str:
    texts = [str(v) for v in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"
