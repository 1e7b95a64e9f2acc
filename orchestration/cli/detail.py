"""`headway detail ...`: the commands of the detail lake. Each calls one plain function and prints what it returns.

Belongs here: arguments and help of these commands, and how their results are shown.
Does not belong here: work of any kind (intake/detail), what all commands share (command.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import command, main

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer
    from orchestration.intake.detail.add import Added


@main.group("detail")
def detail() -> None:
    """Trade by product, country and district: months of detail, their vintages, compacted years.

    The lake is a folder of Parquet files, warehouse/detail/, described in docs/detail.md. `headway build` needs none.
    """


@command(
    "add",
    "headway detail add IMDB2501.ZIP EXDB2501.ZIP\n"
    "headway detail add transborder_0924.zip --known-from 2024-11-20\n"
    "headway detail add --since 2024-01\n"
    "headway detail add --since 2024-01 --flow imports",
    group=detail,
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--since", metavar="YYYY-MM", help="Download the months from this one on (Census); add archived freight."
)
@click.option(
    "--flow",
    "flows",
    multiple=True,
    metavar="FLOW",
    help="With --since: imports, exports or transborder only (may be repeated).",
)
@click.option(
    "--known-from", metavar="DATE", help="The day the bytes of FILE were known; today where it is not said."
)
def add(
    settings: Settings,
    out: Printer,
    files: tuple[Path, ...],
    since: str | None,
    flows: tuple[str, ...],
    known_from: str | None,
) -> int:
    """Add months from FILES (zips as they were downloaded) or from the Census Bureau's server.

    A month becomes visible whole, after its sums were compared with the control totals of its zip; one that is not right is
    set aside with the reason. Exits with 3 if some months could not be added, with 1 if none could.
    """
    from orchestration.base.errors import DetailError, UsageError
    from orchestration.intake.agency.plan import month
    from orchestration.intake.detail.add import add_file, unreadable
    from orchestration.intake.detail.download import ASKED, FREIGHT, add_since
    from orchestration.operations.detail_build import attach

    if bool(files) == bool(since):
        raise UsageError(
            "say which files, or from which month on: headway detail add FILE..., or --since YYYY-MM"
        )
    if since and known_from:
        raise UsageError("--known-from is about FILES: a download is known from the moment it came")
    results: list[Added] = []
    with out.progress():
        if since:
            results = add_since(settings, month(since), flows=flows or (*ASKED, FREIGHT))
        for file in files:
            try:
                results += add_file(settings, file, known_on=_day(known_from) if known_from else None)
            except DetailError as error:
                if len(files) == 1:
                    raise
                results.append(unreadable(file, error))
        if any(result.state == "added" for result in results):
            attach(settings)
    return _show_added(out, results)


def _day(text: str) -> date:
    """A day given as YYYY-MM-DD, not after today. Raises UsageError."""
    from orchestration.base.errors import UsageError

    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--known-from {text}: write the day as YYYY-MM-DD") from None
    if day > datetime.now(UTC).date():
        raise UsageError(f"--known-from {text} is in the future")
    return day


def _show_added(out: Printer, results: list[Added]) -> int:
    """What became of each month; the exit status."""
    bad = [r for r in results if r.state in ("refused", "failed")]
    good = [r for r in results if r.state in ("added", "held")]
    if out.as_json:
        out.json(results)
    else:
        if good:
            out.rows(
                [
                    {
                        **{"flow": r.flow, "month": r.month, "state": r.state, "vintage": r.vintage},
                        **{"rows": r.rows, "zero rows": r.zero_rows},
                    }
                    for r in good
                ]
            )
        for r in results:
            if r.state == "absent" or (r.state == "added" and r.reason):
                out.line(f"{r.flow} {r.month}: {r.reason}")
        for r in bad:
            out.warning(f"headway: {' '.join(filter(None, (r.flow, r.month)))} {r.state}: {r.reason}")
        if not results:
            out.line("nothing to add")
    return (3 if good else 1) if bad else 0


@command(
    "status",
    "headway detail status\nheadway detail status --json\nheadway detail status --verify",
    group=detail,
)
@click.option("--verify", is_flag=True, help="Read every file and compare it with its digest.")
def status(settings: Settings, out: Printer, verify: bool) -> int:
    """What the lake holds: months, holes, vintages, rows and bytes of each flow. Exits with 1 if a file is damaged."""
    from orchestration.intake.detail.status import detail_status

    with out.progress():
        found = detail_status(settings, verify=verify)
    if out.as_json:
        out.json(found)
        return int(bool(found.damaged))
    if not found.flows:
        out.line(f"no detail in {found.folder}: headway detail add FILE... (docs/detail.md)")
    else:
        out.rows(
            [
                {
                    **{"flow": f.flow, "first": f.first_month, "last": f.last_month, "months": f.months},
                    **{"vintages": f.vintages, "rows": f.rows, "MB": round(f.bytes / 1e6, 1)},
                    "compacted years": len(f.compacted),
                }
                for f in found.flows
            ]
        )
    for f in found.flows:
        if f.missing:
            out.warning(f"{f.flow} lacks {len(f.missing)} months in between: {', '.join(f.missing)}")
    for reason in found.quarantined:
        out.line(f"set aside {reason}")
    for damage in found.damaged:
        out.warning(f"damaged: {damage}")
    if verify and not found.damaged:
        out.line("every file is what was written")
    return int(bool(found.damaged))


@command("compact", "headway detail compact\nheadway detail compact --flow imports --year 2024", group=detail)
@click.option("--flow", "flows", multiple=True, metavar="FLOW", help="Only this flow (may be repeated).")
@click.option(
    "--year", "years", multiple=True, type=int, metavar="YYYY", help="Only this year (may be repeated)."
)
@click.option("--wait", default=0.0, metavar="SECONDS", help="Wait this long for another run to finish.")
def compact(
    settings: Settings, out: Printer, flows: tuple[str, ...], years: tuple[int, ...], wait: float
) -> None:
    """Sort the months of a year into one file, so that a history of one product opens few files.

    Derived: the months stay, and a year is made again when one of its months was revised.
    """
    from orchestration.intake.detail.compact import compact as run
    from orchestration.operations.detail_build import attach

    with out.progress():
        made = run(settings, flows=flows, years=years, wait=wait)
        attach(settings)
    if out.as_json:
        out.json(made)
    else:  # as text, or a year would be 2,025
        out.rows([{**vars(year), "year": str(year.year)} for year in made])


@command(
    "build",
    "headway detail build\n"
    "headway detail build --as-of 2026-10-31\n"
    "headway detail build --engine spark --master spark://10.0.0.5:7077 --conf spark.executor.memory=8g",
    group=detail,
)
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    help="Default: duckdb, this machine.",
)
@click.option("--master", metavar="URL", help="Of Spark; without it Spark runs on this machine.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Each month as it was known by the end of that day.",
)
@click.option("--conf", multiple=True, metavar="NAME=VALUE", help="A setting of Spark (may be repeated).")
@click.option("--wait", default=0.0, metavar="SECONDS", help="Wait this long for another run to finish.")
def build(
    settings: Settings,
    out: Printer,
    engine: str,
    master: str | None,
    as_of: datetime | None,
    conf: tuple[str, ...],
    wait: float,
) -> None:
    """Work out products, districts, duty rates, lists of goods and panel cells from the lake.

    The next `headway build` takes what a release holds of them.
    """
    from orchestration.base.errors import UsageError
    from orchestration.operations.detail_build import run_detail_build

    if as_of and as_of.date() > datetime.now(UTC).date():
        raise UsageError(f"--as-of {as_of:%Y-%m-%d} is in the future")
    if wrong := [text for text in conf if "=" not in text]:
        raise UsageError(f"--conf takes NAME=VALUE, not {wrong[0]!r}")
    with out.progress():
        outcome = run_detail_build(
            settings,
            engine,
            master=master,
            as_of=as_of.date() if as_of else None,
            configuration=dict(text.split("=", 1) for text in conf),
            wait=wait,
        )
    derived = outcome.derived
    tables = [
        {"table": table.name, "rows": table.rows, "bytes": sum(file.bytes for file in table.files)}
        for table in derived.tables
    ]
    if out.as_json:
        out.json(
            {"engine": derived.engine, "as_of": derived.as_of, "seconds": outcome.seconds, "tables": tables}
        )
        return
    out.rows(tables)
    out.line(
        f"made by {derived.engine} in {outcome.seconds:.1f} s; `headway build` takes what a release holds of it"
    )
