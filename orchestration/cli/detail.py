"""`headway detail ...`: the commands of the detail lake. Each calls one plain function and prints what it returns.

Belongs here: arguments and help of these commands. Does not belong here: work of any kind.
A command imports what it needs inside its function, so that `headway --help` answers at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import command, main

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer


@main.group("detail")
def detail() -> None:
    """Trade by product of ten digits, country and district: more rows than a release holds."""


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
