"""`headway timeline ...`: the user's own events, sources, tariff measures and positions.

Belongs here: arguments and help of these commands. Does not belong here: work of any kind (intake/timeline).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import command, commands, map_option

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer
    from orchestration.intake.timeline.own import TimelineChange
    from orchestration.operations.build import BuildOutcome
    from transforms.timeline import Kind

_KINDS = ("events", "sources", "measures", "positions")

timeline = commands(
    "timeline",
    "Your own events, sources, tariff measures and positions (docs/own-timelines.md).",
)


@command(
    "import",
    "headway timeline import plants.csv --dry-run\n"
    "headway timeline import plants.xlsx\n"
    "headway timeline import closures.csv --kind events --map event_date=Day --map title=What\n"
    "headway timeline import plants.csv --replace",
    group=timeline,
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--kind", type=click.Choice(_KINDS), help="What the rows are, where the columns do not tell.")
@map_option
@click.option("--replace", is_flag=True, help="Put rows in the place of yours that have the same id.")
@click.option("--dry-run", is_flag=True, help="Say what is wrong or would be added; change nothing.")
@click.option("--no-build", is_flag=True, help="Write only; the rows appear with the next build.")
def import_(
    settings: Settings,
    out: Printer,
    file: Path,
    kind: str | None,
    mapped: tuple[str, ...],
    replace: bool,
    dry_run: bool,
    no_build: bool,
) -> None:
    """Add rows of FILE (.csv or .xlsx) to your own timelines; they obey the rules of the bundled ones.

    Nothing is added unless every row is good; every problem is named with its line. Source and confidence are asked of each row.
    """
    from orchestration.intake.timeline.handed import read_handed
    from orchestration.intake.timeline.own import put_rows
    from orchestration.operations.build import run_build

    handed = read_handed(file, kind=cast("Kind | None", kind), names=_pairs(mapped))
    change = put_rows(settings, handed.rows, replace=replace, dry_run=dry_run)
    built = None
    if not (dry_run or no_build):
        with out.progress():
            built = run_build(settings)
    _show(out, change, built, dry_run=dry_run, notes=handed.notes)


@command("list", "headway timeline list\nheadway timeline list --json", group=timeline)
def list_(settings: Settings, out: Printer) -> None:
    """List the rows of your own timelines."""
    from orchestration.intake.timeline.own import listed

    rows = listed(settings)
    if rows or out.as_json:
        out.rows(rows)
    else:
        out.line("no rows of your own yet; `headway timeline template` shows how a file looks")


@command(
    "remove",
    "headway timeline remove user-plant-closes-2024-09 --dry-run\nheadway timeline remove USER_COMPANY_NEWS",
    group=timeline,
)
@click.argument("row_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Say what would go; change nothing.")
@click.option("--no-build", is_flag=True, help="Write only; the rows are gone with the next build.")
def remove(settings: Settings, out: Printer, row_id: str, dry_run: bool, no_build: bool) -> None:
    """Take the event, measure or source ID out of your own timelines; an event takes its positions with it."""
    from orchestration.intake.timeline.own import remove_row
    from orchestration.operations.build import run_build

    change = remove_row(settings, row_id, dry_run=dry_run)
    built = None
    if not (dry_run or no_build):
        with out.progress():
            built = run_build(settings)
    _show(out, change, built, dry_run=dry_run)


@command(
    "template",
    "headway timeline template --kind events > events.csv\n"
    "headway timeline template --out timelines.xlsx\n"
    "headway timeline template --allowed",
    group=timeline,
)
@click.option("--kind", type=click.Choice(_KINDS), default="events", show_default=True)
@click.option(
    "--out", "target", type=click.Path(path_type=Path, dir_okay=False), help="A .csv or .xlsx file."
)
@click.option("--allowed", is_flag=True, help="What may stand in the columns that have a closed list.")
def template(settings: Settings, out: Printer, kind: str, target: Path | None, allowed: bool) -> None:
    """An example file, ready to be imported after its made-up row is changed; a workbook has a sheet for each kind."""
    from orchestration.base.errors import UsageError
    from orchestration.intake.timeline.handed import EXAMPLES, allowed_values, template_csv, template_xlsx

    chosen = cast("Kind", kind)
    if allowed:
        out.rows(allowed_values(settings))
    elif target is None:
        if out.as_json:
            out.json({kind: [EXAMPLES[chosen]]})
        else:
            click.echo(template_csv(chosen), nl=False)
    elif target.exists():
        raise UsageError(f"{target} is there already; name another file")
    else:
        target.write_bytes(template_xlsx() if target.suffix.lower() == ".xlsx" else template_csv(chosen))
        out.record({"written": str(target)})


def _pairs(mapped: tuple[str, ...]) -> Mapping[str, str]:
    """OURS=THEIRS as a mapping. Raises UsageError for what is written otherwise."""
    from orchestration.base.errors import UsageError

    pairs = {}
    for text in mapped:
        ours, sign, theirs = text.partition("=")
        if not (sign and ours.strip() and theirs.strip()):
            raise UsageError(f"--map {text}: write it as OURS=THEIRS, for example event_date=Day")
        pairs[ours.strip()] = theirs.strip()
    return pairs


def _show(
    out: Printer,
    change: TimelineChange,
    built: BuildOutcome | None,
    *,
    dry_run: bool,
    notes: tuple[str, ...] = (),
) -> None:
    """What a change did, or would do, and the release that has it."""
    named = {
        name: [f"{kind}: {key}" for kind, key in getattr(change, name)]
        for name in ("added", "replaced", "unchanged", "removed")
    }
    done = "nothing yet (--dry-run)" if dry_run else "written"
    facts = {
        **{name: keys for name, keys in named.items() if keys or out.as_json},
        "done": done,
        "notes": list(notes),
        "release": built and built.release.run_id,
    }
    if out.as_json:
        out.json(facts)
    else:
        out.record({name: value for name, value in facts.items() if value})
