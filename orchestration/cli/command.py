"""What every command of `headway` has in common: the group, --json, help with examples, exit statuses.

Belongs here: the decorator `command`. Does not belong here: commands (writing.py, reading.py), work.
Exit statuses: 0 done, 1 failed, 2 cannot be answered, 3 partly done.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from orchestration.base.errors import HeadwayError
from orchestration.base.settings import Settings, load_env_file


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="headway")
def main() -> None:
    """Trade and auto-production statistics, joined with the timelines of trade negotiations.

    The warehouse is one DuckDB file, warehouse/current/headway.duckdb; HEADWAY_HOME moves it.
    Start with `headway build`, then `headway compare nafta-round6-end usa_imports_goods_mex`.
    """


class _Examples(click.Command):
    """A command whose docstring may end in a block of examples, printed as written."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            formatter.write("\nExamples:\n")
            for line in self.epilog.strip().splitlines():
                formatter.write(f"  {line.strip()}\n")


def command(name: str, examples: str) -> Callable:
    """A command with --json, whose HeadwayErrors become one line and an exit status."""

    def decorate(body: Callable) -> click.Command:
        @functools.wraps(body)
        def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
            from orchestration.cli.printer import Printer

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
