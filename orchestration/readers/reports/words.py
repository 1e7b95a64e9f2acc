"""Numbers, labels, dates and links as text for pages.

Belongs here: rendering of single values. Does not belong here: sentences of a comparison (readers/comparison/sentences.py), layout.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from orchestration.base.settings import PROJECT
from orchestration.readers.wording import number, percent

#: the closed list of verdicts in the few words a table has room for (in sentences: wording.py)
VERDICTS = {
    "outside_usual_range": "Outside the usual range",
    "within_usual_range": "Within the usual range",
    "confounded": "Confounded by an episode",
    "overlapping": "Overlaps other events",
    "not_enough_history": "Not enough history",
    "preliminary_data": "Preliminary data",
    "not_computable": "Not computable",
}

ADJUSTMENTS = {
    "SA": "seasonally adjusted",
    "NSA": "not seasonally adjusted",
    "SAAR": "seasonally adjusted annual rate",
}

_MULTIPLIERS = {1: "", 1_000: "thousand ", 1_000_000: "million ", 1_000_000_000: "billion "}
_CAPITALS = {"nafta", "usmca", "us", "usa", "ip", "tpa", "ieepa", "hs"}
_URL = re.compile(r"https?://[^\s<>\"';]+")

#: what stands where there is no value; screen readers get the words
ABSENT = Markup('<span aria-hidden="true">–</span><span class="unseen">no value</span>')


@cache
def titles(kind: str) -> Mapping[str, str]:
    """Titles of timelines, topics or parties by slug, from the seed of that name; empty where there is none."""
    path = PROJECT / "dbt_project" / "seeds" / "timeline" / f"seed_{kind}.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row[kind]: row["title"] for row in csv.DictReader(file)}


def label(slug: str | None, kind: str = "") -> str:
    """A slug as words: its title in the seed `kind`, or nafta_talks as "NAFTA talks"."""
    if not slug:
        return ""
    if kind and (title := titles(kind).get(slug)):
        return title
    words = [w.upper() if w.lower() in _CAPITALS else w for w in re.split(r"[_\s]+", slug)]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def unit(series: Mapping[str, Any]) -> str:
    """The unit of the printed values: "million USD"."""
    multiplier = series["unit_multiplier"]
    return _MULTIPLIERS.get(multiplier, f"{multiplier:,} ") + series["unit"]


def value(x: float | None) -> str | Markup:
    """A value of a series, a dash where there is none."""
    return ABSENT if x is None else number(x)


def change(row: Mapping[str, Any], series: Mapping[str, Any]) -> str | Markup:
    """The difference of a row of rpt_before_after: percent on the log scale, else in the unit of the series."""
    if row.get("scale") == "log":
        return ABSENT if row.get("d_log") is None else percent(row["d_log"])
    return ABSENT if row.get("d_level") is None else f"{number(row['d_level'], sign=True)} {unit(series)}"


def log_percent(x: float | None) -> str | Markup:
    return ABSENT if x is None else percent(x)


def points(x: float | None) -> str | Markup:
    """A difference of log points, in hundredths: 0.0318 is +3.18."""
    return ABSENT if x is None else f"{100 * x:+.2f}"


def fixed(x: float | None, digits: int = 2) -> str | Markup:
    return ABSENT if x is None else f"{x:,.{digits}f}"


def amount(x: float | None) -> str:
    """A number of a position without needless zeros: 85, 62.5."""
    return "" if x is None else f"{x:,.10g}" if abs(x) < 1e10 else f"{x:,.0f}"


def month(day: dt.date | None) -> str | Markup:
    return ABSENT if day is None else f"{day:%Y-%m}"


def day(moment: dt.date | None) -> str | Markup:
    return ABSENT if moment is None else f"{moment:%Y-%m-%d}"


def event_day(event: Mapping[str, Any]) -> str:
    """The day of an event as exactly as it is known: 2018-01-29, 2018-01, first quarter of 2018, 2018."""
    start = event["event_date"]
    precision = event.get("date_precision", "day")
    if precision == "month":
        return f"{start:%Y-%m}"
    if precision == "quarter":
        return f"quarter {(start.month + 2) // 3} of {start.year}"
    if precision == "year":
        return str(start.year)
    end = event.get("end_date")
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d}" if end and end != start else f"{start:%Y-%m-%d}"


def linked(text: str | None) -> Markup:
    """A source reference with its addresses as plain links, everything else escaped. A link loads nothing by itself."""
    parts: list[Markup] = []
    last = 0
    for found in _URL.finditer(text or ""):
        url = found[0].rstrip(".,")
        # an address in brackets, (https://x.org/a), ends before the bracket that it did not open
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1]
        parts.append(escape(text[last : found.start()]))
        parts.append(Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(url))
        last = found.start() + len(url)
    parts.append(escape((text or "")[last:]))
    return Markup("").join(parts)
