"""The tools through the protocol, in this process, with the package's own client. Prevents: a schema that does not fit what
is answered, an error that shows a traceback or nothing, a tool that a client takes for one that writes."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from orchestration.base.settings import Settings
from orchestration.readers.assistant.server import INSTRUCTIONS, server
from orchestration.readers.assistant.tools import TOOLS
from tests.support.late import Late
from tests.unit.readers.assistant.test_tools import DUTY, QUESTIONS, SERIES

if TYPE_CHECKING:
    from mcp import Client

mcp = Late("mcp")


def session(settings: Settings, talk: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with mcp.Client(server(settings)) as client:
            return await talk(client)

    return asyncio.run(run())


def call(settings: Settings, name: str, **arguments: object) -> Any:
    return session(settings, lambda client: client.call_tool(name, arguments))


def test_every_tool_is_offered_as_one_that_only_reads(asked_home: Settings):
    listed = session(asked_home, lambda client: client.list_tools()).tools
    assert [tool.name for tool in listed] == [tool.__name__ for tool in TOOLS]
    for tool in listed:
        assert tool.annotations.read_only_hint and not tool.annotations.destructive_hint
        assert not tool.annotations.open_world_hint
        assert len(tool.description) > 100
        properties = tool.input_schema["properties"]
        assert "settings" not in properties
        assert all(field.get("description") for field in properties.values()), tool.name
        assert {"release", "vintage", "cautions", "citations"} <= set(tool.output_schema["required"])
    for tool in listed:  # the introduction names tools that there are
        assert tool.name in INSTRUCTIONS or tool.name == "cite"


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_a_reply_is_what_the_function_gives_structured_and_as_text(asked_home: Settings, tool: Callable):
    """The client checks the structure against the schema; a client without schemas reads the text."""
    reply = call(asked_home, tool.__name__, **QUESTIONS[tool])
    assert not reply.is_error, reply.content
    expected = tool(asked_home, **QUESTIONS[tool])
    assert reply.structured_content == json.loads(json.dumps(vars(expected)))
    assert json.loads(reply.content[0].text) == reply.structured_content


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("answer", {"event": DUTY, "series": "usa_import_goods_mex"}, "did you mean usa_imports_goods_mex"),
        ("trace", {"series": SERIES, "period": "2018"}, "name a month of 2018"),
        ("query", {"sql": "drop table dim_event"}, "DROP is not allowed"),
        ("query", {"sql": "select nothing"}, "the query failed"),
        ("compare", {"event": DUTY, "series": SERIES, "as_of": "soon"}, "not a day of the calendar"),
        ("compare", {"event": DUTY}, "series"),
        ("cite", {"what": [SERIES], "format": "word"}, "bibtex"),
    ],
)
def test_a_question_that_cannot_be_answered_is_an_error_in_words(
    asked_home: Settings, name: str, arguments: dict[str, object], said: str
):
    reply = call(asked_home, name, **arguments)
    text = reply.content[0].text
    assert reply.is_error and said in text and reply.structured_content is None
    assert "Traceback" not in text and not re.search("`headway (?!export|build)", text)


def test_an_empty_home_says_what_to_run(tmp_path):
    reply = call(Settings(tmp_path, tmp_path), "find_series")
    assert reply.is_error and "headway build" in reply.content[0].text


@pytest.mark.slow
def test_no_call_opens_a_connection(asked_home: Settings, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise AssertionError("a tool reached for the network")

    for name in ("connect", "connect_ex", "bind", "listen", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)

    async def every_tool(client: Client) -> list[bool]:
        return [(await client.call_tool(tool.__name__, dict(QUESTIONS[tool]))).is_error for tool in TOOLS]

    assert not any(session(asked_home, every_tool))


def test_questions_at_the_same_time_do_not_disturb_each_other(asked_home: Settings):
    """A client calls several tools at once; they run in threads of one process on one file."""

    async def at_once(client: Client) -> list[Any]:
        queries = [
            client.call_tool("query", {"sql": f"select {n} as n, count(*) from dim_event"}) for n in range(8)
        ]
        return await asyncio.gather(*queries, client.call_tool("query", {"sql": "select nothing"}))

    *replies, failed = session(asked_home, at_once)
    assert [reply.structured_content["rows"] for reply in replies] == [[[n, 5]] for n in range(8)]
    assert failed.is_error
