"""The commands that write to the warehouse or run it. Each calls one plain function and prints what it returns.

Belongs here: arguments and help of these commands. Does not belong here: work of any kind, commands that only read
(reading.py), what all commands share (command.py).
A command imports what it needs inside its function, so that `headway --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import command, confirmed, map_option
from orchestration.cli.results import (
    show_build,
    show_findings,
    show_import,
    show_plan,
    show_preview,
    show_refresh,
    show_removal,
    show_revisions,
)

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer


@command("build", "headway build\nheadway build --force\nheadway build --from-archive")
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
    from orchestration.operations.build import run_build

    with out.progress():
        outcome = run_build(
            settings, force=force, from_archive=from_archive, allow_shrink=allow_shrink, wait=wait
        )
    show_build(out, outcome)


@command(
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
    from orchestration.intake.agency.plan import month, plan_refresh
    from orchestration.operations.build import run_build
    from orchestration.operations.refresh import run_refresh

    first = month(since) if since else None
    if (
        not dry_run and not settings.store.exists()
    ):  # agencies need not be asked for what the bundled figures hold
        with out.progress():
            run_build(settings)
    plan = plan_refresh(settings, sources=sources, since=first, full=full, accept_shrunk=accept_shrunk)
    show_plan(out, plan, alone=dry_run)
    if dry_run:
        return 0
    with out.progress():
        outcome = run_refresh(settings, plan)
    show_refresh(out, outcome)
    return outcome.exit_code


@command("rollback", "headway rollback\nheadway rollback 20261121T224800Z-1a2b3c")
@click.argument("run_id", required=False)
def rollback(settings: Settings, out: Printer, run_id: str | None) -> None:
    """Make the release before the current one (or RUN_ID) current again."""
    from orchestration.release.folders import rollback as run

    out.line(f"current is now {run(settings, run_id).run_id}")


@command(
    "figures",
    "headway figures status\nheadway figures verify\nheadway figures build --from ../figures-input",
)
@click.argument("action", type=click.Choice(["status", "verify", "build"]), default="status")
@click.option(
    "--from", "source", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR"
)
def figures(settings: Settings, out: Printer, action: str, source: Path | None) -> None:
    """The bundled figures: what they hold, whether they are intact, or make them again from DIR."""
    from orchestration.base.errors import UsageError
    from orchestration.intake.figures.make import build_figures
    from orchestration.intake.figures.manifest import figures_status, verify_figures

    if action == "build":
        if source is None:
            raise UsageError("say where the collected files are: headway figures build --from DIR")
        with out.progress():
            build_figures(source, settings.figures)
    verify_figures(settings.figures)
    out.record(figures_status(settings.figures))


@command(
    "import",
    "headway import mexico_truck_sales.csv\n"
    "headway import wards.xlsx\n"
    "headway import sales.csv --id user_sales_dealer --title 'Sales of my dealer' --unit vehicles --frequency monthly "
    "--adjustment NSA --geography MEX --source 'My dealer'\n"
    "headway import units.csv --map period=Month --map value='Units sold' --id user_units ... --dry-run\n"
    "headway import DataWeb-Query-Export.xlsx --dry-run",
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
@map_option
@click.option("--dry-run", is_flag=True, help="Show what it would load and revise; change nothing.")
@click.option("--yes", is_flag=True, help="Revise what is held without asking.")
@click.option("--no-build", is_flag=True, help="Load only; the figures appear with the next build.")
def import_(
    settings: Settings,
    out: Printer,
    file: Path,
    mapped: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    no_build: bool,
    **options: str | None,
) -> int | None:
    """Add your own series from FILE (.csv or .xlsx); the layout is described in docs/import.md.

    Downloads of FRED, ALFRED and USITC DataWeb are recognised. Where the file would revise values that are held, they are
    shown first, and on a terminal you are asked.
    """
    from orchestration.base.errors import UsageError
    from orchestration.intake.user_import import import_file, preview_import
    from orchestration.operations.build import run_build

    stated = {name: value for name, value in options.items() if value is not None}
    for pair in mapped:
        ours, sign, theirs = pair.partition("=")
        if not (sign and ours.strip() and theirs.strip()):
            raise UsageError(f"--map {pair}: write it as OURS=THEIRS, for example period=Month")
        stated[f"map.{ours.strip()}"] = theirs.strip()
    preview = preview_import(settings, file, stated)
    if dry_run:
        show_preview(out, preview)
        return None
    if preview.revisions and not yes and not out.as_json:
        show_revisions(out, preview)
        if sys.stdin.isatty() and not confirmed("Load them as new vintages?"):
            out.warning("nothing was loaded")
            return 1
    report = import_file(settings, file, stated)
    outcome = None
    if not no_build:
        with out.progress():
            outcome = run_build(settings)
    show_import(out, report, preview, outcome)
    return None


@command(
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
    from orchestration.operations import removal
    from orchestration.operations.build import run_build

    if payload_id is None:
        out.rows([vars(r) for r in removal.removable(settings)])
        return
    with out.progress():
        removed = removal.remove(settings, payload_id, reason=reason, dry_run=dry_run)
        built = None if dry_run or no_build else run_build(settings)
    show_removal(out, removed, built, dry_run=dry_run)


@command("serve", "headway serve\nheadway serve --port 3333")
@click.option("--port", default=3000, show_default=True)
def serve(settings: Settings, out: Printer, port: int) -> None:
    """Dagster's page and daemon on 127.0.0.1, with the schedules running. Stop with Ctrl-C."""
    from orchestration.operations.dagster_run import serve as run

    run(settings, port)


@command("doctor", "headway doctor\nheadway doctor --online")
@click.option(
    "--online",
    is_flag=True,
    help="Ask each source one small question: reachable, accepted, titles as expected?",
)
def doctor(settings: Settings, out: Printer, online: bool) -> int:
    """Check this machine: Python, packages, figures, disk, lock, release, keys. Exits with 1 if something is wrong."""
    from orchestration.operations.doctor import examine

    findings = examine(settings, online=online)
    show_findings(out, findings)
    return int(any(f.state == "wrong" for f in findings))
