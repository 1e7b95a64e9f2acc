"""Values as they stand in the HTML of a page: absent ones with words for a screen reader, addresses as links.

Belongs here: what needs markup. Does not belong here: formats of numbers and dates, names of codes
(orchestration/readers/wording.py), sentences of a comparison (readers/comparison/sentences.py), layout.
"""

from __future__ import annotations

import datetime as dt
import re

from markupsafe import Markup, escape

from orchestration.readers import wording
from orchestration.readers.comparison.sentences import difference_of
from orchestration.readers.rows import DimSeries, RptBeforeAfter, RptClusterBeforeAfter

_URL = re.compile(r"https?://[^\s<>\"';]+")

#: what stands where there is no value; screen readers get the words
ABSENT = Markup(f'<span aria-hidden="true">{wording.ABSENT}</span><span class="unseen">no value</span>')


def value(x: float | None) -> str | Markup:
    """A value of a series."""
    return ABSENT if x is None else wording.number(x)


def change(row: RptBeforeAfter | RptClusterBeforeAfter, series: DimSeries) -> str | Markup:
    """The difference of a comparison: percent on the log scale, else in the unit of the series."""
    x = difference_of(row)
    return ABSENT if x is None else wording.difference(x, series, log=row["scale"] == "log")


def log_percent(x: float | None) -> str | Markup:
    """A difference of logarithms as a percentage with its sign."""
    return ABSENT if x is None else wording.percent(x)


def fixed(x: float | None, digits: int = 2) -> str | Markup:
    """A number with exactly `digits` decimals."""
    return ABSENT if x is None else wording.fixed(x, digits)


def amount(x: float | None) -> str:
    """A number of a position, nothing for a position without one."""
    return "" if x is None else wording.amount(x)


def month(moment: dt.date | None) -> str | Markup:
    """The month of a date as 2018-01."""
    return ABSENT if moment is None else wording.month(moment)


def day(moment: dt.date | None) -> str | Markup:
    """A date as 2018-01-29."""
    return ABSENT if moment is None else wording.day(moment)


def linked(text: str | None) -> Markup:
    """A source reference with its addresses as plain links, everything else escaped. A link loads nothing by itself."""
    text = text or ""
    parts: list[Markup] = []
    last = 0
    for address in _URL.finditer(text):
        url: str = address.group().rstrip(".,")
        # an address in brackets, (https://x.org/a), ends before the bracket that it did not open
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1]
        parts.append(escape(text[last : address.start()]))
        parts.append(Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(url))
        last = address.start() + len(url)
    parts.append(escape(text[last:]))
    return Markup("").join(parts)
