"""The search for cycles: rare during a run, as before afterwards. Prevents: a process that never frees a cycle again."""

from __future__ import annotations

import gc

import pytest

from orchestration.base import collector


def test_what_holds_before_holds_again_however_the_block_ends() -> None:
    before = gc.get_threshold()
    with pytest.raises(RuntimeError), collector.rarely():
        assert gc.get_threshold()[0] >= 50_000 and gc.get_freeze_count() > 0
        raise RuntimeError
    assert gc.get_threshold() == before and gc.get_freeze_count() == 0


def test_cycles_made_inside_are_still_found() -> None:
    """A build of a minute with the search switched off would grow by every cycle that a library makes."""
    freed: list[bool] = []

    class Ring:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            freed.append(True)

    with collector.rarely():
        Ring()
        filling = [[] for _ in range(200_000)]
    assert freed and len(filling) == 200_000
