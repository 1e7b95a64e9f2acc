"""Progress reaches who listens in this context, and nobody else."""

from __future__ import annotations

from orchestration.base.progress import listening, report


def test_without_a_listener_work_tells_nobody() -> None:
    report("load", "figures", 1, 2)


def test_only_the_innermost_listener_hears_and_only_inside_its_block() -> None:
    outer, inner = [], []
    with listening(lambda *said: outer.append(said)):
        report("load")
        with listening(lambda *said: inner.append(said)):
            report("transform", "dim_series", 3, 10)
        report("release", "checking")
    report("release", "too late")
    assert outer == [("load", "", None, None), ("release", "checking", None, None)]
    assert inner == [("transform", "dim_series", 3, 10)]
