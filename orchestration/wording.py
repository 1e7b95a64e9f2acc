"""How numbers, dates and names are written in sentences, tables and charts.

Belongs here: formats that paragraph, chart and report share, so that the same number looks the same everywhere.
Does not belong here: sentences (comparison_text.py), rendering (printing.py).
"""

from __future__ import annotations

import datetime as dt
import math


def percent(log_points: float) -> str:
    """A difference of logarithms as a change: 0.092234 is '+9.66 %'."""
    return f"{100 * math.expm1(log_points):+.2f} %"


def number(value: float, *, sign: bool = False) -> str:
    """Four significant digits or whole units: 26,250; 972.1; 3.14; 0.004."""
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:{'+' if sign else ''},.{digits}f}"


def day(moment: dt.date | str) -> str:
    """A date as 2018-01-29, a datetime without its time."""
    return moment.strftime("%Y-%m-%d") if isinstance(moment, dt.date) else str(moment)


def month(moment: dt.date | str) -> str:
    """The month of a date as 2018-01."""
    return day(moment)[:7]


def verdict(value: str) -> str:
    """A verdict of the closed list in words: 'within the usual range'."""
    return VERDICTS.get(value, value.replace("_", " "))


VERDICTS = {
    "outside_usual_range": "outside the usual range of this series",
    "within_usual_range": "within the usual range of this series",
    "confounded": "not told apart from unusual months in the windows",
    "overlapping": "not told apart from other events",
    "not_enough_history": "not judged, the series has too few dates to compare with",
    "preliminary_data": "not judged, some figures are preliminary",
    "not_computable": "cannot be computed",
}
