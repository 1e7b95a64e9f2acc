"""Commands that write, as a user runs them: a second build finds nothing to do."""

from __future__ import annotations

import json

from orchestration.base.lock import writer_lock
from orchestration.base.settings import Settings
from orchestration.build import steps
from orchestration.store.opened import open_store
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


def test_what_was_seen_to_be_current_is_looked_at_again_when_the_store_changes(own, monkeypatch):
    """The second question is answered from memory, without opening the store; a load makes it be asked in earnest."""
    own.build.mkdir()
    with writer_lock(own):
        assert steps.is_current(own)
        with monkeypatch.context() as patch:
            patch.setattr(steps, "open_store", None)
            assert steps.is_current(own)
    with open_store(own.store) as con:
        con.execute("UPDATE raw.load SET rows_appended = 1, load_id = load_id + 1000 WHERE load_id = 1")
    assert not steps.is_current(own)
