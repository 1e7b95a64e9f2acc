"""Every test of a page reads the warehouse that is built once for all.

Belongs here: that. Does not belong here: pages (tests/support/dashboard_case.py runs them).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestration.base.settings import Settings
from orchestration.readers.dashboard import reading


@pytest.fixture(autouse=True)
def here(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("HEADWAY_HOME", str(home.home))
    yield home
    reading.forget()  # tests of other modules open the same file with other limits
