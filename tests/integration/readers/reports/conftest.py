"""A connection and the pages of three events, rendered once for all tests of reports.

Belongs here: what is only read. Does not belong here: pages that a test changes (tests/support/report_case.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.base.settings import Settings
from orchestration.readers.release_file import open_release
from tests.support.page_case import Element
from tests.support.report_case import EVENTS, page


@pytest.fixture(scope="module")
def con(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(home) as connection:
        yield connection


@pytest.fixture(scope="session")
def pages(home: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Element]:
    """Event -> its page. Rendering one takes seconds; tests only look at them."""
    folder = tmp_path_factory.mktemp("reports")
    return {event: page(home, event, folder) for event in EVENTS}
