"""The path of docs/feed.md walked as it is written there, from the refresh to an accepted event in a comparison.

Belongs here: the commands of the page and running them. Does not belong here: what their words must be (tests/integration/cli/test_feed.py).
"""

from __future__ import annotations

import re
import shlex

import pytest

from orchestration.base.settings import Settings
from orchestration.intake import feed as feed_module
from tests.replay.server import ReplayServer
from tests.support.command_case import command
from tests.support.feed_case import QUICK, agencies
from tests.support.feed_recall import PAGE


def commands() -> list[list[str]]:
    """The `headway` lines of the first block of the page, without what stands in for the agencies."""
    block = re.search(r"^```\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    return [shlex.split(line)[1:] for line in block[1].splitlines() if line.startswith("headway ")]


def walk(settings: Settings, replay: ReplayServer, environment: pytest.MonkeyPatch) -> list[str]:
    """What the commands of the page print, of which every one must succeed."""
    agencies().serve(replay, environment.setenv)
    environment.setattr(feed_module, "FEEDS", QUICK)  # the same agencies without the polite pauses
    asked = commands()
    assert [line[:2] for line in asked] == [
        ["feed", "refresh"], ["feed", "list"], ["feed", "show"], ["feed", "accept"], ["compare", "user-autos-2025-04"],
    ]  # fmt: skip
    before = command(settings, *asked[-1])
    assert before.returncode == 2, "nothing of the feed is in a comparison before a person accepts it"
    done = [command(settings, *line) for line in asked]
    assert [d.returncode for d in done] == [0] * len(asked), [d.stderr for d in done]
    return [d.stdout + d.stderr for d in done]
