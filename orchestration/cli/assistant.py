"""The command that lets an assistant ask: `headway mcp`.

Belongs here: its arguments and help, how a client is set up. Does not belong here: the tools and the server
(readers/assistant/), other commands (reading.py).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.base.settings import Settings
from orchestration.cli.command import STOPPED, command, leave

if TYPE_CHECKING:
    from orchestration.cli.printer import Printer


@command("mcp", "headway mcp --config\nheadway mcp")
@click.option("--config", is_flag=True, help="Print what an assistant's settings need, and end.")
def mcp(settings: Settings, out: Printer, config: bool) -> None:
    """Answer an assistant that speaks the Model Context Protocol, over standard input and output.

    The assistant starts this command itself; --config prints the entry for its settings. Its tools find series and events,
    tell and compare what was different, trace and cite figures and run read-only SQL. They write nothing and reach no network.
    """
    if config:
        entry = {
            "command": str(Path(sys.executable).with_name("headway")),
            "args": ["mcp"],
            "env": {"HEADWAY_HOME": str(settings.home)},
        }
        out.json({"mcpServers": {"headway": entry}})
        return
    from orchestration.readers.assistant.server import serve

    try:
        serve(settings)
    except KeyboardInterrupt:
        # the thread that reads standard input would keep the process until the client writes another line
        click.echo("headway: stopped", err=True)
        os._exit(STOPPED)
    leave(0)  # a query that was left behind must not keep a process that no client talks to any more
