"""How what other methods say is printed: a row a method, its error rate beside it.

Belongs here: the columns of that table. Does not belong here: asking (readers/comparison/answers.py), how a size or a
rate is written (method_result.py), the table itself (cli/printer.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from orchestration.readers.wording import share, verdict

if TYPE_CHECKING:
    from orchestration.readers.comparison.method_result import MethodResult

PrintedMethod = TypedDict(
    "PrintedMethod",
    {
        "method": str,
        "differs by": str,
        "95 % range": str,
        "rank": float | None,
        "false alarms": str,
        "verdict": str,
        "note": str,
    },
)


def method_rows(results: Sequence[MethodResult]) -> list[PrintedMethod]:
    """One record a result. Every method has the column of false alarms, also when nothing was measured."""
    return [
        {
            "method": result.method.replace("_", " ") + (f" ({result.variant})" if result.variant else ""),
            "differs by": result.difference_text,
            "95 % range": result.range_text,
            "rank": None if result.rank is None else round(result.rank, 4),
            "false alarms": _false_alarms(result),
            "verdict": verdict(result.verdict) if result.verdict else "",
            "note": result.note or "",
        }
        for result in results
    ]


def _false_alarms(result: MethodResult) -> str:
    """'7.5 % of 118 dates (nominal 5 %)'; 'not measured' beside a difference whose method nobody has measured."""
    if result.false_alarm_rate is None:
        return "" if result.difference is None else "not measured"
    nominal = "" if result.nominal_rate is None else f" (nominal {share(result.nominal_rate)})"
    return result.false_alarm_text + nominal
