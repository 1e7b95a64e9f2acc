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

from orchestration.report_pages import words
from orchestration.report_pages.figures import Picture, dark_rules
from orchestration.report_pages.gather import Edition, EventPage, SeriesPart
from transforms.parse.user_declaration import NO_REDISTRIBUTION

#: what says that a file was written by `headway report`, so that it may be replaced by it (site.py)
GENERATOR = "headway report"
SITE_GENERATOR = "headway report --all"
#: other events named on the page; the rest are counted, and listed in a part that opens
NAMED_OTHERS = 8


@dataclass(frozen=True)
class Column:
    """A column of a further method: its name in the table, its heading, and how its values are written."""

    name: str
    heading: str
    shown: Callable[[Any], str | Markup]


_RANKS = (
    Column("placebo_rank", "Placebo rank", words.fixed),
    Column("n_placebo", "Other dates", lambda x: words.fixed(x, 0)),
    Column("mde95", "Usual up to ±", words.log_percent),
    Column("verdict", "Verdict", lambda x: words.VERDICTS.get(x, x) if x else words.ABSENT),
    Column("reason", "Reason", lambda x: x or ""),
)
#: heading, what must hold, and columns of the report tables beside rpt_before_after
METHODS: Mapping[str, tuple[str, str, tuple[Column, ...]]] = {
    "rpt_difference_in_differences": (
        "Less declared controls",
        "The difference belongs to the event only if series and controls would have moved together, and the controls "
        "are not themselves affected.",
        (
            Column("control_set_id", "Controls", words.label),
            Column("d_log_treated", "Series", words.log_percent),
            Column("d_log_control", "Controls", words.log_percent),
            Column("did", "Difference", words.log_percent),
            Column("pretrend_ratio", "Earlier drift / difference", words.fixed),
            *_RANKS,
        ),
    ),
    "rpt_counterfactual_effect": (
        "Against a forecast from the months before",
        "The forecast assumes that the series would have gone on as its model says; the band is widened to the errors the "
        "model made at other dates.",
        (
            Column("model", "Model", words.label),
            Column("window_months", "Months", lambda x: words.fixed(x, 0)),
            Column("effect", "Difference", words.log_percent),
            Column("effect_log", "Difference", words.log_percent),
            Column("lower95_calibrated", "Calibrated 95 % from", words.log_percent),
            Column("upper95_calibrated", "to", words.log_percent),
            Column("coverage_measured", "Coverage measured", words.fixed),
            Column("n_origins", "Trial dates", lambda x: words.fixed(x, 0)),
            Column("verdict", "Verdict", lambda x: words.VERDICTS.get(x, x) if x else words.ABSENT),
            Column("reason", "Reason", lambda x: x or ""),
        ),
    ),
    "rpt_interrupted_time_series": (
        "Interrupted time series",
        "A straight line with seasons and episodes, broken at the cut: shows size and doubt, and fires at dates without an "
        "event as often as its false-alarm rate says.",
        (
            Column("level_change", "Level", words.log_percent),
            Column("slope_change", "Slope a month", words.log_percent),
            Column("effect_12", "After 12 months", words.log_percent),
            Column("ar_order", "AR order", lambda x: words.fixed(x, 0)),
            Column("joint_events", "Events modelled with it", lambda x: words.fixed(x, 0)),
            Column("false_alarm_rate", "False alarms", words.fixed),
            Column("reason", "Reason", lambda x: x or ""),
        ),
    ),
    "rpt_synthetic_control": (
        "Synthetic control",
        "A mix of series that the event did not reach, weighted to follow this one before it.",
        (
            Column("rmspe_ratio", "Error after / before", words.fixed),
            Column("rank", "Rank", words.fixed),
            Column("rank_floor", "Least rank possible", words.fixed),
            Column("gate_passed", "Fits before", lambda x: "yes" if x else "no"),
            Column("reason", "Reason", lambda x: x or ""),
        ),
    ),
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
        "label",
        "unit",
    ):
        environment.filters[name] = getattr(words, name)
    environment.filters["event_day"] = words.event_day
    style = Path(__file__).with_name("templates") / "style.css"
    environment.globals.update(
        style=Markup(style.read_text(encoding="utf-8").replace("/* dark charts */", dark_rules())),
        verdicts=words.VERDICTS,
        adjustments=words.ADJUSTMENTS,
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
            sections={p.series["series_id"]: _methods(p) for p in page.parts},
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


def _methods(part: SeriesPart) -> list[dict[str, Any]]:
    """The further methods that have rows for a series: title, assumption, columns with a value, rows."""
    found = []
    for table, (title, assumption, columns) in METHODS.items():
        rows = part.methods.get(table)
        if rows:
            used = [c for c in columns if any(r.get(c.name) not in (None, "") for r in rows)]
            found.append(
                {"table": table, "title": title, "assumption": assumption, "columns": used, "rows": rows}
            )
    return found


def _sources(parts: Sequence[SeriesPart]) -> list[dict[str, Any]]:
    """Agencies of the series shown, each once, with the series that are theirs."""
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        entry = found.setdefault(part.source["source_id"], {"source": part.source, "series": []})
        entry["series"].append(part)
    return list(found.values())
