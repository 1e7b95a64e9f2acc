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
from orchestration.readers.reports import words
from orchestration.readers.reports.figures import Picture, dark_rules
from orchestration.readers.reports.gather import Edition, EventPage, SeriesPart
from transforms.parse.user_declaration import NO_REDISTRIBUTION

#: what says that a file was written by `headway report`, so that it may be replaced by it (site.py)
GENERATOR = "headway report"
SITE_GENERATOR = "headway report --all"
#: other events named on the page; the rest are counted, and listed in a part that opens
NAMED_OTHERS = 8


Shown = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], str | Markup]


@dataclass(frozen=True)
class Column:
    """A column of a further method: its name in the table, its heading, and how a value is written, given value, row and
    series."""

    name: str
    heading: str
    shown: Shown


def _of(write: Callable[[Any], str | Markup]) -> Shown:
    return lambda value, row, series: write(value)


def _scaled(value: float | None, row: Mapping[str, Any], series: Mapping[str, Any]) -> str | Markup:
    """A difference on the scale of its row: percent from log points, else the unit of the series."""
    if value is None:
        return words.ABSENT
    return wording.difference(value, series, log=row.get("scale", "log") == "log")


def _weighted(
    donors: Sequence[str] | None, row: Mapping[str, Any], series: Mapping[str, Any]
) -> str | Markup:
    """The heaviest donors with their weights; the rest is counted."""
    if not donors:
        return words.ABSENT
    named = [f"{d} {w:.2f}" for d, w in zip(donors[:3], row["weights"], strict=False)]
    return ", ".join(named) + (f" and {len(donors) - 3} more" if len(donors) > 3 else "")


_COUNT = _of(lambda x: words.fixed(x, 0))
_SHARE = _of(words.fixed)
_YES = _of(lambda x: words.ABSENT if x is None else "yes" if x else "no")
_REASON = Column("reason", "Reason", _of(lambda x: x or ""))
_RANK = (Column("placebo_rank", "Placebo rank", _SHARE), Column("n_placebo", "Other dates", _COUNT))
_VERDICT = Column("verdict", "Verdict", _of(lambda x: wording.verdict_short(x) if x else words.ABSENT))


@dataclass(frozen=True)
class Method:
    """A further method. `main`: the column without which a row says nothing but its reason."""

    title: str
    assumption: str
    main: str
    columns: tuple[Column, ...]


#: the report tables beside rpt_before_after
METHODS: Mapping[str, Method] = {
    "rpt_difference_in_differences": Method(
        "Less declared controls",
        "The difference belongs to the event only if series and controls would have moved together, and the controls "
        "are not themselves affected.",
        "did",
        (
            Column("control_set_id", "Controls", _of(wording.label)),
            Column("d_log_treated", "Series", _scaled),
            Column("d_log_control", "Controls", _scaled),
            Column("did", "Difference", _scaled),
            Column("pretrend_ratio", "Earlier drift / difference", _SHARE),
            *_RANK,
            Column("mde95", "Usual, ±", _scaled),
            _VERDICT,
            _REASON,
        ),
    ),
    "rpt_counterfactual_effect": Method(
        "Against a forecast from the months before",
        "The forecast assumes that the series would have gone on as its model says. The calibrated interval is as wide as "
        "it had to be at dates without an event; where there are too few of them, it is withheld.",
        "effect",
        (
            Column("model", "Model", _of(lambda x: wording.label(x, wording.MODELS))),
            Column("expected_mean", "Expected", _of(words.value)),
            Column("actual_mean", "Came", _of(words.value)),
            Column("effect", "Difference", _scaled),
            Column("lower95_calibrated", "Calibrated 95 % from", _scaled),
            Column("upper95_calibrated", "to", _scaled),
            Column("coverage_measured", "Coverage measured", _SHARE),
            Column("n_origins", "Trial dates", _COUNT),
            Column("outside_calibrated", "Outside", _YES),
            _REASON,
        ),
    ),
    "rpt_interrupted_time_series": Method(
        "Interrupted time series",
        "A line with seasons, episodes and the other clusters of events, broken at the cut. It calls dates without an event "
        "unusual as often as its false-alarm rate says.",
        "level_change",
        (
            Column("level_change", "Step", _scaled),
            Column("effect_12", "After 12 months", _scaled),
            Column("n_months", "Months used", _COUNT),
            Column("ar_order", "AR order", _COUNT),
            Column("joint_events", "Other steps", _COUNT),
            Column("false_alarm_rate", "False alarms", _SHARE),
            _REASON,
        ),
    ),
    "rpt_synthetic_control": Method(
        "Synthetic control",
        "A weighted mean of series that the event did not reach, fitted to follow this one before it. Where it does not "
        "follow, the rank says nothing.",
        "mean_gap",
        (
            Column("donors", "Made of", _weighted),
            Column("mean_gap", "Difference", _scaled),
            Column("misfit", "Misfit before", _SHARE),
            Column("rmspe_ratio", "Error after / before", _SHARE),
            Column("rank", "Rank", _SHARE),
            Column("rank_floor", "Least possible", _SHARE),
            Column("gate_passed", "Follows", _YES),
            _REASON,
        ),
    ),
    "rpt_change_point": Method(
        "Where it broke, were it asked to name one month",
        "The clearest of 49 months around the cut: large by construction, and ranked among windows without an event.",
        "break_size",
        (
            Column("best_break_month", "Month", _of(words.month)),
            Column("months_from_cut", "Months from the cut", _COUNT),
            Column("break_size", "Size", _scaled),
            *_RANK,
            _REASON,
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


def _methods(part: SeriesPart) -> dict[str, Any]:
    """The further methods of a series: `shown`, with title, assumption, columns with a value and rows; `refused`, title
    and reason of those without a number."""
    shown, refused = [], []
    for table, method in METHODS.items():
        rows = part.methods.get(table, ())
        if any(r.get(method.main) is not None for r in rows):
            used = [c for c in method.columns if any(r.get(c.name) not in (None, "") for r in rows)]
            shown.append({"table": table, "method": method, "columns": used, "rows": rows})
        elif rows:
            reasons = dict.fromkeys(r["reason"] for r in rows if r.get("reason"))
            refused.append((method.title, "; ".join(reasons) or "no number"))
    return {"shown": shown, "refused": refused}


def _sources(parts: Sequence[SeriesPart]) -> list[dict[str, Any]]:
    """Agencies of the series shown, each once, with the series that are theirs."""
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        entry = found.setdefault(part.source["source_id"], {"source": part.source, "series": []})
        entry["series"].append(part)
    return list(found.values())
