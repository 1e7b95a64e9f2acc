"""Records to HTML: one event's page, and the index of a site.

Belongs here: the Jinja environment (everything escaped), cautions that stand before any number, which columns of the
further methods are shown. Does not belong here: queries (gather.py), files (site.py).

Pages hold no script at all and a Content-Security-Policy under which none would run, nor anything be loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.readers import wording
from orchestration.readers.comparison.methods import FURTHER, NAMED_DONORS, Method, Shown
from orchestration.readers.reports import words
from orchestration.readers.reports.figures import Picture, dark_rules
from orchestration.readers.reports.gather import Edition, EventPage, SeriesPart
from transforms.parse.user_declaration import NO_REDISTRIBUTION

#: what says that a file was written by `headway report`, so that it may be replaced by it (site.py)
GENERATOR = "headway report"
SITE_GENERATOR = "headway report --all"
#: other events named on the page; the rest are counted, and listed in a part that opens
NAMED_OTHERS = 8


#: how a value is written, given the value, its row and the row of its series
Written = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], str | Markup]


def _alone(write: Callable[[Any], str | Markup]) -> Written:
    """A way of writing that needs the value alone."""
    return lambda value, row, series: write(value)


def _difference(value: float | None, row: Mapping[str, Any], series: Mapping[str, Any]) -> str | Markup:
    """A difference on the scale of its row: percent from log points (also where the table has no scale), else in the unit
    of the series."""
    if value is None:
        return words.ABSENT
    return wording.difference(value, series, log=row.get("scale", "log") == "log")


def _donors(donors: Sequence[str] | None, row: Mapping[str, Any], series: Mapping[str, Any]) -> str | Markup:
    """The heaviest donors with their weights; the rest is counted."""
    if not donors:
        return words.ABSENT
    named = [f"{d} {w:.2f}" for d, w in zip(donors[:NAMED_DONORS], row["weights"], strict=False)]
    more = len(donors) - NAMED_DONORS
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


_WRITTEN: Mapping[Shown, Written] = {
    Shown.DIFFERENCE: _difference,
    Shown.DONORS: _donors,
    Shown.VALUE: _alone(words.value),
    Shown.SHARE: _alone(words.fixed),
    Shown.COUNT: _alone(lambda count: words.fixed(count, 0)),
    Shown.MONTH: _alone(words.month),
    Shown.YES_OR_NO: _alone(lambda answer: words.ABSENT if answer is None else "yes" if answer else "no"),
    Shown.NAME: _alone(wording.label),
    Shown.MODEL: _alone(lambda code: wording.label(code, wording.MODELS)),
    Shown.VERDICT: _alone(lambda code: wording.verdict_short(code) if code else words.ABSENT),
    Shown.TEXT: _alone(lambda text: text or ""),
}


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


def index_html(
    edition: Edition, lanes: Mapping[str, Sequence[Mapping[str, Any]]], counts: Mapping[str, int]
) -> str:
    """The index of a site. `lanes`: rows by timeline, each with event, file, n_series, n_positions, n_compared, verdicts."""
    template = _environment().get_template("index.html")
    return template.render(edition=edition, lanes=lanes, counts=counts, generator=SITE_GENERATOR)


def cautions(page: EventPage) -> list[str]:
    """What a reader must know before any number, the gravest first."""
    event, parts = page.event, page.parts
    found = []
    if page.refused:
        found.append(f"Nothing is compared around this event: {page.refused}.")
    if event["confidence"] == "medium":
        found.append("The event rests on a secondary source, or is partly inferred (confidence medium).")
    if page.cluster:
        n = page.cluster["n_events"]
        found.append(
            f"It is one of {n} events of “{page.cluster['title']}”, too close in time to be told apart in monthly figures: "
            "what differs may belong to any of them."
        )
    if not parts:
        return found
    counts = [p.headline.get("n_other_events") or 0 for p in parts]
    if max(counts):
        found.append(
            f"{max(counts)} other {'event falls' if max(counts) == 1 else 'events fall'} into the windows that are compared."
        )
    if any(p.headline.get("identified") is False for p in parts) and not page.cluster:
        found.append(
            "Another event shares more than half of the window after, so the two cannot be told apart."
        )
    for title in dict.fromkeys(e["title"] for p in parts for e in p.episodes):
        touched = sum(title in [e["title"] for e in p.episodes] for p in parts)
        found.append(f"The windows of {touched} of the {len(parts)} series hold unusual months: {title}.")
    if partial := [p for p in parts if p.partial]:
        longest = max(p.headline.get("n_post") or 0 for p in partial)
        found.append(
            f"The window after is not whole yet: at most {longest} of its 12 months {'is' if longest == 1 else 'are'} known "
            f"for {len(partial)} of the {len(parts)} series. Such a difference still holds the season and will change."
        )
    if preliminary := sum((p.headline.get("preliminary_months") or 0) > 0 for p in parts):
        found.append(
            f"{preliminary} of the {len(parts)} series {'has' if preliminary == 1 else 'have'} preliminary months, "
            "which will be revised."
        )
    if revised := [p for p in parts if _revised(p)]:
        names = "; ".join(p.series["title"] for p in revised)
        found.append(
            f"Revisions changed the comparison by half a percentage point or more since first release: {names}."
        )
    found.append(
        "Each comparison describes two periods; it does not say what made them differ. The series were chosen by what the "
        "event is about, before looking at any result."
        if not page.asked
        else "Each comparison describes two periods; it does not say what made them differ."
    )
    return found


def _revised(part: SeriesPart) -> bool:
    """Whether latest values and first releases differ by half a percentage point or more: a rounding of the agencies'
    own headlines, which are given to a tenth."""
    now, first = part.headline, part.first
    if not first or now.get("pct_change") is None or first.get("pct_change") is None:
        return False
    return abs(now["pct_change"] - first["pct_change"]) >= 0.5


def _others(page: EventPage) -> list[Mapping[str, Any]]:
    """Other events in the windows of any series, nearest first."""
    found: dict[str, Mapping[str, Any]] = {}
    for part in page.parts:
        found.update({e["event_id"]: e for e in part.others})
    start = page.event["effective_on"] or page.event["event_date"]
    return sorted(found.values(), key=lambda e: (abs((e["event_date"] - start).days), e["event_id"]))


@dataclass(frozen=True)
class MethodTable:
    """A further method of one series as a table: headings, and the cells of each row as text."""

    method: Method
    headings: Sequence[str]
    cells: Sequence[Sequence[str | Markup]]


@dataclass(frozen=True)
class FurtherMethods:
    """`shown`: methods with a number; `refused`: title and reason of those without one."""

    shown: Sequence[MethodTable]
    refused: Sequence[tuple[str, str]]


def _further_methods(part: SeriesPart) -> FurtherMethods:
    """What the further methods say about one series. Columns without any value are left out."""
    shown, refused = [], []
    for name, rows in part.methods.items():
        method = FURTHER[name]
        if any(row.get(method.estimate) is not None for row in rows):
            columns = [c for c in method.columns if any(row.get(c.name) not in (None, "") for row in rows)]
            cells = [[_WRITTEN[c.shown](row.get(c.name), row, part.series) for c in columns] for row in rows]
            shown.append(MethodTable(method, [c.heading for c in columns], cells))
        else:
            reasons = dict.fromkeys(row["reason"] for row in rows if row.get("reason"))
            refused.append((method.title, "; ".join(reasons) or "no number"))
    return FurtherMethods(shown, refused)


def _sources(parts: Sequence[SeriesPart]) -> list[dict[str, Any]]:
    """Agencies of the series shown, each once, with the series that are theirs."""
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        entry = found.setdefault(part.source["source_id"], {"source": part.source, "series": []})
        entry["series"].append(part)
    return list(found.values())
