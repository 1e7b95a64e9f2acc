"""How what other methods say is printed: a row a method, its error rate beside it.

Belongs here: the columns of that table. Does not belong here: asking (methods.py), the table itself (cli/printer.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestration.readers.wording import number, percent, share, verdict

if TYPE_CHECKING:
    from orchestration.readers.comparison.methods import MethodResult


def method_rows(methods: Sequence[MethodResult]) -> list[dict[str, Any]]:
    """One record a result. Every method has the column of false alarms, also when nothing was measured."""
    return [
        {
            "method": m.method.replace("_", " ") + (f" ({m.variant})" if m.variant else ""),
            "differs by": _size(m, m.difference),
            "95 % range": f"{_size(m, m.lower)} to {_size(m, m.upper)}" if m.lower is not None else "",
            "rank": round(m.rank, 4) if m.rank is not None else None,
            "false alarms": _alarms(m),
            "verdict": verdict(m.verdict) if m.verdict else "",
            "note": m.note or "",
        }
        for m in methods
    ]


def _size(result: MethodResult, value: float | None) -> str:
    if value is None:
        return ""
    return percent(value) if result.scale == "log" else number(value, sign=True)


def _alarms(result: MethodResult) -> str:
    """'7.5 % of 118 dates (nominal 5 %)'."""
    if result.false_alarm_rate is None:
        return "not measured" if result.difference is not None else ""
    dates = f" of {result.n_pseudo_events} dates" if result.n_pseudo_events else ""
    nominal = f" (nominal {share(result.nominal_rate)})" if result.nominal_rate is not None else ""
    return f"{share(result.false_alarm_rate)}{dates}{nominal}"
