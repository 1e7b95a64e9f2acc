"""What must be known before a comparison is read: events that overlap, unusual months, vintages, months that are missing.

Belongs here: each caution in words, and when it is due, so that the paragraph of the command line, the pages of `headway
report` and the dashboard say the same. Does not belong here: the numbers (sentences.py), where a caution stands on a page.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.readers.lookup import OWN
from orchestration.readers.rows import DimEpisode, DimEvent, DimSeries, RptBeforeAfter
from orchestration.readers.wording import DatedEvent, dated, difference, share

#: other events named in a caution, the nearest ones; the rest are counted
NAMED_EVENTS = 3
#: log points of revision, or parts of the mean before of a difference in units, that are not worth a number
REVISION_NOTED = 0.0005

CANNOT_BE_TOLD_APART = (
    "Another event shares more than half of the window after, so the two cannot be told apart."
)

#: of an act and a series without a row in rpt_event_exposure
NOT_REACHED = "By its goods, countries and partners this event does not reach this series: its day is compared like any other."

JUDGED_AS_PHASE = "A talk has no window of its own: it is judged as the phase of talks that it belongs to."


def left_out_because(event: DimEvent | None) -> str | None:
    """Why nothing is compared around an event (confidence is low, never in force, ...); None where it is compared, and for a bare date."""
    if event is None or event["in_report"]:
        return None
    return event["left_out_because"] or "it is not in the reports"


def not_compared(reason: str) -> str:
    """That an event has no comparison; reason: why, as left_out_because says it."""
    return f"Nothing is compared around this event: {reason}."


def not_in_force(event: DimEvent) -> list[str]:
    """An event that was announced only has nothing to show."""
    if event["in_force"]:
        return []
    return ["This event was announced, planned or overtaken: it did not take effect."]


def of_own_timelines(event: DimEvent | None, near: Sequence[DatedEvent]) -> list[str]:
    """What the user's own events are in a comparison. near: those in the windows that are not among the events in its way."""
    said = []
    if event is not None and event["origin"] == OWN:
        said.append(
            "This event is of your own timelines: it is compared like any date, and every bundled act that reaches the series is in its way."
        )
    if near:
        count = "1 falls" if len(near) == 1 else f"{len(near)} fall"
        nearest = ", the nearest" if len(near) > NAMED_EVENTS else ""
        named = "; ".join(map(dated, near[:NAMED_EVENTS]))
        said.append(
            f"Of your own timelines {count} into the windows, not counted as a rival{nearest}: {named}."
        )
    return said


def others_fall_in(others: Sequence[DatedEvent]) -> list[str]:
    """What else happened within the windows, the nearest first, as compare gives it."""
    if not others:
        return []
    nearest = ", the nearest" if len(others) > NAMED_EVENTS else ""
    return [
        f"{others_fall(len(others))} into the windows{nearest}: {'; '.join(map(dated, others[:NAMED_EVENTS]))}."
    ]


def others_fall(number: int) -> str:
    """The words with which a sentence on other events begins."""
    return "1 other event falls" if number == 1 else f"{number} other events fall"


def not_identified(result: RptBeforeAfter) -> list[str]:
    """Another event has most of the window after, too, or the event is a talk, which has no window of its own."""
    if result["identified"] is not False:
        return []
    if not result["rival_event_ids"]:
        return [JUDGED_AS_PHASE]
    shared = result["max_shared_post_share"]
    return [CANNOT_BE_TOLD_APART + (f" The largest share is {share(shared)}." if shared else "")]


def unusual_months(episodes: Sequence[DimEpisode]) -> list[str]:
    """Recessions, strikes and the like within the windows."""
    if not episodes:
        return []
    spans = [f"{e['title']} ({e['starts_on']} to {e['ends_on'] or 'now'})" for e in episodes]
    return [f"The windows hold unusual months: {'; '.join(spans)}."]


def preliminary(result: RptBeforeAfter) -> list[str]:
    """Figures that the agency will replace."""
    months = result["preliminary_months"] or 0
    return [f"{months} of the months are preliminary and will be revised."] if months else []


def revision_is_noted(change: float, result: RptBeforeAfter) -> bool:
    """Whether revisions moved the difference by more than rounding. `change`: log points or units, as the scale says."""
    size = 1.0 if result["scale"] == "log" else abs(result["pre_mean"] or 1.0)
    return abs(change) > REVISION_NOTED * size


def revised(result: RptBeforeAfter, series: DimSeries) -> list[str]:
    """What revisions since the first release did to the difference."""
    change = result["revision_effect"]
    if change is None or not revision_is_noted(change, result):
        return []
    moved = difference(change, series, log=result["scale"] == "log")
    return [f"Revisions since the first release moved this difference by {moved}."]


def one_version(series: DimSeries) -> list[str]:
    """A series of which no earlier version is known."""
    if (series["vintage_count"] or 0) >= 2:
        return []
    return ["Only one version of this series is known, so revisions cannot be seen."]


def handed_on(series: DimSeries) -> list[str]:
    """Who handed the figures on, where it was not the agency itself."""
    if series["grade"] == "press":
        return ["Some of the figures are as the press quoted them, not as the agency published them."]
    return (
        ["The figures come from public copies of what the agency published."]
        if series["grade"] == "copy"
        else []
    )


def recorded_otherwise(series: DimSeries) -> list[str]:
    """A declared break: figures before it are not compared with later ones."""
    if series["break_period"] is None:
        return []
    return [
        f"Figures before {series['break_period']:%Y-%m} are not compared with later ones: {series['break_reason']}."
    ]


def short_window(result: RptBeforeAfter) -> list[str]:
    """A window after of whole years that is not over yet."""
    # months left out because one of a pair has no value leave the seasons equal
    left_out = len(result["months_left_out"] or ()) // 2
    known, months = (result["n_post"] or 0) + left_out, result["window_months"]
    if not 0 < known < months or months % 12:
        return []
    return [f"Only {known} of the {months} months after are known: the seasons of the two windows differ."]
