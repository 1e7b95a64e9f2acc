"""What must be known before a comparison is read, and its answer in one sentence.

Belongs here: those words, from a Comparison. Does not belong here: the paragraph that the command line prints too
(orchestration/readers/comparison/sentences.py), layout (compare.py).
"""

from __future__ import annotations

from orchestration.readers.comparison.compare import Comparison
from orchestration.readers.wording import difference, month, number, percent, verdict


def cautions(found: Comparison) -> list[str]:
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
    if result.get("as_of_basis") == "first_release":
        lines.append("Vintage: each month as it was first released, not as known now.")
    elif found.on_date:
        lines.append(f"Vintage: figures as known on {found.on_date}, not as known now.{_now(found)}")
    elif (found.series.get("vintage_count") or 0) < 2:
        lines.append("Vintage: only one version of this series is known, so revisions cannot be seen.")
    if 0 < (result.get("n_post") or 0) < result["window_months"] and result["window_months"] % 12 == 0:
        lines.append(
            f"Only {result['n_post']} of the {result['window_months']} months after are known: the seasons of the two "
            "windows differ."
        )
    return lines


def _now(found: Comparison) -> str:
    """What the same months say with today's figures."""
    now, log = found.same_months_now, found.result.get("d_log") is not None
    value = now.get("d_log" if log else "d_level") if now else None
    if value is None:
        return ""
    return f" With today's figures the same months differ by {percent(value) if log else number(value, sign=True)}."


def verdict_sentence(found: Comparison) -> str:
    """What differs and how usual that is, in one sentence. Never what made it differ."""
    result, title = found.result, found.series["title"]
    if found.event:
        what = f"{found.event['title']} ({found.event['event_date']})"
    else:
        what = month(result["cut_month"]) if result["cut_month"] else "this date"
    if result.get("pre_mean") is None or result.get("post_mean") is None:
        reason = result.get("reason") or "a window has no value"
        return f"{title} before and after {what} cannot be compared: {reason}."
    log = result.get("d_log") is not None
    size = difference(result["d_log"] if log else result["d_level"], found.series, log=log)
    sentence = f"After {what}, {title} differs from before by {size}"
    if not result.get("verdict"):
        return f"{sentence}; how usual that is for this series is not in this release."
    reason = f" ({result['reason']})" if result.get("reason") else ""
    return f"{sentence}, {verdict(result['verdict'])}{reason}."
