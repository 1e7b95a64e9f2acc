"""The memory of a process of the tests.

Belongs here: giving back what is free. Does not belong here: limits of a connection (read_only.py).
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import duckdb

#: what the kernel says of this process, in pages; only Linux has it
_PAGES = Path("/proc/self/statm")
#: giving back takes 20 ms, and so is left alone until there can be something to give
_WORTH_IT = 50 * 2**20
_after_the_last: int = 0


def give_back_memory() -> None:
    """Give freed memory back to the system where this process has grown by 50 MB since it last did. Elsewhere than on Linux nothing happens.

    DuckDB and glibc keep what is freed for what comes next; after a refresh, 120 of 550 MB were such memory. DuckDB gives all of it back,
    also that of other instances, when one of them ends (DatabaseInstance's destructor, DuckDB 2.0).
    """
    global _after_the_last
    if not _PAGES.exists() or _in_memory() < _after_the_last + _WORTH_IT:
        return
    duckdb.connect().close()
    if hasattr(of_c := ctypes.CDLL(None), "malloc_trim"):  # glibc has it, musl has not
        of_c.malloc_trim(0)
    _after_the_last = _in_memory()


def _in_memory() -> int:
    """Bytes of this process that are in memory."""
    return int(_PAGES.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
