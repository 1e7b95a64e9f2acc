"""What must be known before a comparison is read, in the order in which it is read.

Belongs here: which cautions of a Comparison are due, for the dashboard and for files. Does not belong here: the words of a
single caution (cautions.py), the paragraph that holds all of them (sentences.py).
"""

from __future__ import annotations

from orchestration.readers.comparison import cautions
from orchestration.readers.comparison.compare import Comparison
from orchestration.readers.comparison.left_out import missing_sentence, own_month_sentence
from orchestration.readers.comparison.sentences import difference_of
from orchestration.readers.comparison.versions import unknown_revisions
from orchestration.readers.wording import difference


def caution_lines(comparison: Comparison) -> list[str]:
    """What must be known before the numbers: overlap, unusual months, vintages, months that are missing."""
    result, series = comparison.result, comparison.series
    left_out = comparison.left_out_because
    lines = cautions.not_in_force(comparison.event) if comparison.event else []
    lines += [cautions.not_compared(left_out)] if left_out else []
    lines += cautions.of_own_timelines(comparison.event, comparison.own_events)
    overlap = [*cautions.others_fall_in(comparison.other_events), *cautions.not_identified(result)]
    if overlap:
        lines.append("Overlap: " + " ".join(overlap))
    lines += own_month_sentence(comparison.own_month, result)
    lines += missing_sentence(result["months_left_out"])
    lines += cautions.unusual_months(comparison.episodes)
    lines += cautions.recorded_otherwise(series)
    vintage = [*cautions.preliminary(result), *cautions.revised(result, series), *cautions.handed_on(series)]
    if result["as_of_basis"] == "first_release":
        vintage.append("Each month as it was first released, not as known now.")
    elif comparison.on_date:
        known = f"Figures as known on {comparison.on_date}, not as known now."
        vintage.append(known + _same_months_now(comparison))
    else:
        vintage += cautions.one_version(series) or unknown_revisions(comparison.held, result)
    return [*lines, *(f"Vintage: {line}" for line in vintage), *cautions.short_window(result)]


def _same_months_now(comparison: Comparison) -> str:
    """What the same months say with today's figures."""
    now = comparison.same_months_now
    value = difference_of(now) if now else None
    if now is None or value is None:
        return ""
    size = difference(value, comparison.series, log=now["scale"] == "log")
    rule = " (means of the logarithms)" if now["scale"] == "log" else ""
    return f" With today's figures the same months differ by {size}{rule}."
