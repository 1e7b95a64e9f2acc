"""`headway ...`: the command line. Each command calls one plain function and prints what it returns.

Belongs here: arguments, help with examples, exit statuses (0 done, 1 failed, 2 cannot be answered, 3 partly done).
Does not belong here: work. Imports are inside the commands, so that `headway --help` takes no second.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.errors import HeadwayError
from orchestration.settings import Settings, load_env_file

if TYPE_CHECKING:
    from orchestration.printing import Printer


class _Examples(click.Command):
    """A command whose docstring may end in a block of examples, printed as written."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            formatter.write("\nExamples:\n")
            for line in self.epilog.strip().splitlines():
                formatter.write(f"  {line.strip()}\n")


def _command(name: str, examples: str) -> Callable:
    """A command with --json, whose HeadwayErrors become one line and an exit status."""

    def decorate(body: Callable) -> click.Command:
        @functools.wraps(body)
        def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
            from orchestration.printing import Printer

            load_env_file()
            try:
                status = body(Settings.load(), Printer(as_json), *args, **kwargs)
            except HeadwayError as error:
                click.echo(f"headway: {error}", err=True)
                sys.exit(error.exit_code)
            sys.exit(status or 0)

        option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
        return main.command(name, cls=_Examples, epilog=examples)(option(run))

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="headway")
def main() -> None:
    """Trade and auto-production statistics, joined with the timelines of trade negotiations.

    The warehouse is one DuckDB file, warehouse/current/headway.duckdb; HEADWAY_HOME moves it.
    Start with `headway build`, then `headway compare nafta-round6-end usa_imports_goods_mex`.
    """


@_command("build", "headway build\nheadway build --force\nheadway build --from-archive")
@click.option("--force", is_flag=True, help="Build and release even if nothing changed.")
@click.option(
    "--from-archive", is_flag=True, help="Rebuild the store from the archived payloads alone first."
)
@click.option(
    "--allow-shrink", is_flag=True, help="Release even if a fact or dimension lost over a tenth of its rows."
)
@click.option("--wait", default=0.0, metavar="SECONDS", help="Wait this long for another run to finish.")
def build(
    settings: Settings, out: Printer, force: bool, from_archive: bool, allow_shrink: bool, wait: float
) -> None:
    """Build the warehouse from the bundled figures and the archive, check it and release it."""
    from orchestration.pipeline import run_build

    with out.progress():
        outcome = run_build(
            settings, force=force, from_archive=from_archive, allow_shrink=allow_shrink, wait=wait
        )
    out.built(outcome)


@_command(
    "refresh",
    "headway refresh --dry-run\n"
    "headway refresh\n"
    "headway refresh --source bls --source statcan\n"
    "headway refresh --source census --since 2024-01\n"
    "headway refresh --source bls --accept-shrunk bls/public_data",
)
@click.option("--source", "sources", multiple=True, help="Only this source (may be repeated).")
@click.option("--since", metavar="YYYY-MM", help="From this month on, not only what the agency revises.")
@click.option("--full", is_flag=True, help="The whole history.")
@click.option("--dry-run", is_flag=True, help="Show the plan; ask nothing of the network.")
@click.option(
    "--accept-shrunk",
    multiple=True,
    metavar="SOURCE/DATASET",
    help="This once, take its answers even if they lack values known before (may be repeated).",
)
def refresh(
    settings: Settings,
    out: Printer,
    sources: tuple[str, ...],
    since: str | None,
    full: bool,
    dry_run: bool,
    accept_shrunk: tuple[str, ...],
) -> int:
    """Ask the agencies for what is new and what was revised, then build and release.

    Exits with 3 if some sources could not be asked or answered badly (the rest is released), with 1 if all failed.
    """
    from orchestration.pipeline import run_build
    from orchestration.refresh import run_refresh
    from orchestration.refresh_plan import month, plan_refresh

    first = month(since) if since else None
    if not dry_run and not settings.store.exists():  # what the figures hold need not be asked for
        with out.progress():
            run_build(settings)
    plan = plan_refresh(settings, sources=sources, since=first, full=full, accept_shrunk=accept_shrunk)
    out.planned(plan, alone=dry_run)
    if dry_run:
        return 0
    with out.progress():
        outcome = run_refresh(settings, plan)
    out.refreshed(outcome)
    return outcome.exit_code


@_command("status", "headway status\nheadway status --json")
def status(settings: Settings, out: Printer) -> None:
    """What the current release holds and how fresh each source is."""
    from orchestration import reading

    out.status(reading.status(settings))


@_command("series", "headway series\nheadway series 'employment motor'\nheadway series CES3133600101")
@click.argument("text", required=False, metavar="[FILTER]")
def series(settings: Settings, out: Printer, text: str | None) -> None:
    """List the series whose id, title or agency code has every word of FILTER."""
    from orchestration import reading

    with reading.open_release(settings) as con:
        out.rows(reading.list_series(con, text))


@_command("events", "headway events\nheadway events 'round mexico'\nheadway events 232")
@click.argument("text", required=False, metavar="[FILTER]")
def events(settings: Settings, out: Printer, text: str | None) -> None:
    """List the events whose id, title, timeline or topics have every word of FILTER."""
    from orchestration import reading

    with reading.open_release(settings) as con:
        out.rows(reading.list_events(con, text))


@_command(
    "compare",
    "headway compare nafta-round6-end usa_imports_goods_mex\n"
    "headway compare 2018-01-29 usa_imports_goods_mex --months 24 --plot round6.svg\n"
    "headway compare s232-autos-effective-2025-04 usa_employment_motor_vehicles_parts --as-of 2026-01-09\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --as-of first --months 6\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --control manufacturing_total\n"
    "headway compare nafta-round6-end usa_employment_motor_vehicles_parts --method all",
)
@click.argument("event")
@click.argument("series_id", metavar="SERIES")
@click.option("--months", default=12, show_default=True, help="Months in each window.")
@click.option("--gap", default=0, show_default=True, help="Months left out before the cut.")
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
    settings: Settings, out: Printer, event: str, series_id: str, plot: Path | None, **options: Any
) -> int:
    """Compare SERIES before and after EVENT (an event id or an ISO date).

    Exits with 2 when there is nothing to compare; the text says why and what would work.
    """
    from orchestration.comparison import compare as run
    from orchestration.reading import open_release

    if plot:
        from orchestration.charts.files import check_path

        check_path(plot)
    with open_release(settings) as con:
        comparison = run(con, event, series_id, **options)
        if plot:
            from orchestration.comparison_plot import plot as draw

            draw(con, comparison, plot)
        out.comparison(comparison, plot)
    return 0 if comparison.answered else 2


@_command("trace", "headway trace usa_employment_manufacturing 2025-04")
@click.argument("series_id", metavar="SERIES")
@click.argument("period")
def trace(settings: Settings, out: Printer, series_id: str, period: str) -> None:
    """Where one number comes from: its vintages, the request, when it was retrieved, the hash of the bytes."""
    from orchestration import reading

    with reading.open_release(settings) as con:
        out.rows(reading.trace(con, series_id, period))


@_command(
    "sql",
    "headway sql 'select series_id, title from dim_series limit 5'\nheadway sql --json 'from dim_source'",
)
@click.argument("query")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds after which the query is stopped.")
@click.option("--max-rows", default=1000, show_default=True, help="Rows printed at most.")
def sql(settings: Settings, out: Printer, query: str, timeout: float, max_rows: int) -> None:
    """Run one read-only QUERY on the current release."""
    from orchestration import reading

    out.query(reading.run_sql(settings, query, timeout=timeout, max_rows=max_rows))


@_command(
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
    from orchestration.exporting import export as run

    with out.progress():
        written = run(settings, directory, fmt, tables=tables or None, force=force)
    out.exported(written)


@_command(
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
    from orchestration.errors import UsageError
    from orchestration.report_pages.site import report_all, report_event

    if everything:
        if event or series_ids or target is None:
            raise UsageError("--all takes a folder and nothing else: headway report --all --out DIR")
        with out.progress():
            out.reported(report_all(settings, target))
    elif event is None:
        raise UsageError("name an event (`headway events` lists them), or --all --out DIR")
    else:
        out.reported(report_event(settings, event, series=series_ids, out=target))


@_command("releases", "headway releases")
def releases(settings: Settings, out: Printer) -> None:
    """List the releases on disk, newest first."""
    from orchestration.release import list_releases

    out.releases(list_releases(settings))


@_command("rollback", "headway rollback\nheadway rollback 20261121T224800Z-1a2b3c")
@click.argument("run_id", required=False)
def rollback(settings: Settings, out: Printer, run_id: str | None) -> None:
    """Make the release before the current one (or RUN_ID) current again."""
    from orchestration.release import rollback as run

    out.line(f"current is now {run(settings, run_id).run_id}")


@_command(
    "figures",
    "headway figures status\nheadway figures verify\nheadway figures build --from ../figures-input",
)
@click.argument("action", type=click.Choice(["status", "verify", "build"]), default="status")
@click.option(
    "--from", "source", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR"
)
def figures(settings: Settings, out: Printer, action: str, source: Path | None) -> None:
    """The bundled figures: what they hold, whether they are intact, or make them again from DIR."""
    from orchestration import figures as bundled
    from orchestration.errors import UsageError

    if action == "build":
        if source is None:
            raise UsageError("say where the collected files are: headway figures build --from DIR")
        with out.progress():
            bundled.build_figures(source, settings.figures)
    bundled.verify_figures(settings.figures)
    out.record(bundled.figures_status(settings.figures))


@_command(
    "import",
    "headway import mexico_truck_sales.csv\n"
    "headway import wards.xlsx\n"
    "headway import sales.csv --id user_sales_dealer --title 'Sales of my dealer' --unit vehicles --frequency monthly "
    "--adjustment NSA --geography MEX --source 'My dealer'",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--id", "series_id", help="Series id, when the file holds one series and declares nothing.")
@click.option("--title")
@click.option("--unit")
@click.option("--unit-multiplier", help="1000 if the values are thousands of the unit.")
@click.option("--frequency", type=click.Choice(["monthly", "quarterly", "annual", "daily"]))
@click.option("--adjustment", "seasonal_adjustment", type=click.Choice(["SA", "NSA", "SAAR"]))
@click.option("--geography", "geography_iso3", metavar="ISO3", help="Country the figures are about.")
@click.option("--measure", help="Kind of quantity: sales, production, employment ...")
@click.option("--source", help="Who made the figures.")
@click.option("--attribution", help="How the source wants to be named.")
@click.option("--licence", help="Under which terms you hold them.")
@click.option("--redistribution", type=click.Choice(["yes", "no"]), help="Whether you may pass them on.")
@click.option("--known-from", metavar="DATE", help="Since when the figures are known.")
@click.option("--known-from-basis", type=click.Choice(["observed_by", "release"]))
@click.option("--no-build", is_flag=True, help="Load only; the figures appear with the next build.")
def import_(settings: Settings, out: Printer, file: Path, no_build: bool, **options: str | None) -> None:
    """Add your own series from FILE (.csv or .xlsx); the layout is described in docs/import.md."""
    from orchestration.pipeline import run_build
    from orchestration.user_import import import_file

    report = import_file(settings, file, {k: v for k, v in options.items() if v is not None})
    outcome = None
    if not no_build:
        with out.progress():
            outcome = run_build(settings)
    out.imported(report, outcome)


@_command(
    "remove",
    "headway remove\n"
    "headway remove user_dealer:sales:1a2b3c4d5e6f7a8b --dry-run\n"
    "headway remove user_dealer:sales:1a2b3c4d5e6f7a8b --reason 'thousands, not units'",
)
@click.argument("payload_id", required=False)
@click.option("--reason", default="", help="Why; kept beside the bytes in quarantine.")
@click.option("--dry-run", is_flag=True, help="Show what it brought; change nothing.")
@click.option("--no-build", is_flag=True, help="Only make the store again; the next build releases.")
def remove(
    settings: Settings, out: Printer, payload_id: str | None, reason: str, dry_run: bool, no_build: bool
) -> None:
    """Take one payload or import out of the warehouse: to quarantine, with the reason. Without an id: list them."""
    from orchestration import removal
    from orchestration.pipeline import run_build

    if payload_id is None:
        out.rows([vars(r) for r in removal.removable(settings)])
        return
    with out.progress():
        removed = removal.remove(settings, payload_id, reason=reason, dry_run=dry_run)
        built = None if dry_run or no_build else run_build(settings)
    out.removed(removed, built, dry_run=dry_run)


@_command("serve", "headway serve\nheadway serve --port 3333")
@click.option("--port", default=3000, show_default=True)
def serve(settings: Settings, out: Printer, port: int) -> None:
    """Dagster's page and daemon on 127.0.0.1, with the schedules running. Stop with Ctrl-C."""
    from orchestration.pipeline import serve as run

    run(settings, port)


@_command(
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
    from orchestration.dashboard.serving import serve as run

    run(
        settings,
        port=port,
        host=host,
        browser=not no_browser,
        base_path=base_path,
        allowed_hosts=allowed_hosts,
    )


@_command("doctor", "headway doctor\nheadway doctor --online")
@click.option("--online", is_flag=True, help="Ask the agencies whether they accept the keys.")
def doctor(settings: Settings, out: Printer, online: bool) -> int:
    """Check this machine: Python, packages, figures, disk, lock, release, keys. Exits with 1 if something is wrong."""
    from orchestration.doctor import examine

    findings = examine(settings, online=online)
    out.findings(findings)
    return int(any(f.state == "wrong" for f in findings))


if __name__ == "__main__":
    main()
