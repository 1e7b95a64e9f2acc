"""What every command of `headway` has in common: the group, --json, help with examples, exit statuses.

Belongs here: the decorator `command`, options that several commands have. Does not belong here: the commands (writing.py, reading.py), work of any kind.
Exit statuses: 0 done, 1 failed, 2 the question cannot be answered, 3 partly done, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Concatenate, NoReturn, ParamSpec

import click

from orchestration.base.errors import HeadwayError, UsageError
from orchestration.base.settings import Settings, load_env_file

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer

P = ParamSpec("P")

#: a comment of SQL, and more lines or words than an option has: --word or --word=value
_COMMENTED = re.compile(r"--(?![\w-]+(=.*)?\Z)")
#: the exit status of a program that Ctrl-C stopped: 128 and the number of SIGINT, as shells count
STOPPED = 130
#: seconds after Ctrl-C in which another one is not heard: removing a half-written export of 2 GB took 0.3 s
TIDYING = 5.0

#: of the commands that read a user's table: which of its columns is which of ours
map_option = click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Our column is theirs in FILE (may be repeated).",
)


class _Commands(click.Group):
    """The group of all commands: an error that a user can meet is one line and its exit status, Ctrl-C one word and STOPPED."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """An argument that is no UTF-8 is refused in one line: neither a database nor a terminal could be given it."""
        for arg in args:
            try:
                arg.encode()
            except UnicodeEncodeError:
                shown = os.fsencode(arg).decode(errors="backslashreplace")
                click.echo(f"headway: the argument '{shown}' is not written in UTF-8", err=True)
                ctx.exit(UsageError.exit_code)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            with _patient_interrupts() as heard:
                return super().invoke(ctx)
        except KeyboardInterrupt:
            pass
        except Exception as error:
            # after Ctrl-C an error is what the interruption became on its way here: DuckDB makes it a RuntimeError
            if not heard:
                _leave_if_disk_is_full(error)
                if not isinstance(error, HeadwayError):
                    raise
                click.echo(f"headway: {error}", err=True)
                leave(error.exit_code)
        click.echo("headway: stopped", err=True)
        leave(STOPPED)


def _leave_if_disk_is_full(error: Exception) -> None:
    """End the process in one line where the output of the command could not be written. A file that could not be written is told by
    name where it is written; an error without a name is of the output."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
        click.echo("headway: the output could not be written whole: the disk is full", err=True)
        os._exit(1)  # Python would try to write the rest, and say in three lines that it can't


@contextmanager
def _patient_interrupts() -> Iterator[list[float]]:
    """Ctrl-C interrupts what runs inside, and a second one soon after it does not interrupt the cleaning up.

    People press it twice; the second time would leave a half-written folder behind. After TIDYING seconds it counts again.
    Yields when it was pressed (seconds of the monotonic clock), a list that fills while the body runs.
    """
    heard: list[float] = []

    def interrupt(signum: int, frame: object) -> None:
        now = time.monotonic()
        if not heard or now - heard[-1] >= TIDYING:
            heard.append(now)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with _lost_interrupts_again(heard):
            yield heard
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _lost_interrupts_again(heard: list[float]) -> Iterator[None]:
    """Inside the block a Ctrl-C that Python lost is sent once more, a moment later.

    Where a signal comes while Python lets go of an object (in the callback of a weak reference, in __del__), it prints the KeyboardInterrupt
    and goes on, and the second Ctrl-C of a person is one that _patient_interrupts does not hear: an export went on for two minutes, until its
    query ended. heard: when Ctrl-C was pressed; the one that was lost is taken out of it.
    """
    before, over, sending = sys.unraisablehook, threading.Event(), threading.Lock()

    def again() -> None:
        with sending:
            if not over.is_set():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def told(lost: sys.UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            before(lost)
            return
        heard.clear()
        # not from here, where it would be lost like the first
        threading.Timer(0.01, again).start()

    sys.unraisablehook = told
    try:
        yield
    finally:
        sys.unraisablehook = before
        with sending:
            over.set()


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="headway")
def main() -> None:
    """Trade and auto-production statistics, joined with the timelines of trade negotiations.

    The warehouse is one DuckDB file, warehouse/current/headway.duckdb; HEADWAY_HOME moves it.
    Start with `headway build`, then `headway compare nafta-round6-end usa_imports_goods_mex`.
    """


def confirmed(question: str) -> bool:
    """Whether a person at the terminal says yes; asked on standard error. Ctrl-C ends the command, Ctrl-D says no."""
    # polars 2.1.0 puts a handler of its own in front, under which reading from a terminal goes on after Ctrl-C
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))
    try:
        return click.confirm(question, err=True)
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        return False


def leave(status: int) -> NoReturn:
    """End the process with `status`, also where a query that does not react to being stopped is still running.

    Python would end under that query's feet, and DuckDB print what was left lying around.
    """
    from orchestration.readers.own_sql import QUERY_THREAD

    if any(thread.name == QUERY_THREAD for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


class _CommandWithExamples(click.Command):
    """A command whose help ends in a block of examples, printed as they are written."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """A query may begin with a comment of SQL (`-- why`), which is no option although it begins like one."""
        if "--" not in args:
            texts = [arg for arg in args if _COMMENTED.match(arg)]
            args = [*(arg for arg in args if arg not in texts), *(["--", *texts] if texts else [])]
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            formatter.write("\nExamples:\n")
            for line in self.epilog.strip().splitlines():
                formatter.write(f"  {line.strip()}\n")


def commands(name: str, about: str) -> click.Group:
    """A group `headway NAME ...` of commands that belong together, for `command(..., group=...)`; about: its help."""
    group = click.Group(name, help=about, short_help=about.partition("\n")[0])
    main.add_command(group)
    return group


def command(
    name: str, examples: str, *, group: click.Group | None = None
) -> Callable[[Callable[Concatenate[Settings, Printer, P], int | None]], click.Command]:
    """Decorator that registers a function as the command `name` of `group`, with --json and examples (one a line) in its help.

    group: the group it belongs to (`headway detail ...`); without one it is a command of `headway` itself.
    The function gets the settings, a printer and the values of its click options. What it returns is the exit status
    (None: 0); a HeadwayError that it raises becomes one line on standard error and the error's exit status (_Commands).
    """

    def decorate(body: Callable[Concatenate[Settings, Printer, P], int | None]) -> click.Command:
        @functools.wraps(body)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            from orchestration.cli.printer import Printer

            as_json = bool(kwargs.pop("as_json"))  # the option --json of every command, below
            load_env_file()
            sys.exit(body(Settings.load(), Printer(as_json), *args, **kwargs) or 0)

        option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
        return (group or main).command(name, cls=_CommandWithExamples, epilog=examples)(option(run))

    return decorate
