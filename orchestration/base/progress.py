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
    listener = _listener.get()
    if listener is not None:
        listener(stage, detail, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send every report made inside the block to `listener(stage, detail, done, total)`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
