"""Records to HTML: one event's page, and the index of a site.

Belongs here: the Jinja environment (everything escaped), cautions that stand before any number, which columns of the
further methods are shown. Does not belong here: queries (gather.py), files (site.py).

Pages hold no script at all and a Content-Security-Policy under which none would run, nor anything be loaded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.readers import wording
from orchestration.readers.comparison.cautions import CANNOT_BE_TOLD_APART, not_compared
from orchestration.readers.comparison.method import Column, Shown
from orchestration.readers.comparison.methods import FURTHER, NAMED_DONORS, AnyMethod
from orchestration.readers.comparison.sentences import OtherEvent
from orchestration.readers.comparison.windows import WINDOW
from orchestration.readers.reports import words
from orchestration.readers.reports.figures import Picture, dark_rules
from orchestration.readers.reports.gather import Edition, EventPage, SeriesPart
from orchestration.readers.rows import DimEvent, DimSeries, DimSource
from transforms.parse.user_declaration import NO_REDISTRIBUTION

#: what says that a file was written by `headway report`, so that it may be replaced by it (site.py)
GENERATOR = "headway report"
SITE_GENERATOR = "headway report --all"
#: other events named on the page; the rest are counted, and listed in a part that opens
NAMED_OTHERS = 8


def _cell(column: Column, row: Mapping[str, object], series: DimSeries) -> str | Markup:
    """The value of a column of a method's row, as it stands in a page."""
    value = row.get(column.name)
    if column.shown is Shown.TEXT:
        return str(value or "")
    if value is None:
        return words.ABSENT
    match column.shown, value:
        case Shown.DIFFERENCE, int() | float():
            # a report without a scale is of log points
            return wording.difference(value, series, log=row.get("scale", "log") == "log")
        case Shown.VALUE, int() | float():
            return words.value(value)
        case Shown.SHARE, int() | float():
            return words.fixed(value)
        case Shown.COUNT, int() | float():
            return words.fixed(value, 0)
        case Shown.MONTH, dt.date():
            return words.month(value)
        case Shown.YES_OR_NO, bool():
            return "yes" if value else "no"
        case Shown.NAME, str():
            return wording.label(value)
        case Shown.MODEL, str():
            return wording.label(value, wording.MODELS)
        case Shown.VERDICT, str():
            return wording.verdict_short(value)
        case Shown.DONORS, list():
            return _donors(value, row["weights"])
    raise TypeError(f"{column.name} is {value!r}, which cannot be written as {column.shown.name}")


def _donors(donors: list[object], weights: object) -> str | Markup:
    """The heaviest donors with their weights; the rest is counted."""
    if not donors or not isinstance(weights, list):
        return words.ABSENT
    named = [f"{donor} {weight:.2f}" for donor, weight in zip(donors[:NAMED_DONORS], weights, strict=False)]
    more = len(donors) - NAMED_DONORS
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "value",
        "change",
        "log_percent",
        "fixed",
        "amount",
        "month",
        "day",
        "linked",
    ):
        environment.filters[name] = getattr(words, name)
    for name in ("label", "unit", "event_day", "verdict_short"):
        environment.filters[name] = getattr(wording, name)
    style = Path(__file__).with_name("templates") / "style.css"
    environment.globals.update(
        style=Markup(style.read_text(encoding="utf-8").replace("/* dark charts */", dark_rules())),
        timelines=wording.TIMELINES,
        topics=wording.TOPICS,
        party_titles=wording.PARTIES,
        adjustments=wording.ADJUSTMENTS,
        absent=words.ABSENT,
        named_others=NAMED_OTHERS,
    )
    return environment


def event_html(
    page: EventPage, pictures: Mapping[str, Sequence[Picture]], *, index: str | None = None
) -> str:
    """The page of one event. `pictures`: by series_id; `index`: address of the index it links to, if it has one."""
    return (
        _environment()
        .get_template("event.html")
        .render(
            page=page,
            edition=page.edition,
            event=page.event,
            cautions=cautions(page),
            others=_others(page),
            sections={p.series["series_id"]: _further_methods(p) for p in page.parts},
            pictures=pictures,
            sources=_sources(page.parts),
            restricted=[p.source["agency"] for p in page.parts if NO_REDISTRIBUTION in p.source["licence"]],
            index=index,
            generator=SITE_GENERATOR if index else GENERATOR,
        )
    )


class IndexRow(TypedDict):
    """What the index of a site says of a page: its event, file, numbers of series shown, of positions, of series compared
    and of charts, how often each verdict occurs, and why nothing is compared, when nothing is."""

    event: DimEvent
    file: str
    n_series: int
    n_positions: int
    n_compared: int
    charts: int
    verdicts: dict[str, int]
    refused: str | None


def index_html(edition: Edition, lanes: Mapping[str, Sequence[IndexRow]], counts: Mapping[str, int]) -> str:
    """The index of a site. `lanes`: rows by timeline; `counts`: events, compared, comparisons, charts."""
    template = _environment().get_template("index.html")
    return template.render(edition=edition, lanes=lanes, counts=counts, generator=SITE_GENERATOR)


def cautions(page: EventPage) -> list[str]:
    """What a reader must know before any number, the gravest first."""
    event, parts = page.event, page.parts
    sentences = []
    if page.refused:
        sentences.append(not_compared(page.refused))
    if event["confidence"] == "medium":
        sentences.append("The event rests on a secondary source, or is partly inferred (confidence medium).")
    if page.cluster:
        n = page.cluster["n_events"]
        sentences.append(
            f"It is one of {n} events of “{page.cluster['title']}”, too close in time to be told apart in monthly figures: "
            "what differs may belong to any of them."
        )
    if not parts:
        return sentences
    if most_others := max(part.headline["n_other_events"] for part in parts):
        sentences.append(
            f"{most_others} other {'event falls' if most_others == 1 else 'events fall'} into the windows that are compared."
        )
    if any(not part.headline["identified"] for part in parts) and not page.cluster:
        sentences.append(CANNOT_BE_TOLD_APART)
    sentences += _cautions_of_figures(parts)
    chosen = " The series were chosen by what the event is about, before looking at any result."
    sentences.append(
        "Each comparison describes two periods; it does not say what made them differ."
        + ("" if page.chosen_by_name else chosen)
    )
    return sentences


def _cautions_of_figures(parts: Sequence[SeriesPart]) -> list[str]:
    """What is unusual, missing or still to change in the figures of the series shown."""
    sentences = []
    titles = [[episode["title"] for episode in part.episodes] for part in parts]
    for title in dict.fromkeys(title for of_part in titles for title in of_part):
        touched = sum(title in of_part for of_part in titles)
        sentences.append(f"The windows of {touched} of the {len(parts)} series hold unusual months: {title}.")
    if partial := [part for part in parts if part.partial]:
        longest = max(part.headline["n_post"] for part in partial)
        sentences.append(
            f"The window after is not whole yet: at most {longest} of its {WINDOW} months "
            f"{'is' if longest == 1 else 'are'} known for {len(partial)} of the {len(parts)} series. Such a difference still "
            "holds the season and will change."
        )
    if preliminary := sum(part.headline["preliminary_months"] > 0 for part in parts):
        sentences.append(
            f"{preliminary} of the {len(parts)} series {'has' if preliminary == 1 else 'have'} preliminary months, "
            "which will be revised."
        )
    if revised := [part for part in parts if _revised(part)]:
        names = "; ".join(part.series["title"] for part in revised)
        sentences.append(
            f"Revisions changed the comparison by half a percentage point or more since first release: {names}."
        )
    return sentences


def _revised(part: SeriesPart) -> bool:
    """Whether latest values and first releases differ by half a percentage point or more: a rounding of the agencies'
    own headlines, which are given to a tenth."""
    now, first = part.headline["pct_change"], part.first["pct_change"] if part.first else None
    return now is not None and first is not None and abs(now - first) >= 0.5


def _others(page: EventPage) -> list[OtherEvent]:
    """Other events in the windows of any series, nearest first."""
    by_id = {event["event_id"]: event for part in page.parts for event in part.others}
    anchor = page.event["anchor_on"]
    return sorted(
        by_id.values(), key=lambda event: (abs((event["anchor_on"] - anchor).days), event["event_id"])
    )


@dataclass(frozen=True)
class MethodTable:
    """A further method of one series as a table: headings, and the cells of each row as text."""

    method: AnyMethod
    headings: Sequence[str]
    cells: Sequence[Sequence[str | Markup]]


@dataclass(frozen=True)
class FurtherMethods:
    """`shown`: methods with a number; `refused`: title and reason of those without one."""

    shown: Sequence[MethodTable]
    refused: Sequence[tuple[str, str]]


def _further_methods(part: SeriesPart) -> FurtherMethods:
    """What the further methods say about one series. Columns without any value are left out."""
    shown: list[MethodTable] = []
    refused: list[tuple[str, str]] = []
    for name, rows in part.methods.items():
        method = FURTHER[name]
        if any(row.get(method.estimate) is not None for row in rows):
            columns = [
                column
                for column in method.columns
                if any(row.get(column.name) not in (None, "") for row in rows)
            ]
            cells = [[_cell(column, row, part.series) for column in columns] for row in rows]
            shown.append(MethodTable(method, [column.heading for column in columns], cells))
        else:
            reasons = dict.fromkeys(str(row["reason"]) for row in rows if row.get("reason"))
            refused.append((method.title, "; ".join(reasons) or "no number"))
    return FurtherMethods(shown, refused)


@dataclass
class SourceOfPage:
    """An agency, with the series shown that are its own."""

    source: DimSource
    series: list[SeriesPart]


def _sources(parts: Sequence[SeriesPart]) -> list[SourceOfPage]:
    """Agencies of the series shown, each once."""
    by_id: dict[str, SourceOfPage] = {}
    for part in parts:
        by_id.setdefault(part.source["source_id"], SourceOfPage(part.source, [])).series.append(part)
    return list(by_id.values())
