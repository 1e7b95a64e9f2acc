"""`headway mcp` as a client starts it. Prevents: output that is no message and breaks the protocol, a server that stays when
its client is gone, settings that a client cannot use."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT, Settings
from tests.support import reading_case
from tests.support.command_case import command
from tests.support.late import Late
from tests.support.patience import PATIENCE

mcp = Late("mcp")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = reading_case.settings(tmp_path_factory.mktemp("the user's home"))
    reading_case.write_release(settings)
    return settings


@pytest.mark.slow
def test_a_client_starts_it_asks_and_it_ends_with_the_client(home: Settings, tmp_path: Path):
    """Over the process's own input and output, with the package's own client."""
    parameters = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "orchestration.cli", "mcp"],
        env={**os.environ, "HEADWAY_HOME": str(home.home), "PYTHONPATH": str(PROJECT)},
        cwd=str(tmp_path),
    )

    async def talk() -> tuple[list[str], object, bool]:
        async with mcp.Client(mcp.stdio_client(parameters)) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            told = await client.call_tool("query", {"sql": "select count(*) from dim_event"})
            refused = await client.call_tool("query", {"sql": "drop table dim_event"})
            return names, told.structured_content["rows"], refused.is_error

    names, rows, refused = asyncio.run(asyncio.wait_for(talk(), PATIENCE))
    assert "answer" in names and (rows, refused) == ([[5]], True)


def test_settings_for_a_client_name_this_home_and_this_environment(home: Settings):
    done = command(home, "mcp", "--config")
    entry = json.loads(done.stdout)["mcpServers"]["headway"]
    assert (done.returncode, entry["args"]) == (0, ["mcp"])
    assert entry["env"] == {"HEADWAY_HOME": str(home.home)}
    assert (
        Path(entry["command"]).is_absolute() and Path(entry["command"]).parent == Path(sys.executable).parent
    )


def test_without_the_package_it_says_how_to_get_it(home: Settings, monkeypatch: pytest.MonkeyPatch):
    """A user who ran `make build` only does not have it."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "orchestration.readers.assistant.server.find_spec", lambda name: None if name == "mcp" else find(name)
    )
    done = command(home, "mcp")
    assert (done.returncode, done.stdout) == (1, "")
    assert "make mcp" in done.stderr
