"""Whether numbers are in the unit that is declared for them, where a reply does not state its unit.

Belongs here: comparing the numbers of a reply with the usual size of their series.
Does not belong here: units that are stated (transforms/parse/reply.py), comparison with the store.

If an agency prints thousands in place of units, or a code comes to mean dollars, the reply looks like a revision of every
month. The usual sizes are wide (the smallest and the largest plausible median), so that no recession is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.parse.outcome import SchemaChangedError
from transforms.parse.reply import SeriesReply

#: the size of a series is the median of so many of its newest values: one strike or lockdown does not move it far
_NEWEST = 24


def refuse_other_magnitude(
    reply: SeriesReply, usual: Mapping[str, tuple[float, float]], *, source: str
) -> None:
    """Raise SchemaChangedError if a series comes in another size than usual; arguments as for `other_magnitude`."""
    for code, why in other_magnitude(reply, usual).items():
        raise SchemaChangedError(
            source,
            f"{code} {why}",
            "look up the unit that the agency states for this code and declare the series in it",
        )


def other_magnitude(reply: SeriesReply, usual: Mapping[str, tuple[float, float]]) -> dict[str, str]:
    """source_code -> why, for series of which the median of the newest values lies outside the usual size.

    usual: source_code -> smallest and largest plausible median of absolute values, in the unit of the reply. Codes that
    are not in the reply, or have no number in it, pass.
    """
    newest = (
        reply.frame.filter(pl.col("value").is_not_null())
        .sort("period_start", descending=True)
        .group_by("source_code")
        .agg(pl.col("value").head(_NEWEST).abs().median())
    )
    reasons = {}
    for code, median in newest.sort("source_code").rows():
        low, high = usual.get(code, (0.0, float("inf")))
        if not low <= median <= high:
            reasons[code] = (
                f"comes in another size: about {median:,.6g}, where {low:,.6g} to {high:,.6g} is usual"
            )
    return reasons
