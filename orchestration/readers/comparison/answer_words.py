"""An answer in words: one or two sentences, a table of designs, what stands in the way.

Belongs here: those words, for the command line, the dashboard and the pages of `headway report`. Does not belong here: asking
(answer.py), the longer paragraph of a comparison (sentences.py), names of designs and blockers (wording.py), rendering.

They say "differs", never what made it differ. Within the usual range is not "no effect": the range is said instead. The text
of an answer has MAX_WORDS words (sentences.py) at most (tests/unit/readers/comparison/test_answer_words.py), however long the titles are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TypedDict

from orchestration.readers.comparison.answer import Answer, AnswerLine, NamedEvent, Untold
from orchestration.readers.comparison.left_out import missing_sentence
from orchestration.readers.comparison.methods import NOMINAL_RATE
from orchestration.readers.comparison.sentences import shortened, within_limit
from orchestration.readers.rows import DimSeries, RptAnswer, RptAnswerDesign
from orchestration.readers.wording import (
    DESIGNS,
    Measured,
    blocker,
    day,
    design,
    month,
    number,
    percentage,
    share,
    unit_of_difference,
    verdict_short,
)

#: rivals named one by one, the rest are counted
NAMED_RIVALS = 3
#: reasons that a sentence names, the rest are counted; all of them stand below the table
NAMED_BLOCKERS = 4
#: with fewer separate stretches of dates a rate of false alarms is said with their number; the same as for a range of its own
ENOUGH_STRETCHES = 6
#: what holds of every answer of one series (rpt_answer takes the default gap)
OWN_MONTHS_LEFT_OUT = (
    "The month of an act inside a month is in neither window; panels have gaps of their own."
)
#: decimals of a percentage in a sentence and in a table
_DIGITS = 1

DesignRow = TypedDict(
    "DesignRow",
    {"design": str, "estimate": str, "usual range": str, "verdict": str, "how often it errs": str},
)

ListRow = TypedDict(
    "ListRow",
    {
        "cut": str,
        "what": str,
        "series": str,
        "months": int,
        "design": str,
        "differs by": str,
        "usual range": str,
        "verdict": str,
        "errs": str,
    },
)


# -- the answer ------------------------------------------------------------------------------------------------------


def answer_text(answer: Answer) -> str:
    """One or two sentences, or three where a prediction was published: what differs, the usual range, what was expected."""
    sentences = _told(answer) if answer.is_told else _untold(answer)
    return within_limit([*sentences, *_expected(answer)])


def subject(answer: Answer) -> str:
    """What was asked about: 'Sixth NAFTA round ends (2018-01-29) and 2 other acts', or the phase that a talk belongs to."""
    if answer.phase:
        return f"the start of '{shortened(answer.phase)}' in {month(answer.row['cut_month'])}"
    first, *rest = [event for event in [answer.asked, *answer.together] if event is not None]
    others = f" and {_counted(len(rest), 'other act')} with this cut" if rest else ""
    return f"'{shortened(first['title'])}' ({day(first['event_date'])}){others}"


def _told(answer: Answer) -> list[str]:
    row, series = answer.row, answer.series
    low, high = _end(row, series, "usual_low"), _end(row, series, "usual_high")
    found = _found(answer)
    if row["verdict"] == "outside_usual_range":
        rate = row["false_alarm_rate"]
        often = ""
        if rate is not None:
            often = f"; this method says so at {f'{share(rate)} of dates' if rate else 'no date'} without an event"
            if _hardly_measured(row):
                often += (
                    f", but those fill only {_stretches(row['n_blocks'])}: its rate could be {_at_most(row)}"
                )
        return [found, f"That is outside the usual range of {low} to {high}{often}."]
    return [
        found,
        f"That is within the usual range of {low} to {high}: it cannot be told from what happens anyway, which does not "
        "show that nothing happened.",
    ]


def _found(answer: Answer) -> str:
    """The sentence of the estimate, in the words of its design."""
    row, kind = answer.row, answer.row["design"]
    estimate, months = estimate_text(row, answer.series), row["window_months"]
    if kind in ("panel", "state_panel"):
        key = f"{'states ' if kind == 'state_panel' else ''}{(row['variant'] or '').split()[0]}"
        family = shortened(answer.titles.get(key, "these measures"))
        start = f"In the {months} months from {month(row['cut_month'])} on, "
        if kind == "panel":
            return f"{start}trade in goods under '{family}' changed by {estimate} against {DESIGNS[kind].against}."
        return f"{start}the time of '{family}', factory jobs in states that live from this trade changed by {estimate} against other states."
    title, start = shortened(answer.series["title"]), f"In the {months} months after {subject(answer)}, "
    if kind == "difference_in_differences":
        controls = shortened(answer.titles.get(row["variant"] or "", "its controls")).lower()
        return f"{start}{title} changed, against {controls}, by {estimate}."
    if kind == "forecast":
        return f"{start}{title} differed from a forecast made of the months before by {estimate}."
    return f"{start}{title} differed from the {months} months before by {estimate}."


def _untold(answer: Answer) -> list[str]:
    row = answer.row
    named = [blocker(b) for b in row["blockers"][:NAMED_BLOCKERS]]
    if more := len(row["blockers"]) - len(named):
        named.append(f"{more} more reasons" if more > 1 else "another reason")
    return [
        f"Nothing can be told about {shortened(answer.series['title'])} after {subject(answer)} with windows of "
        f"{row['window_months']} months: {_and(named)}."
    ]


def _expected(answer: Answer) -> list[str]:
    """What was published about it, and whether it could be seen here."""
    said, row = answer.expected, answer.row
    low, high = row["expected_low_pct"], row["expected_high_pct"]
    if said is None or low is None or high is None:
        return []
    who = _author(said["source_title"])
    of = ""
    if said["applies_to"] == "exposed_goods":
        # told for the exposure of the panel where the source says how far the duty rose
        of = " for goods wholly under the measure" if row["could_be_seen"] is None else " at this duty"
    size = f"{low:+.3g} %" if round(low, 2) == round(high, 2) else f"{low:+.3g} % to {high:+.3g} %"
    verb = "expected" if said["kind"] == "prediction" else "found"
    when = f" after {said['horizon_months']} months" if said["horizon_months"] else ""
    text = f"{who} {verb} {size}{when}{of}"
    if row["could_be_seen"] is False:
        return [f"{text}: too little to be seen here."]
    if row["could_be_excluded"]:
        # what was found afterwards by others is not a prediction that failed
        return [f"{text}: not what {'came' if said['kind'] == 'prediction' else 'is found here'}."]
    if row["could_be_excluded"] is False:
        return [f"{text}: what came allows it."]
    return [f"{text}."]


def _author(source_title: str) -> str:
    """Who said it, of the title of a source: 'USITC', or 'Amiti et al.' where further surnames follow."""
    first, *rest = re.split(r"[,(]", source_title)
    several = bool(rest) and re.fullmatch(r" [A-Z][a-z]+( and [A-Z][a-z]+)?", rest[0]) is not None
    return f"{first.strip()}{' et al.' if several else ''}"


# -- the table of designs --------------------------------------------------------------------------------------------


def design_rows(answer: Answer) -> list[DesignRow]:
    """One row a design, that of the answer first; a design that is not available says what stands in its way."""
    ordered = sorted(answer.designs, key=lambda d: (not d["is_answer"], not d["is_available"], d["place"]))
    return [_design_row(d, answer.series) for d in ordered]


def _design_row(row: RptAnswerDesign, series: DimSeries) -> DesignRow:
    available = row["is_available"]
    return {
        "design": design(row["design"]),
        "estimate": estimate_text(row, series) if available else "",
        "usual range": _range(row, series) if available else "",
        "verdict": verdict_short(row["verdict"] or "")
        if available
        else f"not to be told: {', '.join(blocker(b) for b in row['blockers'])}",
        "how often it errs": _errs(row) if available else "",
    }


def design_line(row: DesignRow) -> str:
    """A row of the table as one text, for a terminal that is narrower than the table."""
    if not row["estimate"]:
        return f"{row['design']}: {row['verdict']}"
    return (
        f"{row['design']}: {row['estimate']}, usual {row['usual range']}: {row['verdict'].lower()}; "
        f"errs {row['how often it errs']}"
    )


def _errs(row: RptAnswerDesign) -> str:
    text = rate_text(row["false_alarm_rate"], row["false_alarm_se"])
    return (
        f"{text} in {_stretches(row['n_blocks'])}, {_at_most(row)} possible"
        if _hardly_measured(row)
        else text
    )


def _hardly_measured(row: RptAnswer | RptAnswerDesign | AnswerLine) -> bool:
    """Whether a rate rests on few separate stretches: a panel has its own dates alone, not those of a family of series."""
    stretches = row["n_blocks"]
    return (
        row["design"] in ("panel", "state_panel")
        and row["false_alarm_rate"] is not None
        and stretches is not None
        and stretches < ENOUGH_STRETCHES
    )


def _at_most(row: RptAnswer | RptAnswerDesign) -> str:
    """The highest rate of false alarms that goes with what was measured."""
    high = row["false_alarm_high"]
    return "any share" if high is None else f"up to {share(high)}"


def _stretches(n: int | None) -> str:
    if not n:
        return "a part of two years"
    return "one stretch of two years" if n == 1 else f"{n} stretches of two years"


def rate_text(rate: float | None, error: float | None) -> str:
    """A rate of false alarms with twice its error: '5.3 % ± 2.6'."""
    if rate is None:
        return "not measured"
    return share(rate) if error is None else f"{100 * rate:.1f} % ± {200 * error:.1f}"


def estimate_text(row: RptAnswer | RptAnswerDesign, series: Measured) -> str:
    """The estimate with its sign, in per cent or in the unit of the series."""
    return _end(row, series, "estimate")


def _end(row: RptAnswer | RptAnswerDesign, series: Measured, name: str) -> str:
    """An estimate or an end of a range, in per cent on the scale of logarithms, else in the unit of the series."""
    if row["scale"] == "log":
        return _percent(row[f"{name}_pct"])  # type: ignore[literal-required]
    value: float | None = row[name]  # type: ignore[literal-required]
    if row["scale"] != "level":
        return f"{number(value, sign=True)} times its usual change"
    return f"{number(value, sign=True)} {unit_of_difference(series)}"


def _range(row: RptAnswerDesign, series: Measured) -> str:
    return f"{_end(row, series, 'usual_low')} to {_end(row, series, 'usual_high')}"


# -- what stands in the way ------------------------------------------------------------------------------------------


def in_the_way(answer: Answer) -> list[str]:
    """What must be known beside an answer: lines, the weightiest first."""
    row = answer.row
    lines = []
    if not answer.is_told:
        lines.append(f"In the way: {row['reason']}.")
        lines.append(f"It could be told {row['tellable_when']}.")
        if answer.told_with:
            lines.insert(
                0, f"With windows of {answer.told_with} months it can be told: --months {answer.told_with}."
            )
    if answer.phase and answer.asked:
        lines.append(_part_of_phase(answer, answer.asked))
    if answer.is_told and row["scope"] == "panel":
        lines.append(
            f"It compares {'goods' if row['design'] == 'panel' else 'states'} with each other, at the typical exposure, and says nothing "
            f"of the total ({shortened(answer.series['title'])})."
        )
    if row["designs_disagree"]:
        lines.append("The designs do not agree: the first in the order fixed beforehand is the answer.")
    if row["own_month_left_out"]:
        whose = "The month in which the phase starts" if answer.phase else "Its own month"
        lines.append(f"{whose}, {month(row['own_month_left_out'])}, is left out.")
    lines += missing_sentence(row["months_left_out"])
    if answer.rivals:
        lines.append(_rivals(answer))
    if row["range_first_cut"] and row["range_last_cut"]:
        lines.append(
            f"The usual range is that of dates without an event from {month(row['range_first_cut'])} to "
            f"{month(row['range_last_cut'])}."
        )
    if row["first_release_estimate_pct"] is not None and row["estimate_pct"] is not None:
        lines.append(
            f"As first released the figures differed by {_percent(row['first_release_estimate_pct'])}."
        )
    if answer.is_told:
        lines.append("This describes two periods; it does not say what made them differ.")
    return lines


def _part_of_phase(answer: Answer, asked: NamedEvent) -> str:
    """What the event that was asked about has to do with the phase that answers."""
    event = f"'{shortened(asked['title'])}' ({day(asked['event_date'])})"
    if asked["event_class"] == "talk":
        return f"{event} is one of the talks of this phase and has no window of its own."
    if answer.alone:
        reasons = _and([blocker(b) for b in answer.alone["blockers"]])
        return f"{event} belongs to this phase; by itself it cannot be told: {reasons}."
    return f"{event} belongs to this phase."


def _rivals(answer: Answer) -> str:
    named = [f"{shortened(e['title'])} ({day(e['event_date'])})" for e in answer.rivals[:NAMED_RIVALS]]
    more = len(answer.rivals) - len(named)
    rest = f" and {more} more" if more > 0 else ""
    return f"Other acts that reach the series fall into the windows: {'; '.join(named)}{rest}."


# -- lists -----------------------------------------------------------------------------------------------------------


def list_rows(lines: Sequence[AnswerLine]) -> list[ListRow]:
    """Answers as the rows of a list."""
    return [
        {
            "cut": month(line["cut_month"]),
            "what": line["treatment_title"],
            "series": line["series_id"],
            "months": line["window_months"],
            "design": design(line["design"]),
            "differs by": _of_line(line, "estimate"),
            "usual range": f"{_of_line(line, 'usual_low')} to {_of_line(line, 'usual_high')}",
            "verdict": verdict_short(line["verdict"] or ""),
            "errs": _errs_of_line(line),
        }
        for line in lines
    ]


def _errs_of_line(line: AnswerLine) -> str:
    if line["false_alarm_rate"] is None:
        return ""
    return f"{share(line['false_alarm_rate'])}{' (few dates)' if _hardly_measured(line) else ''}"


def chance_text(lines: Sequence[AnswerLine]) -> str:
    """How many answers lie outside their usual range, how many would if nothing had ever happened, and what none of them counts."""
    measured = [line for line in lines if line["false_alarm_rate"] is not None]
    if not measured:
        return ""
    outside = sum(line["verdict"] == "outside_usual_range" for line in measured)
    # no alarm in one stretch of two years is no proof that there are none: such a rate counts at least as the nominal one
    chance = sum(
        max(line["false_alarm_rate"] or 0.0, NOMINAL_RATE if _hardly_measured(line) else 0.0)
        for line in measured
    )
    said = (
        f"Of {len(measured):,} answers {outside:,} lie outside their usual range; about {chance:,.0f} would if nothing had happened, "
        "so that most of them say little one by one."
        if outside <= 2 * chance
        else f"Of {len(measured):,} answers {outside:,} lie outside their usual range; about {chance:,.0f} would if nothing had happened."
    )
    return f"{said} {OWN_MONTHS_LEFT_OUT}"


def untold_text(series: int, blockers: Sequence[Untold], named: int = 4) -> str:
    """How many series nothing can be told about, and what stands in the way most often."""
    if not series:
        return ""
    most = ", ".join(f"{blocker(b['blocker'])} ({b['n_answers']})" for b in blockers[:named])
    return f"Nothing can be told about {_counted(series, 'other series')} that it reaches: {most}."


def _of_line(line: AnswerLine, name: str) -> str:
    value: float | None = line[name]  # type: ignore[literal-required]
    if line["scale"] == "log" and value is not None:
        return _percent(100 * math.expm1(value))
    return f"{number(value, sign=True)} {unit_of_difference(line)}"


# -- pieces ----------------------------------------------------------------------------------------------------------


def _percent(value: float | None) -> str:
    """A percentage with its sign; what would round to nothing keeps two decimals."""
    digits = 2 if value is not None and 0 < abs(value) < 0.5 else _DIGITS
    return percentage(value, digits)


def _counted(count: int, name: str) -> str:
    plural = name if name.endswith("s") or count == 1 else f"{name}s"
    return f"{count} {plural}"


def _and(items: Sequence[str]) -> str:
    *most, last = items or ["no reason is known"]
    return f"{', '.join(most)} and {last}" if most else last


def event_text(event: NamedEvent) -> str:
    """An event as a heading names it."""
    return f"{event['title']} ({day(event['event_date'])})"
