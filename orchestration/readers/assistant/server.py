"""The tools as a server of the Model Context Protocol over standard input and output, which a client on this machine starts.

Belongs here: what the protocol needs (names, schemas, errors, hints that nothing is written). Does not belong here: what a tool
does (tools.py), the command (cli/assistant.py). The package `mcp` is an extra and imported inside the functions; the server listens on no
port and reaches no network.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from orchestration.base.errors import HeadwayError
from orchestration.base.settings import Settings
from orchestration.readers.assistant.replies import Reply, in_tool_words
from orchestration.readers.assistant.tools import TOOLS

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

INSTRUCTIONS = """\
Headway holds statistics of trade, autos, jobs and prices of the USA, Canada and Mexico beside the timelines of their trade
negotiations, with every version of a figure that was seen. It answers: what was different before and after?

Find ids first (find_series, find_events), then ask answer or list_answers; compare shows the months behind an answer, trace where a number
comes from, query everything else. Each reply has cautions, vintage and citations: say the cautions before the figure, as of when
it was known, and cite it. A difference is not an effect: never say that an event caused it. Where something cannot be told, say that and
why instead of an estimate of your own."""


def server(settings: Settings) -> MCPServer[Any]:
    """The server with every tool of TOOLS. Raises HeadwayError where the package mcp is not installed."""
    if find_spec("mcp") is None:
        raise HeadwayError("`headway mcp` needs the package mcp; `make mcp` installs it")
    from mcp.server.mcpserver import MCPServer
    from mcp.types import ToolAnnotations

    made: MCPServer[Any] = MCPServer(
        "headway", title="Headway", instructions=INSTRUCTIONS, version=version("headway"), log_level="ERROR"
    )
    hints = ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    for tool in TOOLS:
        # the first line is what a client lists, the whole text what the model reads
        made.add_tool(
            _offered(tool, settings),
            description=inspect.getdoc(tool),
            annotations=hints,
        )
    return made


def serve(settings: Settings) -> None:
    """Answer the client on standard input until it closes it. Raises HeadwayError where the package mcp is not installed."""
    if sys.stdin.isatty():
        print(
            "headway: waiting for a client on standard input (--config says how one is set up)",
            file=sys.stderr,
        )
    server(settings).run("stdio")


def _offered(tool: Callable[..., Reply], settings: Settings) -> Callable[..., Reply]:
    """A tool without its first argument, for `settings`: the text beside each parameter's type becomes its description in the
    schema, and an error that a person would read becomes one that the assistant reads."""
    from mcp.server.mcpserver.exceptions import ToolError
    from pydantic import Field

    @functools.wraps(tool)
    def run(**arguments: Any) -> Reply:
        try:
            return tool(settings, **arguments)
        except HeadwayError as error:
            raise ToolError(in_tool_words(str(error))) from error

    hints = get_type_hints(tool, include_extras=True)
    parameters = []
    for parameter in list(inspect.signature(tool).parameters.values())[1:]:
        hint = hints[parameter.name]
        if get_origin(hint) is Annotated:
            kind, text = get_args(hint)
            hint = Annotated[kind, Field(description=text)]
        parameters.append(parameter.replace(annotation=hint))
    run.__signature__ = inspect.Signature(parameters, return_annotation=hints["return"])  # type: ignore[attr-defined]
    return run
