"""Commands of `headway` that only read a release: look things up, compare, export, report, the dashboard.

Belongs here: arguments and help of these commands. Does not belong here: work of any kind, commands that write to the
warehouse (writing.py), what all commands share (command.py).
A command imports what it needs inside its function, so that `headway --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import command
from orchestration.cli.results import (
    show_answers,
    show_comparison,
    show_export,
    show_query,
    show_releases,
    show_report,
    show_status,
)
from orchestration.readers.comparison.windows import GAP, WINDOW
from orchestration.readers.release_file import open_release

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer

#: answers about an event that are shown unless all are asked for
SHOWN_ANSWERS = 15
#: what is said about an event that no series of the release answers to
NOT_REACHED = "No series of this release is reached by this event while it lives (`headway sql 'from rpt_event_exposure'`)."


@command("status", "headway status\nheadway status --json")
def status(settings: Settings, out: Printer) -> None:
    """What the current release holds and how fresh each source is."""
    from orchestration.readers import lookup

    show_status(out, lookup.status(settings))


@command("series", "headway series\nheadway series 'employment motor'\nheadway series CES3133600101")
@click.argument("text", required=False, metavar="[FILTER]")
def series(settings: Settings, out: Printer, text: str | None) -> None:
    """List the series whose id, title or agency code has every word of FILTER."""
    from orchestration.readers import lookup

    with open_release(settings) as con:
        out.rows(lookup.list_series(con, text))


@command("events", "headway events\nheadway events 'round mexico'\nheadway events 232")
@click.argument("text", required=False, metavar="[FILTER]")
def events(settings: Settings, out: Printer, text: str | None) -> None:
    """List the events whose id, title, timeline or topics have every word of FILTER."""
    from orchestration.readers import lookup

    with open_release(settings) as con:
        out.rows(lookup.list_events(con, text))


@command(
    "compare",
    "headway compare nafta-round6-end usa_imports_goods_mex\n"
    "headway compare s301-list3-2018-09\n"
    "headway compare 2018-01-29 usa_imports_goods_mex --months 24 --plot round6.svg\n"
    "headway compare s232-autos-effective-2025-04 usa_employment_motor_vehicles_parts --as-of 2026-01-09\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --as-of first --months 6\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --control manufacturing_total\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --method all",
)
@click.argument("event")
@click.argument("series_id", metavar="[SERIES]", required=False)
@click.option("--full", is_flag=True, help="Also the longer paragraph and every column.")
@click.option("--months", default=WINDOW, show_default=True, help="Months in each window.")
@click.option("--gap", default=GAP, show_default=True, help="Months left out before the cut.")
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
def compare(
    settings: Settings,
    out: Printer,
    event: str,
    series_id: str | None,
    plot: Path | None,
    full: bool,
    **options: Any,  # click's values
) -> int:
    """Compare SERIES before and after EVENT (an event id or an ISO date).

    Without SERIES: what can be told about EVENT, best first. Exits with 2 when there is nothing to compare; the text says
    why and what would work.
    """
    if series_id is None:
        return _about_event(settings, out, event, full=full)
    from orchestration.readers.comparison.compare import compare as run

    if plot:
        from orchestration.readers.charts.files import check_path

        check_path(plot)
    with open_release(settings) as con:
        comparison = run(con, event, series_id, **options)
        if plot:
            from orchestration.readers.comparison.picture import plot as draw

            draw(con, comparison, plot)
        show_comparison(out, comparison, plot, full=full)
    return 0 if comparison.answered else 2


def _about_event(settings: Settings, out: Printer, event: str, *, full: bool) -> int:
    """What can be told about an event; 2 where nothing can."""
    from orchestration.readers.comparison import answer, answer_words
    from orchestration.readers.lookup import resolve_event

    with open_release(settings) as con:
        event_id = resolve_event(con, event)
        lines = answer.answers_about(con, event_id)
        untold = answer_words.untold_text(*answer.untold_about(con, event_id))
    shown = lines if full else lines[:SHOWN_ANSWERS]
    show_answers(out, shown, untold or NOT_REACHED, len(lines) - len(shown))
    return 0 if lines else 2


@command(
    "answers",
    "headway answers\nheadway answers --timeline us_china_301\nheadway answers --since 2025-01 --limit 50",
)
@click.option("--timeline", metavar="NAME", help="Only events of this timeline.")
@click.option("--since", metavar="YYYY-MM", help="Only what happened in this month or later.")
@click.option("--limit", default=20, show_default=True, help="Answers shown at most; 0 shows all.")
def answers(settings: Settings, out: Printer, timeline: str | None, since: str | None, limit: int) -> None:
    """What can be told, best first: panels of goods, then what left its usual range, then the narrowest ranges."""
    from orchestration.readers.comparison.answer import all_answers
    from orchestration.readers.comparison.answer_words import chance_text
    from orchestration.readers.lookup import parse_date

    first = parse_date(since if since.count("-") == 2 else f"{since}-01", "since") if since else None
    with open_release(settings) as con:
        lines = all_answers(con, timeline=timeline, since=first)
    shown = lines[:limit] if limit else lines
    show_answers(out, shown, chance_text(lines), len(lines) - len(shown))


@command("trace", "headway trace usa_employment_manufacturing 2025-04")
@click.argument("series_id", metavar="SERIES")
@click.argument("period")
def trace(settings: Settings, out: Printer, series_id: str, period: str) -> None:
    """Where one number comes from: its vintages, the request, when it was retrieved, the hash of the bytes."""
    from orchestration.readers import lookup

    with open_release(settings) as con:
        out.rows(lookup.trace(con, series_id, period))


@command(
    "sql",
    "headway sql 'select series_id, title from dim_series limit 5'\nheadway sql --json 'from dim_source'",
)
@click.argument("query")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds after which the query is stopped.")
@click.option("--max-rows", default=1000, show_default=True, help="Rows printed at most.")
def sql(settings: Settings, out: Printer, query: str, timeout: float, max_rows: int) -> None:
    """Run one read-only QUERY on the current release."""
    from orchestration.readers.own_sql import run_sql

    show_query(out, run_sql(settings, query, timeout=timeout, max_rows=max_rows))


@command(
    "export", "headway export out\nheadway export out --format xlsx --table dim_event --table fct_position"
)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--format", "fmt", type=click.Choice(["parquet", "csv", "xlsx"]), default="parquet", show_default=True
)
@click.option("--table", "tables", multiple=True, help="Only this table (may be repeated).")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
def export(
    settings: Settings, out: Printer, directory: Path, fmt: str, tables: tuple[str, ...], force: bool
) -> None:
    """Write the public tables of the current release to DIRECTORY."""
    from orchestration.readers.export import export as run

    with out.progress():
        written = run(settings, directory, fmt, tables=tables or None, force=force)
    show_export(out, written)


@command(
    "report",
    "headway report nafta-round6-end --out round6.html\n"
    "headway report usmca-entry-into-force --series usa_imports_goods_mex --series mex_production_vehicles\n"
    "headway report --all --out site",
)
@click.argument("event", required=False)
@click.option("--series", "series_ids", multiple=True, help="Show this series (may be repeated).")
@click.option("--all", "everything", is_flag=True, help="A page for every event, and an index.")
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    help="File ending in .html (EVENT.html when nothing is said); with --all, a folder.",
)
def report(
    settings: Settings,
    out: Printer,
    event: str | None,
    series_ids: tuple[str, ...],
    everything: bool,
    target: Path | None,
) -> None:
    """Write a page about EVENT that opens and prints without a network; --all writes a site of all events."""
    from orchestration.base.errors import UsageError
    from orchestration.readers.reports.site import report_all, report_event

    if everything:
        if event or series_ids or target is None:
            raise UsageError("--all takes a folder and nothing else: headway report --all --out DIR")
        with out.progress():
            show_report(out, report_all(settings, target))
    elif event is None:
        raise UsageError("name an event (`headway events` lists them), or --all --out DIR")
    else:
        show_report(out, report_event(settings, event, series=series_ids, out=target))


@command("releases", "headway releases")
def releases(settings: Settings, out: Printer) -> None:
    """List the releases on disk, newest first."""
    from orchestration.release.folders import list_releases

    show_releases(out, list_releases(settings))


@command(
    "dashboard",
    "headway dashboard\n"
    "headway dashboard --port 8600 --no-browser\n"
    "headway dashboard --no-browser --base-path headway --allow-host stats.example.org",
)
@click.option("--port", default=8501, show_default=True)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--base-path", default="", metavar="PATH", help="Path under which a reverse proxy shows it.")
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Name by which browsers may ask for it.",
)
def dashboard(
    settings: Settings,
    out: Printer,
    port: int,
    no_browser: bool,
    host: str,
    base_path: str,
    allowed_hosts: tuple[str, ...],
) -> None:
    """The dashboard on 127.0.0.1: overview, timeline, comparisons, trade, revisions, data. Stop with Ctrl-C."""
    from orchestration.readers.dashboard.serving import serve as run

    run(
        settings,
        port=port,
        host=host,
        browser=not no_browser,
        base_path=base_path,
        allowed_hosts=allowed_hosts,
    )
