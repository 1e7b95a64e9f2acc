"""`headway feed`: new trade actions, found by machine, decided by a person.

Belongs here: arguments and help of its commands, and how candidates print. Does not belong here: work of any kind
(intake/feed.py, intake/feed_review.py).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import command, commands
from orchestration.cli.listing import CANDIDATES, Choice, choosing, show_list

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer

feed = commands("feed", "New trade actions, found by machine and decided by you (docs/feed.md).")


@command(
    "refresh",
    "headway feed refresh\nheadway feed refresh --since 2026-01-01\nheadway feed refresh --source cbp --json",
    group=feed,
)
@click.option("--source", "sources", multiple=True, help="Only this publisher (may be repeated).")
@click.option(
    "--since", metavar="YYYY-MM-DD", help="Documents published from this day on; else of the last 45 days."
)
def refresh(settings: Settings, out: Printer, sources: tuple[str, ...], since: str | None) -> int:
    """Ask the agencies for new documents and read them by the declared rules. Builds nothing: `headway feed list` shows them.

    Exits with 3 if some sources could not be asked or answered badly, with 1 if all failed.
    """
    from orchestration.cli.results import show_feed_refresh
    from orchestration.intake.feed import refresh_feed

    first = _day("--since", since) if since else None
    with out.progress():
        outcome = refresh_feed(settings, since=first, sources=sources)
    show_feed_refresh(out, outcome)
    return outcome.exit_code


@command(
    "list",
    "headway feed list\nheadway feed list 'steel canada'\nheadway feed list --status rejected --limit 20\n"
    "headway feed list --csv > candidates.csv",
    group=feed,
)
@click.argument("words", nargs=-1, metavar="[FILTER]")
@click.option(
    "--status",
    type=click.Choice(["unreviewed", "accepted", "rejected", "any"]),
    default="unreviewed",
    show_default=True,
    help="What was decided.",
)
@click.option("--aside", is_flag=True, help="Also documents that the rules take for no trade action.")
@choosing()
def list_(
    settings: Settings, out: Printer, words: tuple[str, ...], status: str, aside: bool, **choice: Any
) -> None:
    """List the candidates whose id, title, parties, topics or citation have every word of FILTER, the newest first."""
    from orchestration.intake.feed_review import list_candidates

    found = list_candidates(
        settings, " ".join(words), status=None if status == "any" else status, aside=aside
    )
    show_list(out, found, CANDIDATES, Choice(**choice))


@command(
    "show",
    "headway feed show federal_register:2025-05930\nheadway feed show 2025-05930 --json",
    group=feed,
)
@click.argument("feed_id", metavar="ID")
def show(settings: Settings, out: Printer, feed_id: str) -> None:
    """Show one candidate, each reading with the sentence it was read from, and what accepting it would write."""
    from orchestration.base.errors import UsageError
    from orchestration.intake.feed_review import candidate, proposed_event

    found = candidate(settings, feed_id)
    try:
        event: dict[str, object] | None = proposed_event(found, {})
        why_none = None
    except UsageError as unsure:
        event, why_none = None, str(unsure)
    if out.as_json:
        out.record({**found, "proposed_event": event, "no_event_because": why_none})
        return
    out.record({name: value for name, value in found.items() if value is not None})
    if event is not None:
        out.line("\naccepting it would write, unless you state otherwise:")
        out.record({name: value for name, value in event.items() if value is not None})
    else:
        out.line(f"\n{why_none}")


_CELLS = (
    click.option("--timeline", help="Story it belongs to (dim_event.timeline), or one of your own: user_..."),
    click.option("--event-type", help="Kind of event; tariff_effective if not said."),
    click.option("--event-date", metavar="DATE", help="Day of the event; the first day read if not said."),
    click.option(
        "--effective-on", metavar="DATE", help="First day of the measure; the one read if not said."
    ),
    click.option("--title", help="The event in a few words; the title of the document if not said."),
    click.option("--description", help="The event in a sentence or two."),
    click.option("--parties", metavar="LIST", help="CAN;USA - who acted or was acted upon."),
    click.option("--topics", metavar="LIST", help="autos_tariffs;trucks - of the closed list."),
    click.option("--confidence", type=click.Choice(["high", "medium", "low"])),
)
_MEASURE = (
    click.option("--measure-id", help="Also write a tariff measure with this id (user-...)."),
    click.option("--rate", "rate_pct", type=float, help="Its rate in percent; the one read if there is one."),
    click.option("--imposing", "imposing_iso3", metavar="ISO3", help="Country that imposes it."),
    click.option("--partners", metavar="LIST", help="CAN;MEX, or MFN, NON_FTA, WLD."),
    click.option("--hs-codes", metavar="LIST", help="8703;8704 - beginnings of HS codes."),
    click.option("--product-scope", help="What it is on, in words."),
    click.option("--topic", help="Its one topic; the first of the event if not said."),
)


def _options(function: Any) -> Any:
    for option in reversed((*_CELLS, *_MEASURE)):
        function = option(function)
    return function


@command(
    "accept",
    "headway feed accept 2025-05930 --event-id user-autos-2025-04 --timeline section_232_autos --dry-run\n"
    "headway feed accept 2025-05930 --event-id user-autos-2025-04 --timeline section_232_autos\n"
    "headway feed accept 2025-05930 --event-id user-autos-2025-04 --timeline section_232_autos "
    "--measure-id user-autos-2025 --imposing USA --partners WLD --hs-codes 8703",
    group=feed,
)
@click.argument("feed_id", metavar="ID")
@click.option("--event-id", required=True, help="Id of the event, which begins with user-.")
@_options
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option("--no-build", is_flag=True, help="Write only; the event appears with the next build.")
def accept(
    settings: Settings, out: Printer, feed_id: str, dry_run: bool, no_build: bool, **cells: Any
) -> None:
    """Write a candidate into your own timelines as an event, and as a measure if asked; then build, so that it shows.

    What you do not state is taken from the candidate where its reading is sure. Nothing is guessed.
    """
    from orchestration.base.errors import UsageError
    from orchestration.cli.results import show_build
    from orchestration.intake import feed_review
    from orchestration.operations.build import run_build

    names = ("measure_id", "rate_pct", "imposing_iso3", "partners", "hs_codes", "product_scope", "topic")
    measure = {name: cells.pop(name) for name in names}
    for name in ("event_date", "effective_on"):
        if cells[name] is not None:
            _day(f"--{name.replace('_', '-')}", cells[name])
    if measure["measure_id"] is None and (
        stated := [name for name, value in measure.items() if value is not None]
    ):
        raise UsageError(f"{', '.join(stated)} belong to a measure: give it an id with --measure-id user-...")
    done = feed_review.accept(
        settings,
        feed_id,
        event=cells,
        measure=measure if measure["measure_id"] else None,
        dry_run=dry_run,
    )
    if out.as_json:
        out.record(
            {"feed_id": done.feed_id, "event": done.event, "measure": done.measure, "written": not dry_run}
        )
    else:
        for kind, key in done.change.added:
            out.line(f"{'would add' if dry_run else 'added'} to your {kind}: {key}")
        if dry_run:
            out.record({name: value for name, value in done.event.items() if value is not None})
    if dry_run or no_build:
        return
    with out.progress():
        outcome = run_build(settings)
    if not out.as_json:
        show_build(out, outcome)
        out.line(f"now: headway compare {done.event['event_id']}")


@command(
    "reject",
    "headway feed reject 2025-06117 --reason 'anti-dumping, no goods of ours'",
    group=feed,
)
@click.argument("feed_id", metavar="ID")
@click.option("--reason", required=True, help="Why it is no event of yours; kept with the candidate.")
def reject(settings: Settings, out: Printer, feed_id: str, reason: str) -> None:
    """Note that a candidate is no event of your timelines. `headway remove` lists the decision and takes it back."""
    from orchestration.intake import feed_review

    rejected = feed_review.reject(settings, feed_id, reason)
    out.record({"feed_id": rejected, "status": "rejected", "reason": reason}) if out.as_json else out.line(
        f"{rejected} is rejected: {reason}"
    )


def _day(option: str, text: str) -> date:
    """A day of an option. Raises UsageError for anything else."""
    from orchestration.base.errors import UsageError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: {text!r} is not a day: write it like 2026-01-31") from None
