"""How numbers, units, dates and coded values are written in sentences, tables and charts, for every reader of a release.

Belongs here: formats that paragraph, chart, page and report share, so that the same number reads the same everywhere
(6979851745.2 is "6,980 million"), and the names of coded values: verdicts, timelines, topics, parties, adjustments,
models, designs, blockers, modes of transport. tests/unit/readers/test_wording.py holds the names to the seeds and code lists they come from.
Does not belong here: sentences (comparison/sentences.py), making text safe for Markdown (dashboard/words.py) or HTML
(reports/words.py), names that a release holds (titles of series, products, countries), rendering (cli/printer.py).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import NamedTuple, TypedDict

from transforms.transborder import TRANSBORDER_MODES

#: what stands where there is no value
ABSENT = "–"

# -- numbers ---------------------------------------------------------------------------------------------------------


def number(value: float | None, *, sign: bool = False) -> str:
    """A value with at least four significant digits and thousands separated: 26,249.750 is 26,250, 6979851745.2 is 6,980
    million. A whole number of type int gets no decimals; None, NaN and infinity are a dash."""
    if value is None or not math.isfinite(value):
        return ABSENT
    magnitude = abs(value)
    if magnitude >= 1e7:
        return f"{number(value / 1e6, sign=sign)} million"
    digits = (
        0
        if magnitude >= 1000 or isinstance(value, int)
        else 1
        if magnitude >= 100
        else 2
        if magnitude >= 10
        else 3
    )
    return f"{value:{'+' if sign else ''},.{digits}f}"


def fixed(value: float | None, digits: int = 2) -> str:
    """A number with exactly `digits` decimals and thousands separated."""
    return ABSENT if value is None else f"{value:,.{digits}f}"


def amount(value: float) -> str:
    """A number that a person wrote down (a rate, a demand), without needless zeros: 85, 62.5."""
    return f"{value:,.10g}" if abs(value) < 1e10 else f"{value:,.0f}"


def money(dollars: float | None) -> str:
    """US dollars: USD 6,980 million."""
    return ABSENT if dollars is None else f"USD {number(dollars)}"


def percent(log_points: float) -> str:
    """A difference of logarithms as a percentage with its sign: 0.0922 is +9.66 %."""
    return f"{100 * math.expm1(log_points):+.2f} %"


def percentage(value: float | None, digits: int = 2, *, sign: bool = True) -> str:
    """A figure that is in percent already: 9.66 is +9.66 %."""
    return ABSENT if value is None else f"{value:{'+' if sign else ''}.{digits}f} %"


def size(value: float, *, log: bool) -> str:
    """A distance without sign: 0.082 log points are 8.5 %, else a number of units."""
    return f"{100 * math.expm1(value):.1f} %" if log else number(value)


def share(value: float) -> str:
    """A share as per cent: 0.46 is 46 %, 0.0072 is 0.7 %."""
    return f"{100 * value:.0f} %" if value >= 0.1 or value == 0 else f"{100 * value:.1f} %"


# -- units -----------------------------------------------------------------------------------------------------------

_MULTIPLIERS = {1: "", 1_000: "thousand ", 1_000_000: "million ", 1_000_000_000: "billion "}


class Measured(TypedDict):
    """What says the unit of a series. A row of dim_series does."""

    unit: str
    unit_multiplier: int


def unit(series: Measured) -> str:
    """'million USD' of a row of dim_series."""
    factor = series.get("unit_multiplier") or 1
    return f"{_MULTIPLIERS.get(factor, f'{factor:,} ')}{series['unit']}"


def unit_of_difference(series: Measured) -> str:
    """The unit of a difference of two values: 'percentage points' of a percentage, else that of the series."""
    return "percentage points" if series["unit"] == "percent" else unit(series)


def difference(value: float, series: Measured, *, log: bool) -> str:
    """A difference with its sign: log points as a percentage, else a number in the unit of the series (row of dim_series)."""
    return percent(value) if log else f"{number(value, sign=True)} {unit_of_difference(series)}"


# -- dates -----------------------------------------------------------------------------------------------------------


def day(moment: dt.date | str) -> str:
    """A date as 2018-01-29, a datetime without its time."""
    return moment.strftime("%Y-%m-%d") if isinstance(moment, dt.date) else str(moment)


def month(moment: dt.date | str) -> str:
    """The month of a date as 2018-01."""
    return day(moment)[:7]


def period(start: dt.date | None, frequency: str) -> str:
    """The period that begins on `start`, as people write it: 2018, 2018Q1, 2018-01, or the day of a daily series."""
    if start is None:
        return ABSENT
    if frequency == "annual":
        return f"{start:%Y}"
    if frequency == "quarterly":
        return f"{start:%Y}Q{(start.month + 2) // 3}"
    return day(start) if frequency == "daily" else month(start)


def moment(instant: dt.datetime | dt.date | None) -> str:
    """An instant in UTC to the minute; a date, or a midnight that stands for one, without a time."""
    if instant is None:
        return ABSENT
    if isinstance(instant, dt.datetime) and (instant.hour or instant.minute):
        return f"{instant:%Y-%m-%d %H:%M} UTC"
    return day(instant)


class EventDay(TypedDict):
    """What says when an event was, and how exactly that is known. A row of dim_event does."""

    event_date: dt.date
    end_date: dt.date | None
    date_precision: str


def event_day(event: EventDay) -> str:
    """The day of an event (row of dim_event) as exactly as it is known: 2018-01-29, 2018-01, quarter 1 of 2018, 2018."""
    start, precision = event["event_date"], event["date_precision"]
    if precision == "month":
        return month(start)
    if precision == "quarter":
        return f"quarter {(start.month + 2) // 3} of {start.year}"
    if precision == "year":
        return str(start.year)
    end = event["end_date"]
    return f"{day(start)} to {day(end)}" if end and end != start else day(start)


class DatedEvent(TypedDict):
    """An event as a sentence names it. A row of dim_event is one."""

    event_date: dt.date
    title: str


def dated(event: DatedEvent) -> str:
    """An event with its day: 'Sixth NAFTA round ends (2018-01-29)'."""
    return f"{event['title']} ({day(event['event_date'])})"


# -- names of coded values -------------------------------------------------------------------------------------------


class VerdictWords(NamedTuple):
    """A verdict in the few words that a table has room for, and as a sentence goes on with it."""

    short: str
    in_sentence: str


#: the closed list of verdicts (accepted_values of rpt_before_after.verdict)
VERDICTS: Mapping[str, VerdictWords] = {
    "outside_usual_range": VerdictWords("Outside the usual range", "outside the usual range of this series"),
    "within_usual_range": VerdictWords("Within the usual range", "within the usual range of this series"),
    "confounded": VerdictWords("Confounded by an episode", "not told apart from unusual months"),
    "overlapping": VerdictWords("Overlaps other events", "not told apart from other events"),
    "not_enough_history": VerdictWords(
        "Not enough history", "not judged, the series has too few dates to compare with"
    ),
    "preliminary_data": VerdictWords("Preliminary data", "not judged, some figures are preliminary"),
    "not_computable": VerdictWords("Not computable", "cannot be computed"),
}

#: the closed lists of verdicts of panels (accepted_values of rpt_panel_exposure.verdict and rpt_state_exposure.verdict)
PANEL_VERDICTS: Mapping[str, VerdictWords] = {
    "exposed_goods_moved": VerdictWords(
        "Exposed goods moved apart", "trade in exposed goods moved apart from other trade"
    ),
    "exposed_states_moved": VerdictWords(
        "Exposed states moved apart", "jobs in exposed states moved apart from those elsewhere"
    ),
    "no_difference_seen": VerdictWords(
        "No difference seen", "no difference is seen beyond what other dates and other goods give"
    ),
    "confounded": VERDICTS["confounded"],
    "same_measure": VerdictWords("Same goods as another measure", "not told apart from other measures"),
    "too_few_products": VerdictWords("Too few products", "not judged, too few products decide"),
    "too_few_states": VerdictWords("Too few states", "not judged, too few states decide"),
    "pretrend": VerdictWords("Moved apart before", "not judged, they moved apart before as well"),
    "miscalibrated": VerdictWords("Errors too small", "not judged, its errors are too small for such data"),
    "not_computable": VERDICTS["not_computable"],
}

#: seed_timeline.title
TIMELINES: Mapping[str, str] = {
    "nafta_renegotiation": "NAFTA and its renegotiation",
    "usmca_ratification": "USMCA ratification",
    "usmca_implementation": "USMCA implementation",
    "usmca_joint_review": "USMCA joint review",
    "section_232_steel_aluminum": "Section 232: steel and aluminium",
    "section_232_autos": "Section 232: autos",
    "retaliation_canada": "Canadian retaliation",
    "retaliation_mexico": "Mexican retaliation and tariff policy",
    "ieepa_fentanyl_border_tariffs": "Emergency tariffs on the neighbours",
    "us_china_301": "US and China",
    "us_global_tariffs_other": "Other worldwide US tariffs",
    "section_338_canada": "Section 338: Canada",
}

#: seed_topic.title
TOPICS: Mapping[str, str] = {
    "agriculture": "Agriculture",
    "alcohol": "Alcohol",
    "autos_tariffs": "Tariffs on autos",
    "biotech": "Biotechnology",
    "china": "China",
    "critical_minerals": "Critical minerals",
    "dairy": "Dairy",
    "de_minimis": "De minimis",
    "digital": "Digital trade",
    "dispute_resolution": "Dispute settlement",
    "energy": "Energy",
    "fentanyl": "Fentanyl and the border",
    "general_goods": "Goods in general",
    "ieepa": "Emergency and worldwide tariffs",
    "ip": "Intellectual property",
    "labor": "Labour",
    "other_goods": "Goods of other industries",
    "process": "Process",
    "procurement": "Procurement",
    "production": "Production",
    "rules_of_origin_autos": "Rules of origin for autos",
    "steel_aluminum": "Steel and aluminium",
    "sunset": "Term and renewal",
    "tpa": "Trade Promotion Authority",
    "trucks": "Trucks and buses",
}

#: seed_party.title: who negotiates, takes a position, imposes a tariff or is hit by one. A partner in trade flows is
#: named by dim_geography: WLD is the world there, and here all partners that are not exempted
PARTIES: Mapping[str, str] = {
    "BRA": "Brazil",
    "CAN": "Canada",
    "CHN": "China",
    "DEU": "Germany",
    "GBR": "United Kingdom",
    "INDUSTRY": "Vehicle and parts makers",
    "JPN": "Japan",
    "KOR": "South Korea",
    "MEX": "Mexico",
    "MFN": "All partners at the ordinary (most-favoured-nation) rate",
    "NON_FTA": "Partners without a trade agreement",
    "RUS": "Russia",
    "TWN": "Taiwan",
    "USA": "United States",
    "WLD": "All partners unless exempted",
}

#: dim_series.seasonal_adjustment
ADJUSTMENTS: Mapping[str, str] = {
    "SA": "seasonally adjusted",
    "NSA": "not seasonally adjusted",
    "SAAR": "seasonally adjusted annual rate",
}

#: models of rpt_counterfactual (MODEL in transforms/statistics/drift_month.py and local_linear_trend.py)
MODELS: Mapping[str, str] = {
    "arima_110_drift_month": "ARIMA(1,1,0) with drift and months",
    "uc_local_linear_trend": "local linear trend",
}


class DesignWords(NamedTuple):
    """A design of rpt_answer: its name in a table, and what it compares, as a sentence goes on with 'compared with'."""

    short: str
    against: str


#: seed_answer_design.title: the designs of rpt_answer, in the order in which the first available one answers
DESIGNS: Mapping[str, DesignWords] = {
    "panel": DesignWords("Panel of goods", "goods and partners that were hit less"),
    "state_panel": DesignWords("Panel of states", "states that live less from this trade"),
    "difference_in_differences": DesignWords("Against controls", "its controls"),
    "forecast": DesignWords("Against a forecast", "a forecast from the months before"),
    "placebo_rank": DesignWords("Against its own past", "the months before"),
}

#: seed_answer_blocker: what can stand in the way of a design, in the few words that a table has room for
BLOCKERS: Mapping[str, str] = {
    "covid": "COVID-19",
    "recession": "a recession",
    "strike": "a strike",
    "shortage": "a shortage, blockade or disaster",
    "data_gap": "no federal statistics",
    "overlap": "another act",
    "control_disturbed": "a control was hit",
    "same_measure": "the same goods under two measures",
    "too_few_products": "too few goods differ",
    "too_few_states": "too few states carry it",
    "pretrend": "they moved apart before",
    "missing_month": "a month is missing",
    "not_positive": "a value is not positive",
    "before_start": "the series begins too late",
    "history": "too little history",
    "too_recent": "too recent",
    "preliminary": "preliminary figures",
    "miscalibrated": "errs too often here",
    "descriptive_width": "24 months are shown only",
    "no_design": "no method for this series",
}

_ACRONYMS = frozenset({"hs", "ieepa", "ip", "nafta", "tpa", "us", "usa", "usmca"})


def verdict(code: str) -> str:
    """A verdict of the closed list as a sentence goes on with it: 'within the usual range of this series'."""
    words = VERDICTS.get(code)
    return words.in_sentence if words else spelled(code)


def verdict_short(code: str) -> str:
    """A verdict of the closed list in the few words that a table has room for: 'Within the usual range'."""
    words = VERDICTS.get(code)
    return words.short if words else label(code)


def panel_verdict(code: str) -> str:
    """A verdict of a panel as a sentence goes on with it: 'no difference is seen beyond what other dates ... give'."""
    words = PANEL_VERDICTS.get(code)
    return words.in_sentence if words else spelled(code)


def panel_verdict_short(code: str) -> str:
    """A verdict of a panel in the few words that a table has room for: 'Too few products'."""
    words = PANEL_VERDICTS.get(code)
    return words.short if words else label(code)


def design(code: str) -> str:
    """A design of rpt_answer as a table names it: 'Against its own past'."""
    words = DESIGNS.get(code)
    return words.short if words else label(code)


def blocker(code: str) -> str:
    """What stands in the way of an answer, within a table or sentence: 'another act'."""
    return BLOCKERS.get(code, spelled(code))


def transport_mode(code: str) -> str:
    """A mode of transport of fct_freight_flow in words: 5 is 'truck'."""
    return TRANSBORDER_MODES[code].lower() if code in TRANSBORDER_MODES else code


def spelled(code: str | None) -> str:
    """A code of the data as words within a sentence: tariff_effective is 'tariff effective', ip_rules 'IP rules'."""
    if not code:
        return ABSENT
    return " ".join(word.upper() if word.lower() in _ACRONYMS else word for word in re.split(r"[_\s]+", code))


def label(code: str | None, titles: Mapping[str, str] | None = None) -> str:
    """A code as a title of its own: the one that `titles` (one of the tables above) has for it, or nafta_talks as 'NAFTA
    talks'. Empty for no code."""
    if not code:
        return ""
    if titles and code in titles:
        return titles[code]
    text = spelled(code)
    return text[:1].upper() + text[1:]
