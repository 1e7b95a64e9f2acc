"""How numbers, dates and names are written in sentences, tables and charts.

Belongs here: formats that paragraph, chart and report share, so that the same number looks the same everywhere.
Does not belong here: sentences (sentences.py), rendering (cli/printer.py).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

_MULTIPLIERS = {1: "", 1_000: "thousand ", 1_000_000: "million ", 1_000_000_000: "billion "}


def percent(log_points: float) -> str:
    """A difference of logarithms as a percentage with its sign: 0.0922 is +9.66 %."""
    return f"{100 * math.expm1(log_points):+.2f} %"


def number(value: float, *, sign: bool = False) -> str:
    """A value with about four significant digits and thousands separated: 26,249.750 is 26,250, 6979851745.2 is 6,980 million."""
    size = abs(value)
    if size >= 1e7:
        return f"{number(value / 1e6, sign=sign)} million"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:{'+' if sign else ''},.{digits}f}"


def size(value: float, *, log: bool) -> str:
    """A distance without sign: 0.082 log points are 8.5 %, else a number of units."""
    return f"{100 * math.expm1(value):.1f} %" if log else number(value)


def share(value: float) -> str:
    """A share as per cent: 0.46 is 46 %, 0.0072 is 0.7 %."""
    return f"{100 * value:.0f} %" if value >= 0.1 or value == 0 else f"{100 * value:.1f} %"


def unit(series: Mapping[str, Any]) -> str:
    """'million USD' of a row of dim_series."""
    factor = series.get("unit_multiplier") or 1
    return f"{_MULTIPLIERS.get(factor, f'{factor:,} ')}{series['unit']}"


def unit_of_difference(series: Mapping[str, Any]) -> str:
    """The unit of a difference of two values: 'percentage points' of a percentage, else that of the series."""
    return "percentage points" if series["unit"] == "percent" else unit(series)


def day(moment: dt.date | str) -> str:
    """A date as 2018-01-29, a datetime without its time."""
    return moment.strftime("%Y-%m-%d") if isinstance(moment, dt.date) else str(moment)


def month(moment: dt.date | str) -> str:
    """The month of a date as 2018-01."""
    return day(moment)[:7]


def verdict(value: str) -> str:
    """A verdict of the closed list in words: 'within the usual range of this series'."""
    return VERDICTS.get(value, value.replace("_", " "))


VERDICTS = {
    "outside_usual_range": "outside the usual range of this series",
    "within_usual_range": "within the usual range of this series",
    "confounded": "not told apart from unusual months",
    "overlapping": "not told apart from other events",
    "not_enough_history": "not judged, the series has too few dates to compare with",
    "preliminary_data": "not judged, some figures are preliminary",
    "not_computable": "cannot be computed",
}
