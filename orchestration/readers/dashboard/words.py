"""Words of the dashboard: text made safe for Markdown, numbers with units, codes as a reader knows them.

Belongs here: escaping, formats of numbers and dates, names for coded values.
Does not belong here: rendering (parts.py), sentences about a comparison (orchestration/readers/comparison/compare.py).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import Any

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")

#: codes of transport in the freight data of the US Bureau of Transportation Statistics (TransBorder documentation)
MODES = {
    "1": "vessel",
    "3": "air",
    "4": "mail",
    "5": "truck",
    "6": "rail",
    "7": "pipeline",
    "8": "other",
    "9": "foreign trade zone",
}
PARTIES = {"USA": "United States", "CAN": "Canada", "MEX": "Mexico", "CHN": "China", "WLD": "World"}
TIMELINES = {
    "nafta_renegotiation": "NAFTA renegotiation",
    "usmca_ratification": "USMCA ratification",
    "usmca_implementation": "USMCA implementation",
    "usmca_joint_review": "USMCA joint review",
    "section_232_steel_aluminum": "Section 232: steel, aluminium",
    "section_232_autos": "Section 232: autos",
    "us_china_301": "US–China, Section 301",
    "section_338_canada": "Section 338: Canada",
    "retaliation_canada": "Retaliation: Canada",
    "retaliation_mexico": "Retaliation: Mexico",
    "ieepa_fentanyl_border_tariffs": "IEEPA border tariffs",
    "us_global_tariffs_other": "Other US global tariffs",
}
#: models of rpt_counterfactual
MODELS = {
    "arima_110_drift_month": "ARIMA(1,1,0) with drift and months",
    "uc_local_linear_trend": "local linear trend",
}
_ACRONYMS = {"ip": "IP", "ieepa": "IEEPA", "tpa": "TPA", "de": "de"}
_MULTIPLIERS = {1: "", 1_000: "thousand ", 1_000_000: "million ", 1_000_000_000: "billion "}


def escaped(text: Any) -> str:
    """Text as Markdown that shows exactly that text: no heading, link, image, colour, formula or HTML comes of it."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(str(text).split()))


def spelled(code: str | None) -> str:
    """A code of the data as words: rules_of_origin_autos becomes 'rules of origin autos'."""
    if not code:
        return "–"
    if code in TIMELINES or code in MODELS:
        return TIMELINES.get(code) or MODELS[code]
    return " ".join(_ACRONYMS.get(word, word) for word in code.split("_"))


def unit_of(series: Mapping[str, Any]) -> str:
    """Unit with its multiplier: 'million USD'."""
    factor = series.get("unit_multiplier") or 1
    return _MULTIPLIERS.get(factor, f"{factor:,} × ") + str(series["unit"])


def number(value: float | None, digits: int | None = None, *, sign: bool = False) -> str:
    """A number with as many digits as its size deserves; a missing one is a dash."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if digits is None:
        size = abs(value)
        digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    if isinstance(value, int):
        digits = 0
    return f"{value:{'+' if sign else ''},.{digits}f}"


def percent(value: float | None, digits: int = 2, *, sign: bool = True) -> str:
    """A percentage that is in percent already."""
    return "–" if value is None else f"{value:{'+' if sign else ''}.{digits}f} %"


def money(value: float | None) -> str:
    """US dollars, shortened: 12.3 billion."""
    if value is None:
        return "–"
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if abs(value) >= size:
            return f"USD {value / size:,.1f} {name}"
    return f"USD {value:,.0f}"


def month(day: dt.date | None) -> str:
    return f"{day:%Y-%m}" if day else "–"


def period(day: dt.date | None, frequency: str) -> str:
    """A period as people write it: 2018, 2018Q1 or 2018-01."""
    if day is None:
        return "–"
    if frequency == "annual":
        return f"{day:%Y}"
    if frequency == "quarterly":
        return f"{day:%Y}Q{(day.month + 2) // 3}"
    return f"{day:%Y-%m-%d}" if frequency == "daily" else f"{day:%Y-%m}"


def when(moment: dt.datetime | dt.date | None) -> str:
    if moment is None:
        return "–"
    return (
        f"{moment:%Y-%m-%d %H:%M} UTC"
        if isinstance(moment, dt.datetime) and moment.hour + moment.minute
        else f"{moment:%Y-%m-%d}"
    )
