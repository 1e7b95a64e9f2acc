"""Commands of `headway` that hand a release out in another form: citations, own queries, exports, reports, the dashboard.

Belongs here: arguments and help of these commands. Does not belong here: work of any kind, commands that look things up (reading.py) or
write to the warehouse (writing.py), what all commands share (command.py).
A command imports what it needs inside its function, so that `headway --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import command
from orchestration.cli.results import show_export, show_query, show_report
from orchestration.readers.release_file import open_release

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer


@command(
    "cite",
    "headway cite usa_employment_manufacturing\n"
    "headway cite nafta-round6-end usa_imports_goods_mex release --format bibtex > headway.bib\n"
    "headway cite release --format csl",
)
@click.argument("what", nargs=-1, required=True, metavar="SERIES|EVENT|RELEASE...")
@click.option(
    "--format", "fmt", type=click.Choice(["text", "bibtex", "csl"]), default="text", show_default=True
)
def cite(settings: Settings, out: Printer, what: tuple[str, ...], fmt: str) -> None:
    """How to cite series, events and releases (`release` is the current one): text, BibTeX or CSL JSON."""
    from orchestration.readers.citation import cite as run
    from orchestration.readers.citation import written

    with open_release(settings) as con:
        citations = [run(settings, con, text) for text in what]
    click.echo(written(citations, "csl" if out.as_json else fmt))


@command(
    "sql",
    "headway sql 'select series_id, title from dim_series limit 5'\n"
    "headway sql --file monthly.sql --format csv --out monthly.csv\n"
    "headway sql --format parquet 'from fct_observation' > observations.parquet\n"
    "echo 'from dim_source' | headway sql --format json\n"
    "headway sql --json 'from dim_source'",
)
@click.argument("query", required=False)
@click.option(
    "--file",
    "-f",
    "file",
    type=click.Path(path_type=Path),
    help="Read the query from this file; - is standard input.",
)
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    help="csv, json (a list of records) and parquet hold all rows and are written as they come.  [default: table]",
)
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to this file; its ending says the format.",
)
@click.option(
    "--timeout", type=float, help="Seconds after which the query is stopped.  [default: 30 for a table]"
)
@click.option("--max-rows", type=int, help="Rows at most.  [default: 1000 in a table]")
def sql(
    settings: Settings,
    out: Printer,
    query: str | None,
    file: Path | None,
    fmt: str | None,
    target: Path | None,
    **limits: Any,  # click's values
) -> None:
    """Run one read-only QUERY on the current release: as an argument, from a file or from standard input.

    With --json the answer is one object with the names and types of the columns, the rows, and whether some were left out.
    """
    from orchestration.cli.own_query import form, text_of
    from orchestration.readers.own_sql import run_sql, stream_sql

    fmt = form(fmt, target, as_json=out.as_json)
    query = text_of(query, file)
    given = {name: limit for name, limit in limits.items() if limit is not None}
    if fmt == "table":
        show_query(out, run_sql(settings, query, **given))
    else:
        stream_sql(settings, query, fmt, target or sys.stdout.buffer, **given)


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
