"""How fresh the figures are, in the words that stand above the table of sources.

Belongs here: what matters first: when the agencies were last asked, then what they have published since by their calendars. Does
not belong here: the table and its query (overview.py), the calendars (rpt_freshness).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypedDict

#: how the payload of a bundled figure is named (dim_payload); any other is an agency's own reply or a user's file
_BUNDLED = "figures:"


class Loaded(TypedDict):
    """What is asked of a row of rpt_freshness."""

    state: str
    days_behind: int | None
    last_retrieved_at: dt.datetime | None
    last_payload_id: str | None


def freshness_text(rows: Sequence[Loaded]) -> str:
    """One to three sentences, as Markdown.

    That every dataset is behind is no news where nobody has asked an agency yet: then the day of the bundled figures is.
    """
    loaded = [row for row in rows if row["state"] != "never_loaded" and row["last_retrieved_at"]]
    if not loaded:
        return "No figures are loaded. `headway build` loads the bundled ones."
    asked = [row for row in loaded if not (row["last_payload_id"] or "").startswith(_BUNDLED)]
    bundled = [row for row in loaded if row not in asked]
    late = [row for row in loaded if row["state"] == "late"]
    return " ".join(filter(None, (_when_asked(asked, bundled), _what_is_late(late, len(loaded)))))


def _when_asked(asked: Sequence[Loaded], bundled: Sequence[Loaded]) -> str:
    """When the newest replies came, and of which day the bundled figures are."""
    day = f"{max((r['last_retrieved_at'] for r in asked or bundled if r['last_retrieved_at']), default=None):%Y-%m-%d}"
    if not asked:
        return f"The figures are the bundled ones of {day}: no agency has been asked since."
    if not bundled:
        return f"The agencies were last asked on {day}."
    return (
        f"{_datasets(len(asked))} came from the agencies, last on {day}; {len(bundled)} more are as bundled."
    )


def _what_is_late(late: Sequence[Loaded], loaded: int) -> str:
    if not late:
        return "Every dataset has the period that its agency's calendar promises."
    which = "All of them" if len(late) == loaded else f"{len(late)} of {loaded} datasets"
    return f"{which} have a newer period by the agency's calendar: `headway refresh` asks for what is new."


def _datasets(count: int) -> str:
    return "1 dataset" if count == 1 else f"{count} datasets"
