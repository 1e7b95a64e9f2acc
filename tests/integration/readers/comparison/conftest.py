"""One connection for all tests of comparisons on the built warehouse.

Belongs here: that. Does not belong here: anything that writes.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.base.settings import Settings
from orchestration.readers.release_file import open_release


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(home) as connection:
        yield connection
