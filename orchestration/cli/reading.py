"""Commands of `headway` that look things up in a release and compare: status, series, events, compare, answers, trace.

Belongs here: arguments and help of these commands. Does not belong here: work of any kind, commands that hand a release out in another
form (handing_out.py), commands that write to the warehouse (writing.py), what all commands share (command.py).
A command imports what it needs inside its function, so that `headway --help` answers at once.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from orchestration.base.errors import UsageError
from orchestration.base.settings import Settings
from orchestration.cli.command import command
from orchestration.cli.listing import COVERAGE, EVENTS, SERIES, Choice, choosing, show_list
from orchestration.cli.results import (
    show_answers,
    show_comparison,
    show_releases,
    show_status,
)
from orchestration.readers.comparison.windows import WINDOW
from orchestration.readers.release_file import open_release

if TYPE_CHECKING:
    import duckdb

    from orchestration.cli.printer import Printer

#: answers about an event that are shown unless all are asked for
SHOWN_ANSWERS = 15
#: options of `compare` that are heeded without SERIES
_OF_AN_EVENT = ("full", "as_json")
#: what is said about an event that no series of the release answers to
NOT_REACHED = "No series of this release is reached by this event while it lives (`headway sql 'from rpt_event_exposure'`)."


@command("status", "headway status\nheadway status --limit 5\nheadway status --json")
@choosing()
def status(settings: Settings, out: Printer, **choice: Any) -> None:
    """What the current release holds and how fresh each source is, the newest figures first."""
    from orchestration.readers import lookup

    show_status(out, lookup.status(settings), Choice(**choice))


@command(
    "series",
    "headway series\n"
    "headway series 'employment motor' --limit 10\n"
    "headway series CES3133600101\n"
    "headway series mexico --columns series_id,source_code,first_period\n"
    "headway series --csv > series.csv",
)
@click.argument("words", nargs=-1, metavar="[FILTER]")
@choosing()
def series(settings: Settings, out: Printer, words: tuple[str, ...], **choice: Any) -> None:
    """List the series whose id, title or agency code has every word of FILTER, the best match and newest first."""
    from orchestration.readers import lookup

    with open_release(settings) as con:
        found = lookup.list_series(con, " ".join(words))
    show_list(out, found, SERIES, Choice(**choice))


@command(
    "events",
    "headway events\nheadway events 'round mexico'\nheadway events 232 --limit 10\nheadway events --csv > events.csv",
)
@click.argument("words", nargs=-1, metavar="[FILTER]")
@choosing()
def events(settings: Settings, out: Printer, words: tuple[str, ...], **choice: Any) -> None:
    """List the events whose id, title, timeline or topics have every word of FILTER, the best match and newest first."""
    from orchestration.readers import lookup

    with open_release(settings) as con:
        found = lookup.list_events(con, " ".join(words))
    show_list(out, found, EVENTS, Choice(**choice))


@command(
    "coverage",
    "headway coverage\n"
    "headway coverage --source census --classification HS\n"
    "headway coverage --partner Mexico --since 2025\n"
    "headway coverage --classification HS --level 2 --by-partner --csv > coverage.csv",
)
@click.option("--source", metavar="NAME", help="Only figures of this source (`headway status` names them).")
@click.option("--partner", metavar="CODE|NAME", help="Only with this partner: CAN, Mexico, WLD ...")
@click.option("--classification", metavar="NAME", help="Only in HS, NAICS, TOTAL ...")
@click.option("--level", type=click.IntRange(0, 10), help="Only codes of so many digits; 0 is all goods.")
@click.option("--since", metavar="YYYY[-MM]", help="Only what reaches this period.")
@click.option("--by-partner", is_flag=True, help="A row for each partner.")
@choosing()
def coverage(settings: Settings, out: Printer, **asked: Any) -> None:
    """What is held, by source, basis, classification, digits and partner: first and last period, periods missing between."""
    from orchestration.readers.coverage import coverage as run

    choice = Choice(**{field.name: asked.pop(field.name) for field in fields(Choice)})
    with open_release(settings) as con:
        found = run(con, **asked)
    show_list(out, found, COVERAGE, choice)


@command(
    "compare",
    "headway compare nafta-round6-end usa_imports_goods_mex\n"
    "headway compare s301-list3-2018-09\n"
    "headway compare 2018-01-29 usa_imports_goods_mex --months 24 --plot round6.svg\n"
    "headway compare nafta-round6-end usa_imports_goods_mex --keep-event-month\n"
    "headway compare s232-autos-effective-2025-04 usa_employment_motor_vehicles_parts --as-of 2026-01-09\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --as-of first --months 6\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --control manufacturing_total\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --method all\n"
    "headway compare nafta-round6-end usa_imports_goods_mex --out round6.xlsx",
)
@click.argument("event")
@click.argument("series_id", metavar="[SERIES]", required=False)
@click.option("--full", is_flag=True, help="Also the longer paragraph and every column.")
@click.option("--months", default=WINDOW, show_default=True, help="Months in each window.")
@click.option(
    "--gap",
    type=int,
    help="Months left out before the cut; if not said, the event's own month where it falls inside a month.",
)
@click.option(
    "--keep-event-month",
    is_flag=True,
    help="Count the own month of an event inside a month as before.",
)
@click.option(
    "--as-of",
    metavar="DATE|first",
    help="Use only what was known at the end of this day; first: each month as first released.",
)
@click.option("--control", metavar="SET", help="Also the difference from a control set (dim_control_set).")
@click.option("--method", metavar="all|NAME", help="Also what other methods say, and how often each errs.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw it into a .svg, .png or .html file (the page needs no network).",
)
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it to a .xlsx, .csv, .html or .md file: months, windows, answer, cautions, citation.",
)
def compare(
    settings: Settings,
    out: Printer,
    event: str,
    series_id: str | None,
    plot: Path | None,
    target: Path | None,
    full: bool,
    **options: Any,  # click's values
) -> int:
    """Compare SERIES before and after EVENT (an event id or an ISO date).

    Without SERIES: what can be told about EVENT, best first. Exits with 2 when there is nothing to compare; the text says
    why and what would work.
    """
    if series_id is None:
        _nothing_for_a_series()
        return _about_event(settings, out, event, full=full)
    from orchestration.readers.comparison.compare import compare as run

    if plot:
        from orchestration.readers.charts.files import check_path

        check_path(plot)
    if target:
        from orchestration.readers.comparison import document_files

        document_files.check_path(target)
    with open_release(settings) as con:
        comparison = run(con, _until_built(settings, out, con, event), series_id, **options)
        if plot:
            from orchestration.readers.comparison.picture import plot as draw

            draw(con, comparison, plot)
        if target:
            from orchestration.readers.citation import cite_comparison
            from orchestration.readers.comparison.document import document

            event_id = comparison.event["event_id"] if comparison.event else None
            cited = cite_comparison(settings, con, comparison.series["series_id"], event_id)
            document_files.write(document(con, comparison, cited), target)
        show_comparison(out, comparison, plot, target, full=full)
    return 0 if comparison.answered else 2


def _nothing_for_a_series() -> None:
    """Raises UsageError, which names them, where options were given that a list about an event does not heed."""
    context = click.get_current_context()
    given = [
        max(option.opts, key=len)
        for option in context.command.params
        if isinstance(option, click.Option)
        and option.name not in _OF_AN_EVENT
        and context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise UsageError(
            f"{', '.join(given)}: name a SERIES, too; without one all that is told about EVENT is listed"
        )


def _until_built(settings: Settings, out: Printer, con: duckdb.DuckDBPyConnection, event: str) -> str:
    """The day of an event of the user's own that is in their files and in no release yet, with a word about it; else `event`."""
    if not event.startswith("user-"):
        return event
    if con.execute("select 1 from dim_event where event_id = ?", [event]).fetchall():
        return event
    from orchestration.intake.timeline.own import day_of_event

    found = day_of_event(settings, event)
    if found is None:
        return event
    day, title = found
    out.warning(
        f"{event} ({title}) is in your timelines and not in this release yet: compared by its day, {day}. "
        "The next build has it as an event."
    )
    return day.isoformat()


def _about_event(settings: Settings, out: Printer, event: str, *, full: bool) -> int:
    """What can be told about an event; 2 where nothing can."""
    from orchestration.readers.comparison import answer, answer_words
    from orchestration.readers.lookup import resolve_event

    with open_release(settings) as con:
        event_id = resolve_event(con, event)
        lines = answer.answers_about(con, event_id)
        untold = answer.left_out_text(con, event_id)
        untold = untold or answer_words.untold_text(*answer.untold_about(con, event_id))
    shown = lines if full else lines[:SHOWN_ANSWERS]
    show_answers(out, shown, untold or NOT_REACHED, len(lines) - len(shown))
    return 0 if lines else 2


@command(
    "answers",
    "headway answers\nheadway answers --timeline us_china_301\nheadway answers --since 2025-01 --limit 50",
)
@click.option("--timeline", metavar="NAME", help="Only events of this timeline.")
@click.option("--since", metavar="YYYY[-MM]", help="Only what happened in this year or month or later.")
@choosing(limit=20)
def answers(settings: Settings, out: Printer, timeline: str | None, since: str | None, **choice: Any) -> None:
    """What can be told, best first: panels of goods, then what left its usual range, then the narrowest ranges."""
    from orchestration.readers.comparison.answer import all_answers
    from orchestration.readers.comparison.answer_words import chance_text
    from orchestration.readers.lookup import period_start

    first = period_start(since) if since else None
    with open_release(settings) as con:
        lines = all_answers(con, timeline=timeline, since=first)
    chosen = Choice(**choice)
    shown = lines[: chosen.limit or None]
    show_answers(out, shown, chance_text(lines), len(lines) - len(shown), chosen)


@command("trace", "headway trace usa_employment_manufacturing 2025-04")
@click.argument("series_id", metavar="SERIES")
@click.argument("period")
def trace(settings: Settings, out: Printer, series_id: str, period: str) -> None:
    """Where one number comes from: its vintages, the request, when it was retrieved, the hash of the bytes."""
    from orchestration.readers import lookup

    with open_release(settings) as con:
        out.rows(lookup.trace(con, series_id, period))


@command("releases", "headway releases")
def releases(settings: Settings, out: Printer) -> None:
    """List the releases on disk, newest first."""
    from orchestration.release.records import list_releases

    show_releases(out, list_releases(settings))
