"""What every command of `headway` has in common: the group, --json, help with examples, exit statuses.

Belongs here: the decorator `command`. Does not belong here: the commands (writing.py, reading.py), work of any kind.
Exit statuses: 0 done, 1 failed, 2 the question cannot be answered, 3 partly done.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from orchestration.base.errors import HeadwayError
from orchestration.base.settings import Settings, load_env_file

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer

P = ParamSpec("P")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="headway")
def main() -> None:
    """Trade and auto-production statistics, joined with the timelines of trade negotiations.

    The warehouse is one DuckDB file, warehouse/current/headway.duckdb; HEADWAY_HOME moves it.
    Start with `headway build`, then `headway compare nafta-round6-end usa_imports_goods_mex`.
    """


class _CommandWithExamples(click.Command):
    """A command whose help ends in a block of examples, printed as they are written."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            formatter.write("\nExamples:\n")
            for line in self.epilog.strip().splitlines():
                formatter.write(f"  {line.strip()}\n")


def command(
    name: str, examples: str
) -> Callable[[Callable[Concatenate[Settings, Printer, P], int | None]], click.Command]:
    """Decorator that registers a function as the command `name`, with --json and examples (one a line) in its help.

    The function gets the settings, a printer and the values of its click options. What it returns is the exit status
    (None: 0); a HeadwayError that it raises becomes one line on standard error and the error's exit status.
    """

    def decorate(body: Callable[Concatenate[Settings, Printer, P], int | None]) -> click.Command:
        @functools.wraps(body)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            from orchestration.cli.printer import Printer

            as_json = bool(kwargs.pop("as_json"))  # the option --json of every command, below
            load_env_file()
            try:
                status = body(Settings.load(), Printer(as_json), *args, **kwargs)
            except HeadwayError as error:
                click.echo(f"headway: {error}", err=True)
                sys.exit(error.exit_code)
            sys.exit(status or 0)

        option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
        return main.command(name, cls=_CommandWithExamples, epilog=examples)(option(run))

    return decorate
