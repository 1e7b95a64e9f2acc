"""The answer of a comparison in one sentence, beside the cautions that stand before it.

Belongs here: that sentence. Does not belong here: the cautions (orchestration/readers/comparison/caution_lines.py), the
paragraph that the command line prints too (orchestration/readers/comparison/sentences.py), layout (compare.py).
"""

from __future__ import annotations

from orchestration.readers.comparison.cautions import not_compared
from orchestration.readers.comparison.compare import Comparison
from orchestration.readers.comparison.sentences import difference_of
from orchestration.readers.wording import dated, difference, month, verdict


def verdict_sentence(comparison: Comparison) -> str:
    """What differs and how usual that is, in one sentence. Never what made it differ."""
    result, series = comparison.result, comparison.series
    if comparison.event:
        what = dated(comparison.event)
    else:
        what = month(result["cut_month"]) if result["cut_month"] else "this date"
    change = difference_of(result)
    if result["pre_mean"] is None or result["post_mean"] is None or change is None:
        reason = result["reason"] or "a window has no value"
        return f"{series['title']} before and after {what} cannot be compared: {reason}."
    size = difference(change, series, log=result["scale"] == "log")
    # the plain means printed beside it can differ by another percentage
    rule = " (means of the logarithms)" if result["scale"] == "log" else ""
    sentence = f"After {what}, {series['title']} differs from before by {size}{rule}"
    if comparison.left_out_because:
        return f"{sentence}: described, not judged. {not_compared(comparison.left_out_because)}"
    if not result["verdict"]:
        return f"{sentence}; how usual that is for this series is not in this release."
    reason = f" ({result['reason']})" if result["reason"] else ""
    return f"{sentence}, {verdict(result['verdict'])}{reason}."
