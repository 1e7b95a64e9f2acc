"""How work that takes long reports its progress, without knowing who listens (a terminal, Dagster's log, nobody).

Belongs here: the listener of this context and the one function that work calls.
Does not belong here: showing progress (cli/printer.py), errors (they are raised).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: takes (stage, detail, done, total) of one report
Listener = Callable[[str, str, int | None, int | None], None]

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def report(stage: str, detail: str = "", done: int | None = None, total: int | None = None) -> None:
    """Tell the listener, if there is one, that `stage` (load, transform, release) is at `detail`.

    done, total: how many pieces are finished, and of how many, where that is known.
    """
    listener()(stage, detail, done, total)


def listener() -> Listener:
    """The listener of this context, or one that does nothing: for work that reports from other threads, which know none."""
    return _listener.get() or _nobody


def _nobody(_stage: str, _detail: str, _done: int | None, _total: int | None) -> None:
    """What listens where nobody does."""


@contextmanager
def listening(to: Listener) -> Iterator[None]:
    """Send every report made inside the block to `to(stage, detail, done, total)`."""
    token = _listener.set(to)
    try:
        yield
    finally:
        _listener.reset(token)
