"""Commands that write, as a user runs them: a second build finds nothing to do."""

from __future__ import annotations

import json

from orchestration.base.settings import Settings
from tests.support.whole_warehouse import headway


def answer(home: Settings, *arguments: str):
    done = headway(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_second_build_does_no_work_twice(small_home):
    """A refresh every weekday would pile up identical releases and move `current` for nothing."""
    before = small_home.current.resolve()
    outcome = answer(small_home, "build")
    assert outcome["released"] is False
    assert small_home.current.resolve() == before
